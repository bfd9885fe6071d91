"""Headers of every page: what may run on it, and who may put it into a frame.

The portal's own pages may be framed by the session's origins and by nobody else, errors included. Which session is
told by the bearer token, or by the id that stays in the frame's URL; that id selects headers and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.middleware.csp import get_nonce
from django.utils.csp import CSP, build_policy

from workspaces.embed.sessions import find_named

PORTAL = "/workspace/"
_HEADER = str(CSP.HEADER_ENFORCE)
_POLICY: dict[str, Any] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
}


def policy(*, framed_by: Sequence[str] = (), **changes: Any) -> dict[str, Any]:
    """A content security policy for ``build_policy``: nothing inline, nothing from elsewhere."""
    return {**_POLICY, **changes, "frame-ancestors": list(framed_by) or [CSP.NONE]}


class Framing:
    """The middleware. It stands outside of all others but Django's, which makes the nonce."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.path.startswith("/api/"):
            return response
        if request.path.startswith(PORTAL):
            _frame(request, response)
        else:
            response.setdefault(_HEADER, build_policy(policy(), get_nonce(request)))
        return response


def _frame(request: HttpRequest, response: HttpResponse) -> None:
    response[_HEADER] = build_policy(policy(framed_by=_origins(request)), get_nonce(request))
    del response["X-Frame-Options"]  # it knows one origin at most, and would overrule the policy in old browsers
    # A pop-up that the portal opens, and the vendor's page that opened the portal, keep each other.
    del response["Cross-Origin-Opener-Policy"]
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"


def _origins(request: HttpRequest) -> list[str]:
    visitor = getattr(request, "visitor", None)
    try:
        session = visitor.session if visitor else find_named(request.GET.get("s", ""))
    except Error:  # the database is away: nobody may frame what nobody can look up
        return []
    origins: list[str] = session.origins if session else []
    return origins
