"""Record what happened: attempts appended, deliveries moved and events counted, in one transaction.

Rows are locked in one order by everybody: connections, deliveries, events, lanes; and those of a kind by their id.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from connections.provider import Code
from deliveries import bulk, pacing
from deliveries.backoff import RETRY_AFTER_MOST, next_delay
from deliveries.breaking import failing, refusing
from deliveries.breaking.switching import hold_backlog, switch_off
from deliveries.database import may_repeat
from deliveries.keeping import keep
from deliveries.models import State
from deliveries.sending import Sent

_log = structlog.get_logger("deliveries")


@dataclass(frozen=True, slots=True)
class Move:
    """Where a delivery goes after an attempt. ``wait`` is in seconds; None: nobody shall take it."""

    sent: Sent
    state: State
    wait: float | None


def record(results: Sequence[Sent]) -> None:
    """Write a batch of results. Safe to repeat: ids are derived, and moves are fenced.

    Raises what says nothing against the results: the database is away, or gave way to somebody else's transaction.
    """
    results = sorted(results, key=lambda sent: sent.claimed.id)
    try:
        _record(results)
    except Exception as fault:  # whatever one of them holds, the others have to be written
        if may_repeat(fault):
            raise
        _log.exception("record.fault", results=len(results))
        for sent in results:
            _record_alone(sent)


def _record_alone(sent: Sent) -> None:
    try:
        _record([sent])
    except Exception as fault:
        if may_repeat(fault):
            raise
        _record([sent.untold()])


def _record(results: Sequence[Sent]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        again = refusing.renew(cursor, results)
        switched_off = switch_off(cursor, results)
        moves = [_next_move(sent, switched_off, again) for sent in results]
        moved = _move(cursor, moves)
        noted = moved | _note(cursor, [move for move in moves if _id(move) not in moved])
        keep(cursor, [sent for sent in results if sent.claimed.id in noted])
        count_events(cursor, [(m.sent.claimed.event_id, m.state) for m in moves if _id(m) in moved])
        pacing.pause(cursor, _wishes(results))
    hold_backlog(switched_off)
    failing.note([sent for sent in results if sent.claimed.id not in again])
    for move in moves:
        _tell(move, taken=_id(move) in moved)


def _next_move(sent: Sent, switched_off: Collection[UUID], again: Collection[UUID]) -> Move:
    if sent.claimed.id in again and sent.claimed.attempt_count < refusing.ATTEMPTS_MOST:
        return Move(sent, State.RETRYING, refusing.AGAIN_SECONDS)
    on = sent.claimed.connection_id not in switched_off
    return next_move(sent, on=on, chance=random.random())  # noqa: S311  jitter, not a secret


def next_move(sent: Sent, *, chance: float, on: bool = True) -> Move:
    """What an outcome means for its delivery. ``on`` says whether its connection is still switched on."""
    outcome = sent.outcome
    if outcome.delivered:
        return Move(sent, State.DELIVERED, None)
    if not (outcome.retry or outcome.renew):
        return Move(sent, State.FAILED, None)
    if outcome.inactive and not on:
        return Move(sent, State.HELD, None)
    wait = next_delay(
        attempts=sent.claimed.attempt_count + 1,
        delays=sent.retry_delays,
        retry_after=outcome.retry_after,
        chance=chance,
    )
    return Move(sent, State.RETRYING if wait is not None else State.FAILED, wait)


def count_events(cursor: CursorWrapper, ended: Iterable[tuple[UUID, State]]) -> None:
    """Move the events' counters and statuses on. Ordered by id, so that two workers cannot lock each other out."""
    counts: Counter[tuple[UUID, State]] = Counter(ended)
    ids = sorted({event_id for event_id, _ in counts})
    if not ids:
        return
    columns: bulk.Columns = {
        "id": ("uuid", ids),
        "completed": ("int", [counts[id, State.DELIVERED] for id in ids]),
        "failed": ("int", [counts[id, State.FAILED] for id in ids]),
        "canceled": ("int", [counts[id, State.CANCELED] for id in ids]),
        "waiting": ("int", [counts[id, State.RETRYING] + counts[id, State.HELD] for id in ids]),
    }
    cursor.execute(
        "SELECT 1 FROM deliveries_event WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE", [bulk.array("uuid", ids)]
    )
    cursor.execute(
        f"""
        UPDATE deliveries_event AS event
           SET completed_count = completed_count + completed, failed_count = failed_count + failed,
               canceled_count = canceled_count + canceled,
               status = CASE
                   WHEN completed_count + completed + failed_count + failed + canceled_count + canceled < total_rules
                        THEN CASE WHEN waiting > 0 THEN 'retrying' ELSE event.status END
                   WHEN failed_count + failed > 0 THEN 'failed'
                   WHEN completed_count + completed > 0 THEN 'completed'
                   ELSE 'canceled' END,
               completed_at = CASE
                   WHEN completed_count + completed + failed_count + failed + canceled_count + canceled >= total_rules
                        THEN now() END
          FROM {bulk.rows(columns)} WHERE event.id = new.id""",  # noqa: S608
        bulk.values(columns),
    )


def _tell(move: Move, *, taken: bool) -> None:
    """The one wide line of an attempt."""
    claimed, outcome = move.sent.claimed, move.sent.outcome
    _log.info(
        "delivery.attempt",
        delivery=str(claimed.id),
        event_id=str(claimed.event_id),
        rule=str(claimed.rule_id),
        connection=str(claimed.connection_id),
        workspace=str(claimed.workspace_id),
        organization=str(claimed.organization_id),
        provider=claimed.provider,
        attempt=claimed.attempt_count + 1,
        code=str(outcome.code),
        culprit=str(outcome.culprit),
        state=str(move.state) if taken else "not ours any more",
        wait_s=None if move.wait is None else round(move.wait, 3),
        duration_ms=move.sent.duration_ms,
    )


# --------------------------------------------------------------------------- the statements


def _move(cursor: CursorWrapper, moves: Sequence[Move]) -> set[UUID]:
    """Move the deliveries that are still ours. One whose lease ran out has another fence by now and stays as it is."""
    columns: bulk.Columns = {
        "id": ("uuid", [_id(move) for move in moves]),
        "fence": ("int", [move.sent.claimed.fence for move in moves]),
        "state": ("text", [str(move.state) for move in moves]),
        "wait": ("float", [move.wait for move in moves]),
        "attempts": ("int", [move.sent.claimed.attempt_count + 1 for move in moves]),
        "code": ("text", [str(move.sent.outcome.code) for move in moves]),
        "error": ("text", [_error(move.sent) for move in moves]),
    }
    cursor.execute(
        f"""
        UPDATE deliveries_delivery AS delivery
           SET state = new.state, due_at = now() + new.wait * interval '1 second', ready = false, lost = 0,
               attempt_count = new.attempts, last_code = new.code, last_error = new.error,
               finished_at = CASE WHEN new.state IN ('delivered', 'failed') THEN now() END
          FROM {bulk.rows(columns)}
         WHERE delivery.id = new.id AND delivery.fence = new.fence AND delivery.state = 'sending'
        RETURNING delivery.id""",  # noqa: S608
        bulk.values(columns),
    )
    return {row[0] for row in cursor.fetchall()}


def _note(cursor: CursorWrapper, moves: Sequence[Move]) -> set[UUID]:
    """Deliveries that were called off while the request was under way: the attempt was made, and nothing else changes.

    Calling off moves the fence by one; a further claim would move it again, and then the attempt's number is not ours.
    """
    if not moves:
        return set()
    columns: bulk.Columns = {
        "id": ("uuid", [_id(move) for move in moves]),
        "fence": ("int", [move.sent.claimed.fence + 1 for move in moves]),
        "attempts": ("int", [move.sent.claimed.attempt_count + 1 for move in moves]),
    }
    cursor.execute(
        f"UPDATE deliveries_delivery AS delivery SET attempt_count = new.attempts FROM {bulk.rows(columns)}"  # noqa: S608
        " WHERE delivery.id = new.id AND delivery.fence = new.fence AND delivery.state = 'canceled'"
        " RETURNING delivery.id",
        bulk.values(columns),
    )
    return {row[0] for row in cursor.fetchall()}


def _id(move: Move) -> UUID:
    return move.sent.claimed.id


def _error(sent: Sent) -> str:
    return "" if sent.outcome.delivered else sent.outcome.reason


def _wishes(results: Sequence[Sent]) -> list[tuple[UUID, float]]:
    """How long each lane was asked to wait. A rate limit holds for the whole lane, not for one message only."""
    return [
        (sent.claimed.lane, min(sent.outcome.retry_after, float(RETRY_AFTER_MOST)))
        for sent in results
        if sent.outcome.code is Code.RATE_LIMITED and sent.outcome.retry_after
    ]
