"""What went to connections lately, at a cost that does not grow with what is stored.

There is no index by connection, which every delivery would pay: the workspace's latest deliveries are looked through,
and a connection that none of them went to has had nothing lately.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection as database

from connections.models import Connection
from deliveries.models import OPEN_STATES, Delivery, Event, State
from deliveries.showing.words import MARKS, Mark

LOOKED_AT_MOST = 20_000
SHOWN = 5
WAITING_MOST = 10_000  # more are told of as "more than"

_LAST = """
SELECT DISTINCT ON (connection_id) connection_id, finished_at
  FROM (SELECT id, connection_id, state, finished_at FROM deliveries_delivery
         WHERE workspace_id = %(workspace)s ORDER BY id DESC LIMIT %(most)s) AS latest
 WHERE state = 'delivered' AND connection_id = ANY(%(connections)s::uuid[])
 ORDER BY connection_id, id DESC
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery of a connection, with the event that it tells of; None when that was erased."""

    delivery: Delivery
    event: Event | None
    mark: Mark


def last_delivered(*, workspace_id: UUID, connections: list[UUID]) -> dict[UUID, datetime]:
    """When something last arrived at each of them; those where nothing did lately are left out."""
    with database.cursor() as cursor:
        cursor.execute(_LAST, {"workspace": workspace_id, "connections": connections, "most": LOOKED_AT_MOST})
        return {id: at for id, at in cursor.fetchall() if at is not None}


def latest_of(connection: Connection) -> list[Sent]:
    """Its last deliveries, newest first."""
    rows = Delivery.objects.for_workspace(connection.workspace_id).order_by("-id")
    oldest = rows.values_list("id", flat=True)[LOOKED_AT_MOST : LOOKED_AT_MOST + 1].first()
    rows = rows.filter(id__gt=oldest) if oldest else rows
    found = list(rows.filter(connection_id=connection.id)[:SHOWN])
    events = Event.objects.for_workspace(connection.workspace_id).defer("payload")
    known = {event.id: event for event in events.filter(id__in=[row.event_id for row in found])}
    return [Sent(row, known.get(row.event_id), MARKS[State(row.state)]) for row in found]


def waiting_for(connection: Connection) -> int:
    """How many deliveries are not over, up to one more than ``WAITING_MOST``; by the index of what is open."""
    rows = Delivery.objects.filter(state__in=OPEN_STATES, connection_id=connection.id)
    return rows.values_list("id")[: WAITING_MOST + 1].count()
