"""The value of a condition as a person types it, and back.

A number, ``true``, ``false`` and ``null`` are what they look like, unless the field was seen to hold texts. Quotation
marks make a text of anything. So whatever a rule holds can be written into the form and read again unchanged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from rules.suggesting import Form

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,999})(\.[0-9]{1,999})?([eE][+-]?[0-9]{1,3})?")
_WORDS: Final = {"true": True, "false": False, "null": None}
_MEMBER: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)')


def typed(text: str, *, form: str = "") -> Any:
    """What the text means; ``form`` is what its field was seen to hold, "" when nobody knows."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _unquoted(text)
    if form == Form.TEXT:
        return text
    if text in _WORDS:
        return _WORDS[text]
    number = json.loads(text) if _NUMBER.fullmatch(text) else text
    return text if isinstance(number, float) and not isfinite(number) else number


def written(value: Any, *, form: str = "") -> str:
    """The text that means this value."""
    if not isinstance(value, str):
        return json.dumps(value)
    return value if value and typed(value, form=form) == value else json.dumps(value, ensure_ascii=False)


def typed_list(text: str, *, form: str = "") -> list[Any]:
    """What several texts mean, with commas between them."""
    return [typed(member, form=form) for member in _MEMBER.findall(text) if member.strip()]


def written_list(values: Sequence[Any], *, form: str = "") -> str:
    """The text that means these values; one with a comma of its own stands in quotation marks."""
    plain = [written(value, form=form) for value in values]
    return ", ".join(
        json.dumps(value, ensure_ascii=False) if "," in text and text[0] != '"' else text
        for text, value in zip(plain, values, strict=True)
    )


def _unquoted(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
