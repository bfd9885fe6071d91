"""Browsers may emit: the two emit routes, and no others, answer requests from other origins.

The answers hold nothing that the caller did not send, so errors may be read by any origin too; whether an origin
may emit is for the workspace to say, at the POST.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

EMIT_ROUTES = frozenset({"/api/v1/events", "/api/v1/events/bulk"})


def browsers_may_emit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: CORS for POST and OPTIONS on the emit routes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path not in EMIT_ROUTES or request.method not in ("POST", "OPTIONS"):
            return response
        patch_vary_headers(response, ["Origin"])
        if origin := request.headers.get("Origin"):
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = "Retry-After, Idempotent-Replayed"
        return response

    return middleware
