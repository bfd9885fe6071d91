"""Events in one line each: what came in, and for every destination a mark with a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from connections.models import Connection
from deliveries.models import TEST, Delivery, Event, State, Status
from deliveries.showing.words import CALLED_OFF, MARKS, SILENT, UNDECIDABLE, UNDECIDED, Mark
from workspaces.ids import floor, timestamp

MARKED = 4  # destinations that are named in a line; of those beyond only the number is told
FINAL = (Status.COMPLETED, Status.FAILED, Status.CANCELED)


@dataclass(frozen=True, slots=True)
class Destination:
    """One destination of an event, by its name; without one it is about the event as a whole.

    ``times``: several rules sent it there, and the same became of all of them.
    """

    name: str
    mark: Mark
    times: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a list."""

    event: Event
    destinations: Sequence[Destination]
    more: int

    @property
    def test(self) -> bool:
        """Whether somebody asked for it by hand."""
        return self.event.kind == TEST

    @property
    def open(self) -> bool:
        """Whether something of it may still change by itself."""
        return self.event.status not in FINAL


def lines(events: Sequence[Event]) -> list[Line]:
    """In the order given: two statements, however many there are."""
    deliveries = of_events(events)
    names = connection_names(one.connection_id for found in deliveries.values() for one in found)
    return [_line(event, deliveries.get(event.id, []), names) for event in events]


def of_events(events: Sequence[Event]) -> Mapping[UUID, list[Delivery]]:
    """Their deliveries by event. A delivery has its event's time, so no other week's table is opened."""
    if not events:
        return {}
    ids = [event.id for event in events]
    low, high = floor(timestamp(min(ids))), floor(timestamp(max(ids)) + timedelta(milliseconds=1))
    rows = Delivery.objects.for_workspace(events[0].workspace_id).filter(event_id__in=ids, id__gte=low, id__lt=high)
    found: dict[UUID, list[Delivery]] = {}
    for row in rows.order_by("id"):
        found.setdefault(row.event_id, []).append(row)
    return found


def connection_names(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """What people call them; those that were deleted are missing."""
    return dict(Connection.objects.filter(id__in=set(ids)).values_list("id", "name"))


def _line(event: Event, deliveries: Sequence[Delivery], names: Mapping[UUID, str]) -> Line:
    alike = Counter((row.connection_id, State(row.state)) for row in deliveries)
    loudest = sorted(alike.items(), key=lambda found: (-MARKS[found[0][1]].loud, -found[1], found[0][0]))
    told = [
        Destination(names.get(connection) or _("a deleted connection"), MARKS[state], times)
        for (connection, state), times in loudest[:MARKED]
    ]
    return Line(event, told or [Destination("", whole(event))], max(0, len(alike) - MARKED))


def whole(event: Event) -> Mark:
    """What is told of an event without deliveries."""
    if event.decided_at is None:
        return UNDECIDED
    return {Status.FAILED: UNDECIDABLE, Status.CANCELED: CALLED_OFF}.get(Status(event.status), SILENT)
