"""The four big tables are cut by week on their own time-ordered id.

A week is dropped when nothing in it may be kept any longer, which costs nothing; deleting ten million rows would.
Rows outside every week (a clock far off) land in a default partition: nothing that was accepted is ever refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from workspaces.ids import floor

TABLES = ("deliveries_event", "deliveries_decision", "deliveries_delivery", "deliveries_attempt")
WEEKS_AHEAD = 4


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
        table = schema_editor.quote_name(to_state.apps.get_model(app_label, self.name)._meta.db_table)
        schema_editor.execute(f'CREATE TABLE {table[:-1]}_default" PARTITION OF {table} DEFAULT')


def monday(at: datetime) -> datetime:
    """The start of that week, in UTC."""
    day = at.astimezone(UTC).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)


def ensure(*, now: datetime) -> None:
    """Create this week's partitions and the next four, and last week's for clocks that lag. Safe to repeat."""
    present = set(_weeks())
    for offset in range(-1, WEEKS_AHEAD + 1):
        start = monday(now) + timedelta(weeks=offset)
        for table in TABLES:
            if (table, start) not in present:
                _create(table, start)


def drop_before(moment: datetime) -> list[str]:
    """Drop every week that ended before that moment. Returns the names of the dropped tables."""
    old = [_name(table, start) for table, start in _weeks() if start + timedelta(weeks=1) <= moment]
    with connection.cursor() as cursor:
        for name in old:
            cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
    return old


def _create(table: str, start: datetime) -> None:
    low, high = floor(start), floor(start + timedelta(weeks=1))
    with connection.cursor() as cursor:
        # A week that rows already fell into, through the default partition, cannot be cut out of it afterwards.
        cursor.execute(f'SELECT 1 FROM "{table}_default" WHERE id >= %s AND id < %s LIMIT 1', [low, high])  # noqa: S608
        if cursor.fetchone() is None:
            cursor.execute(
                f'CREATE TABLE IF NOT EXISTS "{_name(table, start)}" PARTITION OF "{table}" '
                f"FOR VALUES FROM ('{low}') TO ('{high}') WITH (fillfactor = 85)"
            )


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
