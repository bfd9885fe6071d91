"""A sign-in that this visitor began before the page was loaded anew: a reload must not lose sight of how it ends."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from connections.connecting.tickets import LIVES, Kind, Status
from connections.models import Connection, PendingAuthorization
from connections.provider import Provider
from connections.registry import provider
from workspaces.embed.polling import mark_of, unchanged
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest

TARGET = "earlier"  # the id of the fragment


def earlier(request: PortalRequest, kind: Provider, connection: Connection | None = None) -> dict[str, Any]:
    """The visitor's latest sign-in there that is still open in its window, or has connected an account just now.

    ``connection`` is the one that is reconnected; without it, those that made a new one are meant too.
    """
    visitor, now = request.visitor, timezone.now()
    going = Q(status=Status.STARTED, connection=connection, expires_at__gt=now)
    done = Q(status=Status.CONNECTED, finished_at__gt=now - LIVES[Kind.TICKET])
    if connection:
        done &= Q(connection=connection)
    rows = PendingAuthorization.objects.for_workspace(visitor.workspace.id).select_related("connection")
    found = (
        rows.filter(going | done, kind=Kind.TICKET, provider=kind.slug, actor=visitor.name)
        .order_by("-started_at")
        .first()
    )
    return {TARGET: _told(request, found)} if found else {}


def answer(request: PortalRequest, pending: PendingAuthorization) -> HttpResponse:
    """How it goes now. 204 while that is what the page says already."""
    told = _told(request, pending)
    return unchanged(request, told["mark"]) or show(request, "connections/_earlier.html", {TARGET: told})


def _told(request: PortalRequest, pending: PendingAuthorization) -> dict[str, Any]:
    stage = pending.stage(timezone.now())
    mark = mark_of(stage, pending.error)
    return {
        "pending": pending,
        "stage": stage,
        "mark": mark,
        "name": provider(pending.provider).name,
        "account": str(pending.account.get("name", "")),
        "poll": f"{reverse('sign-in', args=[pending.id])}?mark={mark}",
    }
