"""Connecting by a form, and changing what was typed in it. Accounts that are signed in to stand in sign_in.py."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from connections import forms, settling, switching
from connections.forms import Typed
from connections.models import Connection
from connections.pages import sign_in
from connections.pages.listing import own_connection
from connections.provider import Auth, Provider
from connections.registry import all_providers, provider
from connections.settling import Settled
from connections.standing import Mend, standing
from workspaces.embed.guard import portal
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.permissions import Permission


@portal(Permission.CONNECT, methods=("GET", "POST"))
def new(request: PortalRequest, slug: str) -> HttpResponse:
    """The provider's page: its form, or the way to its sign-in."""
    kind = all_providers().get(slug)
    if kind is None:
        raise Http404
    if kind.auth is Auth.OAUTH:
        return sign_in.sign_in(request, kind)
    if request.method == "POST":
        return _plug_in(request, kind)
    return _form(request, kind, Typed(kind.name, {}))


@portal(Permission.CONNECT, methods=("GET", "POST"))
def settings(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The name and the settings of a connection."""
    connection = own_connection(request, connection_id)
    if request.method == "POST":
        return _change(request, connection)
    return _form(request, provider(connection.provider), forms.stored(connection), connection=connection)


def _plug_in(request: PortalRequest, kind: Provider) -> HttpResponse:
    typed = forms.read(kind, request.POST)
    try:
        settled = _settled(request, kind, typed)
    except ApiError as error:
        return _form(request, kind, typed, faults=_faults(error))
    return _saved(request, kind, settled, new=True)


def _settled(request: PortalRequest, kind: Provider, typed: Typed) -> Settled:
    """Raises ApiError 422 naming every fault."""
    forms.expect_readable(typed)
    return settling.plug_in(
        workspace=request.visitor.workspace,
        provider_slug=kind.slug,
        name=typed.name,
        metadata=typed.values,
        hidden=False,
        actor=request.visitor.name,
    )


def _change(request: PortalRequest, connection: Connection) -> HttpResponse:
    kind = provider(connection.provider)
    typed = forms.read(kind, request.POST)
    on: dict[str, Any] = switching.ON if request.POST.get("switch_on") == "true" else {}
    try:
        forms.expect_readable(typed)
        settled = settling.change(connection, metadata=typed.values, actor=request.visitor.name, name=typed.name, **on)
    except ApiError as error:
        return _form(request, kind, typed, connection=connection, faults=_faults(error))
    if settled.warnings:
        return _saved(request, kind, settled, new=False)
    return go_to("connection", connection.id, toast=gettext("Saved."))


def _faults(error: ApiError) -> list[tuple[str, str]]:
    """What is not about a field is no fault of the form, and goes on to its own page."""
    if not error.faults:
        raise error
    return list(error.faults)


def _form(
    request: PortalRequest,
    kind: Provider,
    typed: Typed,
    *,
    connection: Connection | None = None,
    faults: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    errors = forms.by_control(kind, faults or ())
    kept = forms.secrets_of(connection) if connection else set()
    context = {
        "kind": kind,
        "connection": connection,
        "name": typed.name,
        "controls": forms.controls(kind, typed, errors=errors, kept=kept),
        "errors": errors,
        "mends": connection is not None and not connection.active and standing(connection).mend is Mend.SETTINGS,
    }
    return show(request, "connections/form.html", context, status=422 if errors else 200)


def _saved(request: PortalRequest, kind: Provider, settled: Settled, *, new: bool) -> HttpResponse:
    """What was made, its secrets this once, and what should be looked at."""
    labels = {"signing_secret": gettext("Signing secret")}
    context = {
        "kind": kind,
        "connection": settled.connection,
        "new": new,
        "secrets": [(key, labels.get(key, key), value) for key, value in settled.revealed.items()],
        "warnings": forms.warned(kind, settled.warnings),
        "recipients": settled.connection.recipients.count(),
    }
    return show(request, "connections/saved.html", context)
