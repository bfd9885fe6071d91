"""Switch off what has failed for five days, with a warning half way; one success resets it all.

Level-triggered: each sweep looks at the connections as they are. What counts is the time between the first failure and
the last, so that silence switches nothing off. While a destination that many share is in trouble nobody is warned or
switched off, and the time begins anew when that is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F

from connections.models import Connection, Outage
from connections.provider import Inactive
from deliveries.breaking import failing, outages
from deliveries.breaking.switching import hold_backlog
from workspaces import audit
from workspaces.ids import floor

OFF_AFTER = timedelta(days=5)
WARN_AFTER = OFF_AFTER / 2
WARNED_BEFORE = timedelta(days=1)  # however late the warning was, there is a day to act on it
_FRESH = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(hours=80)  # what is delivered now was made at most so long ago, unless it was held
_LOOKED_AT_MOST = 20_000
_log = structlog.get_logger("deliveries")


def sweep() -> int:
    """One look at everything that fails. Returns how many connections were switched off."""
    outages.spot()
    _clear_mistaken()
    rows = Connection.objects.filter(active=True, failed_at__gte=F("failing_since") + WARN_AFTER)
    return sum(_judge(id) for id in rows.order_by("id").values_list("id", flat=True))


def _clear_mistaken() -> None:
    """A success that was under way when the first failure was noted could not know that there was something to end."""
    rows = Connection.objects.filter(active=True, failing_since__gt=_now() - _FRESH)
    failing.end(row.id for row in rows.only("id", "workspace_id", "failing_since") if _has_arrived(row))


def _judge(id: UUID) -> bool:
    """Warn of it, or switch it off. Race: two sweeps; whoever has the row decides, and the other leaves it alone."""
    with transaction.atomic():
        row = Connection.objects.select_for_update(skip_locked=True).filter(id=id, active=True).first()
        if row is None or row.failing_since is None or row.failed_at is None:
            return False
        began = _began(row)
        if began is None or row.failed_at - began < WARN_AFTER:
            return False
        if _has_arrived(row):
            failing.end([id])
            return False
        off = _decide(row, lasted=row.failed_at - began)
    if off:
        hold_backlog({id})
    return off


def _began(row: Connection) -> datetime | None:
    """Since when it fails by itself; None while its destination has trouble of its own."""
    outage = Outage.objects.filter(provider=row.provider).first()
    if outage is None:
        return row.failing_since
    if outage.ended_at is None:
        return None
    return max(row.failing_since or outage.ended_at, outage.ended_at)


def _decide(row: Connection, *, lasted: timedelta) -> bool:
    now = _now()
    if row.warned_at is None:
        Connection.objects.filter(id=row.id).update(warned_at=now)
        _log.info("connection.warned", connection=str(row.id), workspace=str(row.workspace_id))
        return False
    if lasted < OFF_AFTER or now - row.warned_at < WARNED_BEFORE:
        return False
    Connection.objects.filter(id=row.id).update(active=False, inactive_reason=Inactive.FAILING_FOR_DAYS, updated_at=now)
    audit.record(row, actor=audit.ITSELF, verb="connection.switched_off", name=row.name)
    _log.warning("connection.switched_off", connection=str(row.id), workspace=str(row.workspace_id))
    return True


_ARRIVED = """
SELECT EXISTS (SELECT 1 FROM (
    SELECT connection_id, state, finished_at FROM deliveries_delivery
     WHERE workspace_id = %(workspace)s AND id >= %(oldest)s ORDER BY id DESC LIMIT %(most)s) AS latest
 WHERE connection_id = %(connection)s AND state = 'delivered' AND finished_at > %(since)s)
"""


def _has_arrived(row: Connection) -> bool:
    """Whether something arrived there since the first failure: the deliveries themselves are asked."""
    since = row.failing_since
    if since is None:
        return True
    asked = {"workspace": row.workspace_id, "connection": row.id, "oldest": floor(since - _LONGEST_WAIT)}
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVED, {**asked, "since": since, "most": _LOOKED_AT_MOST})
        return bool(cursor.fetchone()[0])


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now
