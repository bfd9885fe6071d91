"""Where deliveries that wait stand in their lanes: how many come before each, and how fast its lane goes.

A claim takes what is ready of a lane by ``due_at`` and id, so whatever comes before a delivery is a range of the
claim's own index. It is counted up to a limit, and all that are asked about at once share another one: to tell of one
delivery or of a thousand is one statement that reads so many entries of the index at most, however many wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database

from deliveries import bulk
from deliveries.models import Delivery

COUNTED_MOST = 1_000  # before one delivery
COUNTED_AT_ONCE = 20_000  # before all together


@dataclass(frozen=True, slots=True)
class Standing:
    """``before`` it are so many, or ``more`` than that. ``now`` is the database's clock, as the claim's is."""

    before: int
    more: bool
    opens_at: datetime | None  # nothing of the lane is claimed earlier; None: it was never paced or paused
    pace: timedelta  # between two of the lane; zero: as fast as the connection allows
    now: datetime

    @property
    def turn_at(self) -> datetime:
        """When the lane comes to it, if nothing holds the lane up; with ``more`` the earliest that it can be."""
        return max(self.opens_at or self.now, self.now) + self.before * self.pace


def standings(waiting: Sequence[Delivery]) -> Mapping[UUID, Standing]:
    """By the deliveries' ids. Each must have a ``due_at``."""
    if not waiting:
        return {}
    most = max(1, min(COUNTED_MOST, COUNTED_AT_ONCE // len(waiting)))
    columns: bulk.Columns = {
        "id": ("uuid", [row.id for row in waiting]),
        "workspace_id": ("uuid", [row.workspace_id for row in waiting]),
        "lane": ("uuid", [row.lane for row in waiting]),
        "due_at": ("timestamptz", [row.due_at for row in waiting]),
    }
    with database.cursor() as cursor:
        cursor.execute(_STATEMENT.format(waiting=bulk.rows(columns, "waits")), [most + 1, *bulk.values(columns)])
        return {id: _standing(most, *rest) for id, *rest in cursor.fetchall()}


def _standing(most: int, counted: int, opens_at: datetime | None, pace_ms: int, now: datetime) -> Standing:
    return Standing(min(counted, most), counted > most, opens_at, timedelta(milliseconds=pace_ms), now)


_STATEMENT = """
SELECT waits.id,
       (SELECT count(*) FROM (
          SELECT FROM deliveries_delivery AS other
           WHERE other.workspace_id = waits.workspace_id AND other.lane = waits.lane
             AND other.ready AND other.due_at IS NOT NULL AND (other.due_at, other.id) < (waits.due_at, waits.id)
           LIMIT %s) AS before),
       lane.next_at, coalesce(lane.pace_ms, 0), now()
  FROM {waiting} LEFT JOIN deliveries_lane AS lane ON lane.id = waits.lane
"""
