"""What a carrier's message tells of those folded into it: how many, how bad, from when to when, the first few.

Gathered at every attempt. Nothing joins a carrier that was sent once, so a retry says the same again; only what a
person has sent by itself meanwhile is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from deliveries import bulk

TOLD = 5  # events by their titles, the carrier's own among them
NAMED = 1_000  # events by their ids


@dataclass(frozen=True, slots=True)
class FoldedEvent:
    """An event whose title is told."""

    event_id: UUID
    event: str
    resource: str
    resource_id: str
    payload: str = field(repr=False)
    severity: int | None
    event_created_at: datetime


@dataclass(frozen=True, slots=True)
class Folded:
    """What was folded into one carrier, its own event left out. ``counts`` are by severity."""

    counts: Mapping[int | None, int]
    began_at: datetime
    ended_at: datetime
    event_ids: tuple[UUID, ...]  # oldest first; at most ``NAMED``
    first: tuple[FoldedEvent, ...]  # oldest first; at most ``TOLD``


def gather(carriers: Collection[UUID]) -> dict[UUID, Folded]:
    """What was folded into each of these deliveries; nothing for those into which nothing was."""
    counts = _counts(carriers)
    if not counts:
        return {}
    ids = _by_carrier(_rows(_IDS, counts, NAMED))
    first = _by_carrier(_rows(_FIRST, counts, TOLD))
    return {
        carrier: Folded(
            counts={severity: count for severity, count, _, _ in rows},
            began_at=min(began for _, _, began, _ in rows),
            ended_at=max(ended for _, _, _, ended in rows),
            event_ids=tuple(id for (id,) in ids[carrier]),
            first=tuple(FoldedEvent(*row) for row in first[carrier]),
        )
        for carrier, rows in counts.items()
    }


def _counts(carriers: Collection[UUID]) -> dict[UUID, list[tuple[Any, ...]]]:
    return _by_carrier(_rows(_COUNTS, carriers)) if carriers else {}


_COUNTS = """
SELECT folded.carrier_id, event.severity, count(*), min(event.created_at), max(event.created_at)
  FROM deliveries_delivery AS folded JOIN deliveries_event AS event ON event.id = folded.event_id
 WHERE folded.carrier_id = ANY(%s::uuid[]) AND folded.state = 'digested'
 GROUP BY folded.carrier_id, event.severity
"""
_OLDEST = """
  FROM unnest(%s::uuid[]) AS carrier(id), LATERAL (
    SELECT id, event_id FROM deliveries_delivery WHERE carrier_id = carrier.id AND state = 'digested'
     ORDER BY id LIMIT %s) AS folded
"""
_IDS = f"SELECT carrier.id, folded.event_id {_OLDEST} ORDER BY folded.id"
_FIRST = f"""
SELECT carrier.id, event.id, event.event, event.resource, event.resource_id, event.payload, event.severity,
       event.created_at
{_OLDEST} JOIN deliveries_event AS event ON event.id = folded.event_id ORDER BY folded.id
"""


def _rows(statement: str, carriers: Collection[UUID], *more: int) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [bulk.array("uuid", carriers), *more])
        yield from cursor.fetchall()


def _by_carrier(rows: Iterator[tuple[Any, ...]]) -> dict[UUID, list[tuple[Any, ...]]]:
    found: defaultdict[UUID, list[tuple[Any, ...]]] = defaultdict(list)
    for carrier, *rest in rows:
        found[carrier].append(tuple(rest))
    return found
