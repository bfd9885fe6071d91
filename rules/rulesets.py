"""A workspace's rules, compiled once for each version of the whole set and kept in the process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from uuid import UUID

from rules.conditions import compile_conditions
from rules.matching import CompiledRule, RuleSet
from rules.models import EventType, Rule
from rules.patterns import compile_pattern
from rules.restraint import Restraint
from rules.severity import parse

_KEPT = 2_000  # workspaces
_cache: OrderedDict[UUID, tuple[int, RuleSet]] = OrderedDict()


def load(versions: Mapping[UUID, int]) -> dict[UUID, RuleSet]:
    """The rule sets of the given workspaces, each at least as new as the given version."""
    stale = [id for id, version in versions.items() if id not in _cache or _cache[id][0] != version]
    for id, ruleset in _compile(stale).items():
        _cache[id] = (versions[id], ruleset)
    found: dict[UUID, RuleSet] = {}
    for id in versions:
        _cache.move_to_end(id)
        found[id] = _cache[id][1]
    while len(_cache) > _KEPT:
        _cache.popitem(last=False)
    return found


def _compile(workspace_ids: list[UUID]) -> dict[UUID, RuleSet]:
    if not workspace_ids:
        return {}
    rules: dict[UUID, list[CompiledRule]] = {id: [] for id in workspace_ids}
    paths: dict[UUID, dict[str, str]] = {id: {} for id in workspace_ids}
    complete = Rule.objects.filter(workspace_id__in=workspace_ids, version__isnull=False)
    for rule in complete.select_related("version").order_by("id"):
        rules[rule.workspace_id].append(compiled(rule))
    for kind in EventType.objects.filter(workspace_id__in=workspace_ids).exclude(severity_path="severity"):
        paths[kind.workspace_id][kind.key] = kind.severity_path
    return {id: RuleSet(rules[id], severity_paths=paths[id]) for id in workspace_ids}


def compiled(rule: Rule) -> CompiledRule:
    """A rule as ``matching`` wants it."""
    version = rule.version
    assert version is not None, "a rule is saved together with its first version"  # noqa: S101  an invariant
    return CompiledRule(
        id=rule.id,
        version_id=version.id,
        connection_id=rule.connection_id,
        name=rule.name,
        active=rule.active,
        pattern=compile_pattern(version.event),
        resource=version.resource,
        resource_id=version.resource_id,
        min_severity=parse(version.min_severity),
        conditions=compile_conditions(version.conditions),
        restraint=Restraint.of(rule),
    )
