"""The activity: every event in one line, filters that live in the URL, and news that announce themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.models import Connection
from deliveries.showing import searching
from deliveries.showing.searching import Found, Wanted
from deliveries.showing.telling import lines
from rules.models import EventType, Rule
from workspaces.embed.guard import portal
from workspaces.embed.polling import mark_of, poll_url, unchanged
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest, Visitor
from workspaces.ids import floor
from workspaces.permissions import Permission

_STATUSES = (
    ("waiting", _("Waiting")),
    ("delivered", _("Delivered")),
    ("failed", _("Failed")),
    ("silent", _("Silent")),
    ("canceled", _("Called off")),
)
_CHOICES = 200  # types, connections and rules that a filter offers


@portal(Permission.SEE_EVENTS)
def events(request: PortalRequest) -> HttpResponse:
    """What happened, newest first."""
    if request.headers.get("HX-Target") == "news":
        return _news(request)
    wanted = searching.read(request.GET)
    before, after = (searching.read_id(request.GET.get(name, "")) for name in ("before", "after"))
    found = searching.search(request.visitor, wanted, before=before, after=after)
    told = lines(found.events)
    mark = mark_of(told, found.older)
    return unchanged(request, mark) or show(
        request,
        "deliveries/events.html",
        {
            **_paging(wanted, found),
            "lines": told,
            "wanted": wanted,
            "open": any(line.open for line in told),
            "poll": poll_url(request, mark),
            "newest": not (before or after),
            "since_id": found.events[0].id if found.events else floor(timezone.now()),
            **({} if request.headers.get("HX-Target") == "rows" else _choices(request.visitor)),
        },
        fragments=("rows",),
    )


def _news(request: PortalRequest) -> HttpResponse:
    """How many came in since the page was shown; 204 while that number is what the page says already."""
    wanted, than = searching.read(request.GET), searching.read_id(request.GET.get("than", ""))
    count = searching.count_newer(request.visitor, wanted, than=than) if than else 0
    if str(count) == request.GET.get("told", "0"):
        return HttpResponse(status=204)
    context = {"count": count, "since_id": than, "wanted": wanted, "query": urlencode(wanted.given), "newest": True}
    return show(request, "deliveries/events.html", context, fragments=("news",))


def _paging(wanted: Wanted, found: Found) -> Mapping[str, Any]:
    path = reverse("events")
    urls = {
        name: f"{path}?{urlencode({**wanted.given, key: str(id)})}" if id else ""
        for name, key, id in (("newer", "after", found.newer), ("older", "before", found.older))
    }
    return {**urls, "back_to": found.back_to, "query": urlencode(wanted.given)}


def _choices(visitor: Visitor) -> Mapping[str, Any]:
    """What the filters offer. A session that is locked to a resource is told of its own only."""
    workspace_id = visitor.workspace.id
    types = EventType.objects.for_workspace(workspace_id).order_by("key").values_list("key", flat=True)
    rules = visitor.within(
        Rule.objects.for_workspace(workspace_id).filter(hidden=False), resource="version__resource"
    ).order_by("name")
    connections: Any = []
    if visitor.may(Permission.SEE_CONNECTIONS):
        connections = Connection.objects.for_workspace(workspace_id).filter(hidden=False).order_by("name")
        connections = [(str(id), name) for id, name in connections.values_list("id", "name")[:_CHOICES]]
    return {
        "types": list(types[:_CHOICES]),
        "statuses": _STATUSES,
        "connections": connections,
        "rules": [(str(id), name or str(id)) for id, name in rules.values_list("id", "name")[:_CHOICES]],
    }
