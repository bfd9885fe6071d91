"""What a rule would send, before it is saved: made by the code that really sends, up to the point where it would leave.

No secret enters: the provider gets stand-ins for the connection's credentials, so that nothing in a preview can be used
anywhere, a signature neither. Nothing is written, and no socket is opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from connections.models import Connection
from connections.provider import Job, Mail, Outcome, Provider, Record, Request, Step, WorkspaceFacts
from connections.registry import provider
from deliveries.claiming import Claimed
from deliveries.jobs import Prepared, job_for, template_faults
from deliveries.redaction import STRUCK, Redactor
from deliveries.trying.samples import Sample
from rules import mapping_loading
from rules.authoring import Wording, action_faults
from rules.mapping_loading import InForce
from workspaces.crypto import SealBroken
from workspaces.ids import uuid7
from workspaces.models import Workspace

_SIGNING_STAND_IN = "whsec_c3RhbmRzLWluLWZvci1hLXNlY3JldA=="  # of the form that a signature can be made with
_ADDRESS = re.compile("https?://[^/?#@]+")
_SIGNATURE = "signature"
_MORE = "The next requests depend on the answer to this one."
_UNCONFIRMED = "{address} has not confirmed yet, and gets nothing before."


@dataclass(frozen=True, slots=True)
class Picture:
    """What the receiver would see. ``kind`` is ``blocks`` (Slack's own), ``mail`` or ``body``; the rest is empty."""

    kind: str
    blocks: tuple[dict[str, Any], ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first request, with its picture; or why there is none.

    ``request`` is as an attempt keeps it. ``faults`` name each input that has to be mended; ``notes`` are worth
    knowing; ``reason`` says, and ``fix`` mends, why nothing would be sent.
    """

    request: Mapping[str, Any] | None = None
    picture: Picture | None = None
    notes: tuple[str, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    fix: str = ""


def preview(
    *, workspace: Workspace, connection: Connection, action: str, inputs: Mapping[str, Any], sample: Sample
) -> Preview:
    """What would be sent for this event. Faults of the inputs are part of the answer; nothing is raised for them.

    Where a template has a fault, the picture shows what the action writes there by itself.
    """
    kind = provider(connection.provider)
    wording = Wording(event=sample.type, action=action, inputs=inputs)
    faults = action_faults(wording, connection)
    if not _can_be_filled(kind, wording):
        return Preview(faults=tuple(faults))
    recipients, notes = _recipients(connection)
    prepared = _prepared(workspace, connection, wording, sample, recipients)
    broken = template_faults(prepared, kind)
    known = {param for param, _ in faults}
    faults += [(f"metadata.{key}", words) for key, words in broken.items() if f"metadata.{key}" not in known]
    whole = {key: value for key, value in prepared.inputs.items() if key not in broken}
    seen = _seen(replace(prepared, inputs=whole), kind)
    return replace(seen, notes=(*notes, *seen.notes), faults=tuple(faults))


def _can_be_filled(kind: Provider, wording: Wording) -> bool:
    known = any(one.key == wording.action for one in kind.actions)
    return known and all(isinstance(value, str) for value in wording.inputs.values())


# --------------------------------------------------------------------------- the job, with stand-ins


def _prepared(
    workspace: Workspace, connection: Connection, wording: Wording, sample: Sample, recipients: tuple[str, ...]
) -> Prepared:
    return Prepared(
        claimed=_claimed(workspace, connection, sample, now=timezone.now()),
        action=wording.action,
        inputs=dict(wording.inputs),
        workspace=WorkspaceFacts(
            id=workspace.id, name=workspace.name, tenant=workspace.tenant, environment=workspace.environment
        ),
        settings=connection.settings,
        credentials=_stand_ins(connection),
        recipients=recipients,
        mapping=_mapping(connection, wording.action),
    )


def _mapping(connection: Connection, action: str) -> InForce | None:
    if not mapping_loading.writes_records(connection.provider, action):
        return None
    return mapping_loading.load({connection.id: connection.provider})[connection.id]


def _claimed(workspace: Workspace, connection: Connection, sample: Sample, *, now: datetime) -> Claimed:
    nobodys: UUID = uuid7(now)
    return Claimed(
        id=nobodys,
        fence=0,
        organization_id=workspace.organization_id,
        workspace_id=workspace.id,
        event_id=sample.id or nobodys,
        rule_id=nobodys,
        rule_version_id=nobodys,
        connection_id=connection.id,
        provider=connection.provider,
        lane=connection.id,
        lost=0,
        attempt_count=0,
        first_sent_at=now,
        claimed_at=now,
        event=sample.type,
        resource=sample.resource,
        resource_id=sample.resource_id,
        payload=sample.payload,
        severity=None if sample.severity is None else int(sample.severity),
        event_created_at=sample.created_at,
    )


def _stand_ins(connection: Connection) -> dict[str, str]:
    """Something in the place of every secret that the connection has."""
    try:
        secrets = connection.unseal_values("credentials")
    except (SealBroken, ValueError):  # a key is missing from the ring: then the page says so, not this one
        return {}
    return {key: _stand_in(str(value)) for key, value in secrets.items()}


def _stand_in(secret: str) -> str:
    """Of an address only its host stays, so that a provider can tell whose it is."""
    address = _ADDRESS.match(secret)
    if address:
        return f"{address[0]}/{STRUCK}"
    return _SIGNING_STAND_IN if secret.startswith("whsec_") else STRUCK


def _recipients(connection: Connection) -> tuple[tuple[str, ...], list[str]]:
    """Everybody whom the connection names, and notes on those who have not confirmed yet."""
    rows = list(connection.recipients.order_by("id"))
    notes = [_UNCONFIRMED.format(address=row.address) for row in rows if row.confirmed_at is None]
    return tuple(row.address for row in rows), notes


# --------------------------------------------------------------------------- the first step


def _seen(prepared: Prepared, kind: Provider) -> Preview:
    job, notes = job_for(prepared, kind)
    first = _first_step(kind, job) if isinstance(job, Job) else job
    if isinstance(first, Outcome):
        return Preview(reason=first.reason, fix=first.fix, notes=(*notes, *first.notes))
    redact = Redactor(prepared.credentials.values(), [first])
    notes += [_MORE] if kind.action(prepared.action).max_requests > 1 else []
    return Preview(
        request=_unsigned(redact.step(first)), picture=_picture(kind.seen_as(first), redact), notes=tuple(notes)
    )


def _first_step(kind: Provider, job: Job) -> Step | Outcome:
    """The step at which the provider's course stands still, as nobody answers it; or how it ends without one."""
    course = kind.deliver(job)
    try:
        return next(course)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    finally:
        course.close()


def _picture(step: Step, redact: Redactor) -> Picture:
    match step:
        case Mail():
            return Picture("mail", subject=redact(step.subject), text=redact(step.text), html=redact(step.html))
        case Request() | Record():
            headers = _struck_signatures(redact.headers(step.headers))
            body, blocks = step.body.decode("utf-8", "replace"), _blocks(step.body)
            if blocks:
                return Picture("blocks", blocks=tuple(_struck(blocks, redact)), headers=headers, body=redact(body))
            return Picture("body", headers=headers, body=redact(body))


def _blocks(body: bytes) -> list[dict[str, Any]]:
    """The blocks of a message that is made of them; nothing for any other body."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return []
    blocks = found.get("blocks") if isinstance(found, dict) else None
    return blocks if isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks) else []


def _struck(value: Any, redact: Redactor) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _struck(inner, redact) for key, inner in value.items()}
    return [_struck(inner, redact) for inner in value] if isinstance(value, Sequence) else value


def _unsigned(request: dict[str, Any]) -> dict[str, Any]:
    return {**request, "headers": _struck_signatures(request["headers"])} if "headers" in request else request


def _struck_signatures(headers: Mapping[str, str]) -> dict[str, str]:
    """A signature made with a stand-in proves nothing, so it is not shown as if it did."""
    return {name: STRUCK if _SIGNATURE in name.lower() else value for name, value in headers.items()}
