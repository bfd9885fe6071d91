"""Fan out: decide what each event sets off, and write one delivery for every rule that fired.

Decisions, deliveries and the events' counters are written in one transaction. A worker killed half-way leaves the
events undecided for the next one. When a batch cannot be decided or written, its events are taken one by one, so that
one that is at fault fails alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper

from deliveries import bulk
from deliveries.catalogue import remember
from deliveries.database import is_away, may_repeat
from deliveries.deciding import EVENTS_A_TENANT, Decided, Undecided, decide, still_undecided, take
from deliveries.models import Status
from deliveries.spreading import Tally, spread

__all__ = ["EVENTS_A_TENANT", "decide_batch", "write"]

_NOTHING = Tally()
_log = structlog.get_logger("deliveries")


def decide_batch() -> int:
    """Decide one batch of undecided events. Returns how many there were."""
    undecided: list[Undecided] = []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            undecided = take(cursor)
            decided, totals = _settle(cursor, undecided)
    except Exception as fault:
        if not undecided or may_repeat(fault):
            raise
        _log.exception("events.fault", events=len(undecided))
        for event in undecided:
            _decide_alone(event)
    else:
        _tell(decided, totals)
    return len(undecided)


def _settle(cursor: CursorWrapper, undecided: Sequence[Undecided]) -> tuple[list[Decided], Mapping[UUID, Tally]]:
    if not undecided:
        return [], {}
    decided = decide(undecided)
    return decided, write(cursor, decided)


def _decide_alone(event: Undecided) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            decided, totals = _settle(cursor, [event] if still_undecided(cursor, event.id) else [])
    except Exception as fault:
        if may_repeat(fault):
            raise
        _log.exception("event.fault", event_id=str(event.id), type=event.event, workspace=str(event.workspace_id))
        _fail(event)
    else:
        _tell(decided, totals)


# --------------------------------------------------------------------------- write


def write(cursor: CursorWrapper, decided: list[Decided]) -> Mapping[UUID, Tally]:
    """The decisions, the deliveries and the events' counters. Returns how many deliveries each event has."""
    _write_decisions(cursor, decided)
    totals = spread(cursor, decided)
    _mark_decided(cursor, decided, totals)
    return totals


def _write_decisions(cursor: CursorWrapper, decided: list[Decided]) -> None:
    considered = [found for found in decided if found.verdicts]
    bulk.insert(
        cursor,
        "deliveries_decision",
        {
            "id": ("uuid", [found.event.id for found in considered]),
            "organization_id": ("uuid", [found.event.organization_id for found in considered]),
            "workspace_id": ("uuid", [found.event.workspace_id for found in considered]),
            "verdicts": ("jsonb", [_json([v.as_json() for v in found.verdicts]) for found in considered]),
            "ruleset_version": ("bigint", [found.ruleset_version for found in considered]),
        },
    )


def _mark_decided(cursor: CursorWrapper, decided: Sequence[Decided], totals: Mapping[UUID, Tally]) -> None:
    tallies = [totals.get(found.event.id, _NOTHING) for found in decided]
    statuses = [_status(found, tally) for found, tally in zip(decided, tallies, strict=True)]
    columns: bulk.Columns = {
        "id": ("uuid", [found.event.id for found in decided]),
        "severity": ("smallint", [found.severity for found in decided]),
        "total": ("int", [tally.fired for tally in tallies]),
        "completed": ("int", [tally.digested for tally in tallies]),
        "canceled": ("int", [tally.muted for tally in tallies]),
        "status": ("text", statuses),
    }
    cursor.execute(
        "UPDATE deliveries_event AS event SET decided_at = now(), severity = new.severity, total_rules = new.total,"  # noqa: S608
        " completed_count = new.completed, canceled_count = new.canceled, status = new.status,"
        " completed_at = CASE WHEN new.total = new.completed + new.canceled THEN now() END"
        f" FROM {bulk.rows(columns)} WHERE event.id = new.id",
        bulk.values(columns),
    )


def _status(found: Decided, tally: Tally) -> Status:
    """An event that nothing fires on is complete, with nothing to do; one that is muted everywhere is canceled."""
    if found.orphaned or tally.fired == tally.muted > 0:
        return Status.CANCELED
    return Status.PROCESSING if tally.fired > tally.muted + tally.digested else Status.COMPLETED


def _fail(event: Undecided) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE deliveries_event SET decided_at = now(), completed_at = now(), status = 'failed'"
            " WHERE id = %s AND decided_at IS NULL",
            [event.id],
        )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --------------------------------------------------------------------------- tell


def _tell(decided: Sequence[Decided], totals: Mapping[UUID, Tally]) -> None:
    """The catalogue, and the one wide line of each event. Nothing here undoes what was decided."""
    for found in decided:
        event = found.event
        _log.info(
            "event.decided",
            event_id=str(event.id),
            type=event.event,
            resource=event.resource,
            workspace=str(event.workspace_id),
            organization=str(event.organization_id),
            severity=found.severity,
            considered=len(found.verdicts),
            fired=totals.get(event.id, _NOTHING).fired,
            waited_ms=round((event.now - event.created_at).total_seconds() * 1000),
        )
    try:
        remember(
            (event.organization_id, event.workspace_id, event.event, event.resource)
            for event in (found.event for found in decided if not found.orphaned)
        )
    except DatabaseError as fault:  # a workspace deleted at this very moment
        if is_away(fault):
            raise
        _log.warning("catalogue.fault", fault=type(fault).__name__)
