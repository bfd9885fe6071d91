"""Fragments of the rule's editor that need to know what happened: its rows of conditions, samples, preview, back-test.

The editor belongs to the room of rules, which does not know of events, and reaches these by the names of their routes.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from deliveries.showing import fired
from deliveries.showing.chart import bars
from deliveries.showing.figures import Day
from deliveries.trying import tried_on
from deliveries.trying.backtest import Backtest, backtest
from deliveries.trying.picturing import pictured
from deliveries.trying.preview import preview as preview_of
from rules.drafting.faults import by_control
from rules.drafting.forms import with_forms
from rules.drafting.reading_rows import changed
from rules.drafting.rows import write
from rules.drafting.showing import Known, known_fields, row_shown, rows_shown
from rules.drafting.visiting import posted_draft
from rules.models import Rule
from rules.zones import zone_of
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.ids import parse
from workspaces.models import SessionType
from workspaces.permissions import Permission

CHOICE = "sample-choice"  # the control by which an event is chosen
RULES_MOST = 100  # asked about at once


@portal(Permission.CHANGE_RULES, methods=("POST",))
def conditions(request: PortalRequest) -> HttpResponse:
    """The rows of conditions after a button, or one row after its field or its comparison was changed."""
    draft = posted_draft(request, rule=None)
    asked, known = request.POST.get("asked", ""), _known(request, draft.event)
    before, rows = draft.rows, with_forms(changed(draft.rows, asked), known)
    number = asked.removeprefix("row-")
    for group, row in rows.placed:
        if asked.startswith("row-") and str(row.number) == number:
            shown = row_shown(row, {}, known, group=group)
            return show(request, "rules/_condition.html", {"shown": shown, "preserve": True})
    added = max((row.number for _, row in rows.placed), default=0)
    context = {"draft": draft, "rows": rows_shown(rows, {}, known), "next": added if added >= before.next_number else 0}
    return show(request, "rules/_conditions.html", context)


@portal(Permission.CHANGE_RULES, methods=("POST",))
def fields(request: PortalRequest) -> HttpResponse:
    """What the events of that type hold: to choose from, in every row."""
    draft = posted_draft(request, rule=None)
    known = _known(request, draft.event)
    shown = [row_shown(row, {}, known) for _, row in with_forms(draft.rows, known).placed]
    with_samples = [one for one in shown if one.samples and not one.alone and not one.with_field]
    return show(request, "deliveries/_fields.html", {"known": known, "samples": with_samples})


@portal(Permission.SEE_RULES, methods=("POST",))
def sample(request: PortalRequest) -> HttpResponse:
    """The event that the rule is tried on, to be chosen or changed."""
    draft = posted_draft(request, rule=None)
    asked = request.POST.get("sample", "")
    if asked == tried_on.MADE_UP and request.headers.get("HX-Trigger") != CHOICE:
        asked = ""  # nobody chose it: there was no event to try it on before
    found = tried_on.tried(request, pattern=draft.event, asked=asked)
    response = show(request, "deliveries/_sample.html", {"tried": found})
    response["HX-Trigger-After-Swap"] = "sampled"
    return response


@portal(Permission.SEE_RULES, methods=("POST",))
def preview(request: PortalRequest) -> HttpResponse:
    """The message as the receiver would see it, and what is wrong with the texts, each beside its own."""
    draft = posted_draft(request, rule=None)
    tried = tried_on.typed(request, pattern=draft.event)
    action = draft.known_action
    if draft.connection is None or action is None:
        return show(request, "deliveries/_preview.html", {"tried": tried})
    found = preview_of(
        workspace=request.visitor.workspace,
        connection=draft.connection,
        action=action.key,
        inputs=draft.inputs,
        sample=tried.sample,
    )
    context = pictured(found, action=action, inputs=draft.inputs)
    return show(request, "deliveries/_preview.html", {"tried": tried, **context})


@portal(Permission.CHANGE_RULES, methods=("POST",))
def back_test(request: PortalRequest) -> HttpResponse:
    """How often the rule would have fired in the last seven days."""
    draft = posted_draft(request, rule=None)
    try:
        found = backtest(workspace=request.visitor.workspace, wording=draft.wording, zone=zone_of(request))
    except ApiError as error:
        faults = by_control(error.faults, write(draft.rows).places)
        return show(request, "deliveries/_backtest.html", {"missing": not draft.event, "faults": faults})
    return show(request, "deliveries/_backtest.html", _told(request, found))


@portal(Permission.SEE_RULES, methods=("POST",))
def last_fired(request: PortalRequest) -> HttpResponse:
    """When each rule of a list last fired."""
    visitor = request.visitor
    asked = [id for text in request.POST.get("rules", "").split()[:RULES_MOST] if (id := parse(text))]
    rows = visitor.within(Rule.objects.for_workspace(visitor.workspace.id), resource="version__resource")
    own = list(rows.filter(id__in=asked).values_list("id", flat=True))
    found = fired.last_fired(workspace_id=visitor.workspace.id, rules=own)
    return show(request, "deliveries/_fired.html", {"fired": {id: found.get(id) for id in own}})


def _known(request: PortalRequest, pattern: str) -> Known:
    return known_fields(tried_on.known_fields(request, pattern=pattern))


def _told(request: PortalRequest, found: Backtest) -> dict[str, Any]:
    """Whoever sees one resource only is told of nothing that happened to others; reasons hold values of payloads."""
    whole = request.visitor.session.session_type != SessionType.RESOURCE
    drawn = [Day(day.date, delivered=day.fired) for day in found.days]
    return {
        "found": found,
        "bars": bars(drawn),
        "whole": whole,
        "silent": found.silent_examples[:3] if whole else (),
        "reasons": request.visitor.may(Permission.SEE_PAYLOAD),
    }
