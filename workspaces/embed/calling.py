"""A portal session's token at the API: it opens what the portal would show its holder, and nothing else.

So a vendor's own page can read a customer's deliveries with the token that its frame has. Role, type and scopes are
asked for on every call, as on every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from workspaces.access import unauthorized
from workspaces.embed.visitor import Visitor, find_visitor
from workspaces.errors import ApiError, not_found
from workspaces.models import SessionType, Workspace
from workspaces.permissions import Permission
from workspaces.tenancy import ScopedQuerySet


@dataclass(frozen=True, slots=True)
class SessionCaller:
    """Somebody who is in the portal, calling. Sees one workspace, or one resource of it; never what is hidden."""

    visitor: Visitor

    @property
    def name(self) -> str:
        """Who did it, for the audit log."""
        return self.visitor.name

    @property
    def organization_id(self) -> UUID:
        """Whose customer it is."""
        return self.visitor.workspace.organization_id

    def rows[Rows: ScopedQuerySet[Any]](self, rows: Rows, *, resource: str = "") -> Rows:
        """Those that the portal would show; ``resource`` is the path to what a resource session is held to."""
        own = rows.for_workspace(self.visitor.workspace.id)
        if hasattr(rows.model, "hidden"):
            own = own.filter(hidden=False)
        return self.visitor.within(own, resource=resource) if resource else own

    def workspace(self, workspace_id: UUID, *, param: str = "") -> Workspace:
        """Its own. Raises ApiError 404 for any other, as if it did not exist."""
        if workspace_id != self.visitor.workspace.id:
            raise not_found(param)
        return self.visitor.workspace

    def workspaces(self) -> QuerySet[Workspace]:
        """Its one."""
        return Workspace.objects.filter(id=self.visitor.workspace.id)

    def keep_within(self, *, resource: str, resource_id: str) -> None:
        """Raises ApiError 403 when that is not the resource which the session is held to."""
        session = self.visitor.session
        held = session.session_type == SessionType.RESOURCE
        if held and (resource, resource_id) != (session.resource, session.resource_id):
            raise ApiError(
                403, f"This session is about the {session.resource} {session.resource_id} only: name that one."
            )

    def need_whole_workspace(self) -> None:
        """Raises ApiError 403 for a session that sees one resource only."""
        if self.visitor.session.session_type != SessionType.WORKSPACE:
            raise ApiError(403, "This looks at the whole workspace, and this session does not.")

    def refuse_hiding(self) -> None:
        """Raises ApiError 403: what is hidden would be hidden from itself."""
        raise ApiError(403, "Only the vendor's back-end hides things, with a machine key.")


def session_caller(request: HttpRequest, permission: Permission) -> SessionCaller:
    """Who is in the portal. Raises ApiError 401 for a token that opens nothing, 403 without the permission."""
    visitor = find_visitor(request)
    if visitor is None:
        raise unauthorized("This token is neither a machine token nor that of a live portal session.")
    if not visitor.may(permission):
        raise ApiError(403, f"This session lacks the permission {permission}.")
    return SessionCaller(visitor)
