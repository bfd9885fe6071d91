"""Delete what may no longer be kept: whole weeks by dropping them, the rest in small batches.

Three ages: the workspace's own (or the installation's), a short one for events that no rule fired on, and seven days
for idempotency records. Events with something still open are kept whatever their age.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Coalesce

from deliveries import partitions
from deliveries.ingest import IDEMPOTENCY_DAYS
from workspaces.ids import floor, timestamp
from workspaces.models import Workspace

BATCH = 1_000
_OPEN_DAYS = 4  # the retry schedule's 80 h: a week is dropped only when nothing in it can be under way


def run(*, now: datetime) -> int:
    """Delete everything past its age. Returns how many events were deleted one by one."""
    longest = Workspace.objects.aggregate(days=Max(Coalesce("retention_days", settings.RETENTION_DAYS)))["days"]
    days = max(longest or settings.RETENTION_DAYS, settings.RETENTION_DAYS, _OPEN_DAYS)
    partitions.drop_before(now - timedelta(days=days))
    _forget_keys(now)
    deleted = 0
    for workspace_id, own_days in Workspace.objects.values_list("id", "retention_days"):
        deleted += _delete(workspace_id, before=now - timedelta(days=own_days or settings.RETENTION_DAYS))
        deleted += _delete(workspace_id, before=now - timedelta(days=settings.SILENT_RETENTION_DAYS), silent=True)
    return deleted


def _forget_keys(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM deliveries_idempotencyrecord WHERE created_at < %s", [now - timedelta(days=IDEMPOTENCY_DAYS)]
        )


def _delete(workspace_id: UUID, *, before: datetime, silent: bool = False) -> int:
    deleted = 0
    while batch := _old_events(workspace_id, before=before, silent=silent):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM deliveries_delivery WHERE event_id = ANY(%s) RETURNING id", [batch])
            gone = [row[0] for row in cursor.fetchall()]
            cursor.execute("DELETE FROM deliveries_capture WHERE id = ANY(%s)", [gone])
            cursor.execute(_ATTEMPTS, [floor(timestamp(min(batch))), floor(before), gone])
            cursor.execute("DELETE FROM deliveries_decision WHERE id = ANY(%s)", [batch])
            cursor.execute("DELETE FROM deliveries_event WHERE id = ANY(%s)", [batch])
        deleted += len(batch)
    return deleted


# An attempt's id carries its event's time, so the range lets the index find them.
_ATTEMPTS = "DELETE FROM deliveries_attempt WHERE id >= %s AND id < %s AND delivery_id = ANY(%s)"
_OLD = (
    "SELECT id FROM deliveries_event WHERE workspace_id = %s AND id < %s AND completed_at IS NOT NULL"
    " {silent} ORDER BY id LIMIT %s"
)


def _old_events(workspace_id: UUID, *, before: datetime, silent: bool) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            _OLD.format(silent="AND total_rules = 0" if silent else ""), [workspace_id, floor(before), BATCH]
        )
        return [row[0] for row in cursor.fetchall()]
