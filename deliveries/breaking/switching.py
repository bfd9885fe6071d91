"""Connections that cannot work are switched off by what their attempts tell, and what waits for them is held."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from connections.models import Connection
from deliveries.sending import Sent
from workspaces import audit


def switch_off(cursor: CursorWrapper, results: Sequence[Sent]) -> set[UUID]:
    """Switch off the connections that cannot work, and say which of those are off.

    One that was changed after the attempt began stays on: it may have been mended, and the answer is about the past.
    One whose access token is renewed stays on, too, unless it cannot be renewed: see ``connections/renewing.py``.
    """
    blamed = {sent.claimed.connection_id: sent for sent in results if sent.outcome.inactive and not sent.outcome.renew}
    for connection_id, sent in sorted(blamed.items()):
        cursor.execute(
            "UPDATE connections_connection SET active = false, inactive_reason = %s, updated_at = now()"
            " WHERE id = %s AND active AND updated_at <= %s",
            [str(sent.outcome.inactive), connection_id, sent.started_at],
        )
        if cursor.rowcount:
            _trace(connection_id)
    if not blamed:
        return set()
    cursor.execute("SELECT id FROM connections_connection WHERE id = ANY(%s) AND active", [list(blamed)])
    return set(blamed) - {row[0] for row in cursor.fetchall()}


def _trace(connection_id: UUID) -> None:
    row = Connection.objects.get(id=connection_id)
    audit.record(row, actor=audit.ITSELF, verb="connection.switched_off", name=row.name)


def hold_backlog(connections: Collection[UUID]) -> None:
    """What waits for a connection that was switched off is held, not failed.

    After the commit, since it locks what others may be working on; whatever it misses is held when it is claimed.
    """
    if connections:
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [list(connections)])


# Held is retrying on the wire, for the event as well. An event that somebody is counting now is told of it by them.
_HOLD = """
WITH held AS (
    UPDATE deliveries_delivery SET state = 'held', due_at = NULL WHERE id IN (
        SELECT id FROM deliveries_delivery WHERE state IN ('pending', 'retrying') AND connection_id = ANY(%s)
           FOR UPDATE SKIP LOCKED)
    RETURNING event_id
), waiting AS (
    SELECT id FROM deliveries_event WHERE id IN (SELECT event_id FROM held) AND status = 'processing'
       FOR UPDATE SKIP LOCKED
)
UPDATE deliveries_event AS event SET status = 'retrying' FROM waiting WHERE event.id = waiting.id
"""
