"""Deliveries whose connection cannot be used wait, and go on by themselves when it can.

Level-triggered: the sweeper compares what is held with the connections as they are, so that no lost signal matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Q
from django.utils import timezone

from connections.models import Choice, Connection
from deliveries.breaking import superseding
from deliveries.breaking.backlog import backlog
from deliveries.models import State
from deliveries.recording import count_events

CHOOSE_WITHIN = timedelta(days=1)
RELEASED_AT_ONCE = 5_000


def release() -> int:
    """Let go on what waits without need: connection on again → as was chosen; connection deleted → canceled."""
    with transaction.atomic(), connection.cursor() as cursor:
        holding = _connections(cursor, State.HELD)
        waiting = {*holding, *_connections(cursor, State.RETRYING), *_connections(cursor, State.PENDING)}
        rows = dict(Connection.objects.filter(id__in=waiting).values_list("id", "active"))
        _cancel(cursor, [id for id in waiting if id not in rows])
    _forget_choices(holding)
    return sum(_go_on(id) for id in holding if rows.get(id))


def _forget_choices(holding: Sequence[UUID]) -> None:
    """A choice is about what was held when it was made: it ends when nothing is left, or when that cannot go on."""
    chosen = Connection.objects.exclude(held_choice="").filter(Q(active=False) | ~Q(id__in=holding))
    chosen.update(held_choice="", asked_at=None)


def _go_on(id: UUID) -> int:
    """A batch of what is held for a connection that is on. Returns how many may be sent now.

    Race: two sweeps, or somebody who chooses or switches it off. The row's lock lets one decide after the other.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = Connection.objects.select_for_update(skip_locked=True).filter(id=id, active=True).first()
        choice = _choice(row) if row else Choice.ASKED
        if choice is Choice.NEWEST and not superseding.leave_out_older(cursor, id):
            _say(id, choice := Choice.ALL)  # only the newest are left
        if choice is Choice.NONE:
            superseding.leave_out_all(cursor, id)
        return _set_going(cursor, id) if choice is Choice.ALL else 0


def _choice(row: Connection) -> Choice:
    """What was chosen. When nobody was asked yet: everything goes, unless it is much and old; then somebody is asked.

    Whoever does not choose within a day gets everything.
    """
    now = timezone.now()
    if row.held_choice == Choice.ASKED and row.asked_at and row.asked_at <= now - CHOOSE_WITHIN:
        _say(row.id, Choice.ALL)
        return Choice.ALL
    if row.held_choice:
        return Choice(row.held_choice)
    choice = Choice.ASKED if backlog(row.id).is_asked_about(now) else Choice.ALL
    _say(row.id, choice, asked_at=now if choice is Choice.ASKED else None)
    return choice


def _say(id: UUID, choice: Choice, *, asked_at: datetime | None = None) -> None:
    Connection.objects.filter(id=id).update(held_choice=choice, asked_at=asked_at)


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


def _set_going(cursor: CursorWrapper, connection_id: UUID) -> int:
    """The oldest first, and a batch at a time: the claim keeps the pace and the cap of the connection."""
    cursor.execute(
        "UPDATE deliveries_delivery SET due_at = greatest(now(), waits_until),"
        " ready = coalesce(waits_until <= now(), true),"
        " state = CASE WHEN attempt_count = 0 THEN 'pending' ELSE 'retrying' END"
        " WHERE id IN (SELECT id FROM deliveries_delivery WHERE state = 'held' AND connection_id = %s"
        " ORDER BY id LIMIT %s FOR UPDATE)",
        [connection_id, RELEASED_AT_ONCE],
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
