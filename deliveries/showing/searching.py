"""Find events of a workspace, newest first, at a cost that does not grow with what is stored.

A page of a list looks through ``DEPTH`` events at most. What asks for more than that (a type that is seldom) gets what
was found so far and how far back that was, and goes on from there. Ids are looked up as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from deliveries.models import Attempt, Delivery, Event, Status
from rules.showing import storable
from workspaces.embed.visitor import Visitor
from workspaces.ids import floor, timestamp

PAGE = 25
DEPTH = 10_000  # events that one page looks through; about 20 ms
STATUSES = ("waiting", "delivered", "failed", "silent", "canceled")
_LONGEST = 128  # characters of anything that is asked for
_INDEXED = ("failed", "silent")  # statuses with an index of their own
_YEARS = range(2000, 9000)  # ids and days of others are nobody's, and past what a date can hold
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, as it stands in the URL; "" asks for nothing. ``since`` and ``until`` are days of UTC."""

    type: str = ""
    status: str = ""
    connection: str = ""
    rule: str = ""
    since: str = ""
    until: str = ""
    q: str = ""
    resource: str = ""
    resource_id: str = ""

    @property
    def given(self) -> dict[str, str]:
        """What is asked for, without the rest."""
        return {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name)}

    @property
    def sifts(self) -> bool:
        """Whether events have to be looked through one by one to find these."""
        quick = {"since", "until", *(["status"] if self.status in _INDEXED else [])}
        return bool(self.given.keys() - quick)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of events. ``newer`` and ``older`` are ids to go on from."""

    events: list[Event] = field(default_factory=list)
    newer: UUID | None = None
    older: UUID | None = None
    back_to: datetime | None = None  # the page was not filled, and older events than that have still to be looked at


@dataclass(frozen=True, slots=True)
class _Window:
    """The ids that a page looks at: from ``low``, below ``high``."""

    low: UUID | None = None
    high: UUID | None = None

    def events(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        rows = rows.filter(id__gte=self.low) if self.low else rows
        return rows.filter(id__lt=self.high) if self.high else rows

    def deliveries(self, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Those of the events: they have the events' times, and other ids."""
        rows = rows.filter(id__gte=floor(timestamp(self.low))) if self.low else rows
        return rows.filter(id__lt=floor(timestamp(self.high) + _MILLISECOND)) if self.high else rows


def read(query: Mapping[str, str]) -> Wanted:
    """What a URL asks for."""
    return Wanted(**{one.name: storable(query.get(one.name, "").strip()[:_LONGEST]) for one in fields(Wanted)})


def search(visitor: Visitor, wanted: Wanted, *, before: UUID | None = None, after: UUID | None = None) -> Found:
    """One page: the newest, those before an event, or those after it."""
    mine = _between(_mine(visitor), wanted)
    if known := _event_of(visitor, wanted.q):
        rest = _asked(visitor, mine, replace(wanted, q=""), _Window())
        return Found(list(rest.filter(id=known).defer("payload")))
    if after:
        return _newer(visitor, mine, wanted, after)
    window = _Window(high=before)
    if wanted.sifts:
        last = window.events(mine).order_by("-id").values_list("id", flat=True)[DEPTH : DEPTH + 1]
        window = _Window(last.first(), before)
    return _older(_asked(visitor, mine, wanted, window), window)


def count_newer(visitor: Visitor, wanted: Wanted, *, than: UUID, most: int = 100) -> int:
    """How many came in since that one, up to ``most``."""
    mine = _between(_mine(visitor), wanted)
    return len(_asked(visitor, mine, wanted, _above(mine, wanted, than)).values_list("id")[:most])


def read_id(text: str) -> UUID | None:
    """The time-ordered id that a text is; None when it is none."""
    try:
        id = UUID(text)
        return id if timestamp(id).year in _YEARS else None
    except ValueError:
        return None


# --------------------------------------------------------------------------- pages


def _mine(visitor: Visitor) -> QuerySet[Event]:
    return visitor.within(Event.objects.for_workspace(visitor.workspace.id))


def _older(rows: QuerySet[Event], window: _Window) -> Found:
    found = list(rows.order_by("-id").defer("payload")[: PAGE + 1])
    shown, more = found[:PAGE], len(found) > PAGE
    newer = window.high and (shown[0].id if shown else window.high)
    if more:
        return Found(shown, newer, shown[-1].id)
    return Found(shown, newer, window.low, timestamp(window.low) if window.low else None)


def _newer(visitor: Visitor, mine: QuerySet[Event], wanted: Wanted, after: UUID) -> Found:
    rows = _asked(visitor, mine, wanted, _above(mine, wanted, after))
    found = list(rows.order_by("id").defer("payload")[: PAGE + 1])
    shown = list(reversed(found[:PAGE]))
    return Found(shown, shown[0].id if len(found) > PAGE else None, shown[-1].id if shown else after)


def _above(mine: QuerySet[Event], wanted: Wanted, than: UUID) -> _Window:
    window = _Window(low=UUID(int=than.int + 1))
    if not wanted.sifts:
        return window
    last = window.events(mine).order_by("id").values_list("id", flat=True)[DEPTH : DEPTH + 1]
    return _Window(window.low, last.first())


# --------------------------------------------------------------------------- filters


def _asked(visitor: Visitor, mine: QuerySet[Event], wanted: Wanted, window: _Window) -> QuerySet[Event]:
    same = {"event": wanted.type, "resource": wanted.resource, "resource_id": wanted.resource_id}
    rows = window.events(mine).filter(**{name: value for name, value in same.items() if value})
    rows = _in_status(rows, wanted.status)
    for name, value in (("connection_id", wanted.connection), ("rule_id", wanted.rule)):
        if value:
            rows = rows.filter(id__in=_sent(visitor, window, **{name: read_id(value)}))
    return _named(visitor, rows, wanted.q, window) if wanted.q else rows


def _in_status(rows: QuerySet[Event], status: str) -> QuerySet[Event]:
    match status:
        case "silent":
            return rows.filter(total_rules=0, completed_at__isnull=False, status=Status.COMPLETED)
        case "waiting":
            return rows.exclude(status__in=(Status.COMPLETED, Status.FAILED, Status.CANCELED))
        case "delivered":
            return rows.filter(status=Status.COMPLETED, total_rules__gt=0)
        case "failed" | "canceled":
            return rows.filter(status=status)
    return rows


def _between(rows: QuerySet[Event], wanted: Wanted) -> QuerySet[Event]:
    since, until = _day(wanted.since), _day(wanted.until)
    rows = rows.filter(id__gte=floor(since)) if since else rows
    return rows.filter(id__lt=floor(until + timedelta(days=1))) if until else rows


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC) if day.year in _YEARS else None


def _sent(visitor: Visitor, window: _Window, **which: Any) -> QuerySet[Delivery, Any]:
    rows = window.deliveries(Delivery.objects.for_workspace(visitor.workspace.id))
    return rows.filter(**which).values_list("event_id", flat=True)


def _named(visitor: Visitor, rows: QuerySet[Event], text: str, window: _Window) -> QuerySet[Event]:
    """By the id of a rule, or by what the event is about."""
    about = Q(resource=text) | Q(resource_id=text) | Q(event=text)
    id = read_id(text)
    return rows.filter(about | Q(id__in=_sent(visitor, window, rule_id=id)) if id else about)


def _event_of(visitor: Visitor, text: str) -> UUID | None:
    """The event that has this id, or a delivery or an attempt with it."""
    id, workspace_id = read_id(text), visitor.workspace.id
    if id is None:
        return None
    if Event.objects.for_workspace(workspace_id).filter(id=id).exists():
        return id
    attempt = Attempt.objects.for_workspace(workspace_id).filter(id=id).first()
    delivery = Delivery.objects.for_workspace(workspace_id).filter(id=attempt.delivery_id if attempt else id).first()
    return delivery.event_id if delivery else None
