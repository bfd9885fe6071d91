"""What is held for a connection, and the choice what becomes of it: on the connection's page and after a sign-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext, ngettext

from connections.models import Choice, Connection
from connections.pages.listing import own_connection
from deliveries import waking
from deliveries.breaking import choosing
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.permissions import Permission
from workspaces.templatetags.portal import number

_AGAIN = "again"


@portal(Permission.SEE_CONNECTIONS)
def held(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """How much waits since when, and whether there is something to choose."""
    return _shown(request, own_connection(request, connection_id))


@portal(Permission.RESEND, methods=("POST",))
def choose(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """All, only the newest, none; or what failed meanwhile, once more."""
    connection = own_connection(request, connection_id)
    wanted = request.POST.get("what", "")
    if wanted not in (*_CHOSEN, _AGAIN):
        return _shown(request, connection, toast=gettext("Choose what shall become of them."), status=422)
    try:
        words = _done(connection, wanted, actor=request.visitor.name)
    except ApiError as refusal:
        words = refusal.message
    connection.refresh_from_db()
    return _shown(request, connection, toast=words)


def _done(connection: Connection, wanted: str, *, actor: str) -> str:
    if wanted != _AGAIN:
        choosing.choose(connection, Choice(wanted), actor=actor)
        return _CHOSEN[Choice(wanted)]()
    count = choosing.send_failed_again(connection, actor=actor)
    waking.wake()
    words = ngettext("%(n)s delivery is sent again.", "%(n)s deliveries are sent again.", count)
    return words % {"n": number(count)}


_CHOSEN: Mapping[Choice, Callable[[], str]] = {
    Choice.ALL: lambda: gettext("All of it is sent now, as fast as it can be taken there."),
    Choice.NEWEST: lambda: gettext("The newest are sent now; the others are left out."),
    Choice.NONE: lambda: gettext("Nothing of it is sent."),
}


def _shown(request: PortalRequest, connection: Connection, *, toast: str = "", status: int = 200) -> HttpResponse:
    context = {"connection": connection, "offer": choosing.offer(connection)}
    return show(request, "deliveries/_held.html", context, toast=toast, status=status)
