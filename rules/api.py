"""The API of this room: rules, and the catalogue of event types and resources."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from connections.models import Connection
from rules import authoring, conditions
from rules.authoring import Wording
from rules.models import EventType, Resource, Rule
from workspaces.api import ALL, ERRORS, Call, MachineToken, own_workspace
from workspaces.errors import bad_request, not_found
from workspaces.wire import Moment, Page, page

router = Router(tags=["Rules"], auth=MachineToken())
_RESOURCE_ID = r"^[A-Za-z0-9._:-]{1,64}$"


class RuleIn(Schema):
    """A new rule: event type → connection and action."""

    workspace: UUID
    connection: UUID
    event: str = Field(description="An event type, or a pattern such as `alert.*`.")
    metadata: dict[str, Any] = Field(description="`action`, and the inputs that it asks for.")
    resource: str | None = Field(None, max_length=128)
    resource_id: str | None = Field(None, pattern=_RESOURCE_ID)
    active: bool = True
    hidden: bool = False
    name: str = Field("", max_length=128)
    min_severity: str | None = Field(None, description="debug, info, low, medium, high or critical.")
    conditions: dict[str, Any] | None = Field(None, description="See `GET /conditions-schema`.")


class RuleChange(Schema):
    """What may change; what is left out stays as it is."""

    connection: UUID | None = None
    event: str | None = None
    metadata: dict[str, Any] | None = None
    resource: str | None = Field(None, max_length=128)
    resource_id: str | None = Field(None, pattern=_RESOURCE_ID)
    active: bool | None = None
    hidden: bool | None = None
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


def show(rule: Rule) -> dict[str, Any]:
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


@router.get("/rules", response={200: Page[RuleOut], **ERRORS}, summary="List the rules")
def list_rules(
    request: Call,
    event: str | None = None,
    resource: str | None = None,
    resource_id: str | None = None,
    limit: int = ALL,
    cursor: str | None = None,
) -> Any:
    """Of all workspaces, newest first."""
    rows = _filtered(Rule.objects.for_organization(request.auth.organization_id), event, resource, resource_id)
    return page(rows, limit=limit, cursor=cursor, show=show)


@router.get("/workspaces/{workspace_id}/rules", response={200: Page[RuleOut], **ERRORS})
def list_workspace_rules(
    request: Call,
    workspace_id: UUID,
    event: str | None = None,
    resource: str | None = None,
    resource_id: str | None = None,
    limit: int = ALL,
    cursor: str | None = None,
) -> Any:
    """Of one workspace, newest first."""
    rows = Rule.objects.for_workspace(request.auth.workspace(workspace_id).id)
    return page(_filtered(rows, event, resource, resource_id), limit=limit, cursor=cursor, show=show)


def _filtered(rows: Any, event: str | None, resource: str | None, resource_id: str | None) -> Any:
    wanted = {"version__event": event, "version__resource": resource, "version__resource_id": resource_id}
    return rows.filter(**{key: value for key, value in wanted.items() if value}).select_related("version", "connection")


@router.post("/rules", response={201: CreatedRule, **ERRORS}, summary="Create a rule")
def create_rule(request: Call, body: RuleIn) -> Any:
    """It judges every event from now on."""
    workspace = own_workspace(request.auth, body.workspace)
    connection = Connection.objects.for_workspace(workspace.id).filter(id=body.connection).first()
    if connection is None:
        raise not_found()
    rule = authoring.create(
        connection=connection,
        wording=_wording(body.metadata, body),
        name=body.name,
        active=body.active,
        hidden=body.hidden,
        actor=request.auth.name,
    )
    return 201, {"rule": show(_own(request, rule.id))}


def _wording(metadata: dict[str, Any], body: RuleIn) -> Wording:
    return Wording(
        event=body.event,
        action=_action(metadata),
        resource=body.resource or "",
        resource_id=body.resource_id or "",
        min_severity=body.min_severity or "",
        conditions=body.conditions or {},
        inputs=_inputs(metadata),
    )


def _action(metadata: dict[str, Any]) -> str:
    action = metadata.get("action")
    if not isinstance(action, str) or not action:
        raise bad_request("metadata.action", "is missing; it names what the rule does.")
    return action


def _inputs(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "action"}


@router.get("/rules/{rule_id}", response={200: RuleOut, **ERRORS}, summary="Get a rule")
def get_rule(request: Call, rule_id: UUID) -> Any:
    """With what its current version says."""
    return show(_own(request, rule_id))


@router.patch("/rules/{rule_id}", response={200: RuleOut, **ERRORS}, summary="Change a rule")
def change_rule(request: Call, rule_id: UUID, body: RuleChange) -> Any:
    """What is left out stays. Another wording becomes the rule's next version; deliveries under way keep theirs."""
    rule = _own(request, rule_id)
    sent = body.model_dump(exclude_unset=True)
    if body.connection:
        rule.connection = _connection_of(rule, body.connection)
    for name in ("active", "hidden", "name"):
        if sent.get(name) is not None:
            setattr(rule, name, sent[name])
    authoring.change(rule, wording=_reworded(rule, sent), actor=request.auth.name)
    return show(_own(request, rule_id))


def _reworded(rule: Rule, sent: dict[str, Any]) -> Wording:
    assert rule.version is not None  # noqa: S101  saved together
    before = Wording.of(rule.version)
    metadata = sent.get("metadata") or {"action": before.action, **before.inputs}
    texts = {
        name: sent[name] or "" if name in sent else getattr(before, name)
        for name in ("event", "resource", "resource_id", "min_severity")
    }
    return Wording(
        **texts,
        action=_action(metadata),
        inputs=_inputs(metadata),
        conditions=(sent["conditions"] or {}) if "conditions" in sent else before.conditions,
    )


def _connection_of(rule: Rule, connection_id: UUID) -> Connection:
    found: Connection | None = Connection.objects.for_workspace(rule.workspace_id).filter(id=connection_id).first()
    if found is None:
        raise not_found()
    return found


@router.delete("/rules/{rule_id}", response={200: RemovedRule, **ERRORS}, summary="Delete a rule")
def remove_rule(request: Call, rule_id: UUID) -> Any:
    """Deliveries that it has made go on."""
    rule = _own(request, rule_id)
    shown = show(rule)
    authoring.remove(rule, actor=request.auth.name)
    return shown


def _own(request: Call, rule_id: UUID) -> Rule:
    rows = Rule.objects.for_organization(request.auth.organization_id).select_related("version", "connection")
    found: Rule | None = rows.filter(id=rule_id).first()
    if found is None:
        raise not_found()
    return found


@router.get("/workspaces/{workspace_id}/event-types", response={200: list[CatalogueRow], **ERRORS})
def list_event_types(request: Call, workspace_id: UUID) -> Any:
    """Declared ones, and those that events have shown."""
    return list(EventType.objects.for_workspace(request.auth.workspace(workspace_id).id).order_by("key"))


@router.get("/workspaces/{workspace_id}/resources", response={200: list[CatalogueRow], **ERRORS})
def list_resources(request: Call, workspace_id: UUID) -> Any:
    """Declared ones, and those that events have shown."""
    return list(Resource.objects.for_workspace(request.auth.workspace(workspace_id).id).order_by("key"))


@router.get("/conditions-schema", auth=None, response=dict[str, Any], summary="The schema of conditions")
def conditions_schema(request: HttpRequest) -> Any:
    """JSON Schema 2020-12: the one that judges when a rule is saved."""
    return conditions.SCHEMA
