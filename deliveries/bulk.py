"""Many rows in one statement: arrays in, ``unnest`` inside. One round trip and one plan, however many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

Columns = Mapping[str, tuple[str, Sequence[Any]]]
"""Column name → (PostgreSQL type, one value for each row)."""

_QUOTED = frozenset({"text", "jsonb"})  # the only types of ours whose values may hold what an array gives a meaning


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


def values(columns: Columns) -> list[str]:
    """The arguments for ``rows``, in the same order."""
    return [array(kind, column) for kind, column in columns.values()]


def array(kind: str, column: Iterable[Any]) -> str:
    """The values as the text of a PostgreSQL array, for a placeholder that says ``::kind[]``.

    The driver binds a list value by value, which takes several times as long. Source of the form: PostgreSQL's
    manual, "Array Input and Output Syntax".
    """
    write = _quoted if kind in _QUOTED else str
    return "{" + ",".join(["NULL" if value is None else write(value) for value in column]) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
