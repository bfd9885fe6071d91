"""The matrix, row by row, as it is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from workspaces.models import Role, SessionType
from workspaces.permissions import MATRIX, PAYLOAD_SCOPE, Permission, permissions

ROOT = Path(__file__).parents[2]

# permission -> who has it, from the least role upward
TABLE = {
    Permission.SEE_OVERVIEW: "viewer member admin owner",
    Permission.SEE_CONNECTIONS: "viewer member admin owner",
    Permission.SEE_RULES: "viewer member admin owner",
    Permission.SEE_EVENTS: "viewer member admin owner",
    Permission.CHANGE_RULES: "member admin owner",
    Permission.RESEND: "member admin owner",
    Permission.CONNECT: "admin owner",
    Permission.SEE_PAYLOAD: "admin owner",
    Permission.SEE_SETTINGS: "admin owner",
    Permission.SEE_AUDIT: "admin owner",
    Permission.CHANGE_KEYS: "owner",
}
LOCKED = {  # what is left of the owner's permissions in a session of that type
    SessionType.WORKSPACE: set(Permission),
    SessionType.RESOURCE: {
        Permission.SEE_OVERVIEW,
        Permission.SEE_RULES,
        Permission.SEE_EVENTS,
        Permission.CHANGE_RULES,
        Permission.RESEND,
        Permission.SEE_PAYLOAD,
    },
    SessionType.DASHBOARD: {Permission.SEE_OVERVIEW},
}


@pytest.mark.parametrize("permission", list(Permission))
def test_each_row_of_the_matrix_is_as_published(permission: Permission) -> None:
    holders = [role.value for role in Role if permission in MATRIX[role]]
    assert holders == TABLE[permission].split()


@pytest.mark.parametrize("session_type", list(SessionType))
def test_a_type_of_session_takes_away_what_lies_outside_of_it(session_type: SessionType) -> None:
    found = permissions(role=Role.OWNER, session_type=session_type, scopes=[PAYLOAD_SCOPE])
    assert found == LOCKED[session_type]


@pytest.mark.parametrize(("role", "sees"), [("viewer", False), ("member", False), ("admin", True), ("owner", True)])
def test_payloads_need_the_scope_and_the_role(role: str, *, sees: bool) -> None:
    with_scope = permissions(role=Role(role), session_type=SessionType.WORKSPACE, scopes=[PAYLOAD_SCOPE])
    without = permissions(role=Role(role), session_type=SessionType.WORKSPACE, scopes=[])
    assert (Permission.SEE_PAYLOAD in with_scope, Permission.SEE_PAYLOAD in without) == (sees, False)


def test_the_docs_publish_the_same_matrix() -> None:
    text = (ROOT / "docs" / "embedding.md").read_text()
    for permission, holders in TABLE.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{permission.value}` "))
        marks = [cell.strip() == "✓" for cell in row.split("|")[3:7]]
        assert marks == [role.value in holders.split() for role in Role], permission
