"""Many rows in one statement: whatever a value holds, the database gets that very value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from deliveries import bulk

HOSTILE = [
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "{",
    "}",
    "a,b",
    "{a,b}",
    " both ends ",
    "line\nbreak\ttab",
    "ü€😀",
    "'; --",
]
ID = UUID("01990000-0000-7000-8000-000000000001")


def stored(columns: bulk.Columns) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {bulk.rows(columns)}", bulk.values(columns))  # noqa: S608
        return list(cursor.fetchall())


@pytest.mark.django_db
def test_it_keeps_every_text_as_it_is() -> None:
    assert [text for (text,) in stored({"words": ("text", HOSTILE)})] == HOSTILE


@pytest.mark.django_db
def test_it_keeps_rows_together_and_nothing_as_nothing() -> None:
    moment = datetime(2026, 4, 17, 16, 2, 0, 123456, tzinfo=UTC)
    columns: bulk.Columns = {
        "id": ("uuid", [ID, None]),
        "at": ("timestamptz", [None, moment]),
        "wait": ("float", [0.1, None]),
        "count": ("int", [None, -3]),
        "words": ("text", [None, "two"]),
    }

    assert stored(columns) == [(ID, None, 0.1, None, None), (None, moment, None, -3, "two")]


@pytest.mark.django_db
def test_it_keeps_json_with_quotes_and_backslashes_inside() -> None:
    columns: bulk.Columns = {"told": ("jsonb", ['{"said": "\\"C:\\\\\\\\dir\\"\\n"}'])}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT told->>'said' FROM {bulk.rows(columns)}", bulk.values(columns))  # noqa: S608

        assert cursor.fetchone() == ('"C:\\\\dir"\n',)


@pytest.mark.django_db
def test_it_takes_no_rows_at_all() -> None:
    assert stored({"id": ("uuid", []), "words": ("text", [])}) == []
