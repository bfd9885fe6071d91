"""Decide: which rules an event sets off, and why the others stay silent. Then one delivery for each that fired.

Decisions, deliveries and the events' counters are written in one transaction, from a batch of events that is fair
between workspaces. A worker killed half-way leaves the events undecided for the next one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from connections.models import Connection
from connections.provider import Pace
from connections.registry import all_providers
from deliveries import bulk
from deliveries.catalogue import remember
from deliveries.pacing import lane_of, open_lanes
from rules.matching import EventValues, RuleSet, Verdict
from rules.models import RuleVersion
from rules.rulesets import load
from workspaces.ids import derive
from workspaces.models import Workspace

TENANTS_A_BATCH = 16
EVENTS_A_TENANT = 16
BATCH = TENANTS_A_BATCH * EVENTS_A_TENANT
_log = structlog.get_logger("deliveries")


class Undecided(NamedTuple):
    """An event that no rule has been held against yet."""

    id: UUID
    organization_id: UUID
    workspace_id: UUID
    event: str
    resource: str
    resource_id: str
    payload: str
    now: datetime  # the database's clock


@dataclass(frozen=True, slots=True)
class Decided:
    """An event with the verdict of every rule considered."""

    event: Undecided
    severity: int | None
    verdicts: list[Verdict] = field(default_factory=list)
    ruleset_version: int = 0

    @property
    def fired(self) -> list[Verdict]:
        """The verdicts that ask for a delivery."""
        return [verdict for verdict in self.verdicts if verdict.fired]


def decide_batch() -> int:
    """Decide one batch of undecided events. Returns how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        undecided = _take(cursor)
        if undecided:
            decided = _decide(undecided)
            _write_decisions(cursor, decided)
            totals = _write_deliveries(cursor, decided)
            _mark_decided(cursor, decided, totals)
    if undecided:
        remember((event.organization_id, event.workspace_id, event.event, event.resource) for event in undecided)
    return len(undecided)


# --------------------------------------------------------------------------- take

# Hops from workspace to workspace through the index of undecided events, and takes the oldest few of each.
# Rows that another worker has locked are skipped: it is deciding them.
_TAKE = """
WITH RECURSIVE tenant AS (
    (SELECT workspace_id FROM deliveries_event WHERE decided_at IS NULL AND workspace_id > %(after)s
      ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT later.workspace_id FROM tenant, LATERAL (
        SELECT workspace_id FROM deliveries_event WHERE decided_at IS NULL AND workspace_id > tenant.workspace_id
         ORDER BY workspace_id LIMIT 1) later
)
SELECT event.* FROM (SELECT workspace_id FROM tenant LIMIT %(tenants)s) turn, LATERAL (
    SELECT id, organization_id, workspace_id, event, resource, resource_id, payload, now()
      FROM deliveries_event WHERE decided_at IS NULL AND workspace_id = turn.workspace_id
     ORDER BY id LIMIT %(events)s FOR UPDATE SKIP LOCKED) event
"""
_NOBODY = UUID(int=0)
_turn = {"after": _NOBODY}  # the workspace where this process's last batch stopped


def _take(cursor: CursorWrapper) -> list[Undecided]:
    found = _take_after(cursor, _turn["after"])
    if not found and _turn["after"] != _NOBODY:
        found = _take_after(cursor, _NOBODY)
    served = {event.workspace_id for event in found}
    _turn["after"] = max(served) if len(served) == TENANTS_A_BATCH else _NOBODY
    return found


def _take_after(cursor: CursorWrapper, after: UUID) -> list[Undecided]:
    cursor.execute(_TAKE, {"after": after, "tenants": TENANTS_A_BATCH, "events": EVENTS_A_TENANT})
    return [Undecided(*row) for row in cursor.fetchall()]


# --------------------------------------------------------------------------- decide


def _decide(events: list[Undecided]) -> list[Decided]:
    ids = {event.workspace_id for event in events}
    versions = dict(Workspace.objects.filter(id__in=ids).values_list("id", "ruleset_version"))
    rulesets = load(versions)
    return [_decide_one(event, rulesets[event.workspace_id], versions[event.workspace_id]) for event in events]


def _decide_one(event: Undecided, ruleset: RuleSet, version: int) -> Decided:
    payload = json.loads(event.payload)
    severity = ruleset.severity_of(event.event, payload)
    values = EventValues(
        type=event.event,
        resource=event.resource,
        resource_id=event.resource_id,
        severity=severity,
        severity_path=ruleset.severity_path(event.event),
        payload=payload,
    )
    return Decided(event, None if severity is None else int(severity), ruleset.decide(values), version)


# --------------------------------------------------------------------------- write


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


def _write_deliveries(cursor: CursorWrapper, decided: list[Decided]) -> Mapping[UUID, int]:
    """One delivery for each rule that fired, due now; held when its connection is switched off."""
    pairs = [(found.event, verdict) for found in decided for verdict in found.fired]
    connections = Connection.objects.in_bulk({verdict.connection_id for _, verdict in pairs})
    versions = RuleVersion.objects.in_bulk({verdict.version_id for _, verdict in pairs})
    pairs = [(event, verdict) for event, verdict in pairs if verdict.connection_id in connections]
    lanes, paces = _lanes(pairs, connections, versions)
    active = [connections[verdict.connection_id].active for _, verdict in pairs]
    open_lanes(cursor, paces)
    bulk.insert(
        cursor,
        "deliveries_delivery",
        {
            "id": ("uuid", [derive(event.id, verdict.rule_id) for event, verdict in pairs]),
            "organization_id": ("uuid", [event.organization_id for event, _ in pairs]),
            "workspace_id": ("uuid", [event.workspace_id for event, _ in pairs]),
            "event_id": ("uuid", [event.id for event, _ in pairs]),
            "rule_id": ("uuid", [verdict.rule_id for _, verdict in pairs]),
            "rule_version_id": ("uuid", [verdict.version_id for _, verdict in pairs]),
            "connection_id": ("uuid", [verdict.connection_id for _, verdict in pairs]),
            "provider": ("text", [connections[verdict.connection_id].provider for _, verdict in pairs]),
            "lane": ("uuid", lanes),
            "state": ("text", ["pending" if on else "held" for on in active]),
            "due_at": (
                "timestamptz",
                [event.now if on else None for (event, _), on in zip(pairs, active, strict=True)],
            ),
            "fence": ("int", [0] * len(pairs)),
            "attempt_count": ("int", [0] * len(pairs)),
            "last_code": ("text", [""] * len(pairs)),
            "last_error": ("text", ["" if on else _HELD for on in active]),
        },
    )
    totals: dict[UUID, int] = {}
    for event, _ in pairs:
        totals[event.id] = totals.get(event.id, 0) + 1
    return totals


_HELD = "The connection is switched off; this waits until it is switched on again."


def _lanes(
    pairs: list[tuple[Undecided, Verdict]], connections: Mapping[UUID, Connection], versions: Mapping[UUID, RuleVersion]
) -> tuple[list[UUID], dict[UUID, Pace]]:
    lanes: list[UUID] = []
    paces: dict[UUID, Pace] = {}
    for _, verdict in pairs:
        version = versions[verdict.version_id]
        pace = all_providers()[connections[verdict.connection_id].provider].action(version.action).pace
        lanes.append(lane_of(connection_id=verdict.connection_id, pace=pace, inputs=version.inputs))
        if pace is not None:
            paces[lanes[-1]] = pace
    return lanes, paces


def _mark_decided(cursor: CursorWrapper, decided: list[Decided], totals: Mapping[UUID, int]) -> None:
    """An event that nothing fires on is complete, with nothing to do; any other is under way."""
    columns: bulk.Columns = {
        "id": ("uuid", [found.event.id for found in decided]),
        "severity": ("smallint", [found.severity for found in decided]),
        "total": ("int", [totals.get(found.event.id, 0) for found in decided]),
    }
    cursor.execute(
        "UPDATE deliveries_event AS event SET decided_at = now(), severity = new.severity, total_rules = new.total,"  # noqa: S608
        " status = CASE WHEN new.total = 0 THEN 'completed' ELSE 'processing' END,"
        " completed_at = CASE WHEN new.total = 0 THEN now() END"
        f" FROM {bulk.rows(columns)} WHERE event.id = new.id",
        bulk.values(columns),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
