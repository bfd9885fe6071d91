"""Which errors of the database pass by themselves."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db import connection as database

from deliveries.database import is_away, may_repeat


def told(code: str, kind: type[Exception] = OperationalError) -> Exception:
    """As Django raises it from the driver's error."""
    error = kind("no")
    error.__cause__ = psycopg.errors.lookup(code)("no")
    return error


@pytest.mark.parametrize("code", ["08006", "08001", "53300", "53100", "57P01", "57P02", "57P03"])
def test_a_database_that_cannot_be_reached_is_away(code: str) -> None:
    assert is_away(told(code))
    assert may_repeat(told(code))


@pytest.mark.parametrize("error", [OperationalError("closed"), InterfaceError("already closed")])
def test_an_error_without_a_code_comes_from_our_side_of_the_connection(error: Exception) -> None:
    assert is_away(error)


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_who_gave_way_to_another_transaction_may_do_it_again(code: str) -> None:
    assert not is_away(told(code))
    assert may_repeat(told(code))


@pytest.mark.parametrize(
    "error",
    [
        told("22P05", DataError),
        told("23505", IntegrityError),
        told("57014"),
        told("55P03"),
        DataError("no"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
        ZeroDivisionError(),
        RuntimeError("closed"),
    ],
)
def test_anything_else_would_only_happen_again(error: Exception) -> None:
    assert not is_away(error)
    assert not may_repeat(error)


@pytest.mark.django_db(transaction=True)
def test_a_real_cut_is_seen_as_one() -> None:
    with pytest.raises(OperationalError) as caught, database.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    database.close()
    assert is_away(caught.value)
