"""What becomes of claimed deliveries that are not sent after all. No attempt is counted: none was made.

Each asks for the fence: a delivery whose lease ran out meanwhile is another worker's.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from deliveries import bulk
from deliveries.claiming import Claimed
from deliveries.models import State
from deliveries.recording import count_events

# What was never sent has no time of a first attempt, unless a worker died over it and may have got as far.
_NEVER_SENT = "first_sent_at = CASE WHEN attempt_count = 0 AND lost = 0 THEN NULL ELSE first_sent_at END"


def hold(cursor: CursorWrapper, claims: Sequence[Claimed]) -> None:
    """Their connection is switched off: they wait until it is on again (see ``holding``)."""
    moved = _move(cursor, claims, f"state = 'held', due_at = NULL, {_NEVER_SENT}")
    count_events(cursor, [(claim.event_id, State.HELD) for claim in moved])


def put_back(cursor: CursorWrapper, claims: Sequence[Claimed], *, seconds: float, why: str = "") -> None:
    """Not now: as if they had not been claimed, due again after so many seconds. ``why`` is shown meanwhile."""
    waiting = "CASE WHEN attempt_count = 0 THEN 'pending' ELSE 'retrying' END"
    said = "coalesce(nullif(%s, ''), last_error)"
    due = "now() + %s * interval '1 second'"
    _move(cursor, claims, f"state = {waiting}, due_at = {due}, last_error = {said}, {_NEVER_SENT}", seconds, why)


def cancel(cursor: CursorWrapper, claims: Sequence[Claimed], *, why: str) -> None:
    """What they belong to is gone, so they can never be sent."""
    moved = _move(cursor, claims, "state = 'canceled', due_at = NULL, finished_at = now(), last_error = %s", why)
    count_events(cursor, [(claim.event_id, State.CANCELED) for claim in moved])


def _move(cursor: CursorWrapper, claims: Sequence[Claimed], change: str, *arguments: str | float) -> list[Claimed]:
    if not claims:
        return []
    columns: bulk.Columns = {
        "id": ("uuid", [claim.id for claim in claims]),
        "fence": ("int", [claim.fence for claim in claims]),
    }
    cursor.execute(
        f"UPDATE deliveries_delivery AS delivery SET {change} FROM {bulk.rows(columns)}"  # noqa: S608
        " WHERE delivery.id = new.id AND delivery.fence = new.fence AND delivery.state = 'sending'"
        " RETURNING delivery.id",
        [*arguments, *bulk.values(columns)],
    )
    moved = {row[0] for row in cursor.fetchall()}
    return [claim for claim in claims if claim.id in moved]
