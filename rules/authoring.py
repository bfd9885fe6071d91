"""Write rules: each change is a new version, and moves the workspace's rule set on in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import F

from connections.models import Connection
from connections.provider import Action, Kind
from connections.registry import provider
from rules import conditions, patterns, severity, templates
from rules.models import Rule, RuleVersion
from workspaces import audit
from workspaces.errors import ApiError
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Wording:
    """What a rule says: everything that makes a new version when it changes."""

    event: str
    action: str
    resource: str = ""
    resource_id: str = ""
    min_severity: str = ""
    conditions: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, version: RuleVersion) -> Wording:
        """What a version says."""
        return cls(
            event=version.event,
            action=version.action,
            resource=version.resource,
            resource_id=version.resource_id,
            min_severity=version.min_severity,
            conditions=version.conditions,
            inputs=version.inputs,
        )


def create(*, connection: Connection, wording: Wording, name: str, active: bool, hidden: bool, actor: str) -> Rule:
    """A new rule. Raises ApiError 400 naming every fault."""
    wording = _checked(wording, connection)
    rule = Rule(
        organization_id=connection.organization_id,
        workspace_id=connection.workspace_id,
        connection=connection,
        name=name,
        active=active,
        hidden=hidden,
        created_by=actor,
    )
    with transaction.atomic():
        rule.save(force_insert=True)
        _say(rule, wording, actor=actor)
        _moved_on(rule, actor=actor, verb="rule.created")
    return rule


def change(rule: Rule, *, wording: Wording, actor: str) -> Rule:
    """Save a changed rule; another wording becomes its next version. Raises ApiError 400 naming every fault."""
    wording = _checked(wording, rule.connection)
    with transaction.atomic():
        if rule.version is None or wording != Wording.of(rule.version):
            _say(rule, wording, actor=actor)
        else:
            rule.save()
        _moved_on(rule, actor=actor, verb="rule.changed")
    return rule


def remove(rule: Rule, *, actor: str) -> None:
    """Delete a rule. Its versions stay: the deliveries it made point at them."""
    with transaction.atomic():
        _moved_on(rule, actor=actor, verb="rule.deleted")
        rule.delete()


def _say(rule: Rule, wording: Wording, *, actor: str) -> None:
    """Race: two changes at once would both be number n + 1. The lock on the rule's row puts them in line."""
    Rule.objects.select_for_update().get(id=rule.id)
    last = RuleVersion.objects.filter(rule_id=rule.id).order_by("-number").first()
    rule.version = RuleVersion.objects.create(
        rule_id=rule.id,
        number=last.number + 1 if last else 1,
        event=wording.event,
        resource=wording.resource,
        resource_id=wording.resource_id,
        min_severity=wording.min_severity,
        conditions=dict(wording.conditions),
        action=wording.action,
        inputs=dict(wording.inputs),
        created_by=actor,
    )
    rule.save()


def _moved_on(rule: Rule, *, actor: str, verb: str) -> None:
    Workspace.objects.filter(id=rule.workspace_id).update(ruleset_version=F("ruleset_version") + 1)
    audit.record(
        actor=actor,
        verb=verb,
        subject=rule.id,
        organization_id=rule.organization_id,
        workspace_id=rule.workspace_id,
        version=rule.version.number if rule.version else 0,
    )


# --------------------------------------------------------------------------- checks


def _checked(wording: Wording, connection: Connection) -> Wording:
    """The wording, tidied. Raises ApiError 400 naming every fault and its mend."""
    faults = _event_faults(wording) + _condition_faults(wording) + _action_faults(wording, connection)
    if faults:
        raise ApiError(400, "; ".join(f"{param}: {message}" for param, message in faults), faults=faults)
    level = severity.parse(wording.min_severity)
    return replace(wording, min_severity=level.label if level is not None else "")


def _event_faults(wording: Wording) -> list[tuple[str, str]]:
    faults = []
    if problem := patterns.check_pattern(wording.event):
        faults.append(("event", problem))
    if wording.min_severity and severity.parse(wording.min_severity) is None:
        levels = ", ".join(level.label for level in severity.Severity)
        faults.append(("min_severity", f"must be one of {levels}, or one of their usual other names."))
    return faults


def _condition_faults(wording: Wording) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in conditions.check(wording.conditions)]


def _action_faults(wording: Wording, connection: Connection) -> list[tuple[str, str]]:
    kind = provider(connection.provider)
    try:
        action = kind.action(wording.action)
    except KeyError:
        known = ", ".join(action.key for action in kind.actions)
        return [("metadata.action", f"must be one of {known} for {kind.name}.")]
    faults = _input_faults(action, wording.inputs)
    texts = {key: value for key, value in wording.inputs.items() if isinstance(value, str)}
    found = [] if faults else kind.check_inputs(action.key, texts)
    return faults + [(f"metadata.{fault.field}", fault.message) for fault in found if not fault.warning]


def _input_faults(action: Action, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    faults = []
    for asked in action.fields:
        value, where = inputs.get(asked.key), f"metadata.{asked.key}"
        if value in (None, ""):
            if asked.required and not asked.default:
                faults.append((where, f"{asked.label} is missing."))
        elif not isinstance(value, str):
            faults.append((where, f"{asked.label} must be a text."))
        elif len(value) > asked.max_length:
            faults.append((where, f"{asked.label} must be at most {asked.max_length} characters."))
        elif "\0" in value:
            faults.append((where, f"{asked.label} must not hold the character U+0000."))
        elif asked.kind is Kind.TEMPLATE and (problem := templates.check(value)):
            faults.append((where, f"line {problem.line}: {problem.message}"))
    return faults
