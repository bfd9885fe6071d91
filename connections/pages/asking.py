"""The questions before a sign-in, such as the host: a form whose answers stand in the page's address.

So the way back to a wrong answer is the browser's own, and to begin again is the same link.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse, QueryDict

from connections import forms
from connections.connecting import asking
from connections.forms import Shown
from connections.pages import earlier
from connections.provider import Field, Provider
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError


def answered(request: PortalRequest, kind: Provider) -> dict[str, str] | HttpResponse:
    """What was answered; or the page that asks, with what is wrong beside it and what was typed still there."""
    fields = kind.oauth.asked if kind.oauth else ()
    if not fields:
        return {}
    typed = read(kind, request.GET)
    if not typed:
        return _form(request, kind, fields, {}, {})
    try:
        return asking.settle(kind, typed)
    except ApiError as error:
        labels = {asked.key: asked.label for asked in fields}
        faults = {key: forms.sentence(labels.get(key, ""), words) for key, words in error.faults}
        return _form(request, kind, fields, typed, faults)


def read(kind: Provider, query: QueryDict) -> dict[str, str]:
    """The answers in an address, unchecked."""
    fields = kind.oauth.asked if kind.oauth else ()
    return {asked.key: query.get(f"in-{asked.key}", "") for asked in fields if f"in-{asked.key}" in query}


def with_answers(path: str, asked: Mapping[str, str]) -> str:
    """The address of a page with the answers in it."""
    query = urlencode({f"in-{key}": value for key, value in asked.items()})
    return f"{path}?{query}" if query else path


def place(kind: Provider, asked: Mapping[str, str]) -> str:
    """The host that one signs in at, where that was a question; else ""."""
    return (urlsplit(kind.sign_in(asked).authorize_url).hostname or "") if asked else ""


def _form(
    request: PortalRequest,
    kind: Provider,
    fields: tuple[Field, ...],
    typed: Mapping[str, str],
    faults: Mapping[str, str],
) -> HttpResponse:
    controls = [Shown(one, typed.get(one.key, one.default), error=faults.get(one.key, "")) for one in fields]
    errors = {f"in-{key}": words for key, words in faults.items()}
    context = {"kind": kind, "controls": controls, "errors": errors, **earlier.earlier(request, kind)}
    return show(request, "connections/asking.html", context, status=422 if errors else 200)
