"""The API of this room: the catalogue of destinations, and connections."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from ninja import Router, Schema
from pydantic import Field

from connections import settling
from connections.models import Connection
from connections.provider import Action, Inactive, Provider
from connections.provider import Field as Asked
from connections.registry import all_providers
from workspaces import audit
from workspaces.api import ALL, ERRORS, Call, MachineToken, own_workspace
from workspaces.errors import ApiError, bad_request, not_found
from workspaces.models import Workspace
from workspaces.wire import Moment, Page, page

router = Router(tags=["Connections"], auth=MachineToken())


class ConnectionIn(Schema):
    """A new connection. ``metadata`` holds what the destination asks for: see `GET /integrations`."""

    workspace: UUID
    type: str
    name: str = Field(min_length=1, max_length=128)
    metadata: dict[str, Any] = {}
    hidden: bool = False


class ConnectionChange(Schema):
    """What may change. Secrets that are left out of ``metadata`` stay as they are."""

    name: str = Field(min_length=1, max_length=128)
    metadata: dict[str, Any]
    hidden: bool | None = None
    active: bool | None = Field(None, description="Switch off, or on again; what was held is then sent.")
    retry_delays: list[int] | None = Field(
        None, max_length=20, description="Seconds between attempts, instead of the standard schedule over 72 to 80 h."
    )


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
    recipients: list[dict[str, Any]] | None = None
    created_by: str
    created_at: Moment
    updated_at: Moment


class CreatedConnection(Schema):
    """What was created. ``revealed`` holds the secrets made for it (a signing secret): this once."""

    connection: ConnectionOut
    revealed: dict[str, str]
    warnings: list[dict[str, str]]


class Removed(Schema):
    """What was deleted."""

    id: UUID
    type: str


def show(row: Connection) -> dict[str, Any]:
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
        "updated_at": row.updated_at,
    }
    recipients = [{"address": one.address, "confirmed": one.confirmed_at is not None} for one in row.recipients.all()]
    return {**shown, "recipients": recipients} if recipients else shown


@router.get("/connections", response={200: Page[ConnectionOut], **ERRORS}, summary="List the connections")
def list_connections(request: Call, limit: int = ALL, cursor: str | None = None) -> Any:
    """Of all workspaces, newest first."""
    rows = Connection.objects.for_organization(request.auth.organization_id).prefetch_related("recipients")
    return page(rows, limit=limit, cursor=cursor, show=show)


@router.get("/workspaces/{workspace_id}/connections", response={200: Page[ConnectionOut], **ERRORS})
def list_workspace_connections(request: Call, workspace_id: UUID, limit: int = ALL, cursor: str | None = None) -> Any:
    """Of one workspace, newest first."""
    rows = Connection.objects.for_workspace(request.auth.workspace(workspace_id).id).prefetch_related("recipients")
    return page(rows, limit=limit, cursor=cursor, show=show)


@router.post("/connections", response={201: CreatedConnection, **ERRORS}, summary="Plug a connection in")
def create_connection(request: Call, body: ConnectionIn) -> Any:
    """Webhook, capture and e-mail by this call; destinations that are signed in to, in the portal."""
    workspace = own_workspace(request.auth, body.workspace)
    slugs = {alias: slug for slug, kind in all_providers().items() for alias in (slug, *kind.aliases)}
    if body.type not in slugs:
        raise bad_request("type", f"must be one of {', '.join(all_providers())}.")
    settled = settling.plug_in(
        workspace=workspace,
        provider_slug=slugs[body.type],
        name=body.name,
        metadata=body.metadata,
        hidden=body.hidden,
        actor=request.auth.name,
    )
    warnings = [{"param": fault.field, "msg": fault.message} for fault in settled.warnings]
    return 201, {"connection": show(settled.connection), "revealed": settled.revealed, "warnings": warnings}


@router.get("/connections/{connection_id}", response={200: ConnectionOut, **ERRORS}, summary="Get a connection")
def get_connection(request: Call, connection_id: UUID) -> Any:
    """Without its secrets."""
    return show(_own(request, connection_id))


@router.put("/connections/{connection_id}", response={200: ConnectionOut, **ERRORS}, summary="Change a connection")
def change_connection(request: Call, connection_id: UUID, body: ConnectionChange) -> Any:
    """Name and metadata are required."""
    row = _own(request, connection_id)
    row.name = body.name
    row.hidden = row.hidden if body.hidden is None else body.hidden
    if "retry_delays" in body.model_fields_set:
        row.retry_delays = _delays(body.retry_delays)
    if body.active is not None and body.active != row.active:
        row.active = body.active
        row.inactive_reason = "" if body.active else Inactive.MANUALLY_INACTIVATED
    return show(settling.change(row, metadata=body.metadata, actor=request.auth.name).connection)


@router.delete("/connections/{connection_id}", response={200: Removed, **ERRORS}, summary="Unplug a connection")
def remove_connection(request: Call, connection_id: UUID) -> Any:
    """409 while active rules use it, unless the optional body says `{"force_delete": true}`. Its secrets go at once."""
    row = _own(request, connection_id)
    forced = _force(request.body)
    with transaction.atomic():
        if row.rules.filter(active=True).exists() and not forced:
            raise ApiError(409, "Active rules use this connection. Delete them first, or send force_delete: true.")
        audit.record(
            actor=request.auth.name,
            verb="connection.deleted",
            subject=row.id,
            organization_id=row.organization_id,
            workspace_id=row.workspace_id,
            name=row.name,
        )
        Workspace.objects.filter(id=row.workspace_id).update(ruleset_version=F("ruleset_version") + 1)
        row.delete()  # and its rules
    return {"id": connection_id, "type": row.provider}


def _own(request: Call, connection_id: UUID) -> Connection:
    rows = Connection.objects.for_organization(request.auth.organization_id).select_related("workspace")
    found: Connection | None = rows.filter(id=connection_id).first()
    if found is None:
        raise not_found()
    return found


def _delays(delays: list[int] | None) -> list[int] | None:
    if delays and not all(1 <= delay <= 86_400 * 2 for delay in delays):
        raise bad_request("retry_delays", "each must be 1 second to 2 days.")
    return delays


def _force(body: bytes) -> bool:
    if not body.strip():
        return False
    try:
        wanted = json.loads(body)
    except ValueError:
        raise ApiError(400, "The body is not JSON.") from None
    return isinstance(wanted, dict) and wanted.get("force_delete") is True


# --------------------------------------------------------------------------- the catalogue


@router.get("/integrations", response={200: Page[dict[str, Any]], **ERRORS}, summary="List the destinations")
def list_integrations(request: Call) -> Any:
    """What can be plugged in, what each asks for, and what it can do."""
    records = [_integration(kind) for kind in all_providers().values()]
    return {"count": len(records), "limit": ALL, "next_cursor": None, "records": records}


def _integration(kind: Provider) -> dict[str, Any]:
    authentication: dict[str, Any] = {"type": kind.auth, "fields": [_asked(asked) for asked in kind.fields]}
    if kind.auth == "oauth":
        authentication["oauth"] = {"version": 2}
    return {
        "name": kind.name,
        "type": kind.slug,
        "description": kind.description,
        "authentication": authentication,
        "actions": {action.key: _action(action) for action in kind.actions},
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "key": action.key,
        "label": action.label,
        "noun": action.label.lower(),
        "fields": [{**_asked(asked), "field": asked.key, "kind": "field"} for asked in action.fields],
        "display": {"label": action.label, "description": action.description},
    }


_WIRE_KINDS = {"textarea": "textarea", "template": "textarea", "password": "password", "select": "select"}


def _asked(asked: Asked) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "key": asked.key,
        "label": asked.label,
        "type": _WIRE_KINDS.get(asked.kind, "text"),
        "required": asked.required,
        "helpText": asked.hint,
        "defaultValue": asked.default,
    }
    if asked.kind == "url":
        shown["validate"] = "url"
    if asked.options:
        shown["options"] = [{"value": value, "label": label} for value, label in asked.options]
    if asked.depends_on:
        shown["dependsOn"] = {"field": asked.depends_on[0], "value": asked.depends_on[1]}
    return shown
