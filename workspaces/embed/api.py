"""The API of embed sessions. Requests and answers are the wire contract's; fields of ours are added."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from ninja import Router, Schema
from pydantic import ConfigDict, Field, StrictInt

from workspaces import audit
from workspaces.bodies import modest
from workspaces.callers import Call, MachineToken
from workspaces.embed import sessions, theme
from workspaces.embed.sessions import Minted, Wanted
from workspaces.errors import ApiError, bad_request, not_found
from workspaces.models import EmbedSession, Organization, Role, SessionType
from workspaces.origins import read_origin
from workspaces.permissions import PAYLOAD_SCOPE
from workspaces.wire import FIFTY, READING, WRITING, Limit, Moment, Page, page

router = Router(tags=["Sessions"], auth=MachineToken())
router.add_decorator(modest, mode="view")
_LANGUAGES = ("", *(code for code, _ in settings.LANGUAGES))
_LEGACY = "/workspace/"


class SessionIn(Schema):
    """What the vendor's back-end asks for, on behalf of one person."""

    model_config = ConfigDict(extra="forbid")
    workspace_id: UUID
    role: Role = Role.MEMBER
    session_type: str = Field("workspace", description="workspace, resource or dashboard")
    external_user_id: str | None = Field(None, max_length=255, description="Your own id for the person: in the log.")
    ttl_seconds: StrictInt = Field(1800, ge=300, le=3600)
    launch_ttl_seconds: StrictInt = Field(30, ge=15, le=60)
    launch_page: str | None = Field(None, description="dashboard, connections, rules or events")
    launch_path: str | None = Field(
        None, description="The older form: /workspace/<page>.", json_schema_extra={"deprecated": True}
    )
    resource: str | None = Field(None, max_length=128)
    resource_id: str | None = Field(None, max_length=128)
    allowed_origins: list[str] | None = Field(
        None, max_length=10, description="Who may frame the portal. Left out: the organization's list."
    )
    scopes: list[str] | None = Field(None, max_length=20, description=PAYLOAD_SCOPE)
    theme: dict[str, Any] | None = Field(None, description="Look tokens; see docs/embedding.md.")
    language: str | None = Field(None, description="en or de. Left out: what the browser asks for.")


class SessionOut(Schema):
    """A live session with its access token."""

    session_id: str
    access_token: str
    expires_in: int
    expires_at: Moment
    workspace_id: UUID
    role: str
    session_type: str
    resource: str | None = None
    resource_id: str | None = None


class MintedOut(SessionOut):
    """A new session: its launch URL is the frame's ``src``, and works once."""

    launch_token: str
    launch_expires_at: Moment
    launch_url: str


class ListedSession(Schema):
    """A session as the list shows it, without any token."""

    session_id: str
    workspace_id: UUID
    role: str
    external_user_id: str | None = None
    status: str
    created_at: Moment
    expires_at: Moment
    is_expired: bool
    session_type: str
    resource: str | None = None
    resource_id: str | None = None


class Revoked(Schema):
    """It is over."""

    revoked: bool


@router.post("/sessions", response={200: MintedOut, **WRITING}, summary="Open the portal for a person")
def mint_session(request: Call, body: SessionIn) -> Any:
    """Call it on your server when the page with the portal is asked for; give `launch_url` to the frame."""
    workspace = request.auth.workspace(body.workspace_id)
    wanted = _wanted(body, workspace.organization)
    minted = sessions.mint(workspace=workspace, wanted=wanted, actor=request.auth.name)
    url = f"{settings.PUBLIC_URL}{sessions.launch_path(minted)}"
    launch_expires_at = minted.session.launch_expires_at
    return {
        **_shown(minted),
        "launch_token": minted.launch_token,
        "launch_expires_at": launch_expires_at,
        "launch_url": url,
    }


@router.get("/sessions", response={200: Page[ListedSession], **READING}, summary="List a workspace's sessions")
def list_sessions(
    request: Call,
    workspace_id: UUID,
    status: str | None = None,
    resource: str | None = None,
    resource_id: str | None = None,
    limit: Limit = FIFTY,
    cursor: str | None = None,
) -> Any:
    """Newest first; `status` is active or revoked. An active session may have expired: `is_expired` says so."""
    rows = EmbedSession.objects.for_workspace(request.auth.workspace(workspace_id).id)
    if status not in (None, "active", "revoked"):
        raise bad_request("status", "must be active or revoked.")
    if status:
        rows = rows.filter(revoked_at__isnull=status == "active")
    named = {"resource": resource, "resource_id": resource_id}
    rows = rows.filter(**{key: value for key, value in named.items() if value})
    return page(rows, limit=limit, cursor=cursor, show=_listed)


@router.post("/sessions/{session_id}/refresh", response={200: SessionOut, **WRITING}, summary="Refresh a session")
def refresh_session(request: Call, session_id: str) -> Any:
    """A new access token for the same session; the old one stops working. 409: it was revoked or is a day old."""
    minted = sessions.refresh(_own(request, session_id))
    if minted is None:
        raise ApiError(409, "This session was revoked, or is older than a day: mint another.")
    return _shown(minted)


@router.delete("/sessions/{session_id}", response={200: Revoked, **WRITING}, summary="End a session")
def revoke_session(request: Call, session_id: str) -> Any:
    """Its next request is refused. A session that is over stays over."""
    session = _own(request, session_id)
    sessions.revoke(session)
    audit.record(
        session,
        actor=request.auth.name,
        verb="session.revoked",
    )
    return {"revoked": True}


def _own(request: Call, session_id: str) -> EmbedSession:
    session = sessions.find_named(session_id)
    if session is None or session.organization_id != request.auth.organization_id:
        raise not_found()
    return session


def _shown(minted: Minted) -> dict[str, Any]:
    session = minted.session
    return {
        **_listed(session),
        "access_token": minted.access_token,
        "expires_in": session.ttl_seconds,
    }


def _listed(session: EmbedSession) -> dict[str, Any]:
    return {
        "session_id": sessions.wire_id(session.id),
        "workspace_id": session.workspace_id,
        "role": session.role,
        "external_user_id": session.external_user_id or None,
        "status": "revoked" if session.revoked_at else "active",
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "is_expired": session.expires_at <= timezone.now(),
        "session_type": session.session_type,
        "resource": session.resource or None,
        "resource_id": session.resource_id or None,
    }


# --------------------------------------------------------------------------- checks


def _wanted(body: SessionIn, organization: Organization) -> Wanted:
    kind, launch_page = _kind(body), _launch_page(body)
    if kind is SessionType.RESOURCE and launch_page == "connections":
        raise bad_request(
            "launch_page", "a resource session does not open on connections: use dashboard, rules or events."
        )
    if kind is SessionType.DASHBOARD and launch_page != "dashboard":
        raise bad_request("launch_page", "a dashboard session opens on dashboard only.")
    return Wanted(
        role=body.role,
        session_type=kind,
        external_user_id=body.external_user_id or "",
        ttl_seconds=body.ttl_seconds,
        launch_ttl_seconds=body.launch_ttl_seconds,
        launch_page=launch_page,
        resource=body.resource or "",
        resource_id=body.resource_id or "",
        origins=organization.embed_origins if body.allowed_origins is None else _origins(body.allowed_origins),
        scopes=_scopes(body.scopes or []),
        theme=_theme(body.theme or {}, organization),
        language=_language(body.language or ""),
    )


def _kind(body: SessionIn) -> SessionType:
    if body.session_type not in SessionType.values:
        raise ApiError(
            400, "invalid session_type", faults=[("session_type", "must be workspace, resource or dashboard.")]
        )
    kind = SessionType(body.session_type)
    if kind is SessionType.RESOURCE and not (body.resource and body.resource_id):
        raise bad_request("resource", "a resource session needs both resource and resource_id.")
    return kind


def _launch_page(body: SessionIn) -> str:
    asked = body.launch_page or (body.launch_path or "").removeprefix(_LEGACY) or "dashboard"
    if asked not in sessions.PAGES:
        raise bad_request("launch_page", f"must be one of {', '.join(sessions.PAGES)}.")
    return asked


def _origins(written: list[str]) -> list[str]:
    found = [(text, read_origin(text)) for text in written]
    if wrong := [text for text, origin in found if origin is None]:
        raise bad_request("allowed_origins", f"{wrong[0]!r} must look like https://app.example.com, without a path.")
    return [origin for _, origin in found if origin]


def _scopes(asked: list[str]) -> list[str]:
    if unknown := [scope for scope in asked if scope != PAYLOAD_SCOPE]:
        raise bad_request("scopes", f"{unknown[0]!r} is not a scope; there is {PAYLOAD_SCOPE}.")
    return asked


def _theme(asked: dict[str, Any], organization: Organization) -> dict[str, Any]:
    if faults := theme.check(asked, over=organization.theme):
        named = [(f"theme.{name}", message) for name, message in faults]
        raise ApiError(400, "; ".join(f"{param}: {message}" for param, message in named), faults=named)
    return asked


def _language(asked: str) -> str:
    if asked not in _LANGUAGES:
        raise bad_request("language", f"must be one of {', '.join(filter(None, _LANGUAGES))}.")
    return asked
