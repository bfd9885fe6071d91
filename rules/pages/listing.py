"""Pages of this room: the list of rules. Its other pages stand in pages_editor.py and pages_versions.py."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from connections.models import Connection
from rules import authoring, listing, telling
from rules.models import EventType, Rule
from workspaces import ids
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.permissions import Permission

TYPES_MOST = 500


@portal(Permission.SEE_RULES)
def rules(request: PortalRequest) -> HttpResponse:
    """Every rule in one plain sentence."""
    text, event = request.GET.get("text", "").strip(), request.GET.get("event", "")
    before = ids.parse(request.GET.get("before", ""))
    found = listing.list_rules(own_rules(request), text=text, event=event, before=before)
    context = {
        "rows": telling.rows_of(found.rules, now=timezone.now()),
        "before": found.before,
        "text": text,
        "event": event,
        "types": event_types(request),
        "any": bool(found.rules) or own_rules(request).exists(),
        "connected": Connection.objects.for_workspace(request.visitor.workspace.id).filter(hidden=False).exists(),
    }
    return show(request, "rules/list.html", context, fragments=("rows", "more"))


@portal(Permission.CHANGE_RULES, methods=("POST",))
def switch(request: PortalRequest, rule_id: UUID) -> HttpResponse:
    """On or off. Answers with the rule's row."""
    active = request.POST.get("active") == "true"
    rule = authoring.change(own_rule(request, rule_id), reworded={}, actor=request.visitor.name, active=active)
    words = gettext("The rule is on.") if active else gettext("The rule is off.")
    row = telling.rows_of([rule], now=timezone.now())[0]
    return show(request, "rules/list.html#row", {"row": row}, toast=words)


# --------------------------------------------------------------------------- what all pages of rules share


def own_rules(request: PortalRequest) -> QuerySet[Rule]:
    """Those that the visitor may see."""
    rows = Rule.objects.for_workspace(request.visitor.workspace.id).filter(hidden=False)
    return request.visitor.within(rows, resource="version__resource")


def own_rule(request: PortalRequest, rule_id: UUID) -> Rule:
    """One of them. Raises ``Http404`` for any other."""
    found = own_rules(request).select_related("version", "connection", "workspace").filter(id=rule_id).first()
    if found is None:
        raise Http404
    return found


def event_types(request: PortalRequest) -> list[EventType]:
    """What a rule can be about."""
    rows: Any = EventType.objects.for_workspace(request.visitor.workspace.id).filter(active=True)
    return list(rows.order_by("seen", "key")[:TYPES_MOST])
