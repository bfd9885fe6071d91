"""Who may do what in the portal: one table, published in docs/sessions.md and tested row by row."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from workspaces.models import Role, SessionType

PAYLOAD_SCOPE = "events.payload:read"


class Permission(StrEnum):
    """One thing that a page or a button asks for."""

    SEE_OVERVIEW = "overview.see"
    SEE_CONNECTIONS = "connections.see"
    SEE_RULES = "rules.see"
    SEE_EVENTS = "events.see"
    CHANGE_RULES = "rules.change"  # also: test, back-test, mute
    RESEND = "events.resend"  # also: cancel
    CONNECT = "connections.change"  # connect, rename, test, reconnect, disconnect
    SEE_PAYLOAD = "events.payload"  # needs the scope besides
    SEE_SETTINGS = "settings.see"
    SEE_AUDIT = "audit.see"
    CHANGE_KEYS = "keys.change"  # rotate, allowed origins


_VIEWER = frozenset({Permission.SEE_OVERVIEW, Permission.SEE_CONNECTIONS, Permission.SEE_RULES, Permission.SEE_EVENTS})
_MEMBER = _VIEWER | {Permission.CHANGE_RULES, Permission.RESEND}
_ADMIN = _MEMBER | {Permission.CONNECT, Permission.SEE_PAYLOAD, Permission.SEE_SETTINGS, Permission.SEE_AUDIT}
_OWNER = _ADMIN | {Permission.CHANGE_KEYS}

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}

# What a kind of session takes away from every role. A resource session sees only what is about its resource.
_RESOURCE = frozenset(
    {
        Permission.SEE_OVERVIEW,
        Permission.SEE_RULES,
        Permission.SEE_EVENTS,
        Permission.CHANGE_RULES,
        Permission.RESEND,
        Permission.SEE_PAYLOAD,
    }
)
LIMITS: dict[SessionType, frozenset[Permission]] = {
    SessionType.WORKSPACE: frozenset(Permission),
    SessionType.RESOURCE: _RESOURCE,
    SessionType.DASHBOARD: frozenset({Permission.SEE_OVERVIEW}),
}


def permissions(*, role: Role, session_type: SessionType, scopes: Collection[str]) -> frozenset[Permission]:
    """What somebody with this session may do."""
    allowed = MATRIX[role] & LIMITS[session_type]
    return allowed if PAYLOAD_SCOPE in scopes else allowed - {Permission.SEE_PAYLOAD}
