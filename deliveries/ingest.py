"""Accept events: one statement, one commit, and only then an answer. Nothing is accepted that is not on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from deliveries.reading import Draft
from workspaces.errors import ApiError
from workspaces.ids import timestamp, uuid7

IDEMPOTENCY_DAYS = 7


@dataclass(frozen=True, slots=True)
class Sender:
    """On whose behalf an event is accepted."""

    organization_id: UUID
    workspace_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted, or the first answer again when the idempotency key was known."""

    status: int
    answer: str
    repeated: bool = False


Entry = tuple[Draft, Sender]


def accept(
    entries: Sequence[Entry],
    *,
    answer: Callable[[list[dict[str, Any]]], tuple[int, str]],
    route: str,
    key: str = "",
    body: bytes = b"",
) -> Accepted:
    """Store the events (and the idempotency record, if a key was given) in one statement.

    ``answer`` words the reply from the accepted events' facts; it is stored with the key, so that a repeated call
    gets the very same bytes. Raises ApiError 409 when the key was used with another body.
    """
    ids = [uuid7() for _ in entries]
    status, text = answer([facts(draft, id=id, sender=by) for (draft, by), id in zip(entries, ids, strict=True)])
    rows = _rows(entries, ids)
    if not key:
        _twice(lambda: _insert(rows))
        return Accepted(status, text)
    digest = hashlib.sha256(body).digest()
    record = (entries[0][1].workspace_id, route, key, digest, status, text, datetime.now(UTC))
    while not _twice(lambda: _insert_once(rows, record=record)):
        if (first := _first_answer(record)) is not None:
            return first  # else the record was so old that it has just been deleted: the key is free again
    return Accepted(status, text)


def facts(draft: Draft, *, id: UUID, sender: Sender) -> dict[str, Any]:
    """An accepted event as the wire shows it."""
    found = {
        "id": str(id),
        "type": draft.kind,
        "event": draft.event,
        "workspace": str(sender.workspace_id),
        "resource": draft.resource,
        "created_by": sender.name,
        "created_at": _wire_time(timestamp(id)),
    }
    if draft.resource_id:
        found["resource_id"] = draft.resource_id
    return found


def as_text(value: Any) -> str:
    """JSON as the wire has it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _wire_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --------------------------------------------------------------------------- the statement

_COLUMNS = (
    "id, organization_id, workspace_id, kind, event, resource, resource_id, payload, created_by, created_at,"
    " status, total_rules, completed_count, failed_count, canceled_count"
)
_EVENTS = (
    "SELECT id, organization_id, workspace_id, kind, event, resource, resource_id, payload, created_by, created_at,"
    " 'pending', 0, 0, 0, 0 FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[],"
    " %s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS new(id, organization_id, workspace_id, kind, event,"
    " resource, resource_id, payload, created_by, created_at)"
)
# A lost connection may have hidden a commit, so the insert can be repeated: the ids are ours and make it idempotent.
_INSERT = f"INSERT INTO deliveries_event ({_COLUMNS}) {_EVENTS} ON CONFLICT (id) DO NOTHING"
# Race: two calls with one key. The unique constraint lets one through; the other waits for its commit, inserts
# nothing, and reads the first answer. A record past its seven days is taken over as if it were new.
_INSERT_ONCE = (
    "WITH claimed AS (INSERT INTO deliveries_idempotencyrecord AS record"  # noqa: S608
    " (workspace_id, route, key, body_hash, status, answer, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (workspace_id, route, key) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status,"
    " answer = excluded.answer, created_at = excluded.created_at"
    f" WHERE record.created_at < now() - interval '{IDEMPOTENCY_DAYS} days' RETURNING 1)"
    f" INSERT INTO deliveries_event ({_COLUMNS}) {_EVENTS} WHERE EXISTS (SELECT FROM claimed)"
)


def _rows(entries: Sequence[Entry], ids: list[UUID]) -> list[list[Any]]:
    return [
        ids,
        [sender.organization_id for _, sender in entries],
        [sender.workspace_id for _, sender in entries],
        [draft.kind for draft, _ in entries],
        [draft.event for draft, _ in entries],
        [draft.resource for draft, _ in entries],
        [draft.resource_id for draft, _ in entries],
        [draft.payload for draft, _ in entries],
        [sender.name for _, sender in entries],
        [timestamp(id) for id in ids],
    ]


def _insert(rows: list[list[Any]]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, rows)
    return True


def _insert_once(rows: list[list[Any]], *, record: tuple[Any, ...]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ONCE, [*record, *rows])
        return bool(cursor.rowcount)


def _first_answer(record: tuple[Any, ...]) -> Accepted | None:
    workspace_id, route, key, digest, *_ = record
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body_hash, status, answer FROM deliveries_idempotencyrecord"
            " WHERE workspace_id = %s AND route = %s AND key = %s",
            [workspace_id, route, key],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    body_hash, status, answer = found
    if bytes(body_hash) != digest:
        raise ApiError(409, "This Idempotency-Key was used with another body within the last 7 days.")
    return Accepted(status, answer, repeated=True)


def _twice(statement: Callable[[], bool]) -> bool:
    """Once more on a fresh connection when the database closed the old one (a restart, a fail-over)."""
    try:
        return statement()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return statement()
