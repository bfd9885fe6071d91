"""What it does: reads and saves through the ORM, posts with ``requests``. No claim, no lease, no signature, no retry.

It shares the product's tables, so that both sides write rows of the same width under the same indexes.
"""

from __future__ import annotations

import time
from uuid import UUID

import requests
from django.db.models import F
from django.utils import timezone

from bench.naive.celery import app
from connections.models import Connection
from deliveries.models import Attempt, Delivery, Event, State, Status
from rules.models import Rule
from workspaces.ids import derive


@app.task(name="naive.process")  # type: ignore[untyped-decorator]
def process(event_id: str) -> None:
    """Find the rules of an event, and make a delivery and a task for each."""
    event = Event.objects.get(id=event_id)
    for rule in Rule.objects.for_workspace(event.workspace_id).filter(active=True).select_related("version"):
        version = rule.version
        if version and version.event == event.event:
            delivery = Delivery.objects.create(
                id=derive(event.id, rule.id),
                organization_id=event.organization_id,
                workspace_id=event.workspace_id,
                event_id=event.id,
                rule_id=rule.id,
                rule_version_id=version.id,
                connection_id=rule.connection_id,
                provider="webhook",
                lane=rule.connection_id,
            )
            deliver.delay(str(delivery.id))


@app.task(name="naive.deliver")  # type: ignore[untyped-decorator]
def deliver(delivery_id: str) -> None:
    """Post it, and save how that ended."""
    delivery = Delivery.objects.get(id=UUID(delivery_id))
    event = Event.objects.get(id=delivery.event_id)
    url = Connection.objects.get(id=delivery.connection_id).settings["url"]
    started, began = timezone.now(), time.monotonic()
    headers = {"Content-Type": "application/json", "webhook-id": delivery_id}
    answer = requests.post(url, data=event.payload.encode(), headers=headers, timeout=15)
    Attempt.objects.create(
        id=derive(delivery.id, 1),
        organization_id=delivery.organization_id,
        workspace_id=delivery.workspace_id,
        delivery_id=delivery.id,
        number=1,
        code="delivered" if answer.ok else "rejected_server_error",
        culprit="nobody",
        reason=f"The receiver answered {answer.status_code}.",
        exchanges=[{"request": {"url": url, "body": event.payload}, "response": {"body": answer.text}}],
        started_at=started,
        duration_ms=int((time.monotonic() - began) * 1000),
    )
    delivery.state = State.DELIVERED if answer.ok else State.FAILED
    delivery.attempt_count = 1
    delivery.finished_at = timezone.now()
    delivery.save()
    Event.objects.filter(id=event.id).update(completed_count=F("completed_count") + 1, status=Status.COMPLETED)
