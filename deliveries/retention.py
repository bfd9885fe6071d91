"""Delete what may no longer be kept: whole weeks by dropping them, the rest in small batches.

A workspace may have an age of its own. Those with the longest go by the week, which costs nothing: what is theirs goes
up to a week late. Events that no rule fired on have a short age, idempotency records seven days. Events with something
still open are kept whatever their age.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from deliveries import partitions
from deliveries.ingest import IDEMPOTENCY_DAYS
from workspaces import notices
from workspaces.ids import derive, floor
from workspaces.models import Workspace

BATCH = 1_000
WINDOW_DAYS = 7  # longer than any window, and than any quiet hours


def run(*, now: datetime) -> int:
    """Delete everything past its age. Returns how many events were deleted one by one."""
    ages = {id: _age(days) for id, days in Workspace.objects.values_list("id", "retention_days")}
    longest = max(ages.values(), default=_age(None))
    _drop_weeks(now - longest)
    _forget_keys(now)
    _forget_windows(now)
    notices.forget(now)
    deleted = 0
    for workspace_id, age in ages.items():
        before = now - age if age < longest else partitions.monday(now - longest)
        deleted += _delete(workspace_id, before=before)
        deleted += _delete(workspace_id, before=now - timedelta(days=settings.SILENT_RETENTION_DAYS), silent=True)
    return deleted


def _age(own_days: int | None) -> timedelta:
    return timedelta(days=settings.RETENTION_DAYS if own_days is None else own_days)


def _drop_weeks(moment: datetime) -> None:
    for week in partitions.drop_before(moment):
        with connection.cursor() as cursor:  # a capture has its delivery's id, and a delivery its event's time
            cursor.execute("DELETE FROM deliveries_capture WHERE id >= %s AND id < %s", partitions.bounds(week))
            cursor.execute(
                "DELETE FROM deliveries_aftermath WHERE delivery_id >= %s AND delivery_id < %s", partitions.bounds(week)
            )


def _forget_keys(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM deliveries_idempotencyrecord WHERE created_at < %s", [now - timedelta(days=IDEMPOTENCY_DAYS)]
        )


def _forget_windows(now: datetime) -> None:
    """Of rules that have had nothing to fold for long. A row that somebody decides by is left to them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM deliveries_window WHERE id IN"
            " (SELECT id FROM deliveries_window WHERE touched_at < %s FOR UPDATE SKIP LOCKED)",
            [now - timedelta(days=WINDOW_DAYS)],
        )


def _delete(workspace_id: UUID, *, before: datetime, silent: bool = False) -> int:
    deleted = 0
    while batch := _old_events(workspace_id, before=before, silent=silent):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM deliveries_delivery WHERE event_id = ANY(%s) RETURNING id, attempt_count", [batch]
            )
            gone = dict(cursor.fetchall())
            attempts = [derive(id, number) for id, count in gone.items() for number in range(1, count + 1)]
            cursor.execute("DELETE FROM deliveries_attempt WHERE id = ANY(%s)", [attempts])
            cursor.execute("DELETE FROM deliveries_capture WHERE id = ANY(%s)", [list(gone)])
            cursor.execute("DELETE FROM deliveries_aftermath WHERE delivery_id = ANY(%s)", [list(gone)])
            cursor.execute("DELETE FROM deliveries_decision WHERE id = ANY(%s)", [batch])
            cursor.execute("DELETE FROM deliveries_event WHERE id = ANY(%s)", [batch])
        deleted += len(batch)
    return deleted


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
