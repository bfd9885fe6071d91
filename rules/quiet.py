"""Quiet hours: the part of a week in which a rule keeps its peace. Pure: the moment is given, and no clock is asked.

Days and times are those of a clock on the wall in the given time zone. A time that such a clock shows twice, when it
is put back, is the first of the two; one that it leaps over is read as if it had not been put forward yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext

Fault = tuple[str, str]
"""A field, and how to mend it."""

KEYS: Final = ("days", "start", "end", "time_zone")
_TIME: Final = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet from ``start`` until the next ``end``, beginning on each of ``days`` (Monday is 0)."""

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> QuietHours:
        """What ``faults`` finds nothing wrong with."""
        return cls(
            days=frozenset(said["days"]),
            start=time.fromisoformat(said["start"]),
            end=time.fromisoformat(said["end"]),
            zone=ZoneInfo(said["time_zone"]),
        )

    def end_after(self, moment: datetime) -> datetime | None:
        """When the quiet hours that go on at that moment end, in UTC; None when there are none."""
        today = moment.astimezone(self.zone).date()
        windows = [self._window(day) for day in (today - _A_DAY, today)]
        ends = [ends for begins, ends in windows if begins <= moment < ends]
        if not ends:
            return None
        return self.end_after(max(ends)) or max(ends)  # where the clock is put forward, one may run into the next

    def wall(self, moment: datetime) -> str:
        """The moment as a clock on the wall there shows it: ``07:00 (Europe/Berlin)``."""
        return f"{moment.astimezone(self.zone):%H:%M} ({self.zone.key})"

    def _window(self, day: date) -> tuple[datetime, datetime]:
        """The one that begins on that day; an empty one when none does."""
        begins = self._instant(day, self.start)
        if day.weekday() not in self.days:
            return begins, begins
        return begins, self._instant(day if self.start < self.end else day + _A_DAY, self.end)

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def faults(said: Any) -> list[Fault]:
    """What is wrong with quiet hours as they were typed; fields are named from ``quiet_hours`` on."""
    if not isinstance(said, Mapping):
        return [("quiet_hours", "must be an object with days, start, end and time_zone, or null for none.")]
    found = [(f"quiet_hours.{key}", "is not known here. Take it out.") for key in said if key not in KEYS]
    found += [fault for fault in (_days(said), _time(said, "start"), _time(said, "end"), _zone(said)) if fault]
    if not found and said["start"] == said["end"]:
        found.append(("quiet_hours.end", gettext("must differ from start. Mute the rule to keep it quiet all day.")))
    return found


def _days(said: Mapping[str, Any]) -> Fault | None:
    days = said.get("days")
    known = isinstance(days, list) and all(type(day) is int and 0 <= day <= 6 for day in days)  # True is no day
    if days and known and len(set(days)) == len(days):
        return None
    return "quiet_hours.days", gettext(
        "must list the days on which they begin, each once, from 0 (Monday) to 6 (Sunday)."
    )


def _time(said: Mapping[str, Any], key: str) -> Fault | None:
    value = said.get(key)
    if isinstance(value, str) and _TIME.fullmatch(value):
        return None
    return f"quiet_hours.{key}", gettext("must be a time of day such as 22:00, from 00:00 to 23:59.")


def _zone(said: Mapping[str, Any]) -> Fault | None:
    zone = said.get("time_zone")
    if isinstance(zone, str) and zone in _zones():
        return None
    return "quiet_hours.time_zone", gettext("must be a time zone's name such as Europe/Berlin or UTC.")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
