"""Events to try a rule on: the latest of a workspace, and one made up where there are none.

Tests that somebody asked for are no samples: what they hold was chosen, not emitted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils import timezone

from deliveries.models import TEST, Event
from rules.models import EventType
from rules.paths import parse_path
from rules.patterns import LONGEST, WILDCARD, compile_pattern
from rules.severity import SEVERITY_PATH, Severity, read
from workspaces.models import Workspace

SAMPLES_MOST = 50
LOOKED_AT_MOST = 2_000  # of a workspace's latest events, by their types alone
_STEM = "example"


@dataclass(frozen=True, slots=True)
class Sample:
    """An event to try something on. ``id`` is None for one that was made up."""

    type: str
    payload: str = field(repr=False)  # the text
    created_at: datetime
    severity: Severity | None = None
    resource: str = "global"
    resource_id: str = ""
    id: UUID | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The payload, read."""
        found: dict[str, Any] = json.loads(self.payload)
        return found


def latest(*, workspace: Workspace, pattern: str, most: int = SAMPLES_MOST) -> list[Sample]:
    """The latest events that the pattern wants, newest first, among the workspace's last ``LOOKED_AT_MOST``."""
    wanted, paths = compile_pattern(pattern), severity_paths(workspace)
    rows = Event.objects.for_workspace(workspace.id).exclude(kind=TEST).order_by("-id")
    seen = rows.values_list("id", "event")[:LOOKED_AT_MOST]
    ids = list(islice((id for id, event in seen if wanted.matches(event)), min(most, SAMPLES_MOST)))
    return [_sample(row, paths) for row in rows.filter(id__in=ids)]


def one(*, workspace: Workspace, pattern: str) -> Sample:
    """The latest event that the pattern wants, or one made up."""
    found = latest(workspace=workspace, pattern=pattern, most=1)
    return found[0] if found else made_up(workspace=workspace, pattern=pattern)


def of(*, workspace: Workspace, event: str, payload: str, resource: str = "", resource_id: str = "") -> Sample:
    """An event as somebody typed it, with the severity that its payload carries."""
    path = severity_paths(workspace).get(event, SEVERITY_PATH)
    return Sample(
        type=event,
        payload=payload,
        created_at=timezone.now(),
        severity=read(json.loads(payload), path=path),
        resource=resource or "global",
        resource_id=resource_id,
    )


def made_up(*, workspace: Workspace, pattern: str) -> Sample:
    """An event that the pattern wants, of a type that the catalogue knows if there is one."""
    wanted = compile_pattern(pattern)
    kinds = EventType.objects.for_workspace(workspace.id).order_by("seen", "key")  # declared ones first
    known = next((kind for kind in kinds[:LOOKED_AT_MOST] if wanted.matches(kind.key)), None)
    event = known.key if known else _wanted_by(pattern)
    payload = _payload(event, known.label if known else "", known.severity_path if known else SEVERITY_PATH)
    text = json.dumps(payload, ensure_ascii=False)
    return of(workspace=workspace, event=event, payload=text, resource=_STEM, resource_id=f"{_STEM}-1")


def severity_paths(workspace: Workspace) -> dict[str, str]:
    """Where the severity is, of the event types that do not have it where the others do."""
    kinds = EventType.objects.for_workspace(workspace.id).exclude(severity_path=SEVERITY_PATH)
    return dict(kinds.values_list("key", "severity_path"))


def _wanted_by(pattern: str) -> str:
    named = pattern.replace(WILDCARD, _STEM)
    return named if len(named) <= LONGEST else pattern.replace(WILDCARD, _STEM[0])


def _payload(event: str, label: str, severity_path: str) -> dict[str, Any]:
    """What the usual templates and conditions ask for."""
    payload: dict[str, Any] = {
        "id": f"{_STEM}-1",
        "message": f"{label or event}: this is an example.",
        "resource": _STEM,
        "value": 120,
        "threshold": 100,
        "occurred_at": timezone.now().isoformat(timespec="seconds"),
    }
    inside, (*outer, last) = payload, parse_path(severity_path).segments
    for key in outer:
        deeper: dict[str, Any] = {}
        inside[key] = deeper
        inside = deeper
    inside[last] = Severity.HIGH.label
    return payload


def _sample(row: Event, paths: dict[str, str]) -> Sample:
    return Sample(
        id=row.id,
        type=row.event,
        payload=row.payload,
        created_at=row.created_at,
        severity=read(json.loads(row.payload), path=paths.get(row.event, SEVERITY_PATH)),
        resource=row.resource,
        resource_id=row.resource_id,
    )
