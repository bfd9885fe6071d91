"""Rules, and the catalogue of what rules can be about, as the wire has them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, StrictBool

from rules.models import EventType, Resource, Rule
from rules.restraint import settings_of
from workspaces.wire import Moment, changed_at

_METADATA = (
    "`action`, and the inputs that it asks for: see `GET /integrations`. `name` may stand beside an `id`, and says what"
    " it is called. An input that the action does not read is refused, unless it is one of the usual names and empty."
)
# Checked where the rule is saved, in words that name the mend. Null takes a setting away.
_MUTED_UNTIL = Field(
    None,
    description="Until then what the rule fires on is not sent: such a delivery has `state` `muted`. What is critical"
    " always goes through. A moment such as `2026-12-24T08:00:00Z`.",
    json_schema_extra={"type": ["string", "null"], "format": "date-time"},
)
_QUIET_HOURS = Field(
    None,
    description="What fires in them waits for their end, several in one message; what is critical does not wait."
    ' `{"days": [0, 1, 2, 3, 4], "start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}`: `days` are those on'
    " which they begin, 0 is Monday; they may pass midnight.",
)
_DIGEST = Field(
    None,
    description='At most so many single messages in so many minutes, `{"most": 5, "minutes": 10}`: what is more becomes'
    " one message at the end of that time. `most` is 0 to 100, `minutes` 1 to 1,440. What is critical always goes by"
    " itself.",
)


_RESOURCE_ID = re.compile("[A-Za-z0-9._:-]{1,64}")


def _of_the_wire(resource_id: str) -> str:
    if not _RESOURCE_ID.fullmatch(resource_id):
        raise ValueError("must be 1 to 64 letters, digits, dots, hyphens, underscores and colons.")
    return resource_id


# Narrower than what an event may carry: the wire contract's. In the portal a rule can be about anything that came.
ResourceId = Annotated[
    str, AfterValidator(_of_the_wire), Field(json_schema_extra={"pattern": f"^{_RESOURCE_ID.pattern}$"})
]


class _NothingElse(Schema):
    """Refuses names it does not know: a misspelt ``min_severity`` would make a rule that fires on everything."""

    model_config = ConfigDict(extra="forbid")


class RuleIn(_NothingElse):
    """A new rule: event type → connection and action."""

    workspace: UUID
    connection: UUID
    event: str = Field(description="An event type, or a pattern such as `alert.*`.")
    metadata: dict[str, Any] = Field(description=_METADATA)
    resource: str | None = Field(None, max_length=128)
    resource_id: ResourceId | None = None
    active: StrictBool = True
    hidden: StrictBool = False
    name: str = Field("", max_length=128)
    min_severity: str | None = Field(None, description="debug, info, low, medium, high or critical.")
    conditions: dict[str, Any] | None = Field(None, description="See `GET /conditions-schema`.")
    muted_until: Any = _MUTED_UNTIL
    quiet_hours: Any = _QUIET_HOURS
    digest: Any = _DIGEST


class RuleChange(_NothingElse):
    """What may change; what is left out stays as it is."""

    connection: UUID | None = None
    event: str | None = None
    metadata: dict[str, Any] | None = None
    resource: str | None = Field(None, max_length=128)
    resource_id: ResourceId | None = None
    active: StrictBool | None = None
    hidden: StrictBool | None = None
    name: str | None = Field(None, max_length=128)
    min_severity: str | None = None
    conditions: dict[str, Any] | None = None
    muted_until: Any = _MUTED_UNTIL
    quiet_hours: Any = _QUIET_HOURS
    digest: Any = _DIGEST


class RuleOut(Schema):
    """A rule with what its current version says."""

    id: UUID
    connection: UUID
    workspace: UUID
    type: str
    event: str
    resource: str | None
    resource_id: str | None
    metadata: dict[str, Any]
    active: bool
    hidden: bool
    name: str
    min_severity: str | None
    conditions: dict[str, Any]
    muted_until: Moment | None
    quiet_hours: dict[str, Any] | None
    digest: dict[str, Any] | None
    version: int
    created_by: str
    created_at: Moment
    updated_at: Moment


class CreatedRule(Schema):
    """What was created."""

    rule: RuleOut


class RemovedRule(Schema):
    """What was deleted."""

    id: UUID
    connection: UUID
    type: str
    event: str
    resource: str | None
    resource_id: str | None


class CatalogueRow(Schema):
    """An event type or a resource. ``seen`` ones were learnt from events."""

    id: UUID
    key: str
    label: str
    description: str
    active: bool
    seen: bool
    created_by: str
    created_at: Moment
    updated_at: Moment

    @staticmethod
    def resolve_updated_at(row: EventType | Resource) -> datetime:
        return changed_at(row)


def rule_shape(rule: Rule) -> dict[str, Any]:
    """A rule as the wire has it."""
    version = rule.version
    assert version is not None  # noqa: S101  saved together
    return {
        "id": rule.id,
        "connection": rule.connection_id,
        "workspace": rule.workspace_id,
        "type": rule.connection.provider,
        "event": version.event,
        "resource": version.resource or None,
        "resource_id": version.resource_id or None,
        "metadata": {"action": version.action, **version.inputs},
        "active": rule.active,
        "hidden": rule.hidden,
        "name": rule.name,
        "min_severity": version.min_severity or None,
        "conditions": version.conditions,
        **settings_of(rule),
        "version": version.number,
        "created_by": rule.created_by,
        "created_at": rule.created_at,
        "updated_at": changed_at(rule),
    }
