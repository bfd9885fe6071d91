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

from deliveries import bulk
from deliveries.reading import Draft
from workspaces.errors import ApiError
from workspaces.ids import timestamp, uuid7

IDEMPOTENCY_DAYS = 7
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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
    owner: UUID,
    route: str,
    key: str = "",
    body: bytes = b"",
) -> Accepted:
    """Store the events (and the idempotency record, if a key was given) in one statement.

    A ``key`` is good once for each ``owner`` and ``route``: the workspace, or for a call that may name many of them,
    whoever has them all. The same workspaces in another order are another body, and not another key.

    ``answer`` words the reply from the accepted events' facts; it is stored with the key, so that a repeated call
    gets the very same bytes. Raises ApiError 409 when the key was used with another body.
    """
    ids = [uuid7() for _ in entries]
    status, text = answer([facts(draft, id=id, sender=by) for (draft, by), id in zip(entries, ids, strict=True)])
    rows = [_row(entry, id) for entry, id in zip(entries, ids, strict=True)]
    if not key:
        _twice(lambda: _insert(rows), again=lambda: _insert(rows, statement=_INSERT_AGAIN))
        return Accepted(status, text)
    digest = hashlib.sha256(body).digest()
    record = (owner, route, key, digest, status, text, datetime.now(UTC))
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
    return _encode(value)


def _wire_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --------------------------------------------------------------------------- the statement

_KINDS = {
    "id": "uuid",
    "organization_id": "uuid",
    "workspace_id": "uuid",
    "kind": "text",
    "event": "text",
    "resource": "text",
    "resource_id": "text",
    "payload": "text",
    "created_by": "text",
    "created_at": "timestamptz",
}
_GIVEN = ", ".join(_KINDS)
_COLUMNS = f"{_GIVEN}, status, total_rules, completed_count, failed_count, canceled_count"
_EVENTS = f"SELECT {_GIVEN}, 'pending', 0, 0, 0, 0 FROM {{rows}}"  # noqa: S608
_ONE = f"(VALUES ({', '.join(f'%s::{kind}' for kind in _KINDS.values())})) AS new({_GIVEN})"
_INSERT = f"INSERT INTO deliveries_event ({_COLUMNS}) {_EVENTS}"
# A lost connection may have hidden a commit, so the insert can be repeated: the ids are ours and make it idempotent.
_INSERT_AGAIN = f"{_INSERT} ON CONFLICT (id) DO NOTHING"
# Race: two calls with one key. The unique constraint lets one through; the other waits for its commit, inserts
# nothing, and reads the first answer. A record past its seven days is taken over as if it were new.
_INSERT_ONCE = (
    "WITH claimed AS (INSERT INTO deliveries_idempotencyrecord AS record"  # noqa: S608
    " (owner_id, route, key, body_hash, status, answer, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (owner_id, route, key) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status,"
    " answer = excluded.answer, created_at = excluded.created_at"
    f" WHERE record.created_at < now() - interval '{IDEMPOTENCY_DAYS} days' RETURNING 1)"
    f" INSERT INTO deliveries_event ({_COLUMNS}) {_EVENTS} WHERE EXISTS (SELECT FROM claimed)"
)


def _row(entry: Entry, id: UUID) -> tuple[Any, ...]:
    draft, by = entry
    texts = (draft.kind, draft.event, draft.resource, draft.resource_id, draft.payload)
    return (id, by.organization_id, by.workspace_id, *texts, by.name, timestamp(id))


def _with(statement: str, rows: list[tuple[Any, ...]]) -> tuple[str, list[Any]]:
    """Most calls bring one event, which is bound value by value; any other number takes one statement, with arrays."""
    if len(rows) == 1:
        return statement.format(rows=_ONE), list(rows[0])
    values = zip(*rows, strict=True)
    columns = {name: (kind, column) for (name, kind), column in zip(_KINDS.items(), values, strict=True)}
    return statement.format(rows=bulk.rows(columns)), bulk.values(columns)


def _insert(rows: list[tuple[Any, ...]], *, statement: str = _INSERT) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(*_with(statement, rows))
    return True


def _insert_once(rows: list[tuple[Any, ...]], *, record: tuple[Any, ...]) -> bool:
    with connection.cursor() as cursor:
        statement, values = _with(_INSERT_ONCE, rows)
        cursor.execute(statement, [*record, *values])
        return bool(cursor.rowcount)


def _first_answer(record: tuple[Any, ...]) -> Accepted | None:
    owner, route, key, digest, *_ = record
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body_hash, status, answer FROM deliveries_idempotencyrecord"
            " WHERE owner_id = %s AND route = %s AND key = %s",
            [owner, route, key],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    body_hash, status, answer = found
    if bytes(body_hash) != digest:
        raise ApiError(409, "This Idempotency-Key was used with another body within the last 7 days.")
    return Accepted(status, answer, repeated=True)


def _twice(statement: Callable[[], bool], *, again: Callable[[], bool] | None = None) -> bool:
    """Once more on a fresh connection when the database closed the old one (a restart, a fail-over)."""
    try:
        return statement()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return (again or statement)()
