"""The API of what a rule has said over time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import UUID

from ninja import Router, Schema
from pydantic import ConfigDict, Field, StrictInt

from rules import versions
from rules.authoring import Wording
from rules.models import Rule, RuleVersion
from rules.shapes import RuleOut, rule_shape
from rules.versions import Change
from workspaces.bodies import modest
from workspaces.callers import MachineToken, PortalCall, PortalToken
from workspaces.errors import not_found
from workspaces.permissions import Permission
from workspaces.wire import READING, WRITING, Moment, Page

router = Router(tags=["Rules"], auth=MachineToken())
router.add_decorator(modest, mode="view")


class ChangeOut(Schema):
    """One thing that is said otherwise, in plain words."""

    label: str
    before: str
    after: str


class RuleVersionOut(Schema):
    """What a rule said at one time. It is never changed."""

    id: UUID
    number: int
    event: str
    resource: str | None
    resource_id: str | None
    min_severity: str | None
    conditions: dict[str, Any]
    metadata: dict[str, Any]
    changes: list[ChangeOut] = Field(description="What it says otherwise than the version before.")
    created_by: str
    created_at: Moment


class Revert(Schema):
    """The way back."""

    model_config = ConfigDict(extra="forbid")

    version: StrictInt = Field(description="The number of the version whose words become the next one's.")


@router.get(
    "/rules/{rule_id}/versions",
    auth=PortalToken(Permission.SEE_RULES),
    response={200: Page[RuleVersionOut], **READING},
    summary="List its versions",
)
def list_versions(request: PortalCall, rule_id: UUID) -> Any:
    """Newest first, the last 200, each with what it says otherwise than the one before."""
    request.auth.need_whole_workspace()
    rule = _own(request, rule_id)
    found = versions.versions_of(rule)
    changes = [_changes(rule, before=older, after=newer) for newer, older in pairwise(found)]
    records = [_shape(version, said) for version, said in zip(found, [*changes, []], strict=True)]
    return {"count": len(records), "limit": versions.SHOWN_MOST, "next_cursor": None, "records": records}


@router.post(
    "/rules/{rule_id}/revert",
    auth=PortalToken(Permission.CHANGE_RULES),
    response={200: RuleOut, **WRITING},
    summary="Go back to a version",
)
def revert_rule(request: PortalCall, rule_id: UUID, body: Revert) -> Any:
    """Its next version has the words of that one. Deliveries under way keep theirs."""
    request.auth.need_whole_workspace()
    return rule_shape(versions.revert(_own(request, rule_id), number=body.version, actor=request.auth.name))


def _own(request: PortalCall, rule_id: UUID) -> Rule:
    rows = request.auth.rows(Rule.objects.select_related("version", "connection"), resource="version__resource")
    found: Rule | None = rows.filter(id=rule_id).first()
    if found is None:
        raise not_found()
    return found


def _changes(rule: Rule, *, before: RuleVersion, after: RuleVersion) -> list[Change]:
    return versions.changes_between(Wording.of(before), Wording.of(after), provider=rule.connection.provider)


def _shape(version: RuleVersion, changes: list[Change]) -> dict[str, Any]:
    return {
        "id": version.id,
        "number": version.number,
        "event": version.event,
        "resource": version.resource or None,
        "resource_id": version.resource_id or None,
        "min_severity": version.min_severity or None,
        "conditions": version.conditions,
        "metadata": {"action": version.action, **version.inputs},
        "changes": [{"label": one.label, "before": one.before, "after": one.after} for one in changes],
        "created_by": version.created_by,
        "created_at": version.created_at,
    }
