"""One delivery for each rule that fired: due now, or held when its connection is switched off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from connections.models import Connection
from connections.provider import Pace
from connections.registry import all_providers
from deliveries import bulk
from deliveries.deciding import Decided, Undecided
from deliveries.pacing import lane_of, open_lanes
from rules.models import RuleVersion
from workspaces.ids import derive

_HELD = "The connection is switched off; this waits until it is switched on again."


class _Fired(NamedTuple):
    """One event under one rule."""

    event: Undecided
    rule_id: UUID
    version: RuleVersion
    connection: Connection

    @property
    def pace(self) -> Pace | None:
        """How fast the vendor lets us go. A provider or an action that is unknown here is told of by the attempt."""
        provider = all_providers().get(self.connection.provider)
        actions = provider.actions if provider else ()
        return next((action.pace for action in actions if action.key == self.version.action), None)

    @property
    def lane(self) -> UUID:
        """The lane that it travels in."""
        return lane_of(connection_id=self.connection.id, pace=self.pace, inputs=self.version.inputs)


def spread(cursor: CursorWrapper, decided: Sequence[Decided]) -> Mapping[UUID, int]:
    """Insert the deliveries. Returns how many each event has."""
    fired = _fired(decided)
    open_lanes(cursor, {one.lane: one.pace for one in fired if one.pace is not None})
    bulk.insert(
        cursor,
        "deliveries_delivery",
        {
            "id": ("uuid", [derive(one.event.id, one.rule_id) for one in fired]),
            "organization_id": ("uuid", [one.event.organization_id for one in fired]),
            "workspace_id": ("uuid", [one.event.workspace_id for one in fired]),
            "event_id": ("uuid", [one.event.id for one in fired]),
            "rule_id": ("uuid", [one.rule_id for one in fired]),
            "rule_version_id": ("uuid", [one.version.id for one in fired]),
            "connection_id": ("uuid", [one.connection.id for one in fired]),
            "provider": ("text", [one.connection.provider for one in fired]),
            "lane": ("uuid", [one.lane for one in fired]),
            "state": ("text", ["pending" if one.connection.active else "held" for one in fired]),
            "due_at": ("timestamptz", [one.event.now if one.connection.active else None for one in fired]),
            "fence": ("int", [0] * len(fired)),
            "attempt_count": ("int", [0] * len(fired)),
            "last_code": ("text", [""] * len(fired)),
            "last_error": ("text", ["" if one.connection.active else _HELD for one in fired]),
        },
    )
    return Counter(one.event.id for one in fired)


def _fired(decided: Sequence[Decided]) -> list[_Fired]:
    """What fired and can still be told where to go: a connection may have been deleted since the rules were read."""
    pairs = [(found.event, verdict) for found in decided for verdict in found.fired]
    connections = Connection.objects.in_bulk({verdict.connection_id for _, verdict in pairs})
    versions = RuleVersion.objects.in_bulk({verdict.version_id for _, verdict in pairs})
    return [
        _Fired(event, verdict.rule_id, versions[verdict.version_id], connections[verdict.connection_id])
        for event, verdict in pairs
        if verdict.version_id in versions and verdict.connection_id in connections
    ]
