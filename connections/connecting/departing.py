"""The browser leaves for the provider: the ticket is spent, and what has to come back with the browser is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.utils import timezone

from connections import oauth
from connections.connecting import words
from connections.connecting.tickets import Kind, Status, digest, find
from connections.models import PendingAuthorization
from connections.provider import Refusal
from connections.provider_apps import client_for
from connections.registry import provider

AT_PROVIDER = timedelta(minutes=10)


def look(kind: PendingAuthorization.Kind, ticket: str) -> PendingAuthorization | Refusal:
    """The sign-in that a ticket opens, or why it opens none. Changes nothing: link scanners look, too."""
    pending = find(kind, ticket)
    if pending is None:
        return words.UNKNOWN_LINK if kind is Kind.LINK else words.UNKNOWN_TICKET
    if session_is_over(pending):
        return words.SESSION_OVER
    return _why_not(pending) or pending


def depart(pending: PendingAuthorization, *, nonce: str) -> str | Refusal:
    """Spend the ticket. Returns the address of the provider's consent page.

    Race: the button is pressed twice, or in two windows. The update that still finds the ticket waiting spends it.
    """
    kind = provider(pending.provider)
    client = client_for(pending.workspace, pending.provider)
    if client is None:
        return words.NOT_SET_UP
    state = secrets.token_urlsafe(32)
    verifier = oauth.new_verifier() if kind.sign_in(pending.asked).pkce else ""
    if verifier:
        pending.seal("verifier", verifier)
    now = timezone.now()
    waiting = PendingAuthorization.objects.filter(id=pending.id, status=Status.WAITING, expires_at__gt=now)
    spent = waiting.update(
        status=Status.STARTED,
        state_hash=digest(state),
        nonce_hash=digest(nonce),
        verifier=pending.verifier,
        started_at=now,
        expires_at=now + AT_PROVIDER,
    )
    if not spent:
        return words.SPENT_LINK if pending.kind == Kind.LINK else words.SPENT_TICKET
    return oauth.authorize_url(kind, client, state=state, verifier=verifier, asked=pending.asked)


def session_is_over(pending: PendingAuthorization) -> bool:
    """Whether the portal session that a ticket belongs to was ended; a link belongs to none."""
    session = pending.session
    return session is not None and (session.revoked_at is not None or session.expires_at <= timezone.now())


def _why_not(pending: PendingAuthorization) -> Refusal | None:
    link = pending.kind == Kind.LINK
    if pending.status == Status.WITHDRAWN:
        return words.WITHDRAWN
    if pending.status != Status.WAITING:
        return words.SPENT_LINK if link else words.SPENT_TICKET
    if pending.expires_at <= timezone.now():
        return words.OLD_LINK if link else words.OLD_TICKET
    return None
