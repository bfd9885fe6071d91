"""The API of this room: rules, and the catalogue of event types and resources."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from connections.models import Connection
from rules import authoring, conditions
from rules.authoring import Wording
from rules.models import EventType, Resource, Rule
from rules.restraint import SETTINGS
from rules.shapes import CatalogueRow, CreatedRule, RemovedRule, RuleChange, RuleIn, RuleOut, rule_shape
from workspaces.bodies import modest
from workspaces.callers import MachineToken, PortalCall, PortalToken
from workspaces.errors import bad_request, not_found
from workspaces.permissions import Permission
from workspaces.wire import ALL, READING, WRITING, Limit, Page, page

router = Router(tags=["Rules"], auth=MachineToken())
router.add_decorator(modest, mode="view")
_SEE, _CHANGE = PortalToken(Permission.SEE_RULES), PortalToken(Permission.CHANGE_RULES)
_RESOURCE = "version__resource"


@router.get("/rules", auth=_SEE, response={200: Page[RuleOut], **READING}, summary="List the rules")
def list_rules(
    request: PortalCall,
    event: str | None = None,
    resource: str | None = None,
    resource_id: str | None = None,
    limit: Limit = ALL,
    cursor: str | None = None,
) -> Any:
    """Of all workspaces, newest first."""
    rows = _filtered(request.auth.rows(Rule.objects.all(), resource=_RESOURCE), event, resource, resource_id)
    return page(rows, limit=limit, cursor=cursor, show=rule_shape)


@router.get(
    "/workspaces/{workspace_id}/rules", auth=_SEE, response={200: Page[RuleOut], **READING}, summary="List its rules"
)
def list_workspace_rules(
    request: PortalCall,
    workspace_id: UUID,
    event: str | None = None,
    resource: str | None = None,
    resource_id: str | None = None,
    limit: Limit = ALL,
    cursor: str | None = None,
) -> Any:
    """Of one workspace, newest first."""
    own = Rule.objects.for_workspace(request.auth.workspace(workspace_id).id)
    rows = request.auth.rows(own, resource=_RESOURCE)
    return page(_filtered(rows, event, resource, resource_id), limit=limit, cursor=cursor, show=rule_shape)


def _filtered(rows: Any, event: str | None, resource: str | None, resource_id: str | None) -> Any:
    wanted = {"version__event": event, "version__resource": resource, "version__resource_id": resource_id}
    return rows.filter(**{key: value for key, value in wanted.items() if value}).select_related("version", "connection")


@router.post("/rules", auth=_CHANGE, response={201: CreatedRule, **WRITING}, summary="Create a rule")
def create_rule(request: PortalCall, body: RuleIn) -> Any:
    """It judges every event from now on."""
    workspace = request.auth.workspace(body.workspace, param="workspace")
    connection = _connection(request, workspace.id, body.connection)
    if body.hidden:
        request.auth.refuse_hiding()
    request.auth.keep_within(resource=body.resource or "", resource_id=body.resource_id or "")
    rule = authoring.create(
        connection=connection,
        wording=_wording(body.metadata, body),
        name=body.name,
        active=body.active,
        hidden=body.hidden,
        actor=request.auth.name,
        **{name: getattr(body, name) for name in SETTINGS},
    )
    return Status(201, {"rule": rule_shape(_own(request, rule.id))})


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


@router.get("/rules/{rule_id}", auth=_SEE, response={200: RuleOut, **READING}, summary="Get a rule")
def get_rule(request: PortalCall, rule_id: UUID) -> Any:
    """With what its current version says."""
    return rule_shape(_own(request, rule_id))


@router.patch("/rules/{rule_id}", auth=_CHANGE, response={200: RuleOut, **WRITING}, summary="Change a rule")
def change_rule(request: PortalCall, rule_id: UUID, body: RuleChange) -> Any:
    """What is left out stays. Another wording becomes the rule's next version; deliveries under way keep theirs."""
    rule = _own(request, rule_id)
    sent = body.model_dump(exclude_unset=True)
    fields = {name: sent[name] for name in ("active", "hidden", "name") if sent.get(name) is not None}
    fields |= {name: sent[name] for name in SETTINGS if name in sent}
    if body.connection:
        fields["connection"] = _connection(request, rule.workspace_id, body.connection)
    if fields.get("hidden"):
        request.auth.refuse_hiding()
    shown = {**rule_shape(rule), **sent}
    request.auth.keep_within(resource=shown["resource"] or "", resource_id=shown["resource_id"] or "")
    return rule_shape(authoring.change(rule, reworded=_reworded(sent), actor=request.auth.name, **fields))


def _reworded(sent: dict[str, Any]) -> dict[str, Any]:
    """The parts of the wording that were sent. Null takes a condition or a filter away."""
    found: dict[str, Any] = {
        name: sent[name] or "" for name in ("event", "resource", "resource_id", "min_severity") if name in sent
    }
    if "conditions" in sent:
        found["conditions"] = sent["conditions"] or {}
    if sent.get("metadata") is not None:
        found |= {"action": _action(sent["metadata"]), "inputs": _inputs(sent["metadata"])}
    return found


def _connection(request: PortalCall, workspace_id: UUID, connection_id: UUID) -> Connection:
    rows = request.auth.rows(Connection.objects.for_workspace(workspace_id))
    found: Connection | None = rows.filter(id=connection_id).first()
    if found is None:
        raise not_found("connection")
    return found


@router.delete("/rules/{rule_id}", auth=_CHANGE, response={200: RemovedRule, **WRITING}, summary="Delete a rule")
def remove_rule(request: PortalCall, rule_id: UUID) -> Any:
    """Deliveries that it has made go on."""
    rule = _own(request, rule_id)
    shown = rule_shape(rule)
    authoring.remove(rule, actor=request.auth.name)
    return shown


def _own(request: PortalCall, rule_id: UUID) -> Rule:
    rows = request.auth.rows(Rule.objects.all(), resource=_RESOURCE).select_related("version", "connection")
    found: Rule | None = rows.filter(id=rule_id).first()
    if found is None:
        raise not_found()
    return found


@router.get(
    "/workspaces/{workspace_id}/event-types",
    auth=_SEE,
    response={200: list[CatalogueRow], **READING},
    summary="List its event types",
)
def list_event_types(request: PortalCall, workspace_id: UUID) -> Any:
    """Declared ones, and those that events have shown."""
    return list(EventType.objects.for_workspace(request.auth.workspace(workspace_id).id).order_by("key"))


@router.get(
    "/workspaces/{workspace_id}/resources",
    auth=_SEE,
    response={200: list[CatalogueRow], **READING},
    summary="List its resources",
)
def list_resources(request: PortalCall, workspace_id: UUID) -> Any:
    """Declared ones, and those that events have shown."""
    return list(Resource.objects.for_workspace(request.auth.workspace(workspace_id).id).order_by("key"))


@router.get("/conditions-schema", auth=None, response=dict[str, Any], summary="The schema of conditions")
def conditions_schema(request: HttpRequest) -> Any:
    """JSON Schema 2020-12: the one that judges when a rule is saved."""
    return conditions.SCHEMA
