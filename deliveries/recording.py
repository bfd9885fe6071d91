"""Record what happened: attempts appended, deliveries moved and events counted, in one transaction."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from connections.provider import Code
from deliveries import bulk, pacing
from deliveries.backoff import next_delay
from deliveries.models import State
from deliveries.sending import Sent
from workspaces.ids import derive


@dataclass(frozen=True, slots=True)
class Move:
    """Where a delivery goes after an attempt. ``wait`` is in seconds; None: nobody shall take it."""

    sent: Sent
    state: State
    wait: float | None


def record(results: Sequence[Sent]) -> None:
    """Write a batch of results. Safe to repeat: ids are derived, and moves are fenced."""
    moves = [next_move(sent, chance=random.random()) for sent in results]  # noqa: S311  jitter, not a secret
    moves.sort(key=lambda move: move.sent.prepared.claimed.id)
    with transaction.atomic(), connection.cursor() as cursor:
        _append_attempts(cursor, results)
        _keep_captures(cursor, results)
        moved = _move(cursor, moves)
        count_events(cursor, [(m.sent.prepared.claimed.event_id, m.state) for m in moves if _id(m) in moved])
        pacing.pause(cursor, _wishes(results))
        switch_off(cursor, {_connection(sent): sent.outcome.inactive for sent in results if sent.outcome.inactive})


def next_move(sent: Sent, *, chance: float) -> Move:
    """What an outcome means for its delivery."""
    outcome, prepared = sent.outcome, sent.prepared
    if outcome.delivered:
        return Move(sent, State.DELIVERED, None)
    if not outcome.retry:
        return Move(sent, State.FAILED, None)
    if outcome.inactive:
        return Move(sent, State.HELD, None)
    wait = next_delay(
        attempts=prepared.claimed.attempt_count + 1,
        delays=prepared.retry_delays,
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
    cursor.execute("SELECT 1 FROM deliveries_event WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [ids])
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


def switch_off(cursor: CursorWrapper, reasons: dict[UUID, str]) -> None:
    """A connection that cannot work is switched off; what waits for it is held, not failed."""
    for connection_id, reason in reasons.items():
        cursor.execute(
            "UPDATE connections_connection SET active = false, inactive_reason = %s, updated_at = now()"
            " WHERE id = %s AND active",
            [str(reason), connection_id],
        )
        cursor.execute(
            "UPDATE deliveries_delivery SET state = 'held', due_at = NULL"
            " WHERE connection_id = %s AND state IN ('pending', 'retrying')",
            [connection_id],
        )


# --------------------------------------------------------------------------- the statements


def _append_attempts(cursor: CursorWrapper, results: Sequence[Sent]) -> None:
    claims = [sent.prepared.claimed for sent in results]
    outcomes = [sent.outcome for sent in results]
    bulk.insert(
        cursor,
        "deliveries_attempt",
        {
            "id": ("uuid", [derive(claimed.id, claimed.attempt_count + 1) for claimed in claims]),
            "organization_id": ("uuid", [claimed.organization_id for claimed in claims]),
            "workspace_id": ("uuid", [claimed.workspace_id for claimed in claims]),
            "delivery_id": ("uuid", [claimed.id for claimed in claims]),
            "number": ("int", [claimed.attempt_count + 1 for claimed in claims]),
            "code": ("text", [str(outcome.code) for outcome in outcomes]),
            "culprit": ("text", [str(outcome.culprit) for outcome in outcomes]),
            "reason": ("text", [outcome.reason for outcome in outcomes]),
            "fix": ("text", [outcome.fix for outcome in outcomes]),
            "exchanges": ("jsonb", [json.dumps(sent.exchanges, ensure_ascii=False) for sent in results]),
            "notes": ("jsonb", [json.dumps(outcome.notes, ensure_ascii=False) for outcome in outcomes]),
            "reference": ("text", [outcome.reference[:256] for outcome in outcomes]),
            "started_at": ("timestamptz", [sent.started_at for sent in results]),
            "duration_ms": ("int", [sent.duration_ms for sent in results]),
        },
    )


def _keep_captures(cursor: CursorWrapper, results: Sequence[Sent]) -> None:
    kept = [(sent.prepared.claimed, *sent.captured) for sent in results if sent.captured]
    if not kept:
        return
    bulk.insert(
        cursor,
        "deliveries_capture",
        {
            "id": ("uuid", [claimed.id for claimed, _, _ in kept]),
            "organization_id": ("uuid", [claimed.organization_id for claimed, _, _ in kept]),
            "workspace_id": ("uuid", [claimed.workspace_id for claimed, _, _ in kept]),
            "request": ("jsonb", [json.dumps(request, ensure_ascii=False) for _, request, _ in kept]),
            "body": ("text", [body for _, _, body in kept]),
        },
    )


def _move(cursor: CursorWrapper, moves: Sequence[Move]) -> set[UUID]:
    """Move the deliveries that are still ours. One whose lease ran out has another fence by now and stays as it is."""
    columns: bulk.Columns = {
        "id": ("uuid", [_id(move) for move in moves]),
        "fence": ("int", [move.sent.prepared.claimed.fence for move in moves]),
        "state": ("text", [str(move.state) for move in moves]),
        "wait": ("float", [move.wait for move in moves]),
        "attempts": ("int", [move.sent.prepared.claimed.attempt_count + 1 for move in moves]),
        "code": ("text", [str(move.sent.outcome.code) for move in moves]),
        "error": ("text", [_error(move.sent) for move in moves]),
    }
    cursor.execute(
        f"""
        UPDATE deliveries_delivery AS delivery
           SET state = new.state, due_at = now() + new.wait * interval '1 second', attempt_count = new.attempts,
               last_code = new.code, last_error = new.error,
               finished_at = CASE WHEN new.state IN ('delivered', 'failed') THEN now() END
          FROM {bulk.rows(columns)}
         WHERE delivery.id = new.id AND delivery.fence = new.fence AND delivery.state = 'sending'
        RETURNING delivery.id""",  # noqa: S608
        bulk.values(columns),
    )
    return {row[0] for row in cursor.fetchall()}


def _id(move: Move) -> UUID:
    return move.sent.prepared.claimed.id


def _connection(sent: Sent) -> UUID:
    return sent.prepared.claimed.connection_id


def _error(sent: Sent) -> str:
    return "" if sent.outcome.delivered else sent.outcome.reason


def _wishes(results: Sequence[Sent]) -> list[tuple[UUID, float]]:
    """How long each lane was asked to wait. A rate limit holds for the whole lane, not for one message only."""
    return [
        (sent.prepared.claimed.lane, min(sent.outcome.retry_after, 24 * 3600.0))
        for sent in results
        if sent.outcome.code is Code.RATE_LIMITED and sent.outcome.retry_after
    ]
