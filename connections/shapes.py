"""Connections as the wire has them. Secrets never are."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.utils import timezone
from ninja import Schema
from pydantic import Field, StrictBool, StrictInt

from connections.models import Connection
from connections.standing import is_unrenewed
from workspaces.wire import Fault, Moment, changed_at


class ConnectionIn(Schema):
    """A new connection. ``metadata`` holds what the destination asks for: see `GET /integrations`."""

    workspace: UUID
    type: str
    name: str = Field(min_length=1, max_length=128)
    metadata: dict[str, Any] = {}
    hidden: StrictBool = False


class ConnectionChange(Schema):
    """What may change. Secrets that are left out of ``metadata`` stay, with the address that they were sent for."""

    name: str = Field(min_length=1, max_length=128)
    metadata: dict[str, Any]
    hidden: StrictBool | None = None
    active: StrictBool | None = Field(None, description="Off, or on again; `held` says what becomes of what was held.")
    held: Literal["all", "newest", "none"] = Field(
        "all",
        description="When this switches it on, what is held is sent: all, only the newest about each thing, or none.",
    )
    retry_delays: list[StrictInt] | None = Field(
        None, max_length=20, description="Seconds between attempts, instead of the standard schedule over 72 to 80 h."
    )


class RecipientOut(Schema):
    """A mail address. Nothing is sent to it before its owner has said yes."""

    address: str
    confirmed: bool


class RenewalTrouble(Schema):
    """The access could not be renewed for a while; it is tried again by itself."""

    failing_since: Moment
    sends_until: Moment | None = Field(description="Messages go out until then, and wait from then on.")
    reason: str


class ConnectionOut(Schema):
    """A connection. Secrets are never returned."""

    id: UUID
    workspace: UUID
    type: str
    name: str
    metadata: dict[str, Any]
    active: bool
    inactive_reason: str | None
    hidden: bool
    retry_delays: list[int] | None
    recipients: list[RecipientOut] | None = Field(None, description="Of e-mail connections.")
    renewal_trouble: RenewalTrouble | None = Field(
        None, description="Of connections that are signed in to, while their access cannot be renewed."
    )
    created_by: str
    created_at: Moment
    updated_at: Moment


class CreatedConnection(Schema):
    """What was created. ``revealed`` holds the secrets made for it (a signing secret): this once."""

    connection: ConnectionOut
    revealed: dict[str, str]
    warnings: list[Fault]


class Integration(Schema):
    """A destination: what it asks for, and what it can do."""

    name: str
    type: str
    description: str
    authentication: dict[str, Any]
    actions: dict[str, dict[str, Any]]


class Removed(Schema):
    """What was deleted."""

    id: UUID
    type: str


def connection_shape(row: Connection) -> dict[str, Any]:
    """A connection as the wire has it."""
    shown = {
        "id": row.id,
        "workspace": row.workspace_id,
        "type": row.provider,
        "name": row.name,
        "metadata": row.settings,
        "active": row.active,
        "inactive_reason": row.inactive_reason or None,
        "hidden": row.hidden,
        "retry_delays": row.retry_delays,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "updated_at": changed_at(row),
    }
    recipients = [{"address": one.address, "confirmed": one.confirmed_at is not None} for one in row.recipients.all()]
    shown |= {"recipients": recipients} if recipients else {}
    return shown | ({"renewal_trouble": _trouble(row)} if is_unrenewed(row, timezone.now()) else {})


def _trouble(row: Connection) -> dict[str, Any]:
    return {
        "failing_since": row.renew_failing_since,
        "sends_until": row.token_until,
        "reason": row.renew_trouble,
    }
