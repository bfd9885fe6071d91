"""Send one delivery: render, follow the provider's course step by step, and say how it ended.

Runs in a thread that waits on the outside. No database connection ever enters here: everything it needs was
gathered before, and what it returns is recorded after.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from connections import http, smtp
from connections.provider import (
    Answer,
    Code,
    Course,
    Culprit,
    EventFacts,
    Job,
    Kind,
    Mail,
    Outcome,
    Provider,
    Record,
    Reply,
    Request,
    Step,
    WorkspaceFacts,
)
from deliveries.claiming import Claimed
from deliveries.redaction import Redactor
from rules import templates
from rules.severity import Severity

ATTEMPT_SECONDS = 15.0
_log = structlog.get_logger("deliveries")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed delivery with all that its sending needs."""

    claimed: Claimed
    provider: Provider
    action: str
    inputs: Mapping[str, str]
    workspace: WorkspaceFacts
    settings: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)
    recipients: tuple[str, ...] = ()
    retry_delays: tuple[int, ...] | None = None
    capture_only: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """How it ended, with what went over the wire."""

    prepared: Prepared
    outcome: Outcome
    exchanges: list[dict[str, Any]]
    captured: tuple[dict[str, Any], str] | None
    started_at: datetime
    duration_ms: int


def send(prepared: Prepared) -> Sent:
    """One attempt, within its deadline. Never raises: whatever happens is an outcome."""
    began = time.monotonic()
    journey = _Journey(capture_only=prepared.capture_only, deadline=began + ATTEMPT_SECONDS)
    redact = Redactor(prepared.credentials.values())
    try:
        job, notes = _job(prepared)
        outcome = journey.follow(prepared.provider.deliver(job))
        outcome = replace(outcome, notes=(*notes, *outcome.notes))
    except Exception:  # noqa: BLE001  a provider's fault must cost one attempt, not the worker
        _log.exception("delivery.fault", delivery=str(prepared.claimed.id), provider=prepared.provider.slug)
        outcome = Outcome(
            code=Code.INTERNAL_ERROR,
            culprit=Culprit.US,
            retry=True,
            reason="A fault of our own stopped this attempt.",
            fix="Nothing to do on your side: the operator finds it in the log.",
        )
    return Sent(
        prepared=prepared,
        outcome=replace(outcome, reason=redact(outcome.reason), notes=tuple(map(redact, outcome.notes))),
        exchanges=[redact.exchange(step, reply) for step, reply in journey.exchanges],
        captured=_capture(journey.captured, redact),
        started_at=prepared.claimed.claimed_at,
        duration_ms=int((time.monotonic() - began) * 1000),
    )


# --------------------------------------------------------------------------- the course


@dataclass
class _Journey:
    """Follows a provider's course and remembers every exchange."""

    capture_only: bool
    deadline: float
    exchanges: list[tuple[Step, Reply]] = field(default_factory=list)
    captured: Step | None = None

    def follow(self, course: Course) -> Outcome:
        try:
            step = next(course)
            while True:
                if self.capture_only or isinstance(step, Record):
                    self.captured = step
                if self.capture_only:
                    return Outcome(code=Code.DELIVERED, reason="Captured: this workspace records instead of sending.")
                reply = _perform(step, seconds=self.deadline - time.monotonic())
                self.exchanges.append((step, reply))
                step = course.send(reply)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def _perform(step: Step, *, seconds: float) -> Reply:
    match step:
        case Request():
            return http.send(step, seconds=seconds)
        case Mail():
            return smtp.send(step, seconds=seconds)
        case Record():
            return Answer(status=200)


def _capture(step: Step | None, redact: Redactor) -> tuple[dict[str, Any], str] | None:
    if step is None:
        return None
    request = redact.step(step)
    return {key: value for key, value in request.items() if key != "body"}, str(request.get("body", ""))


# --------------------------------------------------------------------------- the job


def _job(prepared: Prepared) -> tuple[Job, list[str]]:
    claimed = prepared.claimed
    payload = json.loads(claimed.payload)
    severity = Severity(claimed.severity).label if claimed.severity is not None else ""
    event = EventFacts(
        id=claimed.event_id,
        type=claimed.event,
        resource=claimed.resource,
        resource_id=claimed.resource_id,
        payload=payload,
        payload_text=claimed.payload,
        severity=severity,
        created_at=claimed.event_created_at,
    )
    inputs, notes = _rendered(prepared, event)
    job = Job(
        delivery_id=claimed.id,
        action=prepared.action,
        inputs=inputs,
        event=event,
        workspace=prepared.workspace,
        connection_id=claimed.connection_id,
        settings=prepared.settings,
        credentials=prepared.credentials,
        now=claimed.claimed_at,
        first_sent_at=claimed.first_sent_at,
        attempt=claimed.attempt_count + 1,
        recipients=prepared.recipients,
    )
    return job, notes


def _rendered(prepared: Prepared, event: EventFacts) -> tuple[dict[str, str], list[str]]:
    inputs = dict(prepared.inputs)
    notes: list[str] = []
    scope: dict[str, Any] | None = None
    for asked in prepared.provider.action(prepared.action).fields:
        source = inputs.get(asked.key) or asked.default
        if asked.kind is Kind.TEMPLATE and source:
            scope = scope or _scope(prepared, event)
            rendered = templates.render(source, scope)
            notes += [f"{asked.label}: the event has no {path}, so it stayed empty." for path in rendered.missing]
            notes += [f"{asked.label}: {rendered.problem}"] if rendered.problem else []
            source = rendered.text
        inputs[asked.key] = source
    return inputs, notes


def _scope(prepared: Prepared, event: EventFacts) -> dict[str, Any]:
    workspace = prepared.workspace
    return templates.scope(
        payload=event.payload,
        event={
            "id": str(event.id),
            "type": event.type,
            "resource": event.resource,
            "resource_id": event.resource_id,
            "created_at": event.created_at.isoformat(timespec="milliseconds"),
        },
        workspace={
            "name": workspace.name,
            "tenant": workspace.tenant,
            "environment": workspace.environment,
        },
        severity=event.severity,
    )
