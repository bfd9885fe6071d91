"""Who is told when a connection breaks: a part of the page of settings, which belongs to another room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from connections import recipients
from connections.models import Recipient
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.permissions import Permission

_TEMPLATE = "connections/_told.html"


@portal(Permission.SEE_SETTINGS)
def told(request: PortalRequest) -> HttpResponse:
    """The addresses, and who of them has said yes."""
    return _shown(request)


@portal(Permission.CONNECT, methods=("POST",))
def set_told(request: PortalRequest) -> HttpResponse:
    """Keep exactly the addresses that were typed; what was wrong stands beside the field."""
    written = request.POST.get("addresses", "")
    try:
        recipients.name_told(request.visitor.workspace, written.replace(",", " ").split(), actor=request.visitor.name)
    except ApiError as refusal:
        return _shown(request, written=written, fault=refusal.message, status=422)
    return _shown(request, toast=gettext("Saved."))


@portal(Permission.CONNECT, methods=("POST",))
def ask_told_again(request: PortalRequest, told_id: UUID) -> HttpResponse:
    """Mail the question to one of them once more."""
    row = Recipient.objects.for_workspace(request.visitor.workspace.id).filter(id=told_id, connection=None).first()
    if row is None:
        raise Http404
    asked = recipients.ask_again(row, actor=request.visitor.name)
    words = gettext("They are asked again.") if asked else gettext("They were asked a moment ago. Try again later.")
    return _shown(request, toast=words)


def _shown(
    request: PortalRequest, *, written: str | None = None, fault: str = "", status: int = 200, toast: str = ""
) -> HttpResponse:
    rows = Recipient.objects.for_workspace(request.visitor.workspace.id).filter(connection=None)
    found = list(rows.order_by("-confirmed_at", "address"))
    context: dict[str, Any] = {
        "people": [{"row": row, "may_be_asked": recipients.may_be_asked(row)} for row in found],
        "written": "\n".join(sorted(row.address for row in found)) if written is None else written,
        "fault": fault,
    }
    return show(request, _TEMPLATE, context, status=status, toast=toast)
