"""Fragments of the rule's editor: a test is sent on the real path, and what becomes of it is told as it happens."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from deliveries import waking
from deliveries.models import OPEN_STATES, TEST, Attempt, Delivery, Event, State
from deliveries.showing.words import MARKS
from deliveries.trying import testing, tried_on
from deliveries.trying.tried_on import Tried
from rules.authoring import Wording
from rules.drafting.draft import Draft
from rules.drafting.faults import by_control
from rules.drafting.rows import write
from rules.drafting.visiting import posted_draft
from rules.models import Rule
from rules.pages.listing import own_rule
from workspaces.embed.guard import portal
from workspaces.embed.polling import mark_of, unchanged
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.permissions import Permission


@portal(Permission.CHANGE_RULES, methods=("POST",))
def test(request: PortalRequest) -> HttpResponse:
    """Send what stands in the form, saved or not, with the event that it is tried on."""
    rule = _rule(request)
    draft = posted_draft(request, rule=rule)
    tried = tried_on.typed(request, pattern=draft.event)
    try:
        event = _send(request, draft, rule, tried)
    except ApiError as error:
        faults = by_control(error.faults, write(draft.rows).places)
        return show(request, "deliveries/_test.html", {"refused": error.message, "faults": faults})
    waking.wake()
    return told(request, event)


@portal(Permission.CHANGE_RULES)
def result(request: PortalRequest, test_id: UUID) -> HttpResponse:
    """What has become of a test."""
    visitor = request.visitor
    rows = visitor.within(Event.objects.for_workspace(visitor.workspace.id))
    event = rows.filter(id=test_id, kind=TEST).first()
    if event is None:
        raise Http404
    return told(request, event)


def _rule(request: PortalRequest) -> Rule | None:
    text = request.POST.get("rule", "")
    try:
        return own_rule(request, UUID(text)) if text else None
    except ValueError:
        raise Http404 from None


def _send(request: PortalRequest, draft: Draft, rule: Rule | None, tried: Tried) -> Event:
    """Under the saved rule if it says just this; else through the connection alone, because nothing is saved here."""
    actor, sample = request.visitor.name, tried.sample
    if tried.error:
        raise ApiError(400, tried.error)
    if draft.connection is None:
        raise ApiError(400, gettext("Choose where it goes."), faults=draft.faults)
    if rule is not None and draft.connection == rule.connection and draft.wording == Wording.of(rule.version):
        return testing.send_for_rule(rule, actor=actor, sample=sample)
    action = draft.wording.action
    return testing.send_for_connection(draft.connection, inputs=draft.inputs, actor=actor, action=action, sample=sample)


def told(request: PortalRequest, event: Event) -> HttpResponse:
    """What has become of a test's only delivery; asks again by itself until that is final."""
    delivery = Delivery.objects.for_workspace(event.workspace_id).filter(event_id=event.id).first()
    if delivery is None:
        raise Http404
    attempts = list(Attempt.objects.filter(delivery_id=delivery.id).order_by("number"))
    mark = mark_of(delivery.state, len(attempts))
    if request.method == "GET" and (same := unchanged(request, mark)):
        return same
    context = {
        "event": event,
        "delivery": delivery,
        "attempts": attempts,
        "last": attempts[-1] if attempts else None,
        "mark": MARKS[State(delivery.state)],
        "open": delivery.state in OPEN_STATES,
        "poll_mark": mark,
    }
    return show(request, "deliveries/_test.html", context)
