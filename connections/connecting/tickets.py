"""Tickets: who may begin a sign-in, for which workspace and provider. Single-use, short-lived, stored hashed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from connections.connecting import asking
from connections.models import Connection, PendingAuthorization
from connections.provider import Provider
from connections.provider_apps import client_for
from connections.registry import all_providers
from workspaces import audit
from workspaces.errors import ApiError, not_found
from workspaces.models import EmbedSession, Workspace

Kind, Status = PendingAuthorization.Kind, PendingAuthorization.Status
LIVES = {Kind.TICKET: timedelta(minutes=10), Kind.LINK: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Issued:
    """A sign-in that may begin, and where. ``path`` holds the only copy of the ticket."""

    pending: PendingAuthorization
    path: str = field(repr=False)


def begin(
    *,
    session: EmbedSession,
    provider_slug: str,
    actor: str,
    connection: Connection | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Issued:
    """A ticket for the person in the portal, for ten minutes; ``connection`` is the one to reconnect.

    ``asked`` is what was answered to the provider's questions before a sign-in; a reconnect has its connection's.
    Raises ApiError 404 for an unknown provider or a connection of another workspace, 409 when the vendor has set up no
    app for the workspace's environment, 422 naming every wrong answer.
    """
    return _issue(Kind.TICKET, session.workspace, provider_slug, actor, connection, session, asked or {})


def make_link(
    *,
    workspace: Workspace,
    provider_slug: str,
    actor: str,
    connection: Connection | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Issued:
    """A link for a colleague who may install the app, for seven days. Raises as ``begin`` does."""
    return _issue(Kind.LINK, workspace, provider_slug, actor, connection, None, asked or {})


def withdraw(pending: PendingAuthorization, *, actor: str) -> bool:
    """Take a link back. False when it was used already.

    Race: somebody presses the button of the page meanwhile. Whoever moves the status first wins.
    """
    with transaction.atomic():
        waiting = PendingAuthorization.objects.filter(id=pending.id, kind=Kind.LINK, status=Status.WAITING)
        withdrawn = bool(waiting.update(status=Status.WITHDRAWN))
        if withdrawn:
            _trace(pending, actor=actor, verb="link.withdrawn")
    return withdrawn


def find(kind: PendingAuthorization.Kind, ticket: str) -> PendingAuthorization | None:
    """Whose ticket it is, whatever has become of it."""
    rows = PendingAuthorization.objects.select_related("workspace__organization", "session", "connection")
    found: PendingAuthorization | None = rows.filter(kind=kind, ticket_hash=digest(ticket)).first()
    return found


def cookie_name(pending: PendingAuthorization) -> str:
    """The cookie that ties a sign-in to one browser; several may go on beside one another."""
    return f"oauth-{pending.id.hex[-8:]}"


def digest(secret: str) -> bytes:
    """What is stored of a ticket, a state or a nonce, each of them 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def matches(secret: str, stored: bytes | memoryview | None) -> bool:
    """Whether a secret is the stored one, in a time that does not tell how much of it is."""
    return stored is not None and hmac.compare_digest(digest(secret), bytes(stored))


def _issue(
    kind: PendingAuthorization.Kind,
    workspace: Workspace,
    slug: str,
    actor: str,
    connection: Connection | None,
    session: EmbedSession | None,
    asked: Mapping[str, Any],
) -> Issued:
    signed_in_to = _provider(slug)
    if connection is not None and (connection.workspace_id, connection.provider) != (workspace.id, slug):
        raise not_found()
    if client_for(workspace, slug) is None:
        raise ApiError(
            409, f"{signed_in_to.name} is not set up for {workspace.environment}: PUT /provider-apps sets it up."
        )
    settled = asking.kept(signed_in_to, connection) if connection else asking.settle(signed_in_to, asked)
    ticket = secrets.token_urlsafe(32)
    pending = PendingAuthorization(
        organization_id=workspace.organization_id,
        workspace=workspace,
        kind=kind,
        session=session,
        provider=slug,
        connection=connection,
        actor=actor,
        ticket_hash=digest(ticket),
        asked=settled,
        expires_at=timezone.now() + LIVES[kind],
    )
    with transaction.atomic():
        pending.save(force_insert=True)
        if kind is Kind.LINK:
            _trace(pending, actor=actor, verb="link.created")
    return Issued(pending, f"/oauth/start?{kind.value}={ticket}")


def _provider(slug: str) -> Provider:
    found = all_providers().get(slug)
    if found is None or found.oauth is None:
        raise not_found()
    return found


def _trace(pending: PendingAuthorization, *, actor: str, verb: str) -> None:
    audit.record(
        pending,
        actor=actor,
        verb=verb,
        provider=pending.provider,
    )
