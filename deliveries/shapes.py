"""Events, deliveries, decisions and attempts as the wire has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from deliveries import aftermath, carried, lost, waiting
from deliveries.models import Aftermath, Attempt, Decision, Delivery, Event, State
from rules.severity import Severity
from workspaces.wire import ErrorAnswer, Moment


class EmittedEvent(Schema):
    """An event that was accepted."""

    id: UUID
    type: str
    event: str
    workspace: UUID
    resource: str
    resource_id: str | None = Field(None, description="Absent when none was sent.")
    created_by: str
    created_at: Moment


class Emitted(Schema):
    """The answer to one event."""

    event: EmittedEvent


class EmittedMany(Schema):
    """The answer to a bulk call: for each event, in its place, what was accepted or why it was not."""

    count: int
    error_count: int | None = Field(None, description="Absent when all were accepted.")
    records: list[EmittedEvent | ErrorAnswer]


class CarrierOut(Schema):
    """The delivery whose message tells of a digested one."""

    id: UUID
    event_id: UUID
    rule: UUID
    status: str
    state: str
    last_error: str | None


class AftermathOut(Schema):
    """What a destination told of a delivery after it had taken it."""

    kind: str = Field(description="bounced, complained, suppressed, failed or delayed.")
    words: str
    happened_at: Moment


class RuleEventOut(Schema):
    """One event under one rule. ``state`` tells what ``status`` cannot: held is shown there as retrying.

    `muted` is canceled there, and `digested` (told of in another delivery's message, its `carrier`) completed.
    """

    id: UUID
    type: str = "rule"
    workspace: UUID
    event: str
    event_id: UUID
    resource: str | None
    resource_id: str | None
    connection: UUID
    rule: UUID
    integration_type: str
    status: str
    state: str
    attempt_count: int
    started_at: Moment | None
    completed_at: Moment | None
    next_attempt_at: Moment | None = Field(
        description="Never in the past. Of one that waits for its turn behind others an estimate, and behind more than"
        " a thousand the earliest that it can be; `notes` says so."
    )
    last_error: str | None
    notes: list[str] = Field(
        description="What else there is to know: an attempt that was never answered for, what it waits for and behind"
        " how many, why it was muted or digested."
    )
    aftermath: list[AftermathOut] = Field(
        description="What was told of it once it had arrived, such as a bounce; its status stays `completed`."
    )
    carrier: CarrierOut | None = Field(
        None, description="Of a digested one: the delivery that it was folded into. What became of that became of this."
    )
    created_by: str
    created_at: Moment


class EventOut(Schema):
    """An event, and how far it is."""

    id: UUID
    type: str
    workspace: UUID
    event: str
    resource: str
    resource_id: str | None
    severity: str | None
    status: str
    total_rules: int
    completed_count: int
    failed_count: int
    canceled_count: int
    started_at: Moment | None
    completed_at: Moment | None
    created_by: str
    created_at: Moment


class DecisionOut(Schema):
    """Why each rule considered did or did not fire: each clause, what it asked and what it saw."""

    decided_at: Moment
    ruleset_version: int
    verdicts: list[dict[str, Any]]


class EventDetail(EventOut):
    """An event with its deliveries and the decision behind them."""

    rule_events: list[RuleEventOut]
    decision: DecisionOut | None


class EventWithPayload(EventDetail):
    """An event with its payload, exactly as it was received."""

    payload: dict[str, Any]


class AttemptOut(Schema):
    """One try."""

    id: UUID
    number: int
    outcome_code: str
    result: str = Field(description="What happened, in plain words.")
    fix: str | None = Field(description="What a person can do about it.")
    culprit: str = Field(description="Who has to act: nobody, delivery, rule, connection, provider or us.")
    notes: list[str]
    reference: str | None = Field(description="The destination's own id for what was created.")
    started_at: Moment
    completed_at: Moment
    duration_ms: int


class CaptureOut(Schema):
    """What would have been sent."""

    id: UUID
    request: dict[str, Any]
    body: str


class AttemptDetail(AttemptOut):
    """One try with the exact requests and answers; secrets are struck out."""

    exchanges: list[dict[str, Any]]


def event_shape(row: Event) -> dict[str, Any]:
    """An event without its deliveries."""
    return {
        "id": row.id,
        "type": row.kind,
        "workspace": row.workspace_id,
        "event": row.event,
        "resource": row.resource,
        "resource_id": row.resource_id or None,
        "severity": Severity(row.severity).label if row.severity is not None else None,
        "status": row.status,
        "total_rules": row.total_rules,
        "completed_count": row.completed_count,
        "failed_count": row.failed_count,
        "canceled_count": row.canceled_count,
        "started_at": row.decided_at,
        "completed_at": row.completed_at,
        "created_by": row.created_by,
        "created_at": row.created_at,
    }


def event_detail(row: Event) -> dict[str, Any]:
    """An event with its deliveries and its decision."""
    deliveries = list(Delivery.objects.filter(event_id=row.id).order_by("id"))
    turns, carriers = waiting.turns(deliveries), carried.carriers(deliveries)
    afterwards = aftermath.of_deliveries(deliveries)
    decision = Decision.objects.filter(id=row.id).first()
    shown = event_shape(row)
    shown["rule_events"] = [delivery_shape(delivery, row, turns, carriers, afterwards) for delivery in deliveries]
    shown["decision"] = decision and {
        "decided_at": decision.decided_at,
        "ruleset_version": decision.ruleset_version,
        "verdicts": decision.verdicts,
    }
    return shown


def delivery_shape(
    row: Delivery,
    event: Event,
    turns: waiting.Turns | None = None,
    carriers: Mapping[UUID, Delivery] | None = None,
    afterwards: Mapping[UUID, list[Aftermath]] | None = None,
) -> dict[str, Any]:
    """A delivery: the contract's rule event. ``turns`` and what follows are given where several are shown."""
    turns = waiting.turns([row]) if turns is None else turns
    carriers = carried.carriers([row]) if carriers is None else carriers
    afterwards = aftermath.of_deliveries([row]) if afterwards is None else afterwards
    return {
        "id": row.id,
        "workspace": row.workspace_id,
        "event": event.event,
        "event_id": event.id,
        "resource": event.resource,
        "resource_id": event.resource_id or None,
        "connection": row.connection_id,
        "rule": row.rule_id,
        "integration_type": row.provider,
        "status": State(row.state).status,
        "state": row.state,
        "attempt_count": row.attempt_count,
        "started_at": row.first_sent_at,
        "completed_at": row.finished_at,
        "next_attempt_at": waiting.next_attempt(row, turns),
        "last_error": waiting.reason(row, turns) or None,
        "notes": [
            *lost.notes(row.lost, attempts=row.attempt_count, first_sent_at=row.first_sent_at),
            *waiting.notes(row, turns),
            *carried.notes(row, carriers),
        ],
        "aftermath": [aftermath.shape(one) for one in afterwards.get(row.id, [])],
        "carrier": carried.carrier_shape(row, carriers),
        "created_by": event.created_by,
        "created_at": row.created_at,
    }


def attempt_shape(row: Attempt) -> dict[str, Any]:
    """An attempt, its exchanges included."""
    return {
        "id": row.id,
        "number": row.number,
        "outcome_code": row.code,
        "result": row.reason,
        "fix": row.fix or None,
        "culprit": row.culprit,
        "notes": row.notes,
        "reference": row.reference or None,
        "started_at": row.started_at,
        "completed_at": row.finished_at,
        "duration_ms": row.duration_ms,
        "exchanges": row.exchanges,
    }
