"""A value of a payload, shown to a person: short, on one line, and safe to store."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from rules.paths import MISSING

SHOWN_MOST: Final = 200  # characters
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL's jsonb takes neither NUL nor half a pair
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)
_WORDS: Final = {None: "null", True: "true", False: "false", MISSING: "missing"}


def shown(value: Any, *, most: int = SHOWN_MOST) -> str:
    """The value as JSON, cut to ``most`` characters; the bare word ``missing`` where there is none.

    So the text "missing" stands in quotes and null is ``null``: the three can be told apart.
    """
    if isinstance(value, str):
        return cut(_ENCODER.encode(storable(cut(value, most=most - 2))), most=most)
    if value is None or value is MISSING or isinstance(value, bool):
        return _WORDS[value]
    try:
        return cut(storable(_written(value, most)), most=most)
    except (TypeError, ValueError):
        return "a value that cannot be shown"


def described(value: Any) -> str:
    """The value with its kind, to go into a sentence: ``the text "abc"``, ``the number 5``, ``null``."""
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, bool) or value is None or value is MISSING:
        return shown(value)
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    return f"a list ({shown(value)})" if isinstance(value, list) else f"an object ({shown(value)})"


def storable(text: str) -> str:
    """The text without the characters that PostgreSQL's jsonb refuses."""
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub("\ufffd", text)


def cut(text: str, *, most: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _written(value: Any, most: int) -> str:
    """As much of the JSON as is needed, so that a large payload is not written out to be thrown away."""
    if isinstance(value, int | float):
        return repr(value)
    parts: list[str] = []
    length = 0
    for part in _ENCODER.iterencode(value):
        parts.append(part)
        length += len(part)
        if length > most:
            break
    return "".join(parts)
