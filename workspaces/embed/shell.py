"""The shell: what a frame loads first. It holds no data and sets no cookie; its script fetches the page with a bearer.

The launch token is spent by a POST of the script and never by loading the page: a frame that the browser refuses to
show has loaded it all the same.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from workspaces.embed import sessions, theme
from workspaces.embed.visitor import find_visitor
from workspaces.errors import ApiError, bad_request
from workspaces.models import EmbedSession
from workspaces.strict import read_json

TOKEN_MOST = 100  # characters of a launch token


def shell(request: HttpRequest) -> HttpResponse:
    """The frame's page without anything in it: the theme, the words of waiting, and who may talk to it."""
    session = sessions.find_named(request.GET.get("s", ""))
    asked = session.language if session else ""
    with translation.override(asked or translation.get_language_from_request(request)):
        return render(
            request, "embed/shell.html", {"origins": session.origins if session else [], "look": _look(session)}
        )


@csrf_exempt  # there is no cookie that a foreign site could ride on
@require_POST
def exchange(request: HttpRequest) -> HttpResponse:
    """A launch token becomes an access token, once, and only for a page of our own."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return ApiError(403, "Only the portal itself may do this.").answer()
    token = request.POST.get("launch", "")
    if not token or len(token) > TOKEN_MOST:
        return bad_request("launch", "must be the launch token of the frame's URL.").answer()
    minted = sessions.exchange(token)
    if minted is None:
        return ApiError(401, "Invalid or expired embed launch token").answer()
    return JsonResponse({"access_token": minted.access_token, "session_id": sessions.wire_id(minted.session.id)})


@csrf_exempt  # as above; the bearer says who asks
@require_POST
def live_theme(request: HttpRequest) -> HttpResponse:
    """Custom properties for a theme that the host page has just sent, over those of the session. 422 names faults."""
    visitor = find_visitor(request)
    if visitor is None:
        return ApiError(401, "Authentication required").answer()
    worn = theme.merged(visitor.session.organization.theme, visitor.session.theme)
    try:
        return JsonResponse(theme.properties(worn, _theme(request, worn)))
    except ApiError as error:
        return error.answer()


def _theme(request: HttpRequest, worn: dict[str, Any]) -> dict[str, Any]:
    asked = read_json(request.body)
    if not isinstance(asked, dict):
        raise ApiError(422, "A theme is an object of tokens.")
    if faults := theme.check(asked, over=worn):
        raise ApiError(422, "; ".join(f"{name}: {message}" for name, message in faults), faults=faults)
    return asked


def _look(session: EmbedSession | None) -> dict[str, str]:
    return theme.properties(session.organization.theme, session.theme) if session else {}
