"""The door of every portal page: a bearer token that is live, a permission, and a request from the portal itself.

There is no ambient credential: without the header that the portal's script adds, a page is only its empty shell. So
there is nothing that a foreign site could make a browser do here, and no CSRF token is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from workspaces.embed.shell import shell
from workspaces.embed.visitor import PortalRequest, Visitor, bearer, find_visitor
from workspaces.errors import ApiError
from workspaces.permissions import Permission

View = Callable[..., HttpResponse]
PortalView = Callable[Concatenate[PortalRequest, ...], HttpResponse]


def portal(permission: Permission, *, methods: tuple[str, ...] = ("GET",)) -> Callable[[PortalView], View]:
    """A view of the portal. Whoever comes without a token gets the shell, which comes back with one.

    In the view, ``request.visitor`` is known and has the permission. ``Http404`` and ``ApiError`` become pages.
    """

    def guarding(view: PortalView) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
            if request.method == "HEAD":
                request.method = "GET"
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if request.method == "GET" and not bearer(request):
                return shell(request)
            return _answer(request, permission, lambda known: view(known, *arguments, **named))

        return guarded

    return guarding


def _answer(
    request: HttpRequest, permission: Permission, view: Callable[[PortalRequest], HttpResponse]
) -> HttpResponse:
    visitor = find_visitor(request)
    if visitor is None or not _from_here(request):
        return HttpResponse("Authentication required", status=401, content_type="text/plain; charset=utf-8")
    known = cast(PortalRequest, request)
    known.visitor = visitor
    with translation.override(language(request, visitor)):
        response = _page(known, permission, view)
    response["X-Session-Seconds"] = str(visitor.seconds_left)
    response["X-Session"] = visitor.wire_id
    return response


def _page(
    request: PortalRequest, permission: Permission, view: Callable[[PortalRequest], HttpResponse]
) -> HttpResponse:
    if not request.visitor.may(permission):
        return refusal(request, 403)
    try:
        return view(request)
    except Http404:
        return refusal(request, 404)
    except ApiError as error:
        return refusal(request, error.status, words=error.message)


def refusal(request: PortalRequest, status: int, *, words: str = "") -> HttpResponse:
    """A whole page that says why not, in place of what is there."""
    response = render(request, "embed/refusal.html", {"status": status, "words": words}, status=status)
    response["HX-Retarget"] = "#portal"
    response["HX-Reswap"] = "innerHTML show:window:top"
    return response


def language(request: HttpRequest, visitor: Visitor | None) -> str:
    """The session's, or what the browser asks for."""
    return (visitor.session.language if visitor else "") or translation.get_language_from_request(request)


def _from_here(request: HttpRequest) -> bool:
    """Browsers say where a request comes from; what is no browser says nothing, and has the token."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
