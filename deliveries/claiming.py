"""Claim due deliveries: a batch, fair between workspaces, capped for each connection, with a lease and a fence.

A claim looks only at what is *ready*. A delivery is ready from the start; once it is claimed or waits for a retry it is
not, until its time has come (``make_ready``). So what waits for later costs a claim nothing, however much it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from deliveries import bulk
from deliveries.turns import Lane, Round

LEASE_SECONDS = 20  # longer than an attempt's 15; a killed worker's deliveries are due again after it
TURNS_A_CLAIM = 16  # are fruitless at most, when lane after lane is paused or at its cap
DEPTH = 4  # how many times the limit is looked at, all lanes together: some may be at their cap
READY_AT_ONCE = 1_000
_CLAIMING = 0x6A61636B  # the advisory lock's number: "jack"


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
    lost: int  # claims before this one that nobody ever answered for: workers that died
    attempt_count: int
    first_sent_at: datetime
    claimed_at: datetime
    event: str
    resource: str
    resource_id: str
    payload: str = field(repr=False)
    severity: int | None
    event_created_at: datetime
    kind: str = "event"  # the event's; see models.TEST
    carries: bool = False  # others may have been folded into it; see folding.py


def claim(limit: int, *, round: Round) -> list[Claimed]:
    """Up to ``limit`` ready deliveries, going on in the round. Two claimers never get the same one."""
    rounds_begun = 0
    for _ in range(TURNS_A_CLAIM):
        rounds_begun += round.at_start
        if rounds_begun == 2:
            break  # all was seen, and nothing may be taken
        lanes = round.turn()
        if lanes and (claimed := _claim(limit, lanes)):
            return claimed
    return []


def make_ready() -> None:
    """What was planned for later and is due by now: retries, and deliveries whose worker never came back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE deliveries_delivery SET ready = true WHERE id IN (SELECT id FROM deliveries_delivery"
            " WHERE NOT ready AND due_at <= now() ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)",
            [READY_AT_ONCE],
        )


def _claim(limit: int, lanes: list[Lane]) -> list[Claimed]:
    values: dict[str, int | str] = {
        "limit": limit,
        "workspaces": bulk.array("uuid", [workspace for workspace, _ in lanes]),
        "lanes": bulk.array("uuid", [lane for _, lane in lanes]),
    }
    statement = _STATEMENT.format(
        depth=min(int(settings.CONNECTION_PARALLEL), 2 + DEPTH * limit // len(lanes)),
        connection_cap=int(settings.CONNECTION_PARALLEL),
        workspace_cap=int(settings.WORKSPACE_PARALLEL),
        lease=LEASE_SECONDS,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # Race: two claims at once would each count the same deliveries in flight and overrun the caps. They queue.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIMING])
        cursor.execute(statement, values)
        found = [Claimed(*row) for row in cursor.fetchall()]
        if found:
            _move_lanes(cursor, found)
    return found


def _move_lanes(cursor: CursorWrapper, claimed: list[Claimed]) -> None:
    """Each paced lane waits its turn. Lanes are locked last and in one order, here as in ``pacing``: no deadlock."""
    cursor.execute(
        "UPDATE deliveries_lane AS lane SET next_at = now() + pace_ms * interval '1 millisecond' FROM"
        " (SELECT id FROM deliveries_lane WHERE id = ANY(%s::uuid[]) AND pace_ms > 0 ORDER BY id FOR UPDATE) AS moved"
        " WHERE lane.id = moved.id",
        [bulk.array("uuid", {delivery.lane for delivery in claimed})],
    )


# What hardly ever changes stands in the text, not in a parameter: a plan that is kept has to know how little it reads.
# `busy` counts what is in flight; what a dead worker left behind is due again and no longer counts.
# `place` is a delivery's place in its own workspace: the first of each come before the second of any.
# `taken` skips what somebody else is changing at this moment: a claim never waits for a row.
_STATEMENT = """
WITH lanes AS MATERIALIZED (
    SELECT turn.workspace_id, turn.lane, coalesce(pace.pace_ms, 0) > 0 AS paced
      FROM unnest(%(workspaces)s::uuid[], %(lanes)s::uuid[]) AS turn(workspace_id, lane)
      LEFT JOIN deliveries_lane pace ON pace.id = turn.lane
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
         WHERE workspace_id = lanes.workspace_id AND lane = lanes.lane AND ready AND due_at <= now()
         ORDER BY due_at, id LIMIT {depth}) next
), open AS (
    SELECT due.*, row_number() OVER (PARTITION BY due.connection_id ORDER BY lane_place, due.due_at, due.id)
                  + coalesce(busy.sending, 0) AS connection_place
      FROM due LEFT JOIN busy ON busy.connection_id = due.connection_id
     WHERE NOT paced OR lane_place = 1
), fair AS (
    SELECT open.*, row_number() OVER (PARTITION BY workspace_id ORDER BY lane_place, open.due_at, open.id) AS place
      FROM open WHERE connection_place <= {connection_cap}
), picked AS (
    SELECT fair.id FROM fair
      LEFT JOIN (SELECT workspace_id, sum(sending) AS sending FROM busy GROUP BY workspace_id) load USING (workspace_id)
     WHERE place + coalesce(load.sending, 0) <= {workspace_cap}
     ORDER BY place, fair.due_at, fair.id LIMIT %(limit)s
), taken AS (
    SELECT delivery.id FROM deliveries_delivery AS delivery JOIN picked USING (id)
     WHERE delivery.ready AND delivery.due_at <= now() FOR UPDATE OF delivery SKIP LOCKED
)
UPDATE deliveries_delivery AS delivery
   SET state = 'sending', ready = false, fence = fence + 1, lost = lost + (state = 'sending')::int,
       due_at = now() + {lease} * interval '1 second', first_sent_at = coalesce(first_sent_at, now())
  FROM taken, deliveries_event AS event
 WHERE delivery.id = taken.id AND event.id = delivery.event_id
RETURNING delivery.id, delivery.fence, delivery.organization_id, delivery.workspace_id, delivery.event_id,
          delivery.rule_id, delivery.rule_version_id, delivery.connection_id, delivery.provider, delivery.lane,
          delivery.lost, delivery.attempt_count, delivery.first_sent_at, now(), event.event, event.resource,
          event.resource_id, event.payload, event.severity, event.created_at, event.kind,
          delivery.carrier_id IS NOT NULL
"""
