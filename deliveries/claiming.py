"""Claim due deliveries: a batch, fair between workspaces, capped for each connection, with a lease and a fence.

The claim walks the lanes that have something open, beginning after the lane where the last claim stopped, and takes
the next few of each. So a tenant with a million waiting deliveries costs the others one turn, not a million.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

LEASE_SECONDS = 20  # longer than an attempt's 15; a killed worker's deliveries are due again after it
LANES_A_TURN = 128
_CLAIMING = 0x6A61636B  # the advisory lock's number: "jack"
_FIRST = (UUID(int=0), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery, ours until the lease ends, with the event that it carries."""

    id: UUID
    fence: int
    organization_id: UUID
    workspace_id: UUID
    event_id: UUID
    rule_id: UUID
    rule_version_id: UUID
    connection_id: UUID
    provider: str
    lane: UUID
    attempt_count: int
    first_sent_at: datetime
    claimed_at: datetime
    event: str
    resource: str
    resource_id: str
    payload: str = field(repr=False)
    severity: int | None
    event_created_at: datetime
    lanes_seen: int


@dataclass
class Turn:
    """Where this process's last claim stopped, so that the next one begins with the lane after it.

    As long as all open lanes fit into one turn, every claim sees all of them and begins at the first.
    """

    after: tuple[UUID, UUID] = _FIRST

    def claim(self, limit: int) -> list[Claimed]:
        """Up to ``limit`` due deliveries. Two claimers never get the same one."""
        claimed = _claim(limit, after=self.after)
        if not claimed and self.after != _FIRST:
            self.after = _FIRST
            claimed = _claim(limit, after=self.after)
        if claimed and claimed[0].lanes_seen < LANES_A_TURN:
            self.after = _FIRST
        elif claimed:
            self.after = max((delivery.workspace_id, delivery.lane) for delivery in claimed)
        return claimed


def _claim(limit: int, *, after: tuple[UUID, UUID]) -> list[Claimed]:
    values = {
        "limit": limit,
        "workspace": after[0],
        "lane": after[1],
        "lanes": LANES_A_TURN,
        "connection_cap": settings.CONNECTION_PARALLEL,
        "workspace_cap": settings.WORKSPACE_PARALLEL,
        "lease": LEASE_SECONDS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Race: two claims at once would each count the same deliveries in flight and overrun the caps. They queue.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIMING])
        cursor.execute(_STATEMENT, values)
        found = [Claimed(*row) for row in cursor.fetchall()]
        _move_lanes(cursor, found)
    return found


def _move_lanes(cursor: Any, claimed: list[Claimed]) -> None:
    lanes = sorted({delivery.lane for delivery in claimed})
    if lanes:
        cursor.execute(
            "UPDATE deliveries_lane SET next_at = now() + pace_ms * interval '1 millisecond'"
            " WHERE id = ANY(%s) AND pace_ms > 0",
            [lanes],
        )


# `turn` hops from lane to lane through the index (workspace, lane, due_at) instead of reading every waiting row.
# `busy` counts what is in flight; what a dead worker left behind is due again and no longer counts.
# `place` is a delivery's place in its own workspace: the first of each come before the second of any.
_STATEMENT = """
WITH RECURSIVE turn AS (
    (SELECT workspace_id, lane FROM deliveries_delivery
      WHERE due_at IS NOT NULL AND (workspace_id, lane) > (%(workspace)s, %(lane)s)
      ORDER BY workspace_id, lane LIMIT 1)
    UNION ALL
    SELECT later.workspace_id, later.lane FROM turn, LATERAL (
        SELECT workspace_id, lane FROM deliveries_delivery
         WHERE due_at IS NOT NULL AND (workspace_id, lane) > (turn.workspace_id, turn.lane)
         ORDER BY workspace_id, lane LIMIT 1) later
), lanes AS MATERIALIZED (
    SELECT turn.workspace_id, turn.lane, coalesce(pace.pace_ms, 0) > 0 AS paced
      FROM (SELECT * FROM turn LIMIT %(lanes)s) turn LEFT JOIN deliveries_lane pace ON pace.id = turn.lane
     WHERE pace.next_at IS NULL OR pace.next_at <= now()
), busy AS MATERIALIZED (
    SELECT workspace_id, connection_id, count(*) AS sending FROM deliveries_delivery
     WHERE state = 'sending' AND due_at > now() GROUP BY workspace_id, connection_id
), due AS (
    SELECT next.id, next.due_at, lanes.workspace_id, next.connection_id,
           row_number() OVER (PARTITION BY lanes.workspace_id, lanes.lane ORDER BY next.due_at, next.id) AS lane_place,
           lanes.paced
      FROM lanes, LATERAL (
        SELECT id, due_at, connection_id FROM deliveries_delivery
         WHERE workspace_id = lanes.workspace_id AND lane = lanes.lane AND due_at <= now()
         ORDER BY due_at, id LIMIT %(connection_cap)s) next
), open AS (
    SELECT due.*, row_number() OVER (PARTITION BY due.connection_id ORDER BY lane_place, due.due_at, due.id)
                  + coalesce(busy.sending, 0) AS connection_place
      FROM due LEFT JOIN busy ON busy.connection_id = due.connection_id
     WHERE NOT paced OR lane_place = 1
), fair AS (
    SELECT open.*, row_number() OVER (PARTITION BY workspace_id ORDER BY lane_place, open.due_at, open.id) AS place
      FROM open WHERE connection_place <= %(connection_cap)s
), picked AS (
    SELECT fair.id FROM fair
      LEFT JOIN (SELECT workspace_id, sum(sending) AS sending FROM busy GROUP BY workspace_id) load USING (workspace_id)
     WHERE place + coalesce(load.sending, 0) <= %(workspace_cap)s
     ORDER BY place, fair.due_at, fair.id LIMIT %(limit)s
)
UPDATE deliveries_delivery AS delivery
   SET state = 'sending', fence = fence + 1, due_at = now() + %(lease)s * interval '1 second',
       first_sent_at = coalesce(first_sent_at, now())
  FROM picked, deliveries_event AS event
 WHERE delivery.id = picked.id AND event.id = delivery.event_id AND delivery.due_at <= now()
RETURNING delivery.id, delivery.fence, delivery.organization_id, delivery.workspace_id, delivery.event_id,
          delivery.rule_id, delivery.rule_version_id, delivery.connection_id, delivery.provider, delivery.lane,
          delivery.attempt_count, delivery.first_sent_at, now(), event.event, event.resource, event.resource_id,
          event.payload, event.severity, event.created_at, (SELECT count(*) FROM lanes)
"""
