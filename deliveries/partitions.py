"""The four big tables are cut by week on their own time-ordered id.

A week is dropped when nothing in it may be kept any longer, which costs nothing; deleting ten million rows would.
Rows outside every week (a clock far off) land in a default partition: nothing that was accepted is ever refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, OperationalError, connection, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper

from workspaces.ids import floor

TABLES = ("deliveries_event", "deliveries_decision", "deliveries_delivery", "deliveries_attempt")
WEEK = timedelta(weeks=1)
WEEKS_AHEAD = 4
LOCK_SECONDS = 2.0
_CHANGING = 0x6A61636C  # the advisory lock's number: two sweepers would make the same week
_log = structlog.get_logger("deliveries")


class CreatePartitionedModel(migrations.CreateModel):
    """``CreateModel`` for a table that is range-partitioned on its primary key, with a default partition."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{plain} PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        model = to_state.apps.get_model(app_label, self.name)
        table = schema_editor.quote_name(model._meta.db_table)  # noqa: SLF001  Django's public metadata
        schema_editor.execute(f'CREATE TABLE {table[:-1]}_default" PARTITION OF {table} DEFAULT')


def monday(at: datetime) -> datetime:
    """The start of that week, in UTC."""
    day = at.astimezone(UTC).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)


def ensure(*, now: datetime) -> None:
    """Create this week's partitions and the next four, and last week's for clocks that lag. Safe to repeat."""
    present = set(_weeks())
    for offset in range(-1, WEEKS_AHEAD + 1):
        start = monday(now) + offset * WEEK
        for table in TABLES:
            if (table, start) not in present:
                _create(table, start)


def drop_before(moment: datetime) -> list[datetime]:
    """Drop every week that ended before that moment, but none in which something is still open. Returns the weeks."""
    old: dict[datetime, list[str]] = {}
    for table, start in _weeks():
        if start + WEEK <= moment:
            old.setdefault(start, []).append(table)
    return [start for start, tables in sorted(old.items()) if _drop(start, tables)]


def _create(table: str, start: datetime) -> None:
    """A week that rows already fell into, through the default partition, cannot be cut out of it afterwards."""
    low, high = bounds(start)
    with _changing(start) as cursor:
        cursor.execute(f'SELECT 1 FROM "{table}_default" WHERE id >= %s AND id < %s LIMIT 1', [low, high])  # noqa: S608
        if cursor.fetchone() is None:
            cursor.execute(
                f'CREATE TABLE IF NOT EXISTS "{_name(table, start)}" PARTITION OF "{table}" '
                f"FOR VALUES FROM ('{low}') TO ('{high}') WITH (fillfactor = 85)"
            )


def _drop(start: datetime, tables: Sequence[str] = TABLES) -> bool:
    """Drop a week's tables together; not while something in it is open, and nothing is reopened meanwhile."""
    dropped = False
    with _changing(start) as cursor:
        for table in tables:
            cursor.execute(f'LOCK TABLE "{_name(table, start)}" IN SHARE MODE')
        cursor.execute(
            "SELECT 1 FROM deliveries_event WHERE id >= %s AND id < %s AND completed_at IS NULL LIMIT 1", bounds(start)
        )
        if cursor.fetchone() is None:
            for table in tables:
                cursor.execute(f'DROP TABLE "{_name(table, start)}"')
            dropped = True
    return dropped


@contextmanager
def _changing(start: datetime) -> Iterator[CursorWrapper]:
    """A transaction that changes tables, or leaves it for the next time: whoever waits for a lock holds up others."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHANGING])
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS * 1000:.0f}ms'")
            yield cursor
    except (OperationalError, IntegrityError) as fault:
        _log.warning("partitions.left_for_later", week=f"{start:%Y-%m-%d}", fault=str(fault))


def bounds(start: datetime) -> tuple[UUID, UUID]:
    """The first id of that week, and the first of the next."""
    return floor(start), floor(start + WEEK)


def _name(table: str, start: datetime) -> str:
    return f"{table}_{start:%Y%m%d}"


def _weeks() -> Iterator[tuple[str, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT parent.relname, child.relname FROM pg_inherits "
            "JOIN pg_class parent ON parent.oid = inhparent JOIN pg_class child ON child.oid = inhrelid "
            "WHERE parent.relkind = 'p' AND parent.relname = ANY(%s) AND child.relname NOT LIKE '%%default'",
            [list(TABLES)],
        )
        for table, name in cursor.fetchall():
            yield table, datetime.strptime(name.removeprefix(f"{table}_"), "%Y%m%d").replace(tzinfo=UTC)
