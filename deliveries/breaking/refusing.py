"""What follows when a destination says that the access token is no longer good: it is renewed, and sent again.

A token that has just been stored and is refused all the same would only be exchanged for another such one. Then the
delivery is retried as ever, and not before a while is the token taken for one that has run out: no loop.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from deliveries import bulk
from deliveries.sending import Sent

AGAIN_SECONDS = 2.0
ATTEMPTS_MOST = 20  # of one delivery; then it goes by its schedule, or has failed
NEW_SECONDS = 60  # a younger token is not renewed for being refused


class _Token(NamedTuple):
    """The one that is stored now."""

    fence: int
    is_new: bool


_NONE = _Token(-1, is_new=False)  # of a connection that was deleted


def renew(cursor: CursorWrapper, results: Sequence[Sent]) -> set[UUID]:
    """Have refused tokens renewed, and say which deliveries are sent again at once.

    Race: the token was renewed, or is being renewed, since the attempt began. Its fence is another one by then, and
    nothing is done beside sending again. Call it before anything else locks connections: all are locked here, by id.
    """
    refused = [sent for sent in results if sent.outcome.renew]
    if not refused:
        return set()
    stored = _lock(
        cursor, {sent.claimed.connection_id for sent in [*refused, *(s for s in results if s.outcome.inactive)]}
    )
    current = [sent for sent in refused if stored.get(sent.claimed.connection_id, _NONE).fence == sent.token_fence]
    new = {sent.claimed.id for sent in current if stored[sent.claimed.connection_id].is_new}
    _end(cursor, {sent.claimed.connection_id for sent in current if sent.claimed.id not in new})
    return {sent.claimed.id for sent in refused} - new


def _lock(cursor: CursorWrapper, ids: Collection[UUID]) -> dict[UUID, _Token]:
    cursor.execute(
        "SELECT id, token_fence, coalesce(token_at > now() - %s * interval '1 second', false)"
        " FROM connections_connection WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        [NEW_SECONDS, bulk.array("uuid", ids)],
    )
    return {id: _Token(fence, is_new) for id, fence, is_new in cursor.fetchall()}


def _end(cursor: CursorWrapper, ids: Collection[UUID]) -> None:
    """Nothing is sent with them from now on. Where there is nothing to renew it by, the renewal switches it off."""
    if ids:
        cursor.execute(
            "UPDATE connections_connection SET token_until = now(), renew_at = now() WHERE id = ANY(%s::uuid[])",
            [bulk.array("uuid", ids)],
        )
