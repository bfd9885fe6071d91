"""The page of one event: its story, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from deliveries import recovery, waking
from deliveries.models import Delivery, Event
from deliveries.showing.story import tell
from workspaces.embed.guard import portal
from workspaces.embed.polling import mark_of, poll_url, unchanged
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.ids import derive
from workspaces.permissions import Permission


@portal(Permission.SEE_EVENTS)
def event(request: PortalRequest, event_id: UUID) -> HttpResponse:
    """Received, decided, sent, and what to do. Asks again by itself until all of it is final."""
    return _story(request, _own(request, event_id))


@portal(Permission.RESEND, methods=("POST",))
def retry(request: PortalRequest, event_id: UUID, rule_id: UUID) -> HttpResponse:
    """Send one delivery again, now."""
    return _act(request, event_id, rule_id, recovery.retry, toast=_("It is sent again."))


@portal(Permission.RESEND, methods=("POST",))
def cancel(request: PortalRequest, event_id: UUID, rule_id: UUID) -> HttpResponse:
    """Call one delivery off."""
    return _act(request, event_id, rule_id, recovery.cancel, toast=_("Called off. Nothing more is sent."))


def _act(
    request: PortalRequest, event_id: UUID, rule_id: UUID, act: Callable[..., Delivery], *, toast: str
) -> HttpResponse:
    found = _own(request, event_id)
    delivery = Delivery.objects.for_workspace(found.workspace_id).filter(id=derive(found.id, rule_id)).first()
    if delivery is None:
        raise Http404
    try:
        act(delivery, actor=request.visitor.name)
    except ApiError as refusal:
        return _story(request, found, problem=refusal.message, status=409)
    waking.wake()
    return _story(request, _own(request, event_id), acted=delivery.id, toast=toast)


def _own(request: PortalRequest, event_id: UUID) -> Event:
    visitor = request.visitor
    found = visitor.within(Event.objects.for_workspace(visitor.workspace.id)).filter(id=event_id).first()
    if found is None:
        raise Http404
    return found


def _story(
    request: PortalRequest,
    found: Event,
    *,
    acted: UUID | None = None,
    problem: str = "",
    status: int = 200,
    toast: str = "",
) -> HttpResponse:
    """``acted``: the delivery that was just acted upon, which keeps the focus."""
    story = tell(found, payload=request.visitor.may(Permission.SEE_PAYLOAD))
    mark = mark_of(found.status, found.decided_at, story.sent)
    if request.method == "GET" and (same := unchanged(request, mark)):
        return same
    poll = poll_url(request, mark, path=reverse("event", args=[found.id]))
    considered = story.considered if request.GET.get("rules") == "all" else story.foremost
    return show(
        request,
        "deliveries/event.html",
        {
            "story": story,
            "event": found,
            "poll": poll,
            "problem": problem,
            "acted": acted,
            "considered": considered,
            "folded": len(story.considered) - len(considered),
            "unfolded": story.considered[len(story.foremost) :][:1] if "mark" not in request.GET else (),
        },
        fragments=("story",),
        status=status,
        toast=toast,
    )
