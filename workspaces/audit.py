"""Leaves a trace: call it inside the transaction of the change it tells of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from workspaces.models import AuditEntry


def record(
    *, actor: str, verb: str, subject: object, organization_id: UUID, workspace_id: UUID | None, **detail: Any
) -> None:
    """Who changed what. ``verb`` is ``noun.past``, such as ``rule.created``; never put a secret into the detail."""
    AuditEntry.objects.create(
        actor=actor,
        verb=verb,
        subject=str(subject),
        organization_id=organization_id,
        workspace_id=workspace_id,
        detail=detail,
    )
