"""The way in for events: the two emit routes, and no others, answer browsers of any origin and take no detour.

A posted event goes straight to its view. URL resolving, the API framework and the middleware that pages need are half
of the work of such a request, and nothing of it is asked of an event. Who calls is asked as everywhere, and faults are
told in the API's words.

The answers hold nothing that the caller did not send, so errors may be read by any origin too; whether an origin
may emit is for the workspace to say, at the POST.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from config.api import api
from deliveries.emit import emit, emit_bulk
from workspaces.access import emitter
from workspaces.callers import EmitCall, MachineToken

_VIEWS = {"/api/v1/events": emit, "/api/v1/events/bulk": emit_bulk}
_machine = MachineToken()

type View = Callable[[HttpRequest], HttpResponse]


def intake(get_response: View) -> View:
    """Middleware, to stand before all others but the check of the host name."""

    def middleware(request: HttpRequest) -> HttpResponse:
        view = _VIEWS.get(request.path_info)
        if view is None or request.method not in ("POST", "OPTIONS"):
            return get_response(request)
        response = _taken(view, cast("EmitCall", request)) if request.method == "POST" else get_response(request)
        return _readable_by_browsers(request, response)

    return middleware


def _taken(view: Callable[[EmitCall], HttpResponse], request: EmitCall) -> HttpResponse:
    try:
        request.auth = emitter(request) or _machine(request)
        response = view(request)
    except Exception as error:  # noqa: BLE001  answered by the API's own handlers, as if it had called the view
        response = api.on_exception(request, error)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _readable_by_browsers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Origin"])
    if origin := request.headers.get("Origin"):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = "Retry-After, Idempotent-Replayed"
    return response
