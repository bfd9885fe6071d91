"""A lost database is an outage, not a fault of the request: 503 with Retry-After, so that clients come back.

Only the connection counts (SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html). A statement
that timed out or met a deadlock reached the database well enough, and stays an error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse

RETRY_AFTER = 5  # seconds; as long as one try to connect may take
_EXPLANATION = "The database cannot be reached at the moment. Try again in a few seconds."
# connection exceptions; out of connections, memory or disk; shutdown, crash or start of the server
_LOST = ("08", "53", "57P01", "57P02", "57P03")
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Service unavailable</title>
<h1>Service unavailable</h1><p>{explanation}</p></html>
"""

log = structlog.get_logger(__name__)

type GetResponse = Callable[[HttpRequest], HttpResponse]


def outage_is_503(get_response: GetResponse) -> GetResponse:
    """Middleware: answers for views that lost the database on the way."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    # A view's exception never passes through get_response: Django hands it to this attribute instead.
    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The answer to an outage; None for every other error."""
    return outage_response(request) if is_outage(error) else None


def is_outage(error: BaseException) -> bool:
    """Whether the error says that the database is out of reach.

    An error without a code comes from the client's side of the connection: it could not be opened, broke, or the
    pool ran dry.
    """
    if not isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError):
        return False
    code = _sqlstate(error)
    return code is None or code.startswith(_LOST)


def outage_response(request: HttpRequest) -> HttpResponse:
    """503 in the shape that the caller reads. Drops the broken connections, so that the next request opens its own.

    For the API too, whose framework keeps exceptions from middleware; call it where the error is being handled.
    """
    log.warning("database_lost", path=request.path, reason=str(sys.exception() or ""))
    _drop_connections()
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    if request.path.startswith("/api/"):
        error = {"name": "ServiceUnavailable", "message": _EXPLANATION}
        return JsonResponse({"message": "Service Unavailable", "error": error}, status=503, headers=headers)
    return HttpResponse(_PAGE.format(explanation=_EXPLANATION), status=503, headers=headers)


def _sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code: on the driver's error, which Django's wraps."""
    driver_error = error if isinstance(error, psycopg.Error) else error.__cause__
    return driver_error.sqlstate if isinstance(driver_error, psycopg.Error) else None


def _drop_connections() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:  # its owner closes it, after it has rolled back
            connection.close()
