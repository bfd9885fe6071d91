"""The page of a connection's signing secret: a new one, while the old one goes on for a day; and the old one's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from connections import forms, rotating_secrets
from connections.models import Connection
from connections.pages.listing import own_connection
from workspaces.embed.guard import portal
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.permissions import Permission

OWN_MOST = 200  # characters of a secret that is typed


@portal(Permission.CONNECT, methods=("GET", "POST"))
def signing_secret(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """What a new secret means, with the button for it; then the new one, shown this once."""
    row = _signed(request, connection_id)
    if request.method == "GET":
        return _page(request, row)
    own = request.POST.get("secret", "").strip()[:OWN_MOST]
    try:
        rotated = rotating_secrets.rotate(row, actor=request.visitor.name, own=own)
    except ApiError as refusal:
        return _refused(request, row, refusal)
    if own:
        return go_to("connection", row.id, toast=gettext("Requests are signed with your secret now."))
    return show(request, "connections/new_secret.html", {"connection": row, "secret": rotated.secret, **_live(row)})


@portal(Permission.CONNECT, methods=("POST",))
def end_old_secret(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The secret that was replaced ends now, before its day is over."""
    row = _signed(request, connection_id)
    toast = gettext("The old secret has ended.")
    try:
        rotating_secrets.end_old(row, actor=request.visitor.name)
    except ApiError as refusal:
        toast = refusal.message
    return go_to("connection", row.id, toast=toast)


def _signed(request: PortalRequest, connection_id: UUID) -> Connection:
    row = own_connection(request, connection_id)
    rotating_secrets.expect_signed(row)
    return row


def _page(request: PortalRequest, row: Connection, errors: Mapping[str, str] | None = None) -> HttpResponse:
    context = {"connection": row, "errors": errors or {}, **_live(row)}
    return show(request, "connections/signing_secret.html", context, status=422 if errors else 200)


def _refused(request: PortalRequest, row: Connection, refusal: ApiError) -> HttpResponse:
    """A typed secret that is none is told beside its field; all else on the connection's page."""
    if not refusal.faults:
        return go_to("connection", row.id, toast=refusal.message)
    label = gettext("Your secret")
    return _page(request, row, {"secret": " ".join(forms.sentence(label, words) for _, words in refusal.faults)})


def _live(row: Connection) -> dict[str, Any]:
    """When the old secret ends; None when there is none, or its time is over and the sweep is still to come."""
    until = row.old_secret_until
    return {"old_until": until if until and until > timezone.now() else None}
