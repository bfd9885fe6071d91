"""Deliveries whose connection cannot be used wait, and go on by themselves when it can.

Level-triggered: the sweeper compares what is held with the connections as they are, so that no lost signal matters.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from connections.models import Connection
from deliveries.models import State
from deliveries.recording import count_events


def release() -> int:
    """Let go on what is held without need: connection on again → due now; connection deleted → canceled."""
    with transaction.atomic(), connection.cursor() as cursor:
        holding = _holding(cursor)
        rows = dict(Connection.objects.filter(id__in=holding).values_list("id", "active"))
        released = _set_going(cursor, [id for id, active in rows.items() if active])
        _cancel(cursor, [id for id in holding if id not in rows])
    return released


# Hops from connection to connection through the index of held deliveries.
_HOLDING = """
WITH RECURSIVE holding AS (
    (SELECT connection_id FROM deliveries_delivery WHERE state = 'held' ORDER BY connection_id LIMIT 1)
    UNION ALL
    SELECT later.connection_id FROM holding, LATERAL (
        SELECT connection_id FROM deliveries_delivery WHERE state = 'held' AND connection_id > holding.connection_id
         ORDER BY connection_id LIMIT 1) later
) SELECT connection_id FROM holding
"""


def _holding(cursor: CursorWrapper) -> list[UUID]:
    cursor.execute(_HOLDING)
    return [row[0] for row in cursor.fetchall()]


def _set_going(cursor: CursorWrapper, connections: list[UUID]) -> int:
    if not connections:
        return 0
    cursor.execute(
        "UPDATE deliveries_delivery SET due_at = now(), ready = true,"
        " state = CASE WHEN attempt_count = 0 THEN 'pending' ELSE 'retrying' END"
        " WHERE state = 'held' AND connection_id = ANY(%s)",
        [connections],
    )
    released: int = cursor.rowcount
    return released


def _cancel(cursor: CursorWrapper, connections: list[UUID]) -> None:
    if not connections:
        return
    cursor.execute(
        "UPDATE deliveries_delivery SET state = 'canceled', finished_at = now(),"
        " last_error = 'The connection was deleted.' WHERE state = 'held' AND connection_id = ANY(%s)"
        " RETURNING event_id",
        [connections],
    )
    count_events(cursor, [(row[0], State.CANCELED) for row in cursor.fetchall()])
