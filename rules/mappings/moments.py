"""Dates and times as mappings read and write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

_MILLISECONDS_FROM: Final = 100_000_000_000  # a number of seconds this large is in the year 5138
_MOST: Final = 10**15
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = 10  # characters


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """The moment that an ISO 8601 text, or a number of seconds or milliseconds since 1970, names; None otherwise.

    A text without an offset is in ``zone``, and one without a time is its midnight there.
    """
    if isinstance(value, str):
        return _written(value.strip(), zone)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        return None
    seconds = value / 1_000 if abs(value) >= _MILLISECONDS_FROM else value
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def day(value: Any, zone: ZoneInfo) -> date | None:
    """The day that it names, in ``zone``. A text without a time is that day in every zone."""
    if isinstance(value, str) and len(text := value.strip()) == _DATE:
        found = _written(text, zone)
        return found.date() if found else None
    at = moment(value, zone)
    try:
        return at.astimezone(zone).date() if at else None
    except OverflowError:
        return None


def written(at: datetime) -> str:
    """RFC 3339 in UTC: ``2026-04-17T16:02:00Z``, with milliseconds where there are some."""
    precision = "milliseconds" if at.microsecond >= 1_000 else "seconds"
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _written(text: str, zone: ZoneInfo) -> datetime | None:
    """The short forms (``20260417``, ``2026-W16``) are not read: a text of digits is more often a number or an id."""
    if text[4:5] != "-" or text[7:8] != "-":
        return None
    try:
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo else found.replace(tzinfo=zone)
        aware.astimezone(UTC)  # the first and the last day there is have no other zone
    except (ValueError, OverflowError):
        return None
    return aware
