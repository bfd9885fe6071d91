"""The overview: what is connected, what happened, and what is broken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from deliveries.models import Event
from deliveries.showing import figures, health
from deliveries.showing.chart import bars
from deliveries.showing.headline import about_resource, headline
from deliveries.showing.telling import lines
from rules.models import Rule
from workspaces.embed.guard import portal
from workspaces.embed.polling import mark_of, poll_url, unchanged
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest, Visitor
from workspaces.models import SessionType
from workspaces.permissions import Permission

LATEST = 5
PLUGGED = 12  # connections that are named


@portal(Permission.SEE_OVERVIEW)
def dashboard(request: PortalRequest) -> HttpResponse:
    """The truth in one line, seven days, the connections, and what happened last. Asks again by itself."""
    now = timezone.now()
    found = _found(request.visitor, now)
    mark = mark_of(*found.values(), f"{now:%H:%M}")  # "a minute ago" grows old as well
    return unchanged(request, mark) or show(
        request,
        "deliveries/overview.html",
        {**found, "poll": poll_url(request, mark), "bars": bars(found["days"])},
        fragments=("now",),
    )


def _found(visitor: Visitor, now: datetime) -> dict[str, Any]:
    days = figures.week(visitor, now=now)
    events = visitor.within(Event.objects.for_workspace(visitor.workspace.id)).order_by("-id").defer("payload")
    told = {"days": days, "latest": lines(list(events[:LATEST]))}
    session = visitor.session
    if session.session_type == SessionType.RESOURCE:
        return {**told, "headline": about_resource(days, session.resource, session.resource_id), "fresh": False}
    plugged = health.health(visitor.workspace.id)
    rules = bool(plugged) and Rule.objects.for_workspace(visitor.workspace.id).filter(active=True).exists()
    return {
        **told,
        "headline": headline(plugged, days, rules=rules),
        "plugged": plugged[:PLUGGED],
        "more": max(0, len(plugged) - PLUGGED),
        "fresh": not plugged,
        "arrived": sum(day.delivered for day in days),
    }
