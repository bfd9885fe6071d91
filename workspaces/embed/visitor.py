"""Somebody in the portal: known by the bearer token of an embed session, and by nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from django.db.models import QuerySet
from django.http import HttpRequest

from workspaces.embed.sessions import find_live, wire_id
from workspaces.models import EmbedSession, Role, SessionType, Workspace
from workspaces.permissions import Permission, permissions


@dataclass(frozen=True)
class Visitor:
    """Whose pages these are, and what may be done on them."""

    session: EmbedSession

    @property
    def workspace(self) -> Workspace:
        return self.session.workspace

    @property
    def name(self) -> str:
        """Who did it, for the audit log."""
        return self.session.external_user_id or self.wire_id

    @property
    def wire_id(self) -> str:
        """The session's public id."""
        return wire_id(self.session.id)

    @property
    def seconds_left(self) -> int:
        """How long the token still works."""
        return max(0, int((self.session.expires_at - datetime.now(UTC)).total_seconds()))

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """Everything that this session may do."""
        return permissions(
            role=Role(self.session.role),
            session_type=SessionType(self.session.session_type),
            scopes=self.session.scopes,
        )

    def may(self, permission: Permission) -> bool:
        """Whether this session may do that."""
        return permission in self.permissions

    def within[Rows: QuerySet](self, rows: Rows, *, resource: str = "resource") -> Rows:  # type: ignore[type-arg]
        """Those of the rows that a session locked to one resource may see; ``resource`` is the path to that field."""
        if self.session.session_type != SessionType.RESOURCE:
            return rows
        return rows.filter(**{resource: self.session.resource, f"{resource}_id": self.session.resource_id})


class PortalRequest(HttpRequest):
    """A request whose visitor is known."""

    visitor: Visitor


def find_visitor(request: HttpRequest) -> Visitor | None:
    """Who sent the request. None without a token, or with one that opens nothing any more."""
    token = bearer(request)
    session = find_live(token) if token else None
    return Visitor(session) if session else None


def bearer(request: HttpRequest) -> str:
    """The token of the ``Authorization`` header, "" when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
