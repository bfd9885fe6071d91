"""What was held and shall not be sent after all: the older ones about the same thing, or all of it.

In batches, each in the caller's transaction: what a killed worker leaves is found by the next sweep.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from deliveries.models import State
from deliveries.recording import count_events

AT_ONCE = 5_000
_NEWER = "It waited for its connection, and a newer one about the same thing was sent instead."
_CALLED_OFF = "It waited for its connection, and somebody chose not to send what had waited."


def leave_out_older(cursor: CursorWrapper, connection_id: UUID) -> int:
    """Of each rule only the newest about the same resource goes, or of the same event type when an event has none.

    What carries others in one message always goes. Returns how many were left out; 0 when that is all done.
    """
    return _end(cursor, State.SUPERSEDED, _NEWER, _OLDER, connection_id)


def leave_out_all(cursor: CursorWrapper, connection_id: UUID) -> int:
    """Nothing that is held goes. Returns how many were called off; 0 when that is all done."""
    return _end(cursor, State.CANCELED, _CALLED_OFF, _ALL, connection_id)


def count_newest(connection_id: UUID) -> int:
    """How many would go if the older ones were left out."""
    with connection.cursor() as cursor:
        held = "SELECT count(*) FROM deliveries_delivery WHERE state = 'held' AND connection_id = %(connection)s"
        cursor.execute(
            f"SELECT ({held}) - (SELECT count(*) FROM ({_OLDER}) AS older)",  # noqa: S608
            {"connection": connection_id},
        )
        count: int = cursor.fetchone()[0]
    return count


# Locked by their id, as everybody does; one that a person has just sent or called off is no longer held.
_ALL = "SELECT id FROM deliveries_delivery WHERE state = 'held' AND connection_id = %(connection)s"
_OLDER = """
SELECT id FROM (
    SELECT delivery.id, row_number() OVER (
               PARTITION BY delivery.rule_id, CASE WHEN event.resource_id = '' THEN '' ELSE event.resource END,
                            event.resource_id, CASE WHEN event.resource_id = '' THEN event.event END
               ORDER BY event.id DESC) AS place
      FROM deliveries_delivery AS delivery JOIN deliveries_event AS event ON event.id = delivery.event_id
     WHERE delivery.state = 'held' AND delivery.connection_id = %(connection)s AND delivery.carrier_id IS NULL
) AS ranked WHERE place > 1
"""
_STATEMENT = """
UPDATE deliveries_delivery SET state = %(state)s, due_at = NULL, finished_at = now(), last_error = %(why)s
 WHERE id IN (SELECT id FROM deliveries_delivery WHERE state = 'held' AND id IN ({which})
               ORDER BY id LIMIT %(most)s FOR UPDATE)
RETURNING event_id
"""


def _end(cursor: CursorWrapper, state: State, why: str, which: str, connection_id: UUID) -> int:
    values: dict[str, str | int | UUID] = {
        "state": state.value,
        "why": why,
        "connection": connection_id,
        "most": AT_ONCE,
    }
    cursor.execute(_STATEMENT.format(which=which), values)
    events = [row[0] for row in cursor.fetchall()]
    count_events(cursor, [(id, State.CANCELED) for id in events])
    return len(events)
