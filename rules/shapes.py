"""Rules, and the catalogue of what rules can be about, as the wire has them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool

from rules.models import Rule
from workspaces.wire import Moment

_RESOURCE_ID = r"^[A-Za-z0-9._:-]{1,64}$"


class _NothingElse(Schema):
    """Refuses names it does not know: a misspelt ``min_severity`` would make a rule that fires on everything."""

    model_config = ConfigDict(extra="forbid")


class RuleIn(_NothingElse):
    """A new rule: event type → connection and action."""

    workspace: UUID
    connection: UUID
    event: str = Field(description="An event type, or a pattern such as `alert.*`.")
    metadata: dict[str, Any] = Field(description="`action`, and the inputs that it asks for.")
    resource: str | None = Field(None, max_length=128)
    resource_id: str | None = Field(None, pattern=_RESOURCE_ID)
    active: StrictBool = True
    hidden: StrictBool = False
    name: str = Field("", max_length=128)
    min_severity: str | None = Field(None, description="debug, info, low, medium, high or critical.")
    conditions: dict[str, Any] | None = Field(None, description="See `GET /conditions-schema`.")


class RuleChange(_NothingElse):
    """What may change; what is left out stays as it is."""

    connection: UUID | None = None
    event: str | None = None
    metadata: dict[str, Any] | None = None
    resource: str | None = Field(None, max_length=128)
    resource_id: str | None = Field(None, pattern=_RESOURCE_ID)
    active: StrictBool | None = None
    hidden: StrictBool | None = None
    name: str | None = Field(None, max_length=128)
    min_severity: str | None = None
    conditions: dict[str, Any] | None = None


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
        "version": version.number,
        "created_by": rule.created_by,
        "created_at": rule.created_at,
        "updated_at": rule.updated_at,
    }
