"""How many deliveries there were on each of the last seven days, and what became of them.

Counted from the events' own counters, one row an event however many rules it fired, by a range of time-ordered ids.
With 100,000 deliveries in the week that takes about 40 ms; so the days before today, where hardly anything moves any
more, are counted once a minute at most, and today each time. Tests are counted nowhere. Days are UTC's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from uuid import UUID

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncDate

from deliveries.models import TEST, Event
from workspaces.embed.visitor import Visitor
from workspaces.ids import floor

DAYS = 7
OLD_SECONDS = 60.0
_KEPT_MOST = 1_000
_kept: dict[tuple[UUID, str, str, date], tuple[float, Counts]] = {}


@dataclass(frozen=True, slots=True)
class Day:
    """One day's deliveries; ``waiting`` are those that are not over yet."""

    date: date
    delivered: int = 0
    failed: int = 0
    waiting: int = 0
    canceled: int = 0

    @property
    def drawn(self) -> int:
        """How high its bar is: what was called off is only in the table."""
        return self.delivered + self.failed + self.waiting

    def __add__(self, other: Day) -> Day:
        return Day(
            self.date,
            self.delivered + other.delivered,
            self.failed + other.failed,
            self.waiting + other.waiting,
            self.canceled + other.canceled,
        )


Counts = Mapping[date, Day]


def week(visitor: Visitor, *, now: datetime) -> list[Day]:
    """The last seven days, today the last of them, as far as the visitor may see."""
    today = now.astimezone(UTC).date()
    first, midnight = _start(today - timedelta(days=DAYS - 1)), _start(today)
    rows = visitor.within(Event.objects.for_workspace(visitor.workspace.id)).exclude(kind=TEST)
    session = visitor.session
    key = (session.workspace_id, session.resource, session.resource_id, today)
    before = _lately(key, lambda: _count(rows.filter(id__gte=floor(first), id__lt=floor(midnight))))
    since = _count(rows.filter(id__gte=floor(midnight)))
    days = [Day(today - timedelta(days=back)) for back in reversed(range(DAYS))]
    return [day + before.get(day.date, day) + since.get(day.date, day) for day in days]


def forget() -> None:
    """Count all days anew (tests and measurements)."""
    _kept.clear()


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _count(rows: QuerySet[Event]) -> Counts:
    counted = (
        rows.annotate(day=TruncDate("created_at", tzinfo=UTC))
        .values("day")
        .annotate(
            delivered=Sum("completed_count"),
            failed=Sum("failed_count"),
            canceled=Sum("canceled_count"),
            waiting=Sum(F("total_rules") - F("completed_count") - F("failed_count") - F("canceled_count")),
        )
    )
    return {
        row["day"]: Day(row["day"], row["delivered"], row["failed"], row["waiting"], row["canceled"]) for row in counted
    }


def _lately(key: tuple[UUID, str, str, date], count: Callable[[], Counts]) -> Counts:
    until, counts = _kept.get(key, (0.0, {}))
    if monotonic() < until:
        return counts
    counts = count()
    if len(_kept) >= _KEPT_MOST:
        _kept.clear()
    _kept[key] = (monotonic() + OLD_SECONDS, counts)
    return counts
