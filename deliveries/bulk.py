"""Many rows in one statement: arrays in, ``unnest`` inside. One round trip and one plan, however many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

Columns = Mapping[str, tuple[str, Sequence[Any]]]
"""Column name → (PostgreSQL type, one value for each row)."""


def insert(cursor: CursorWrapper, table: str, columns: Columns) -> None:
    """Insert the rows; those whose id is there already stay as they are (ids are derived, so a repeat is harmless)."""
    names = ", ".join(columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT * FROM {rows(columns)} ON CONFLICT DO NOTHING",  # noqa: S608
        values(columns),
    )


def rows(columns: Columns, alias: str = "new") -> str:
    """The rows as a table expression with a placeholder for each column."""
    arrays = ", ".join(f"%s::{kind}[]" for kind, _ in columns.values())
    return f"unnest({arrays}) AS {alias}({', '.join(columns)})"


def values(columns: Columns) -> list[Any]:
    """The arguments for ``rows``, in the same order."""
    return [list(column) for _, column in columns.values()]
