"""Who is paced together. A lane is a connection, or one channel of it where the vendor paces by channel.

PostgreSQL keeps the pace: a claim takes one delivery of a paced lane and moves ``next_at`` on. Deliveries keep their
order, a retry queues like any other, and nothing is lost with Redis.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from connections.provider import Pace
from deliveries import bulk


def lane_of(*, connection_id: UUID, pace: Pace | None, inputs: Mapping[str, str]) -> UUID:
    """The lane that a delivery travels in."""
    if pace is None or not pace.by:
        return connection_id
    names = "\0".join(str(inputs.get(name, "")) for name in pace.by)
    return UUID(bytes=hashlib.sha256(connection_id.bytes + names.encode()).digest()[:16])


def open_lanes(cursor: CursorWrapper, lanes: Mapping[UUID, Pace]) -> None:
    """Make the paced lanes known, so that the next claim keeps their pace. Those that are known are not locked."""
    paces = {id: round(1000 / pace.per_second) for id, pace in lanes.items()}
    if not paces:
        return
    cursor.execute("SELECT id, pace_ms FROM deliveries_lane WHERE id = ANY(%s::uuid[])", [bulk.array("uuid", paces)])
    known = dict(cursor.fetchall())
    ids = sorted(id for id, pace in paces.items() if known.get(id) != pace)
    if not ids:
        return
    columns: bulk.Columns = {"id": ("uuid", ids), "pace_ms": ("int", [paces[id] for id in ids])}
    cursor.execute(
        f"INSERT INTO deliveries_lane (id, pace_ms, next_at) SELECT id, pace_ms, now() FROM {bulk.rows(columns)}"  # noqa: S608
        " ON CONFLICT (id) DO UPDATE SET pace_ms = excluded.pace_ms",
        bulk.values(columns),
    )


def pause(cursor: CursorWrapper, waits: Iterable[tuple[UUID, float]]) -> None:
    """A destination asked for time: nothing of that lane is claimed for so many seconds."""
    longest: dict[UUID, float] = {}
    for lane, seconds in waits:
        longest[lane] = max(seconds, longest.get(lane, 0.0))
    if not longest:
        return
    ids = sorted(longest)  # one order for all workers, so that two of them cannot lock each other out
    columns: bulk.Columns = {"id": ("uuid", ids), "seconds": ("float", [longest[id] for id in ids])}
    cursor.execute(
        "INSERT INTO deliveries_lane AS lane (id, pace_ms, next_at)"  # noqa: S608
        f" SELECT id, 0, now() + seconds * interval '1 second' FROM {bulk.rows(columns)}"
        " ON CONFLICT (id) DO UPDATE SET next_at = greatest(lane.next_at, excluded.next_at)",
        bulk.values(columns),
    )
