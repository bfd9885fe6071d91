"""The job that a provider gets: the event, the rule's inputs rendered, and what the connection knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connections.provider import EventFacts, Job, Kind, Provider, WorkspaceFacts
from deliveries.claiming import Claimed
from rules import templates
from rules.severity import Severity


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed delivery with all that its sending needs."""

    claimed: Claimed
    action: str
    inputs: Mapping[str, str]
    workspace: WorkspaceFacts
    settings: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)
    recipients: tuple[str, ...] = ()
    retry_delays: tuple[int, ...] | None = None
    capture_only: bool = False


def job_for(prepared: Prepared, kind: Provider) -> tuple[Job, list[str]]:
    """The job, and notes on what stayed empty in it. Raises ``KeyError`` when the provider has no such action."""
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
    inputs, notes = _rendered(prepared, kind, event)
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


def _rendered(prepared: Prepared, kind: Provider, event: EventFacts) -> tuple[dict[str, str], list[str]]:
    inputs = dict(prepared.inputs)
    notes: list[str] = []
    scope: dict[str, Any] | None = None
    for asked in kind.action(prepared.action).fields:
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
