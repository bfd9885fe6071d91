"""What is kept of an attempt: the attempt itself, and what would have been sent where nothing was to leave."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from deliveries import bulk
from deliveries.sending import Sent
from workspaces.ids import derive

_json = json.JSONEncoder(ensure_ascii=False).encode  # made once: `json.dumps` would make one for every call


def keep(cursor: CursorWrapper, results: Sequence[Sent]) -> None:
    """Append the attempts, each once, and their captures."""
    _append_attempts(cursor, results)
    _keep_captures(cursor, results)


def _append_attempts(cursor: CursorWrapper, results: Sequence[Sent]) -> None:
    claims = [sent.claimed for sent in results]
    outcomes = [sent.outcome for sent in results]
    bulk.insert(
        cursor,
        "deliveries_attempt",
        {
            "id": ("uuid", [derive(claimed.id, claimed.attempt_count + 1) for claimed in claims]),
            "organization_id": ("uuid", [claimed.organization_id for claimed in claims]),
            "workspace_id": ("uuid", [claimed.workspace_id for claimed in claims]),
            "delivery_id": ("uuid", [claimed.id for claimed in claims]),
            "number": ("int", [claimed.attempt_count + 1 for claimed in claims]),
            "code": ("text", [str(outcome.code) for outcome in outcomes]),
            "culprit": ("text", [str(outcome.culprit) for outcome in outcomes]),
            "reason": ("text", [outcome.reason for outcome in outcomes]),
            "fix": ("text", [outcome.fix for outcome in outcomes]),
            "exchanges": ("jsonb", [_json(sent.exchanges) for sent in results]),
            "notes": ("jsonb", [_json(outcome.notes) for outcome in outcomes]),
            "reference": ("text", [outcome.reference[:256] for outcome in outcomes]),
            "started_at": ("timestamptz", [sent.started_at for sent in results]),
            "duration_ms": ("int", [sent.duration_ms for sent in results]),
        },
    )


def _keep_captures(cursor: CursorWrapper, results: Sequence[Sent]) -> None:
    kept = [(sent.claimed, *sent.captured) for sent in results if sent.captured]
    if not kept:
        return
    bulk.insert(
        cursor,
        "deliveries_capture",
        {
            "id": ("uuid", [claimed.id for claimed, _, _ in kept]),
            "organization_id": ("uuid", [claimed.organization_id for claimed, _, _ in kept]),
            "workspace_id": ("uuid", [claimed.workspace_id for claimed, _, _ in kept]),
            "request": ("jsonb", [_json(request) for _, request, _ in kept]),
            "body": ("text", [body for _, _, body in kept]),
        },
    )
