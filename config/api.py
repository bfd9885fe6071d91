"""The API: one host, one description, one shape of errors. Paths and casing are the wire contract's."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, wraps
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from config import outage
from config.mending import mend
from connections.api import router as connections
from connections.apps_api import router as provider_apps
from connections.lifecycle_api import router as lifecycle_webhooks
from connections.secrets_api import router as signing_secrets
from deliveries.api import router as deliveries
from deliveries.trying.api import router as trying
from rules.api import router as rules
from rules.mapping_api import router as mappings
from rules.versions_api import router as versions
from workspaces.api import router as workspaces
from workspaces.bodies import StrictParser, ended_too_soon
from workspaces.embed.api import router as sessions
from workspaces.errors import ApiError
from workspaces.errors import not_found as nothing_here

_log = structlog.get_logger("api")

api = NinjaAPI(
    title="Jackfield",
    version="1",
    description="Emit a product event once; it reaches each customer's own tools, by that customer's rules.",
    urls_namespace="api",
    docs_url=None,
    openapi_url="",  # `openapi` below serves it: described once, and for GET alone
    parser=StrictParser(),
)
for router in (
    *(deliveries, trying, rules, versions, mappings),
    *(connections, signing_secrets, provider_apps, lifecycle_webhooks, workspaces, sessions),
):
    api.add_router("", router)


def routes() -> tuple[list[Any], str, str]:
    """The API's URL patterns, for ``django.urls.path``."""
    patterns, application, namespace = api.urls
    for pattern in patterns:
        pattern.callback = _in_json(pattern.callback)  # type: ignore[arg-type]
    return patterns, application, namespace


def _in_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Our callers write and read UTF-8 and JSON: whatever the request calls its charset, and for a wrong method too.

    HEAD is answered as GET is; the server leaves the body out.
    """

    @csrf_exempt  # no route here knows its caller by a cookie
    @wraps(view)
    def answering(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        if request.encoding:
            request.encoding = "utf-8"
        method, request.method = request.method, "GET" if request.method == "HEAD" else request.method
        response = view(request, *arguments, **named)
        request.method = method
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        methods = set(response["Allow"].split(", "))
        allowed = ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))
        return ApiError(405, f"Use {allowed} here.", headers={"Allow": allowed}).answer()

    return answering


@api.get("/openapi.json", auth=None, include_in_schema=False)
def openapi(request: HttpRequest) -> HttpResponse:
    """This description."""
    return HttpResponse(description(), content_type="application/json")


@cache
def description() -> str:
    """The OpenAPI 3.1 document."""
    return json.dumps(api.get_openapi_schema(), ensure_ascii=False)


@api.exception_handler(ApiError)
def on_api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    """What our own code refuses."""
    return error.answer()


@api.exception_handler(ValidationError)
def on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A body or query of the wrong shape: every field is named. An id that is none belongs to nothing: 404."""
    if any(fault["loc"][0] == "path" for fault in error.errors):
        return nothing_here().answer()
    faults = [(_place(fault["loc"]), mend(fault)) for fault in error.errors]
    words = "; ".join(f"{param}: {message}" for param, message in faults)
    return ApiError(400, words, faults=faults).answer()


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the framework refuses; around a body that could not be read it wraps our own words."""
    if isinstance(error.__cause__, ApiError):
        return error.__cause__.answer()
    return ApiError(error.status_code, str(error)).answer()


@api.exception_handler(UnreadablePostError)
def on_broken_body(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
    """The caller hung up in the middle of its body; nothing was stored."""
    return ended_too_soon().answer()


@api.exception_handler(RequestDataTooBig)
def on_large_body(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Larger than anything that is read here."""
    return ApiError(413, "The body is too large.").answer()


@api.exception_handler(SuspiciousOperation)
def on_suspicion(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    """What Django itself is wary of, such as a query of a thousand fields."""
    return _suspected(error).answer()


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """The same words wherever nothing is found."""
    return nothing_here().answer()


@api.exception_handler(Error)
def on_database_error(request: HttpRequest, error: Error) -> HttpResponse:
    """The database is away: 503, and nothing was stored."""
    if outage.is_outage(error):
        return outage.outage_response(request)
    return on_fault(request, error)


@api.exception_handler(Exception)
def on_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """A fault of ours: told without its inside, logged with it."""
    _log.exception("api.fault", path=request.path, method=request.method)
    return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "A fault of our own; it was logged.").answer()


def _place(location: tuple[Any, ...]) -> str:
    """("body", "body", "name") → "name": where in what the caller sent."""
    return ".".join(str(part) for part in location[1:] if part != "body") or str(location[0])


# --------------------------------------------------------------------------- outside of every route


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400, such as for a host name that is not ours."""
    return _outside(request, _suspected(exception))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's own 404, for paths that no route takes."""
    return _outside(request, nothing_here())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's own 500, for a fault outside of every view."""
    return _outside(request, ApiError(500, "A fault of our own; it was logged."))


def _suspected(error: Exception) -> ApiError:
    match error:
        case DisallowedHost():
            words = "This installation does not answer to the host name of this request: its operator lists its names."
        case TooManyFieldsSent():
            words = f"The request has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields: send fewer."
        case _:
            words = "This request makes no sense here."
    return ApiError(400, words)


def _outside(request: HttpRequest, error: ApiError) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error.answer()
    return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
