"""Leaves a trace: call it inside the transaction of the change it tells of."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from workspaces.models import AuditEntry, Workspace

ITSELF = "Jackfield"  # the actor of what nobody did by hand


class Row(Protocol):
    """What can be changed: it has an id, and belongs to an organization."""

    id: UUID
    organization_id: UUID


def record(row: Row, *, actor: str, verb: str, subject: UUID | None = None, **detail: Any) -> None:
    """Who changed what. ``verb`` is ``noun.past``, such as ``rule.created``; never put a secret into the detail.

    ``subject`` is what it is told under, where that is not the row itself. A row without a workspace is the
    organization's, and no tenant's log shows it.
    """
    AuditEntry.objects.create(
        actor=actor,
        verb=verb,
        subject=str(subject or row.id),
        organization_id=row.organization_id,
        workspace_id=row.id if isinstance(row, Workspace) else getattr(row, "workspace_id", None),
        detail=detail,
    )
