"""Embed sessions: minted by the vendor's back-end, spent once by a frame, refreshed, revoked.

A session has up to three secrets, each stored as its SHA-256: the access token that the vendor's back-end hands to
the frame, the launch token in the frame's first URL, and the token that a frame without a host script got for it.
Every request looks its session up, so a revoked one is refused at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from workspaces.models import EmbedSession, Role, SessionType, Workspace

PREFIX = "sess_"
LONGEST = timedelta(hours=24)  # a session is refreshed no longer than this; then the vendor mints another
PAGES = ("dashboard", "connections", "rules", "events")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the vendor asks of a session; checked before it comes here."""

    role: Role = Role.MEMBER
    session_type: SessionType = SessionType.WORKSPACE
    external_user_id: str = ""
    ttl_seconds: int = 1800
    launch_ttl_seconds: int = 30
    launch_page: str = "dashboard"
    resource: str = ""
    resource_id: str = ""
    origins: Sequence[str] = ()
    scopes: Sequence[str] = ()
    theme: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Minted:
    """A session with its secrets, which are shown this once."""

    session: EmbedSession
    access_token: str = field(repr=False)
    launch_token: str = field(default="", repr=False)


def mint(*, workspace: Workspace, wanted: Wanted, actor: str) -> Minted:
    """A new session of the workspace."""
    now, access, launch = datetime.now(UTC), _secret(), _secret()
    session = EmbedSession.objects.create(
        organization_id=workspace.organization_id,
        workspace=workspace,
        role=wanted.role,
        session_type=wanted.session_type,
        external_user_id=wanted.external_user_id,
        resource=wanted.resource,
        resource_id=wanted.resource_id,
        scopes=list(wanted.scopes),
        origins=list(wanted.origins),
        launch_page=wanted.launch_page,
        theme=dict(wanted.theme),
        language=wanted.language,
        token_hash=_hash(access),
        launch_hash=_hash(launch),
        launch_expires_at=now + timedelta(seconds=wanted.launch_ttl_seconds),
        ttl_seconds=wanted.ttl_seconds,
        created_by=actor,
        expires_at=now + timedelta(seconds=wanted.ttl_seconds),
    )
    session.refresh_from_db()
    return Minted(session, access, launch)


def launch_path(minted: Minted) -> str:
    """The frame's first path. ``s`` is no secret: it selects who may frame the page, and survives a reload."""
    session = minted.session
    return f"/workspace/{session.launch_page}?launch={quote(minted.launch_token)}&s={wire_id(session.id)}"


def refresh(session: EmbedSession) -> Minted | None:
    """A new access token for the same session; the old ones stop working. None when it was revoked or is too old.

    Race: a refresh and a revocation at once. The update asks again whether it is live, so a revoked session stays so.
    """
    now, access = datetime.now(UTC), _secret()
    changed = EmbedSession.objects.filter(id=session.id, revoked_at__isnull=True, created_at__gt=now - LONGEST).update(
        token_hash=_hash(access), frame_hash=None, expires_at=now + timedelta(seconds=session.ttl_seconds)
    )
    if not changed:
        return None
    session.refresh_from_db()
    return Minted(session, access)


def revoke(session: EmbedSession) -> None:
    """End a session now. To end it again changes nothing."""
    EmbedSession.objects.filter(id=session.id, revoked_at__isnull=True).update(revoked_at=Now(), launch_hash=None)


def exchange(launch_token: str) -> Minted | None:
    """What a frame gets for its launch token, once. None for one that is spent, too old, revoked or made up.

    Race: two frames with one token. The update takes the token away, and only one of them finds it.
    """
    access, launch_hash = _secret(), _hash(launch_token)
    live = EmbedSession.objects.filter(
        launch_hash=launch_hash, launch_expires_at__gt=Now(), revoked_at__isnull=True, expires_at__gt=Now()
    )
    session = live.first()
    if session is None or not live.update(launch_hash=None, frame_hash=_hash(access)):
        return None
    return Minted(session, access)


def find_live(token: str) -> EmbedSession | None:
    """The session that a token opens now."""
    digest = _hash(token)
    return (
        EmbedSession.objects.select_related("workspace", "organization")
        .filter(Q(token_hash=digest) | Q(frame_hash=digest), revoked_at__isnull=True, expires_at__gt=Now())
        .first()
    )


def find_named(wire: str) -> EmbedSession | None:
    """The session of that public id, live or not; None for what is no id."""
    try:
        id = UUID(wire.removeprefix(PREFIX))
    except ValueError:
        return None
    return EmbedSession.objects.select_related("organization").filter(id=id).first()


def wire_id(id: UUID) -> str:
    """A session's id as the wire has it."""
    return f"{PREFIX}{id}"


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    """High entropy needs no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
