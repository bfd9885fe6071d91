"""The API for trying a rule: send a test, see what would be sent, and how often it would have fired."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ninja import Router, Status

from connections.models import Connection
from deliveries import waking
from deliveries.ingest import as_text
from deliveries.reading import PAYLOAD_MOST
from deliveries.shapes import event_shape
from deliveries.trying import samples, testing
from deliveries.trying.backtest import backtest
from deliveries.trying.preview import preview
from deliveries.trying.samples import Sample
from deliveries.trying.shapes import (
    BacktestIn,
    BacktestOut,
    PreviewIn,
    PreviewOut,
    RuleTestIn,
    RuleTestOut,
    backtest_shape,
    preview_shape,
)
from rules.authoring import Wording
from rules.models import Rule
from rules.patterns import check_pattern
from workspaces.bodies import modest
from workspaces.callers import PortalCall, PortalToken
from workspaces.errors import ApiError, bad_request, not_found
from workspaces.models import Workspace
from workspaces.permissions import Permission
from workspaces.wire import WRITING

router = Router(tags=["Rules"], auth=PortalToken(Permission.SEE_PAYLOAD))  # what is shown is made of payloads
router.add_decorator(modest, mode="view")


@router.post("/rules/backtest", response={200: BacktestOut, **WRITING}, summary="Try a rule on past events")
def backtest_rule(request: PortalCall, body: BacktestIn) -> Any:
    """How often it would have fired in the last days. Nothing is stored or sent."""
    request.auth.need_whole_workspace()
    workspace = request.auth.workspace(body.workspace)
    wording = Wording(
        event=body.event,
        action="",
        resource=body.resource or "",
        resource_id=body.resource_id or "",
        min_severity=body.min_severity or "",
        conditions=body.conditions or {},
    )
    zone = _zone(body.time_zone)
    return backtest_shape(backtest(workspace=workspace, wording=wording, zone=zone, days=body.days))


@router.post("/rules/preview", response={200: PreviewOut, **WRITING}, summary="See what a rule would send")
def preview_rule(request: PortalCall, body: PreviewIn) -> Any:
    """Made as if it were sent, with stand-ins for all secrets. Nothing is stored or sent."""
    request.auth.need_whole_workspace()
    workspace = request.auth.workspace(body.workspace)
    connection = request.auth.rows(Connection.objects.for_workspace(workspace.id)).filter(id=body.connection).first()
    if connection is None:
        raise not_found()
    sample = _sample(workspace, pattern=body.event, payload=body.payload)
    action = body.metadata.get("action")
    if not isinstance(action, str) or not action:
        raise bad_request("metadata.action", "is missing; it names what the rule does.")
    inputs = {key: value for key, value in body.metadata.items() if key != "action"}
    found = preview(workspace=workspace, connection=connection, action=action, inputs=inputs, sample=sample)
    return preview_shape(found)


@router.post(
    "/rules/{rule_id}/test",
    auth=PortalToken(Permission.CHANGE_RULES),
    response={201: RuleTestOut, **WRITING},
    summary="Send a test",
)
def send_test(request: PortalCall, rule_id: UUID, body: RuleTestIn | None = None) -> Any:
    """Really sent, by this rule alone, and told as a test. Also while the rule is switched off or muted."""
    request.auth.need_whole_workspace()
    rows = request.auth.rows(Rule.objects.all())
    rule = rows.select_related("version", "connection", "connection__workspace", "workspace").filter(id=rule_id).first()
    if rule is None or rule.version is None:
        raise not_found()
    event_type, payload = (body.event, body.payload) if body else (None, None)
    sample = _sample(rule.workspace, pattern=event_type or rule.version.event, payload=payload)
    event = testing.send_for_rule(rule, actor=request.auth.name, sample=sample)
    waking.wake()
    return Status(201, {"event": event_shape(event)})


def _sample(workspace: Workspace, *, pattern: str, payload: dict[str, Any] | None) -> Sample:
    """The event to try it on. Raises ApiError 400 for what is no pattern, 413 for a payload that is too large."""
    if problem := check_pattern(pattern):
        raise bad_request("event", problem)
    found = samples.one(workspace=workspace, pattern=pattern)
    if payload is None:
        return found
    text = as_text(payload)
    if len(text.encode()) > PAYLOAD_MOST:
        raise ApiError(413, f"payload: must be at most {PAYLOAD_MOST} bytes.", faults=[("payload", "is too large.")])
    about = {"resource": found.resource, "resource_id": found.resource_id}
    return samples.of(workspace=workspace, event=found.type, payload=text, **about)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # none of that name, no name at all, or one that leads elsewhere
        raise bad_request("time_zone", "must be a time zone's name, such as Europe/Berlin or UTC.") from None
