"""Whose turn it is: which lanes a claim looks at, so that a million waiting deliveries cost the others one turn.

A turn visits tenants one after the other, and of each the next few lanes with something ready, hopping from lane to
lane through the index (workspace, lane, due_at, id). How many deliveries wait in a lane does not matter, and lanes in
which everything is planned for later are not even seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from deliveries import bulk

TENANTS_A_TURN = 32
LANES_A_TENANT = 16
_START, _END = UUID(int=0), UUID(int=2**128 - 1)

Lane = tuple[UUID, UUID]
"""A workspace and one of its lanes."""


@dataclass
class Round:
    """Where this process is in its round. As long as everything fits into one turn, each turn sees all of it."""

    after: UUID = _START  # the tenant where the last turn stopped
    left_off: dict[UUID, UUID] = field(default_factory=dict)  # tenants with more lanes than a turn takes: the last seen

    @property
    def at_start(self) -> bool:
        """Whether the next turn begins a new round."""
        return self.after == _START and not self.left_off

    def turn(self) -> list[Lane]:
        """The lanes of the next turn."""
        lanes_of = self._visit()
        last = max(lanes_of) if len(lanes_of) == TENANTS_A_TURN else _END
        elsewhere = {tenant: lane for tenant, lane in self.left_off.items() if not self.after < tenant <= last}
        unfinished = {tenant: lanes[-1] for tenant, lanes in lanes_of.items() if len(lanes) == LANES_A_TENANT}
        self.left_off = elsewhere | unfinished
        self.after = _START if last == _END else last
        return [(tenant, lane) for tenant, lanes in lanes_of.items() for lane in lanes]

    def _visit(self) -> dict[UUID, list[UUID]]:
        with connection.cursor() as cursor:
            cursor.execute(
                _VISIT.format(tenants=TENANTS_A_TURN, lanes=LANES_A_TENANT),
                {
                    "after": self.after,
                    "left_off": bulk.array("uuid", self.left_off),
                    "left_off_lanes": bulk.array("uuid", self.left_off.values()),
                },
            )
            found: dict[UUID, list[UUID]] = {}
            for tenant, lane in cursor.fetchall():
                found.setdefault(tenant, []).extend([lane] if lane else [])
        return found


_VISIT = """
WITH RECURSIVE tenant AS (
    (SELECT workspace_id FROM deliveries_delivery
      WHERE ready AND due_at IS NOT NULL AND workspace_id > %(after)s ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT later.workspace_id FROM tenant, LATERAL (
        SELECT workspace_id FROM deliveries_delivery
         WHERE ready AND due_at IS NOT NULL AND workspace_id > tenant.workspace_id ORDER BY workspace_id LIMIT 1) later
)
SELECT tenant.workspace_id, seen.lane
  FROM (SELECT workspace_id FROM tenant LIMIT {tenants}) tenant
  LEFT JOIN unnest(%(left_off)s::uuid[], %(left_off_lanes)s::uuid[]) AS left_off(workspace_id, lane)
       ON left_off.workspace_id = tenant.workspace_id
  LEFT JOIN LATERAL (
    WITH RECURSIVE hop AS (
        (SELECT lane FROM deliveries_delivery
          WHERE ready AND due_at IS NOT NULL AND workspace_id = tenant.workspace_id
            AND lane > coalesce(left_off.lane, '00000000-0000-0000-0000-000000000000') ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT later.lane FROM hop, LATERAL (
            SELECT lane FROM deliveries_delivery
             WHERE ready AND due_at IS NOT NULL AND workspace_id = tenant.workspace_id AND lane > hop.lane
             ORDER BY lane LIMIT 1) later
    ) SELECT lane FROM hop LIMIT {lanes}) seen ON true
"""
