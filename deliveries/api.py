"""The API of this room: what happened to events, and what can be done about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse

from deliveries import recovery, waking
from deliveries.emit import router
from deliveries.ingest import as_text
from deliveries.models import Attempt, Capture, Delivery, Event, Status
from deliveries.shapes import (
    AttemptDetail,
    AttemptOut,
    CaptureOut,
    EventDetail,
    EventOut,
    EventWithPayload,
    RuleEventOut,
    attempt_shape,
    delivery_shape,
    event_detail,
    event_shape,
)
from workspaces.callers import PortalCall, PortalToken
from workspaces.errors import not_found
from workspaces.ids import derive
from workspaces.permissions import Permission
from workspaces.wire import FIFTY, READING, Limit, Page, errors, page

__all__ = ["router"]
_SEE, _READ, _RESEND = (
    PortalToken(Permission.SEE_EVENTS),
    PortalToken(Permission.SEE_PAYLOAD),
    PortalToken(Permission.RESEND),
)
DELIVERY = "/events/{event_id}/rules/{rule_id}"


@router.get("/events", auth=_SEE, response={200: Page[EventOut], **READING}, summary="List the events")
def list_events(
    request: PortalCall,
    event: str | None = None,
    status: Status | None = None,
    resource: str | None = None,
    resource_id: str | None = None,
    limit: Limit = FIFTY,
    cursor: str | None = None,
) -> Any:
    """Of all workspaces, newest first."""
    rows = request.auth.rows(Event.objects.all(), resource="resource")
    return page(_filtered(rows, event, status, resource, resource_id), limit=limit, cursor=cursor, show=event_shape)


@router.get(
    "/workspaces/{workspace_id}/events", auth=_SEE, response={200: Page[EventOut], **READING}, summary="List its events"
)
def list_workspace_events(
    request: PortalCall,
    workspace_id: UUID,
    event: str | None = None,
    status: Status | None = None,
    resource: str | None = None,
    resource_id: str | None = None,
    limit: Limit = FIFTY,
    cursor: str | None = None,
) -> Any:
    """Of one workspace, newest first."""
    own = Event.objects.for_workspace(request.auth.workspace(workspace_id).id)
    rows = request.auth.rows(own, resource="resource")
    return page(_filtered(rows, event, status, resource, resource_id), limit=limit, cursor=cursor, show=event_shape)


def _filtered(
    rows: QuerySet[Event], event: str | None, status: Status | None, resource: str | None, resource_id: str | None
) -> QuerySet[Event]:
    wanted = {"event": event, "status": status, "resource": resource, "resource_id": resource_id}
    return rows.filter(**{name: value for name, value in wanted.items() if value}).defer("payload")


@router.get("/events/{event_id}", auth=_SEE, response={200: EventDetail, **READING}, summary="Get an event")
def get_event(request: PortalCall, event_id: UUID) -> Any:
    """With a delivery for each rule that fired, and the verdict of every rule considered."""
    return event_detail(_own(request, event_id))


@router.get(
    "/events/{event_id}/payload",
    auth=_READ,
    response={200: EventWithPayload, **READING},
    summary="Get an event's payload",
)
def get_payload(request: PortalCall, event_id: UUID) -> Any:
    """The event with `payload`, exactly as it was received: the order of keys and the form of numbers included."""
    row = _own(request, event_id)
    shown = EventDetail.model_validate(event_detail(row)).model_dump(mode="json")
    text = f'{as_text(shown)[:-1]},"payload":{row.payload}}}'
    return HttpResponse(text, content_type="application/json; charset=utf-8")


@router.get(
    DELIVERY + "/attempts", auth=_SEE, response={200: Page[AttemptOut], **READING}, summary="List a delivery's attempts"
)
def list_attempts(request: PortalCall, event_id: UUID, rule_id: UUID) -> Any:
    """Newest first; all of them, ten as a rule."""
    delivery, _ = _own_delivery(request, event_id, rule_id)
    rows = sorted(_attempts(delivery), key=lambda row: -row.number)
    records = [attempt_shape(row) for row in rows]
    return {"count": len(records), "limit": max(len(records), 1), "next_cursor": None, "records": records}


@router.get(
    DELIVERY + "/attempts/{attempt_id}", auth=_READ, response={200: AttemptDetail, **READING}, summary="Get an attempt"
)
def get_attempt(request: PortalCall, event_id: UUID, rule_id: UUID, attempt_id: UUID) -> Any:
    """With what was sent and what came back."""
    return attempt_shape(_own_attempt(request, event_id, rule_id, attempt_id))


@router.get(
    DELIVERY + "/attempts/{attempt_id}/response-details",
    auth=_READ,
    response={200: list[dict[str, Any]], **READING},
    summary="Get an attempt's answers",
)
def get_response_details(request: PortalCall, event_id: UUID, rule_id: UUID, attempt_id: UUID) -> Any:
    """Each answer of the destination, in order."""
    return [exchange["response"] for exchange in _own_attempt(request, event_id, rule_id, attempt_id).exchanges]


@router.get(DELIVERY + "/capture", auth=_READ, response={200: CaptureOut, **READING}, summary="Get what was captured")
def get_capture(request: PortalCall, event_id: UUID, rule_id: UUID) -> Any:
    """What would have been sent: of the capture destination, and of workspaces that only record."""
    delivery, _ = _own_delivery(request, event_id, rule_id)
    capture = Capture.objects.filter(id=delivery.id).first()
    if capture is None:
        raise not_found()
    return {"id": str(capture.id), "request": capture.request, "body": capture.body}


@router.post(
    DELIVERY + "/retry", auth=_RESEND, response={200: RuleEventOut, **errors(409, 425)}, summary="Retry a delivery now"
)
def retry(request: PortalCall, event_id: UUID, rule_id: UUID) -> Any:
    """425 while an attempt is under way or about to be; 409 when it has arrived or its connection is switched off."""
    delivery, event = _own_delivery(request, event_id, rule_id)
    retried = recovery.retry(delivery, actor=request.auth.name)
    waking.wake()
    return delivery_shape(retried, event)


@router.post(
    DELIVERY + "/cancel", auth=_RESEND, response={200: RuleEventOut, **errors(409)}, summary="Cancel a delivery"
)
def cancel(request: PortalCall, event_id: UUID, rule_id: UUID) -> Any:
    """No further attempt; a request that is under way finishes. 409 when it is over."""
    delivery, event = _own_delivery(request, event_id, rule_id)
    return delivery_shape(recovery.cancel(delivery, actor=request.auth.name), event)


@router.post(
    "/events/{event_id}/cancel", auth=_RESEND, response={200: EventDetail, **errors(409)}, summary="Cancel an event"
)
def cancel_event(request: PortalCall, event_id: UUID) -> Any:
    """Everything of it that is still open. 409 when nothing is."""
    event = _own(request, event_id)
    recovery.cancel_event(event, actor=request.auth.name)
    return event_detail(_own(request, event_id))


def _own(request: PortalCall, event_id: UUID) -> Event:
    found: Event | None = request.auth.rows(Event.objects.all(), resource="resource").filter(id=event_id).first()
    if found is None:
        raise not_found()
    return found


def _own_delivery(request: PortalCall, event_id: UUID, rule_id: UUID) -> tuple[Delivery, Event]:
    event = _own(request, event_id)
    found = Delivery.objects.filter(id=derive(event.id, rule_id)).first()
    if found is None:
        raise not_found()
    return found, event


def _attempts(delivery: Delivery) -> list[Attempt]:
    """By their derived ids: one more than were counted, for the one that finished after a cancel."""
    ids = [derive(delivery.id, number) for number in range(1, delivery.attempt_count + 2)]
    return list(Attempt.objects.filter(id__in=ids))


def _own_attempt(request: PortalCall, event_id: UUID, rule_id: UUID, attempt_id: UUID) -> Attempt:
    delivery, _ = _own_delivery(request, event_id, rule_id)
    found = next((row for row in _attempts(delivery) if row.id == attempt_id), None)
    if found is None:
        raise not_found()
    return found
