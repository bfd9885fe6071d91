"""Take events that no rule has been held against yet, fairly between workspaces, and hold the rules against them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from rules.matching import EventValues, RuleSet, Verdict
from rules.rulesets import load
from workspaces.models import Workspace

TENANTS_A_BATCH = 16
EVENTS_A_TENANT = 16


class Undecided(NamedTuple):
    """An event that no rule has been held against yet."""

    id: UUID
    organization_id: UUID
    workspace_id: UUID
    event: str
    resource: str
    resource_id: str
    payload: str
    created_at: datetime
    now: datetime  # the database's clock


@dataclass(frozen=True, slots=True)
class Decided:
    """An event with the verdict of every rule considered; ``orphaned`` when its workspace was deleted meanwhile."""

    event: Undecided
    severity: int | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    ruleset_version: int = 0
    orphaned: bool = False

    @property
    def fired(self) -> list[Verdict]:
        """The verdicts that ask for a delivery."""
        return [verdict for verdict in self.verdicts if verdict.fired]


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
    SELECT id, organization_id, workspace_id, event, resource, resource_id, payload, created_at, now()
      FROM deliveries_event WHERE decided_at IS NULL AND workspace_id = turn.workspace_id
     ORDER BY id LIMIT %(events)s FOR UPDATE SKIP LOCKED) event
"""
_NOBODY = UUID(int=0)
_turn = {"after": _NOBODY}  # the workspace where this process's last batch stopped


def take(cursor: CursorWrapper) -> list[Undecided]:
    """The next batch, locked until the end of the transaction."""
    found = _take_after(cursor, _turn["after"])
    if not found and _turn["after"] != _NOBODY:
        found = _take_after(cursor, _NOBODY)
    served = {event.workspace_id for event in found}
    _turn["after"] = max(served) if len(served) == TENANTS_A_BATCH else _NOBODY
    return found


def _take_after(cursor: CursorWrapper, after: UUID) -> list[Undecided]:
    cursor.execute(_TAKE, {"after": after, "tenants": TENANTS_A_BATCH, "events": EVENTS_A_TENANT})
    return [Undecided(*row) for row in cursor.fetchall()]


def still_undecided(cursor: CursorWrapper, event_id: UUID) -> bool:
    """Whether nobody else has decided, or is deciding, that event. Locks it until the end of the transaction."""
    cursor.execute(
        "SELECT 1 FROM deliveries_event WHERE id = %s AND decided_at IS NULL FOR UPDATE SKIP LOCKED", [event_id]
    )
    return cursor.fetchone() is not None


# --------------------------------------------------------------------------- decide


def decide(events: Sequence[Undecided]) -> list[Decided]:
    """Each event with its verdicts."""
    ids = {event.workspace_id for event in events}
    versions = dict(Workspace.objects.filter(id__in=ids).values_list("id", "ruleset_version"))
    rulesets = load(versions)
    return [_decide_one(event, rulesets.get(event.workspace_id), versions) for event in events]


def _decide_one(event: Undecided, ruleset: RuleSet | None, versions: Mapping[UUID, int]) -> Decided:
    if ruleset is None:
        return Decided(event, orphaned=True)
    payload = json.loads(event.payload)
    severity = ruleset.severity_of(event.event, payload)
    values = EventValues(
        type=event.event,
        resource=event.resource,
        resource_id=event.resource_id,
        severity=severity,
        severity_path=ruleset.severity_path(event.event),
        payload=payload,
        now=event.now,
    )
    return Decided(
        event,
        severity=None if severity is None else int(severity),
        verdicts=ruleset.decide(values),
        ruleset_version=versions[event.workspace_id],
    )
