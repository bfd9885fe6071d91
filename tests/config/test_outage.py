from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from psycopg import errors
from structlog.testing import capture_logs

from config import outage


def wrapped(cause: psycopg.Error) -> OperationalError:
    """The driver's error as Django passes it on."""
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def failing(request: HttpRequest) -> HttpResponse:
    raise FAILURES[request.GET["with"]]


def killing(request: HttpRequest) -> HttpResponse:
    """Loses the database as a restart of the server would: the server ends the session in the middle."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return HttpResponse()


def counting(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return HttpResponse(str(cursor.fetchone()))


FAILURES = {"lost": OperationalError("the connection is closed"), "deadlock": wrapped(errors.DeadlockDetected())}
urlpatterns = [
    path("api/v1/failing", failing),
    path("portal/failing", failing),
    path("api/v1/killing", killing),
    path("api/v1/counting", counting),
]


@pytest.fixture
def client() -> Iterator[Client]:
    """A browser before these views, with the middleware alone."""
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=["config.outage.outage_is_503"]):
        yield Client(raise_request_exception=False)


OUTAGES = [
    OperationalError("connection refused"),
    InterfaceError("connection already closed"),
    wrapped(psycopg.OperationalError("server closed the connection unexpectedly")),
    wrapped(errors.ConnectionFailure()),
    wrapped(errors.SqlclientUnableToEstablishSqlconnection()),
    wrapped(errors.AdminShutdown()),
    wrapped(errors.CrashShutdown()),
    wrapped(errors.CannotConnectNow()),
    wrapped(errors.TooManyConnections()),
    wrapped(errors.DiskFull()),
    psycopg.OperationalError("the connection is closed"),
    psycopg.InterfaceError("the connection is closed"),
    errors.AdminShutdown(),
]
OTHERS = [
    wrapped(errors.QueryCanceled()),
    wrapped(errors.DeadlockDetected()),
    wrapped(errors.SerializationFailure()),
    wrapped(errors.LockNotAvailable()),
    errors.QueryCanceled(),
    IntegrityError("duplicate key"),
    DataError("value too long"),
    psycopg.ProgrammingError("no results to fetch"),
    ValueError("the connection is closed"),
]


@pytest.mark.parametrize("error", OUTAGES, ids=repr)
def test_a_lost_connection_is_an_outage(error: Exception) -> None:
    assert outage.is_outage(error)


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_an_error_of_the_statement_is_none(error: Exception) -> None:
    assert not outage.is_outage(error)


def test_the_api_answers_in_its_own_shape() -> None:
    response = outage.outage_response(RequestFactory().get("/api/v1/events"))
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
    assert json.loads(response.content) == {
        "message": "Service Unavailable",
        "error": {
            "name": "ServiceUnavailable",
            "message": "The database cannot be reached at the moment. Try again in a few seconds.",
        },
    }


def test_a_page_answers_with_a_page() -> None:
    response = outage.outage_response(RequestFactory().get("/portal/api/"))
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Content-Type"].startswith("text/html")
    assert b"The database cannot be reached at the moment." in response.content


def test_the_middleware_answers_for_a_view_that_lost_the_database(client: Client) -> None:
    assert client.get("/api/v1/failing?with=lost").json()["error"]["name"] == "ServiceUnavailable"
    assert client.get("/portal/failing?with=lost").status_code == 503


def test_the_middleware_leaves_other_errors_to_django(client: Client) -> None:
    assert client.get("/api/v1/failing?with=deadlock").status_code == 500


@pytest.mark.django_db(transaction=True)
def test_the_request_after_an_outage_gets_a_fresh_connection(client: Client) -> None:
    assert client.get("/api/v1/killing").status_code == 503
    assert connection.connection is None
    answer = client.get("/api/v1/counting")
    assert (answer.status_code, answer.content) == (200, b"(1,)")


@pytest.mark.django_db
def test_a_connection_inside_a_transaction_is_left_to_its_owner() -> None:
    outage.outage_response(RequestFactory().get("/api/v1/events"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_it_logs_why_the_database_was_lost(client: Client) -> None:
    with capture_logs() as captured:
        client.get("/api/v1/failing?with=lost")
    (line,) = captured
    assert line["event"] == "database_lost"
    assert line["path"] == "/api/v1/failing"
    assert line["reason"] == "the connection is closed"
