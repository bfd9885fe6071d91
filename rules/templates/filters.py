"""The filters that templates may use: ``{{ value | times: 100 | round }}``.

A closed list. The arithmetic and the cutting of texts are python-liquid's; what is written here takes values as a
person means them and watches every size.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final
from urllib.parse import quote_plus

from liquid.builtin.filters import math, misc, string
from liquid.undefined import is_undefined

from rules.instants import instant
from rules.templates.values import TEXT_LONGEST, Refused, as_json, sized, text

MEMBERS_MOST: Final = 1_000
FORMAT_LONGEST: Final = 100  # characters of a date format

Filter = Callable[..., Any]

# --------------------------------------------------------------------------- kinds of filters


def _on_text(function: Filter) -> Filter:
    """Everything it is given becomes text first."""

    @wraps(function)
    def apply(value: Any, *arguments: Any) -> Any:
        return sized(function(sized(text(value)), *(sized(text(argument)) for argument in arguments)))

    return apply


def _on_number(function: Filter) -> Filter:
    """Numbers, and texts that are numbers; python-liquid takes anything else for 0."""

    @wraps(function)
    def apply(value: Any, *arguments: Any) -> Any:
        return sized(function(sized(value), *map(sized, arguments)))

    return apply


def _on_list(function: Filter) -> Filter:
    """A list of bearable length; a single value is a list of one, and nothing is an empty one."""

    @wraps(function)
    def apply(value: Any, *arguments: Any) -> Any:
        members = [] if value is None or is_undefined(value) else value
        members = list(members) if isinstance(members, list | tuple) else [members]
        if len(members) > MEMBERS_MOST:
            raise Refused(f"a list has more than {MEMBERS_MOST} members")
        return sized(function(members, *arguments))

    return apply


# --------------------------------------------------------------------------- texts


def _append(value: str, end: str) -> str:
    return value + end


def _prepend(value: str, start: str) -> str:
    return start + value


def _remove(value: str, part: str) -> str:
    return value.replace(part, "")


def _replace(value: str, old: str, new: str) -> str:
    if len(value) + value.count(old) * len(new) > TEXT_LONGEST:  # said before the memory is taken
        raise Refused("a text grows too long")
    return value.replace(old, new)


def _split(value: str, separator: str) -> list[str]:
    return value.split(None if separator == " " else separator) if separator else list(value)


def _escape(value: str) -> str:
    return html.escape(value)


def _url_encode(value: str) -> str:
    return quote_plus(value)


def _newline_to_br(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\n", "<br>\n")


# --------------------------------------------------------------------------- lists


def _join(members: list[Any], separator: Any = ", ") -> str:
    texts, between = [text(member) for member in members], text(separator)
    if sum(map(len, texts)) + len(texts) * len(between) > TEXT_LONGEST:
        raise Refused("a text grows too long")
    return between.join(texts)


def _sort(members: list[Any], key: str = "") -> list[Any]:
    try:
        return sorted(members, key=lambda member: _nothing_last(_property(member, key) if key else member))
    except TypeError:
        raise Refused("a list whose members are of different kinds has no order") from None


def _reverse(members: list[Any]) -> list[Any]:
    return members[::-1]


def _uniq(members: list[Any]) -> list[Any]:
    return list({as_json(member): member for member in reversed(members)}.values())[::-1]


def _map(members: list[Any], key: str) -> list[Any]:
    return [_property(member, key) for member in members]


def _where(members: list[Any], key: str, wanted: Any = None) -> list[Any]:
    if wanted is not None:
        return [member for member in members if _property(member, key) == wanted]
    return [member for member in members if _property(member, key) not in (None, False)]


def _compact(members: list[Any]) -> list[Any]:
    return [member for member in members if member is not None]


def _sum(members: list[Any], key: str = "") -> Any:
    total: Any = 0
    for member in members:
        total = sized(math.plus(total, _property(member, key) if key else member))
    return total


def _nothing_last(value: Any) -> tuple[bool, Any]:
    return value is None, value


def _property(member: Any, key: str) -> Any:
    return member.get(key) if isinstance(member, dict) else None


# --------------------------------------------------------------------------- anything


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, str | list | tuple) and value else None


def _last(value: Any) -> Any:
    return value[-1] if isinstance(value, str | list | tuple) and value else None


def _slice(value: Any, start: Any, length: Any = 1) -> Any:
    return string.slice_(value if isinstance(value, list) else sized(text(value)), start, length)


def _date(value: Any, form: Any = "%Y-%m-%d %H:%M UTC") -> str:
    """An ISO 8601 date or seconds since 1970, in UTC; anything else stays as it is. There is no clock here."""
    moment = instant(value) or _from_seconds(value)
    if moment is None:
        return text(value)
    pattern = text(form)
    if len(pattern) > FORMAT_LONGEST:
        raise Refused(f"a date format has more than {FORMAT_LONGEST} characters")
    return moment.astimezone(UTC).strftime(pattern)


def _from_seconds(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


_ON_TEXT: Final[dict[str, Filter]] = {
    "append": _append,
    "prepend": _prepend,
    "replace": _replace,
    "remove": _remove,
    "split": _split,
    "upcase": str.upper,
    "downcase": str.lower,
    "capitalize": str.capitalize,
    "strip": str.strip,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "escape": _escape,
    "url_encode": _url_encode,
    "newline_to_br": _newline_to_br,
}
_ON_NUMBERS: Final[dict[str, Filter]] = {
    "plus": math.plus,
    "minus": math.minus,
    "times": math.times,
    "divided_by": math.divided_by,
    "modulo": math.modulo,
    "round": math.round_,
    "ceil": math.ceil,
    "floor": math.floor,
    "abs": math.abs_,
    "at_least": math.at_least,
    "at_most": math.at_most,
}
_ON_LISTS: Final[dict[str, Filter]] = {
    "join": _join,
    "sort": _sort,
    "reverse": _reverse,
    "uniq": _uniq,
    "map": _map,
    "where": _where,
    "compact": _compact,
    "sum": _sum,
}
FILTERS: Final[Mapping[str, Filter]] = {
    **{name: _on_text(function) for name, function in _ON_TEXT.items()},
    **{name: _on_number(function) for name, function in _ON_NUMBERS.items()},
    **{name: _on_list(function) for name, function in _ON_LISTS.items()},
    "first": _first,
    "last": _last,
    "size": misc.size,
    "slice": _slice,
    "default": misc.default,
    "date": _date,
    "json": as_json,
}
"""Every filter there is, by its name."""
