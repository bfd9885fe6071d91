"""Values inside templates: how they are written out, and how large they may grow."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final

from liquid.undefined import is_undefined

TEXT_LONGEST: Final = 65_536  # characters
BITS_MOST: Final = 4_096  # of a whole number


class Refused(Exception):  # noqa: N818  it is told to the author of the template, who has not broken anything
    """A template asks for what cannot be done; the message is a plain sentence without its full stop."""


def text(value: Any) -> str:
    """A value as a person expects to read it: 1840, true, nothing for null, lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None or is_undefined(value):
        return ""
    if isinstance(value, bool | int | float | list | tuple | dict):
        return as_json(value)
    return ""  # a part of the language itself, such as `empty` or `forloop`


def as_json(value: Any) -> str:
    """A value as JSON, for templates that write JSON themselves."""
    try:
        return json.dumps(None if is_undefined(value) else value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise Refused("a value cannot be written down") from None


def sized(result: Any) -> Any:
    """What a filter takes or gives, if it is of a bearable size; else raises ``Refused``, before the memory is full."""
    if isinstance(result, str) and len(result) > TEXT_LONGEST:
        raise Refused("a text grows too long")
    if isinstance(result, int) and result.bit_length() > BITS_MOST:
        raise Refused("a number grows too large")
    if isinstance(result, float) and not isfinite(result):
        raise Refused("the result is not a number")
    return result
