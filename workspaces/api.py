"""The API of this room: workspaces and their keys."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import APIKeyHeader, HttpBearer
from pydantic import Field

from workspaces import audit
from workspaces.access import Emitter, Machine, emitter, machine
from workspaces.errors import ApiError, bad_request, not_found
from workspaces.keys import new_publishable_key
from workspaces.models import Environment, PublishableKey, Workspace
from workspaces.wire import ErrorAnswer, Moment, Page, page

ALL = 200  # lists that the published clients never page through
ERRORS = {frozenset({400, 401, 403, 404, 409, 422, 503}): ErrorAnswer}
_NAME = re.compile(r"[a-zA-Z0-9 _-]{3,50}")
_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:\d{1,5})?")


class MachineToken(HttpBearer):
    """A JWT signed with a machine key: HS256, at most 60 seconds of life."""

    def __call__(self, request: HttpRequest) -> Machine:
        return machine(request)

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        raise NotImplementedError  # __call__ does all of it


class PublishableKeyHeader(APIKeyHeader):
    """A workspace's publishable key. It may emit, and nothing else."""

    param_name = "X-Meshes-Publishable-Key"

    def __call__(self, request: HttpRequest) -> Emitter | None:
        return emitter(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        raise NotImplementedError


class Call(HttpRequest):
    """A request whose machine token was verified."""

    auth: Machine


router = Router(tags=["Workspaces"], auth=MachineToken())


class WorkspaceIn(Schema):
    """What a workspace is given; what is left out of a PUT stays as it is, except the description."""

    name: str
    description: str | None = Field(None, max_length=1024)
    tenant: str | None = Field(None, min_length=1, max_length=128, description="Your own id for the customer.")
    environment: Environment | None = None
    allowed_origins: list[str] | None = Field(None, max_length=50, description="May emit from a browser; empty: any.")
    capture_only: bool | None = Field(None, description="Record instead of send.")
    retention_days: int | None = Field(None, ge=1, le=365)


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


@router.get("/workspaces", response={200: Page[WorkspaceOut], **ERRORS}, summary="List the workspaces")
def list_workspaces(request: Call, limit: int = ALL, cursor: str | None = None) -> Any:
    """Newest first."""
    rows = Workspace.objects.for_organization(request.auth.organization_id)
    return page(rows, limit=limit, cursor=cursor, show=lambda row: row)


@router.post("/workspaces", response={201: CreatedWorkspace, **ERRORS}, summary="Create a workspace")
def create_workspace(request: Call, body: WorkspaceIn) -> Any:
    """One tenant in one environment. It gets a publishable key at once: `GET /workspaces/{id}` shows it."""
    workspace = Workspace(organization_id=request.auth.organization_id)
    workspace.tenant = str(workspace.id)
    _fill(workspace, body)
    _save(workspace, actor=request.auth.name, created=True)
    return 201, {"workspace": workspace}


@router.get("/workspaces/{workspace_id}", response={200: WorkspaceWithKey, **ERRORS}, summary="Get a workspace")
def get_workspace(request: Call, workspace_id: UUID) -> Any:
    """With the publishable key in use."""
    workspace = request.auth.workspace(workspace_id)
    key = PublishableKey.objects.for_workspace(workspace.id).filter(expires_at__isnull=True).order_by("-id").first()
    shown = WorkspaceOut.from_orm(workspace).model_dump()
    return {**shown, "publishable_key": key and {"public_key": key.text, "name": key.name}}


@router.put("/workspaces/{workspace_id}", response={200: WorkspaceOut, **ERRORS}, summary="Change a workspace")
def change_workspace(request: Call, workspace_id: UUID, body: WorkspaceIn) -> Any:
    """The name is required. The description is set to what is sent, null included."""
    workspace = request.auth.workspace(workspace_id)
    _fill(workspace, body)
    _save(workspace, actor=request.auth.name, created=False)
    return workspace


def _fill(workspace: Workspace, body: WorkspaceIn) -> None:
    if not _NAME.fullmatch(body.name):
        raise bad_request("name", "must be 3 to 50 letters, digits, spaces, _ or -.")
    for origin in body.allowed_origins or []:
        if not _ORIGIN.fullmatch(origin):
            raise bad_request("allowed_origins", f"{origin!r} must look like https://app.example.com, without a path.")
    for name, value in body.model_dump(exclude_unset=True).items():
        if value is not None or name in ("description", "retention_days"):
            setattr(workspace, name, value)


def _save(workspace: Workspace, *, actor: str, created: bool) -> None:
    """Race: two calls with one name. The unique constraints decide, and the loser is told."""
    try:
        with transaction.atomic():
            workspace.save()
            if created:
                issue_key(workspace)
            audit.record(
                actor=actor,
                verb="workspace.created" if created else "workspace.changed",
                subject=workspace.id,
                organization_id=workspace.organization_id,
                workspace_id=workspace.id,
            )
    except IntegrityError as clash:
        taken = "tenant" if "tenant" in str(clash) else "name"
        raise ApiError(409, f"Another workspace has this {taken}.", faults=[(taken, "is taken")]) from None
    workspace.refresh_from_db()


def issue_key(workspace: Workspace) -> PublishableKey:
    """A fresh publishable key for the workspace."""
    parts = new_publishable_key(workspace.environment)
    return PublishableKey.objects.create(
        organization_id=workspace.organization_id, workspace=workspace, text=parts.text, key_id=parts.key_id
    )  # type: ignore[no-any-return]


def own_workspace(caller: Machine, workspace_id: UUID | None) -> Workspace:
    """The workspace that a body names. Raises ApiError 400 when it names none, 404 for somebody else's."""
    if workspace_id is None:
        raise bad_request("workspace", "is missing; it must be a workspace's id.")
    return caller.workspace(workspace_id)


__all__ = [
    "ALL",
    "ERRORS",
    "Call",
    "MachineToken",
    "PublishableKeyHeader",
    "issue_key",
    "not_found",
    "own_workspace",
    "router",
]
