"""Write rules: each change is a new version, and moves the workspace's rule set on in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connections.models import Connection
from connections.registry import provider
from rules import conditions, inputs, patterns, rehearsing, restraint, severity
from rules.models import Rule, RuleVersion
from workspaces import audit, changes
from workspaces.errors import ApiError, not_found


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
    def of(cls, version: RuleVersion | None) -> Wording:
        """What a version says. A stored rule always has one: both are saved in one transaction."""
        assert version is not None  # noqa: S101
        return cls(
            event=version.event,
            action=version.action,
            resource=version.resource,
            resource_id=version.resource_id,
            min_severity=version.min_severity,
            conditions=version.conditions,
            inputs=version.inputs,
        )


def create(
    *, connection: Connection, wording: Wording, name: str, active: bool, hidden: bool, actor: str, **settings: Any
) -> Rule:
    """A new rule, with the settings that hold it back (see ``restraint``).

    Raises ApiError 400 naming every fault, 404 when its connection has just been deleted.
    """
    rule = Rule(
        organization_id=connection.organization_id,
        workspace_id=connection.workspace_id,
        connection=connection,
        name=name,
        active=active,
        hidden=hidden,
        created_by=actor,
        **settings,
    )
    wording = _checked(wording, rule)
    with changes.of_rules(rule.workspace_id):
        if not Connection.objects.filter(id=connection.id).exists():
            raise not_found()
        rule.save(force_insert=True)
        _say(rule, wording, actor=actor)
        _trace(rule, actor=actor, verb="rule.created", **restraint.written(restraint.settings_of(rule)))
    return rule


def change(
    rule: Rule,
    *,
    reworded: Mapping[str, Any],
    actor: str,
    verb: str = "rule.changed",
    detail: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Rule:
    """Change a rule: parts of its wording, and fields of its row; what is left out stays.

    Another wording becomes the next version. The audit knows it as ``verb``, with the ``detail``.
    Raises ApiError 400 naming every fault, 404 when it has just been deleted.
    """
    with changes.of_rules(rule.workspace_id):
        current = _current(rule)
        held_back = restraint.settings_of(current)
        for name, value in fields.items():
            setattr(current, name, value)
        before = Wording.of(current.version)
        wording = _checked(replace(before, **reworded), current, said=None if "connection" in fields else before)
        current.save()
        if wording != before:
            _say(current, wording, actor=actor)
        _trace(current, actor=actor, verb=verb, **(detail or {}), **_changes(held_back, restraint.settings_of(current)))
    return current


def remove(rule: Rule, *, actor: str) -> None:
    """Delete a rule. Its versions stay: the deliveries it made point at them."""
    with changes.of_rules(rule.workspace_id):
        current = _current(rule)
        _trace(current, actor=actor, verb="rule.deleted")
        current.delete()


def _current(rule: Rule) -> Rule:
    """The rule as it stands now that it is our turn, whatever was read before."""
    found = Rule.objects.select_related("version", "connection").filter(id=rule.id).first()
    if found is None:
        raise not_found()
    return found


def _say(rule: Rule, wording: Wording, *, actor: str) -> None:
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
    rule.save(update_fields=["version", "updated_at"])


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not what they were, for the audit: no version tells of them."""
    was, now = restraint.written(before), restraint.written(after)
    return {name: {"from": was.get(name), "to": now.get(name)} for name in before if was.get(name) != now.get(name)}


def _trace(rule: Rule, *, actor: str, verb: str, **detail: Any) -> None:
    audit.record(
        rule,
        actor=actor,
        verb=verb,
        name=rule.name,
        version=rule.version.number if rule.version else 0,
        **detail,
    )


# --------------------------------------------------------------------------- checks


def _checked(wording: Wording, rule: Rule, *, said: Wording | None = None) -> Wording:
    """The wording, tidied, and the rule's settings with it. Raises ApiError 400 naming every fault and its mend.

    What the rule ``said`` already is not judged again: one that became wrong since must be able to be switched off.
    """
    settings = restraint.settings_of(rule)
    faults = [] if wording == said else asking_faults(wording) + action_faults(wording, rule.connection)
    faults += restraint.faults(settings) or _digest_faults(rule, wording)
    if faults:
        raise ApiError(400, "; ".join(f"{param}: {message}" for param, message in faults), faults=faults)
    for name, value in restraint.tidied(settings).items():
        setattr(rule, name, value)
    level = severity.parse(wording.min_severity)
    return replace(wording, min_severity=level.label if level is not None else "")


def asking_faults(wording: Wording) -> list[tuple[str, str]]:
    """What is wrong with *when* it fires: each field, and how to mend it."""
    return _event_faults(wording) + _condition_faults(wording)


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


def action_faults(wording: Wording, connection: Connection) -> list[tuple[str, str]]:
    """What is wrong with *what* it does there: each field, and how to mend it."""
    kind = provider(connection.provider)
    try:
        action = kind.action(wording.action)
    except KeyError:
        known = ", ".join(action.key for action in kind.actions)
        return [("metadata.action", f"must be one of {known} for {kind.name}.")]
    faults = inputs.faults(action, wording.inputs)
    texts = {key: value for key, value in wording.inputs.items() if isinstance(value, str)}
    found = [] if faults else kind.check_inputs(action.key, texts) or rehearsing.faults(kind, action, texts)
    return faults + [(f"metadata.{fault.field}", fault.message) for fault in found if not fault.warning]


def _digest_faults(rule: Rule, wording: Wording) -> list[tuple[str, str]]:
    actions = {action.key: action for action in provider(rule.connection.provider).actions}
    action = actions.get(wording.action)
    if rule.digest is None or action is None or action.digest:
        return []
    return [("digest", f"is not possible with “{action.label}”, which takes each event by itself. Set it to null.")]
