"""Which rules an event sets off, and for each of the others the reason why not.

A rule is *considered* when its pattern wants the event's type. Each considered rule gets a verdict in which
everything it asks answers, so that a person can read the whole trace and not only the first no. Values go in and
values come out: nothing here knows of a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from rules.conditions import Clause, Compiled, judge
from rules.paths import MISSING, parse_path
from rules.patterns import Pattern
from rules.restraint import Restraint
from rules.severity import SEVERITY_PATH, Severity, parse, read
from rules.showing import shown, storable

NO_CONDITIONS = Compiled(root=None)


@dataclass(frozen=True)
class EventValues:
    """An event as rules see it. ``severity`` is None when it has none that is known.

    ``now`` is the moment at which it is decided; without one, no rule counts as muted.
    """

    type: str
    payload: Mapping[str, Any]
    resource: str = "global"
    resource_id: str = ""
    severity: Severity | None = None
    severity_path: str = SEVERITY_PATH
    now: datetime | None = None

    @cached_property
    def raw_severity(self) -> Any:
        """What the payload itself says at ``severity_path``; ``MISSING`` when nothing."""
        return parse_path(self.severity_path).one(self.payload)

    @cached_property
    def severity_seen(self) -> str:
        """The severity as a person is told of it; worked out once, however many rules ask."""
        if self.severity is None:
            return shown(self.raw_severity, most=60)
        if self.raw_severity == self.severity.label or parse(self.raw_severity) is not self.severity:
            return shown(self.severity.label)
        return f"{shown(self.raw_severity, most=60)}, which means {self.severity.label}"


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule, ready to be asked. An empty ``resource`` or ``resource_id`` and no ``min_severity`` ask for nothing."""

    id: UUID
    version_id: UUID
    connection_id: UUID
    name: str
    pattern: Pattern
    resource: str = ""
    resource_id: str = ""
    min_severity: Severity | None = None
    conditions: Compiled = field(default=NO_CONDITIONS)
    active: bool = True
    restraint: Restraint | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says to one event: whether it fired, each clause, and all of it in one sentence.

    ``restraint`` is there when the rule fired, and may be held back.
    """

    rule_id: UUID
    version_id: UUID
    connection_id: UUID
    name: str
    fired: bool
    summary: str
    clauses: tuple[Clause, ...]
    restraint: Restraint | None = None
    muted: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is stored with the decision: plain JSON that PostgreSQL takes, without what is empty."""
        return {
            "rule_id": str(self.rule_id),
            "version_id": str(self.version_id),
            "connection_id": str(self.connection_id),
            "name": storable(self.name),
            "fired": self.fired,
            **({"muted": True} if self.muted else {}),
            "summary": storable(self.summary),
            "clauses": [_clause_json(clause) for clause in self.clauses],
        }


class RuleSet:
    """A workspace's rules, indexed by event type: those that want other types cost nothing.

    ``severity_paths`` names the event types whose severity is not at ``severity`` in the payload.
    """

    def __init__(self, rules: Iterable[CompiledRule], *, severity_paths: Mapping[str, str] | None = None) -> None:
        self._severity_paths = dict(severity_paths or {})
        self._exact: dict[str, list[tuple[int, CompiledRule]]] = {}
        self._wild: list[tuple[int, CompiledRule]] = []
        for position, rule in enumerate(rules):
            same_type = self._exact.setdefault(rule.pattern.text, []) if rule.pattern.exact else self._wild
            same_type.append((position, rule))

    def considered(self, event_type: str) -> list[CompiledRule]:
        """The rules that want this event type, in the order in which they were given."""
        found = self._exact.get(event_type, []) + [pair for pair in self._wild if pair[1].pattern.matches(event_type)]
        return [rule for _, rule in sorted(found, key=lambda pair: pair[0])]

    def decide(self, event: EventValues) -> list[Verdict]:
        """A verdict for each rule considered."""
        return [_verdict(rule, event) for rule in self.considered(event.type)]

    def severity_path(self, event_type: str) -> str:
        """Where an event of this type carries its severity."""
        return self._severity_paths.get(event_type, SEVERITY_PATH)

    def severity_of(self, event_type: str, payload: Mapping[str, Any]) -> Severity | None:
        """The severity that a payload of this event type carries."""
        return read(payload, path=self.severity_path(event_type))


def decide(rules: Iterable[CompiledRule], event: EventValues) -> list[Verdict]:
    """A verdict for each of these rules that wants the event's type; for a set that is asked often, see ``RuleSet``."""
    return [_verdict(rule, event) for rule in rules if rule.pattern.matches(event.type)]


# --------------------------------------------------------------------------- one rule


def _verdict(rule: CompiledRule, event: EventValues) -> Verdict:
    try:
        clauses, summary = _ask(rule, event)
    except Exception as fault:  # noqa: BLE001  whatever is wrong with one rule, the others still have to be asked
        clauses, summary = _faulty(f"A fault of our own ({type(fault).__name__}) kept this rule from being judged.")
    restraint = None if summary else _restraint(rule, event)
    muted = restraint is not None and event.now is not None and restraint.mutes(event.now)
    return Verdict(
        rule_id=rule.id,
        version_id=rule.version_id,
        connection_id=rule.connection_id,
        name=rule.name,
        fired=not summary,
        summary=f"Fired, but {restraint.mute_said}." if restraint and muted else summary or _said_yes(clauses),
        clauses=clauses,
        restraint=restraint,
        muted=muted,
    )


def _restraint(rule: CompiledRule, event: EventValues) -> Restraint | None:
    return rule.restraint if rule.restraint and rule.restraint.holds(event.severity) else None


def _ask(rule: CompiledRule, event: EventValues) -> tuple[tuple[Clause, ...], str]:
    """Every clause, and the first reason for a no; empty when the rule fires."""
    if rule.conditions.fault:
        return _faulty(rule.conditions.fault)
    settings = [clause for clause in (_active(rule), *_resources(rule, event), _severity(rule, event)) if clause]
    judgement = judge(rule.conditions, event.payload)
    reasons = [*(clause.why for clause in settings), judgement.reason]
    return (*settings, *judgement.clauses), next(filter(None, reasons), "")


def _active(rule: CompiledRule) -> Clause | None:
    if rule.active:
        return None
    why = "The rule is switched off."
    return Clause("active", "", "active", "eq", "the rule is switched on", "false", passed=False, why=why)


def _resources(rule: CompiledRule, event: EventValues) -> list[Clause]:
    asked = (("resource", rule.resource, event.resource), ("resource_id", rule.resource_id, event.resource_id))
    return [_equal(name, wanted, seen) for name, wanted, seen in asked if wanted]


def _equal(name: str, wanted: str, seen: str) -> Clause:
    passed, saw = seen == wanted, shown(seen) if seen else "missing"
    why = "" if passed else f"The event's {name} is {saw}, not {shown(wanted)}."
    return Clause(name, "", name, "eq", f"{name} is {shown(wanted)}", saw, passed=passed, why=why)


def _severity(rule: CompiledRule, event: EventValues) -> Clause | None:
    wanted, seen = rule.min_severity, event.severity
    if wanted is None:
        return None
    passed = seen is not None and seen >= wanted
    asked, why = f"severity is at least {wanted.label}", "" if passed else _too_mild(event, wanted)
    return Clause("severity", "", event.severity_path, "gte", asked, event.severity_seen, passed=passed, why=why)


def _too_mild(event: EventValues, wanted: Severity) -> str:
    if event.severity is not None:
        return f"Severity {event.severity.label} is below {wanted.label}."
    if event.raw_severity is MISSING or event.raw_severity is None:
        return f"The event has no severity, and the rule asks for at least {wanted.label}."
    saw = event.severity_seen
    return f"The event's severity, {saw}, is no word of the scale, and the rule asks for at least {wanted.label}."


def _faulty(reason: str) -> tuple[tuple[Clause, ...], str]:
    return (Clause("fault", "", "", "", "the rule can be judged", "a fault", passed=False, why=reason),), reason


def _said_yes(clauses: tuple[Clause, ...]) -> str:
    asked, passed = len(clauses), sum(clause.passed for clause in clauses)
    if passed < asked:  # an alternative was enough, or the rule asks that something is not so
        return f"{passed} of {asked} clauses said yes, which is what the rule asks for."
    if asked == 0:
        return "The event type matched, and the rule asks for nothing more."
    return "The one clause said yes." if asked == 1 else f"All {asked} clauses said yes."


def _clause_json(clause: Clause) -> dict[str, Any]:
    pairs = zip(Clause._fields, clause, strict=True)
    return {name: storable(value) if isinstance(value, str) else value for name, value in pairs if value != ""}
