"""The record that a connection's mapping makes of an event, and what an attempt says of it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from connections.provider import Code, Culprit, EventFacts, Outcome, WorkspaceFacts
from rules.mapping_loading import InForce
from rules.mappings import Made


def around(event: EventFacts, workspace: WorkspaceFacts) -> dict[str, Any]:
    """What can be named beside the payload, in templates and in mappings alike."""
    return {
        "event": {
            "id": str(event.id),
            "type": event.type,
            "resource": event.resource,
            "resource_id": event.resource_id,
            "created_at": event.created_at.isoformat(timespec="milliseconds"),
        },
        "workspace": {
            "name": workspace.name,
            "tenant": workspace.tenant,
            "environment": workspace.environment,
        },
        "severity": event.severity,
    }


def notes(mapping: InForce, made: Made) -> list[str]:
    """What was left out, and which version of the mapping it was: the event's page tells both."""
    if mapping.number == 0:
        return [*made.notes, gettext("The record was made by the mapping that comes with the connection.")]
    words = gettext("The record was made by version %(number)s of the mapping.")
    return [*made.notes, words % {"number": mapping.number}]


def unmapped(made: Made) -> Outcome | None:
    """Why nothing is sent: a record without what somebody called necessary is worth less than none."""
    if not made.failures:
        return None
    return Outcome(
        code=Code.MAPPING_ERROR,
        culprit=Culprit.RULE,
        reason=f"The mapping could not make the record, so nothing was sent. {' '.join(made.failures)}",
        fix="Correct the mapping of the connection, or what the event says; then send this again.",
    )
