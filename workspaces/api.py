"""The API of this room: workspaces and their keys."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import IntegrityError, transaction
from ninja import Router, Schema, Status
from pydantic import Field, StrictBool, StrictInt

from workspaces import audit
from workspaces.bodies import modest
from workspaces.callers import Call, MachineToken, PortalCall, PortalToken
from workspaces.errors import ApiError, bad_request
from workspaces.models import Environment, PublishableKey, Workspace
from workspaces.origins import read_origin
from workspaces.permissions import Permission
from workspaces.rotating import issue_key
from workspaces.wire import ALL, READING, WRITING, Limit, Moment, Page, changed_at, page

__all__ = ["issue_key", "router"]

router = Router(tags=["Workspaces"], auth=MachineToken())
router.add_decorator(modest, mode="view")
_NAME = re.compile(r"[a-zA-Z0-9 _-]{3,50}")


class WorkspaceIn(Schema):
    """What a workspace is given; what is left out of a PUT stays as it is."""

    name: str = Field(
        description="3 to 50 letters, digits, spaces, _ or -; unique within the organization.",
        json_schema_extra={"pattern": f"^{_NAME.pattern}$"},
    )
    description: str | None = Field(None, max_length=1024)
    tenant: str | None = Field(None, min_length=1, max_length=128, description="Your own id for the customer.")
    environment: Environment | None = None
    allowed_origins: list[str] | None = Field(None, max_length=50, description="May emit from a browser; empty: any.")
    capture_only: StrictBool | None = Field(None, description="Record instead of send.")
    retention_days: StrictInt | None = Field(None, ge=1, le=365)


class WorkspaceOut(Schema):
    """A workspace: one tenant in one environment."""

    id: UUID
    name: str
    description: str | None
    tenant: str
    environment: str
    allowed_origins: list[str]
    capture_only: bool
    retention_days: int | None
    created_at: Moment
    updated_at: Moment

    @staticmethod
    def resolve_updated_at(row: Workspace | dict[str, Any]) -> datetime:
        moment: datetime = row["updated_at"] if isinstance(row, dict) else changed_at(row)
        return moment


class KeyOut(Schema):
    """The key to emit with."""

    public_key: str
    name: str


class WorkspaceWithKey(WorkspaceOut):
    """A workspace with the key to emit with."""

    publishable_key: KeyOut | None


class CreatedWorkspace(Schema):
    """What was created."""

    workspace: WorkspaceOut


@router.get(
    "/workspaces",
    auth=PortalToken(Permission.SEE_EVENTS),
    response={200: Page[WorkspaceOut], **READING},
    summary="List the workspaces",
)
def list_workspaces(request: PortalCall, limit: Limit = ALL, cursor: str | None = None) -> Any:
    """Newest first."""
    rows = request.auth.workspaces()
    return page(rows, limit=limit, cursor=cursor, show=lambda row: row)


@router.post("/workspaces", response={201: CreatedWorkspace, **WRITING}, summary="Create a workspace")
def create_workspace(request: Call, body: WorkspaceIn) -> Any:
    """One tenant in one environment. It gets a publishable key at once: `GET /workspaces/{id}` shows it."""
    workspace = Workspace(organization_id=request.auth.organization_id)
    workspace.tenant = str(workspace.id)
    _fill(workspace, body)
    _save(workspace, actor=request.auth.name, changed=None)
    return Status(201, {"workspace": workspace})


@router.get(
    "/workspaces/{workspace_id}",
    auth=PortalToken(Permission.SEE_SETTINGS),
    response={200: WorkspaceWithKey, **READING},
    summary="Get a workspace",
)
def get_workspace(request: PortalCall, workspace_id: UUID) -> Any:
    """With the publishable key in use."""
    workspace = request.auth.workspace(workspace_id)
    key = PublishableKey.objects.for_workspace(workspace.id).filter(expires_at__isnull=True).order_by("-id").first()
    shown = WorkspaceOut.from_orm(workspace).model_dump()
    return {**shown, "publishable_key": key and {"public_key": key.text, "name": key.name}}


@router.put("/workspaces/{workspace_id}", response={200: WorkspaceOut, **WRITING}, summary="Change a workspace")
def change_workspace(request: Call, workspace_id: UUID, body: WorkspaceIn) -> Any:
    """The name is required. A description or retention of null takes it away."""
    workspace = request.auth.workspace(workspace_id)
    changed = _fill(workspace, body)
    _save(workspace, actor=request.auth.name, changed=changed)
    return workspace


def _fill(workspace: Workspace, body: WorkspaceIn) -> list[str]:
    """Take over what was sent. Returns the names of the fields."""
    if not _NAME.fullmatch(body.name):
        raise bad_request("name", "must be 3 to 50 letters, digits, spaces, _ or -.")
    sent = body.model_dump(exclude_unset=True)
    if sent.get("allowed_origins"):
        sent["allowed_origins"] = [_origin(written) for written in sent["allowed_origins"]]
    taken = {key: value for key, value in sent.items() if value is not None or key in ("description", "retention_days")}
    for name, value in taken.items():
        setattr(workspace, name, value)
    return list(taken)


def _origin(written: str) -> str:
    """An origin as browsers write it: in lower case, without the port that goes without saying."""
    origin = read_origin(written)
    if origin is None:
        raise bad_request("allowed_origins", f"{written!r} must look like https://app.example.com, without a path.")
    return origin


def _save(workspace: Workspace, *, actor: str, changed: list[str] | None) -> None:
    """Race: two calls with one name. The unique constraints decide, and the loser is told.

    Only what was sent is written: the rule set's version may have moved on since the row was read.
    """
    try:
        with transaction.atomic():
            workspace.save(update_fields=changed and [*changed, "updated_at"])
            if changed is None:
                issue_key(workspace)
            audit.record(
                workspace,
                actor=actor,
                verb="workspace.created" if changed is None else "workspace.changed",
            )
    except IntegrityError as clash:
        raise _taken(clash) from None
    workspace.refresh_from_db()


def _taken(clash: IntegrityError) -> ApiError:
    cause = clash.__cause__
    if isinstance(cause, psycopg.Error) and cause.diag.constraint_name == "workspace_tenant_unique":
        return ApiError(409, "Another workspace has this tenant in this environment.", faults=[("tenant", "is taken.")])
    return ApiError(409, "Another workspace has this name.", faults=[("name", "is taken.")])
