"""What may be done to a value on its way. A transform is asked only when there is a value; ``default`` brings one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rules.mappings.fitting import UTC, Fit, Misfit, date_in, datetime_in, number, text, truth


def transform(said: Mapping[str, Any]) -> Fit:
    """The transform that passed ``check``. Raises ``KeyError`` for one that this version does not know."""
    match said["type"]:
        case "to_date":
            return date_in(_zone(said))
        case "to_datetime":
            return datetime_in(_zone(said))
        case "substring":
            return _on_text(_piece(said["start"], said.get("length")))
        case _:
            return _PLAIN[said["type"]]


def _zone(said: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(said["timezone"]) if "timezone" in said else UTC


def _on_text(change: Callable[[str], str]) -> Fit:
    """A number or a truth is changed as it is written."""

    def fit(value: Any) -> Any:
        said = text(value)
        return said if isinstance(said, Misfit) else change(said)

    return fit


def _piece(start: int, length: int | None) -> Callable[[str], str]:
    return lambda said: said[start : None if length is None else start + length]


_PLAIN: Mapping[str, Fit] = {
    "to_string": text,
    "to_number": number,
    "to_boolean": truth,
    "trim": _on_text(str.strip),
    "lower": _on_text(str.lower),
    "upper": _on_text(str.upper),
}
