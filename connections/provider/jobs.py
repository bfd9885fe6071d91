"""What a provider is given: one attempt at one delivery, and the event as it may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EventFacts:
    """The event as a provider may see it."""

    id: UUID
    type: str
    resource: str
    resource_id: str
    payload: Mapping[str, Any]
    payload_text: str  # exactly as received: order and numbers intact
    severity: str  # "" when the event has none
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """Whose event it is."""

    id: UUID
    name: str
    tenant: str
    environment: str


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One event of a digest, by its title."""

    title: str
    severity: str  # "" when the event has none
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """Many events in one message, the job's own among them."""

    count: int
    by_severity: Mapping[str, int]  # the worst first; "" counts those without one
    first: tuple[DigestLine, ...]  # the first few
    began_at: datetime  # when the first of them was created, and the last
    ended_at: datetime
    event_ids: tuple[UUID, ...]  # of the first thousand


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one delivery. ``inputs`` are already rendered; ``now`` is the only clock there is.

    ``first_sent_at`` is the time of the first attempt, the same on every retry, so that a body can stay
    the same byte for byte. ``recipients`` are the connection's *confirmed* mail addresses. With a ``digest``, the
    message is that, and not the alert of the one event. ``record`` is what the connection's mapping made of the event,
    for an action that has one: the field's id -> a text, number, boolean or None.
    """

    delivery_id: UUID
    action: str
    inputs: Mapping[str, str]
    event: EventFacts
    workspace: WorkspaceFacts
    connection_id: UUID
    settings: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)
    now: datetime
    first_sent_at: datetime
    attempt: int = 1
    test: bool = False
    recipients: tuple[str, ...] = ()
    digest: Digest | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
