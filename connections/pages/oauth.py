"""The pages of a sign-in, in a window of their own: the question before it, and how it ended.

They stand at the top level, never in a frame, and are where the only cookie of the portal lives: for ten minutes, a
nonce that ties the way back to the browser that went out. There is no return address in them: nothing that came with
a request decides where the browser goes.
"""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from connections import oauth
from connections.connecting import words
from connections.connecting.arriving import Answered, arrive, begun
from connections.connecting.departing import AT_PROVIDER, depart, look
from connections.connecting.keeping import Connected
from connections.connecting.tickets import Kind, cookie_name, find
from connections.models import PendingAuthorization
from connections.provider import Refusal
from connections.registry import all_providers, provider

_TICKET_MOST = 100  # characters
COOKIE_LIFE = 2 * AT_PROVIDER  # to read the question, and to be at the provider


@csrf_exempt  # the ticket says who; and without the cookie of the page before it, and from elsewhere, nothing is spent
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """A GET shows whose account is about to be connected to what, and changes nothing; the button's POST goes there."""
    told = request.POST if request.method == "POST" else request.GET
    kind = Kind.LINK if "link" in told else Kind.TICKET
    ticket = told.get(kind.value, "")[:_TICKET_MOST]
    with _speaking(request, find(kind, ticket)):
        pending = look(kind, ticket)
        if isinstance(pending, Refusal):
            return _refused(request, pending)
        if request.method != "POST":
            return _ask(request, pending, ticket)
        return _leave(request, pending)


@require_GET
@never_cache
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    """The provider has sent the browser back."""
    told = {name: request.GET.get(name, "") for name in ("state", "code", "error", "iss")}
    with _speaking(request, begun(told["state"])):
        if slug not in all_providers():
            return _refused(request, words.NO_STATE, status=404)
        return _arrived(request, slug, Answered(**told))


def _arrived(request: HttpRequest, slug: str, answered: Answered) -> HttpResponse:
    prefix = _cookie_prefix()
    cookies = {name.removeprefix(prefix): text for name, text in request.COOKIES.items() if name.startswith(prefix)}
    result = arrive(slug=slug, answered=answered, cookies=cookies)
    if isinstance(result, Refusal):
        return _refused(request, result, name=provider(slug).name)
    name = provider(result.pending.provider).name
    if isinstance(result, Connected):
        response = _page(request, "oauth/connected.html", {"name": name, "connection": result.connection})
    else:
        response = _page(request, "oauth/wrong_account.html", {"name": name, "result": result}, status=409)
    response.delete_cookie(prefix + cookie_name(result.pending), path="/", samesite="Lax")
    return response


def _speaking(request: HttpRequest, pending: PendingAuthorization | None) -> AbstractContextManager[None]:
    """In the language of the session that began the sign-in; a link knows none, and its reader's browser does."""
    session = pending.session if pending else None
    asked = session.language if session else ""
    return translation.override(asked or translation.get_language_from_request(request))


def _ask(request: HttpRequest, pending: PendingAuthorization, ticket: str) -> HttpResponse:
    kind = provider(pending.provider)
    declared = kind.sign_in(pending.asked)
    place = urlsplit(declared.authorize_url).hostname if pending.asked else ""
    context = {"pending": pending, "kind": kind, "declared": declared, "ticket": ticket, "place": place}
    # Chrome holds a form's redirects against form-action, all the way to the provider's own sign-in: any https passes.
    places = f"'self' https: {_origin(oauth.browser_url(declared.authorize_url))}"
    response = _page(request, "oauth/start.html", context, form_action=places)
    response.set_cookie(
        _cookie_prefix() + cookie_name(pending),
        secrets.token_urlsafe(32),
        max_age=COOKIE_LIFE,
        path="/",
        secure=_is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def _leave(request: HttpRequest, pending: PendingAuthorization) -> HttpResponse:
    """The cookie shows that this browser was shown the question: a stranger's form elsewhere brings none (Lax)."""
    nonce = request.COOKIES.get(_cookie_prefix() + cookie_name(pending), "")
    if not nonce or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return _refused(request, words.NOT_SEEN)
    address = depart(pending, nonce=nonce)
    if isinstance(address, Refusal):
        return _refused(request, address)
    return _guarded(HttpResponseRedirect(address), nonce="")


def _refused(request: HttpRequest, refusal: Refusal, *, name: str = "", status: int = 400) -> HttpResponse:
    return _page(request, "oauth/refused.html", {"refusal": refusal, "name": name}, status=status)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200, form_action: str = "'none'"
) -> HttpResponse:
    nonce = secrets.token_urlsafe(16)
    response = render(request, template, {**context, "nonce": nonce}, status=status)
    return _guarded(response, nonce=nonce, form_action=form_action)


def _guarded(response: HttpResponse, *, nonce: str, form_action: str = "'none'") -> HttpResponse:
    """The headers of every answer here. The opener is kept where the way there kept it: the last page greets it."""
    script = f"'nonce-{nonce}'" if nonce else "'none'"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; form-action {form_action}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _cookie_prefix() -> str:
    """With ``__Host-`` no other host can plant the cookie. Not every browser takes that over http, even on loopback."""
    return "__Host-" if _is_secure() else ""


def _is_secure() -> bool:
    return bool(settings.PUBLIC_URL.startswith("https://"))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
