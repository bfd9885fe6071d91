"""Whether a connection fails, noted as its attempts tell it: all at once for a batch, and nothing while all succeeds.

A failure counts against the connection when it or its destination has to act. What is wrong with a rule, with one
delivery or with ourselves says nothing about it, and a destination that asks us to slow down works.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from connections.provider import Code, Culprit
from deliveries import bulk
from deliveries.sending import Sent

_BLAMED = (Culprit.CONNECTION, Culprit.PROVIDER)


def note(results: Sequence[Sent]) -> None:
    """Begin, or end, the time in which everything failed. Call it after the commit of the results: it locks rows.

    What is lost with a killed worker is noted with the next attempt.
    """
    arrived = {sent.claimed.connection_id for sent in results if _arrived(sent)}
    broken = {id: at for id, at in _broken(results).items() if id not in arrived}
    mended = arrived & {sent.claimed.connection_id for sent in results if sent.failing}
    if broken:
        _begin(broken)
    if mended:
        end(mended)


def end(connections: Iterable[UUID]) -> None:
    """Something arrived there: it does not fail, and whoever was warned of it will be told."""
    with connection.cursor() as cursor:
        cursor.execute(_END, [bulk.array("uuid", connections)])


def _arrived(sent: Sent) -> bool:
    """What was only recorded says nothing about the destination."""
    return sent.outcome.delivered and sent.captured is None


def _broken(results: Sequence[Sent]) -> Mapping[UUID, datetime]:
    """The connections that an attempt speaks against, with when the last such attempt began."""
    found: dict[UUID, datetime] = {}
    for sent in results:
        if sent.outcome.culprit in _BLAMED and sent.outcome.code is not Code.RATE_LIMITED:
            id = sent.claimed.connection_id
            found[id] = max(sent.started_at, found.get(id, sent.started_at))
    return found


def _begin(broken: Mapping[UUID, datetime]) -> None:
    """One that was changed after the attempt began may have been mended: the answer is about the past."""
    columns: bulk.Columns = {"id": ("uuid", list(broken)), "began": ("timestamptz", list(broken.values()))}
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN.format(rows=bulk.rows(columns)), bulk.values(columns))


# Locked by their id, so that two workers cannot lock each other out. ``updated_at`` stays: nobody changed these rows.
# When an attempt last failed is kept to the minute, so that a crowd of failures is not a crowd of writes.
_BEGIN = """
UPDATE connections_connection AS row
   SET failing_since = coalesce(row.failing_since, now()), failed_at = now(),
       warned_at = CASE WHEN row.failing_since IS NOT NULL THEN row.warned_at END
  FROM (SELECT row.id FROM connections_connection AS row JOIN {rows} ON row.id = new.id
         WHERE row.active AND row.updated_at <= new.began
           AND (row.failing_since IS NULL OR row.failed_at < now() - interval '1 minute')
         ORDER BY row.id FOR UPDATE OF row) AS found
 WHERE row.id = found.id
"""
_END = """
UPDATE connections_connection AS row SET failing_since = NULL, warned_at = NULL
  FROM (SELECT id FROM connections_connection WHERE id = ANY(%s::uuid[]) AND failing_since IS NOT NULL
         ORDER BY id FOR UPDATE) AS found
 WHERE row.id = found.id
"""
