"""The API of this room: the catalogue of destinations, and connections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Router, Status

from connections import settling
from connections.catalogue import integration_shape
from connections.connecting import parting
from connections.models import Connection
from connections.registry import all_providers
from connections.shapes import (
    ConnectionChange,
    ConnectionIn,
    ConnectionOut,
    CreatedConnection,
    Integration,
    Removed,
    connection_shape,
)
from connections.switching import OFF, ON
from workspaces.bodies import modest, whole
from workspaces.callers import MachineToken, PortalCall, PortalToken
from workspaces.errors import bad_request, not_found
from workspaces.permissions import Permission
from workspaces.strict import read_json
from workspaces.wire import ALL, READING, WRITING, Limit, Page, page

router = Router(tags=["Connections"], auth=MachineToken())
router.add_decorator(modest, mode="view")
_SEE, _CHANGE = PortalToken(Permission.SEE_CONNECTIONS), PortalToken(Permission.CONNECT)
_REMOVAL = {
    "type": "object",
    "properties": {"force_delete": {"type": "boolean", "description": "Delete it although active rules use it."}},
}


@router.get("/connections", auth=_SEE, response={200: Page[ConnectionOut], **READING}, summary="List the connections")
def list_connections(request: PortalCall, limit: Limit = ALL, cursor: str | None = None) -> Any:
    """Of all workspaces, newest first."""
    rows = request.auth.rows(Connection.objects.all()).prefetch_related("recipients")
    return page(rows, limit=limit, cursor=cursor, show=connection_shape)


@router.get(
    "/workspaces/{workspace_id}/connections",
    auth=_SEE,
    response={200: Page[ConnectionOut], **READING},
    summary="List its connections",
)
def list_workspace_connections(
    request: PortalCall, workspace_id: UUID, limit: Limit = ALL, cursor: str | None = None
) -> Any:
    """Of one workspace, newest first."""
    rows = request.auth.rows(
        Connection.objects.for_workspace(request.auth.workspace(workspace_id).id)
    ).prefetch_related("recipients")
    return page(rows, limit=limit, cursor=cursor, show=connection_shape)


@router.post("/connections", auth=_CHANGE, response={201: CreatedConnection, **WRITING}, summary="Plug a connection in")
def create_connection(request: PortalCall, body: ConnectionIn) -> Any:
    """Webhook, capture and e-mail by this call; destinations that are signed in to, in the portal."""
    if body.hidden:
        request.auth.refuse_hiding()
    settled = settling.plug_in(
        workspace=request.auth.workspace(body.workspace, param="workspace"),
        provider_slug=_slug(body.type),
        name=body.name,
        metadata=body.metadata,
        hidden=body.hidden,
        actor=request.auth.name,
    )
    warnings = [{"param": fault.field, "msg": fault.message} for fault in settled.warnings]
    shown = connection_shape(settled.connection)
    return Status(201, {"connection": shown, "revealed": settled.revealed, "warnings": warnings})


@router.get(
    "/connections/{connection_id}", auth=_SEE, response={200: ConnectionOut, **READING}, summary="Get a connection"
)
def get_connection(request: PortalCall, connection_id: UUID) -> Any:
    """Without its secrets."""
    return connection_shape(own_connection(request, connection_id))


@router.put(
    "/connections/{connection_id}",
    auth=_CHANGE,
    response={200: ConnectionOut, **WRITING},
    summary="Change a connection",
)
def change_connection(request: PortalCall, connection_id: UUID, body: ConnectionChange) -> Any:
    """Name and metadata are required. A secret that is left out of the metadata stays as it is.

    But none is sent to a place that it was not given for: when the address gets another scheme, host or port, 400 names
    the secrets that have to be sent again.
    """
    row = own_connection(request, connection_id)
    fields: dict[str, Any] = {"name": body.name}
    if body.hidden is not None:
        if body.hidden:
            request.auth.refuse_hiding()
        fields["hidden"] = body.hidden
    if "retry_delays" in body.model_fields_set:
        fields["retry_delays"] = _delays(body.retry_delays)
    if body.active is not None and body.active != row.active:
        fields |= {**ON, "held_choice": body.held} if body.active else OFF
    settled = settling.change(row, metadata=body.metadata, actor=request.auth.name, **fields)
    return connection_shape(settled.connection)


@router.delete(
    "/connections/{connection_id}",
    auth=_CHANGE,
    response={200: Removed, **WRITING},
    summary="Unplug a connection",
    openapi_extra={"requestBody": {"required": False, "content": {"application/json": {"schema": _REMOVAL}}}},
)
def remove_connection(request: PortalCall, connection_id: UUID) -> Any:
    """409 while active rules use it, unless the optional body says `{"force_delete": true}`. Its secrets go at once."""
    row = own_connection(request, connection_id)
    parting.part(row, forced=_force(whole(request)), actor=request.auth.name)
    return {"id": connection_id, "type": row.provider}


@router.get("/integrations", auth=_SEE, response={200: Page[Integration], **READING}, summary="List the destinations")
def list_integrations(request: PortalCall, limit: Limit = ALL, cursor: str | None = None) -> Any:
    """What can be plugged in, what each asks for, and what it can do; by their types."""
    if cursor and cursor not in all_providers():
        raise bad_request("cursor", "must be the next_cursor of an earlier page.")
    left = sorted(slug for slug in all_providers() if slug > (cursor or ""))
    records = [integration_shape(all_providers()[slug]) for slug in left[:limit]]
    next_cursor = left[limit - 1] if len(left) > limit else None
    return {"count": len(records), "limit": limit, "next_cursor": next_cursor, "records": records}


def own_connection(request: PortalCall, connection_id: UUID) -> Connection:
    """The caller's connection of that id. Raises ApiError 404 for everybody else's."""
    rows = request.auth.rows(Connection.objects.all()).select_related("workspace")
    found: Connection | None = rows.filter(id=connection_id).first()
    if found is None:
        raise not_found()
    return found


def _slug(kind: str) -> str:
    slugs = {alias: slug for slug, provider in all_providers().items() for alias in (slug, *provider.aliases)}
    if kind not in slugs:
        raise bad_request("type", f"must be one of {', '.join(all_providers())}.")
    return slugs[kind]


def _delays(delays: list[int] | None) -> list[int] | None:
    if delays and not all(1 <= delay <= 86_400 * 2 for delay in delays):
        raise bad_request("retry_delays", "each must be 1 second to 2 days.")
    return delays


def _force(body: bytes) -> bool:
    if not body.strip():
        return False
    wanted = read_json(body)
    forced = wanted.get("force_delete", False) if isinstance(wanted, dict) else None
    if not isinstance(forced, bool):
        raise bad_request("force_delete", 'must be true or false, as in {"force_delete": true}.')
    return forced
