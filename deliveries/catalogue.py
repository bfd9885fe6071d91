"""Event types and resources that were never declared appear in the catalogue as seen."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from rules.models import EventType, Resource

_KNOWN_MOST = 100_000
_known: set[tuple[UUID, str, str]] = set()
Seen = tuple[UUID, UUID, str, str]  # organization, workspace, event type, resource


def remember(seen: Iterable[Seen]) -> None:
    """Add what is new. Each process asks the database about a name only once."""
    if len(_known) > _KNOWN_MOST:
        _known.clear()
    fresh = [row for row in dict.fromkeys(seen) if row[1:] not in _known]
    if not fresh:
        return
    kinds = [
        EventType(organization_id=org, workspace_id=workspace, key=event, label=event, seen=True, created_by="seen")
        for org, workspace, event, _ in fresh
    ]
    resources = [
        Resource(
            organization_id=org, workspace_id=workspace, key=resource, label=resource, seen=True, created_by="seen"
        )
        for org, workspace, _, resource in fresh
    ]
    EventType.objects.bulk_create(kinds, ignore_conflicts=True)
    Resource.objects.bulk_create(resources, ignore_conflicts=True)
    _known.update(row[1:] for row in fresh)
