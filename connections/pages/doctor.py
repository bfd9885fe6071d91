"""The embed doctor's page: it looks at the session, at the vendor's page, and lets the browser look at our headers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connections import http
from connections.provider import Answer, Request
from workspaces.embed import doctor
from workspaces.embed.doctor import Finding
from workspaces.embed.sessions import find_named

SECONDS = 8.0  # that the vendor's page has to answer
ADDRESS_MOST = 2_000


@never_cache
@require_safe
def embed_doctor(request: HttpRequest) -> HttpResponse:
    """Asks for the page's address and the session's id; both can come in the URL, and neither is a secret."""
    page, named = request.GET.get("page", "").strip()[:ADDRESS_MOST], request.GET.get("s", "").strip()
    origin = doctor.origin_of(page) if page else None
    context = {"page": page, "s": named, "wrong": bool(page) and origin is None}
    if origin:
        context["findings"] = _examined(page, origin, named)
    return render(request, "embed/doctor.html", context)


def _examined(page: str, origin: str, named: str) -> list[Finding]:
    session = find_named(named) if named else None
    portal = settings.PUBLIC_URL
    findings = doctor.examine_settings(origin=origin, portal=portal, origins=session.origins if session else None)
    # Only pages that a vendor has named are fetched: strangers cannot send us elsewhere.
    return [*findings, *_fetched(page)] if session and origin in session.origins else findings


def _fetched(page: str) -> list[Finding]:
    reply = http.send(Request(method="GET", url=page, headers={"Accept": "text/html"}), seconds=SECONDS)
    if isinstance(reply, Answer):
        return doctor.examine_page(reply.headers, portal=settings.PUBLIC_URL)
    return [
        Finding("your page", f"It could not be fetched from here, so its headers were not looked at: {reply.detail}")
    ]
