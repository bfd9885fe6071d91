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
    """Let go on what waits without need: connection on again → due now; connection deleted → canceled."""
    with transaction.atomic(), connection.cursor() as cursor:
        holding = _connections(cursor, State.HELD)
        waiting = {*holding, *_connections(cursor, State.RETRYING), *_connections(cursor, State.PENDING)}
        rows = dict(Connection.objects.filter(id__in=waiting).values_list("id", "active"))
        released = _set_going(cursor, [id for id in holding if rows.get(id)])
        _cancel(cursor, [id for id in waiting if id not in rows])
    return released


# Hops from connection to connection through the index of open deliveries. The state stands in the text, not in a
# parameter: a plan that is kept has to know that the index's condition holds.
_CONNECTIONS = """
WITH RECURSIVE waiting AS (
    (SELECT connection_id FROM deliveries_delivery WHERE state = '{state}' ORDER BY connection_id LIMIT 1)
    UNION ALL
    SELECT later.connection_id FROM waiting, LATERAL (
        SELECT connection_id FROM deliveries_delivery WHERE state = '{state}' AND connection_id > waiting.connection_id
         ORDER BY connection_id LIMIT 1) later
) SELECT connection_id FROM waiting
"""


def _connections(cursor: CursorWrapper, state: State) -> list[UUID]:
    """Whose deliveries are in that state."""
    cursor.execute(_CONNECTIONS.format(state=state.value))
    return [row[0] for row in cursor.fetchall()]


def _set_going(cursor: CursorWrapper, connections: list[UUID]) -> int:
    if not connections:
        return 0
    cursor.execute(
        "UPDATE deliveries_delivery SET due_at = greatest(now(), waits_until),"
        " ready = coalesce(waits_until <= now(), true),"
        " state = CASE WHEN attempt_count = 0 THEN 'pending' ELSE 'retrying' END"
        " WHERE state = 'held' AND connection_id = ANY(%s)",
        [connections],
    )
    released: int = cursor.rowcount
    return released


def _cancel(cursor: CursorWrapper, connections: list[UUID]) -> None:
    """What waits for them. What somebody is about to claim is canceled by them, or by the next sweep."""
    if not connections:
        return
    cursor.execute(
        "UPDATE deliveries_delivery SET state = 'canceled', due_at = NULL, finished_at = now(),"
        " last_error = 'The connection was deleted.' WHERE id IN (SELECT id FROM deliveries_delivery"
        " WHERE state IN ('pending', 'retrying', 'held') AND connection_id = ANY(%s) FOR UPDATE SKIP LOCKED)"
        " RETURNING event_id",
        [connections],
    )
    count_events(cursor, [(row[0], State.CANCELED) for row in cursor.fetchall()])
