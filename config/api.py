"""The API: one host, one description, one shape of errors. Paths and casing are the wire contract's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from config import outage
from connections.api import router as connections
from deliveries.api import router as deliveries
from deliveries.emit import router as emit
from rules.api import router as rules
from workspaces.api import router as workspaces
from workspaces.errors import ApiError

_log = structlog.get_logger("api")

api = NinjaAPI(
    title="Jackfield",
    version="1",
    description="Emit a product event once; it reaches each customer's own tools, by that customer's rules.",
    urls_namespace="api",
    docs_url=None,
)
for router in (emit, deliveries, rules, connections, workspaces):
    api.add_router("", router)


def answer(error: ApiError) -> HttpResponse:
    """An error in the contract's shape."""
    return JsonResponse(error.body(), status=error.status, headers=error.headers)


@api.exception_handler(ApiError)
def on_api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    """What our own code refuses."""
    return answer(error)


@api.exception_handler(ValidationError)
def on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A body or query of the wrong shape: every field is named. An id that is none belongs to nothing: 404."""
    if any(fault["loc"][0] == "path" for fault in error.errors):
        return on_not_found(request, Http404())
    faults = [(_place(fault["loc"]), str(fault["msg"])) for fault in error.errors]
    words = "; ".join(f"{param}: {message}" for param, message in faults)
    return answer(ApiError(400, words, faults=faults))


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the framework refuses, such as a body that is not JSON."""
    words = "The body is not JSON." if error.status_code == 400 else str(error)
    return answer(ApiError(error.status_code, words))


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """The same words wherever nothing is found."""
    return answer(ApiError(404, "There is nothing here."))


@api.exception_handler(DatabaseError)
def on_database_error(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """The database is away: 503, and nothing was stored."""
    if outage.is_outage(error):
        return outage.outage_response(request)
    return on_fault(request, error)


@api.exception_handler(Exception)
def on_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """A fault of ours: told without its inside, logged with it."""
    _log.exception("api.fault", path=request.path, method=request.method)
    return answer(ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "A fault of our own; it was logged."))


def _place(location: tuple[Any, ...]) -> str:
    """("body", "body", "name") → "name": where in what the caller sent."""
    return ".".join(str(part) for part in location[1:] if part != "body") or str(location[0])


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's own 404, for paths that no route takes."""
    if request.path.startswith("/api/"):
        return on_not_found(request, Http404())
    return HttpResponse("There is nothing here.", status=404, content_type="text/plain; charset=utf-8")
