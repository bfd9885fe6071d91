from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import matching
from rules.conditions import compile_conditions, judge
from rules.matching import CompiledRule, EventValues, RuleSet, Verdict, decide
from rules.patterns import Pattern, compile_pattern
from rules.severity import Severity
from tests.rules.alerts import ALERT, TIMES, payloads
from tests.rules.conditions.conditions_of import conditions as every_shape

EVENT = EventValues(
    type="alert.triggered",
    payload=ALERT,
    resource="alert",
    resource_id="alrt_tyrion_42",
    severity=Severity.HIGH,
)
ABOVE = {"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}}
IN_EUROPE = {"field": "region", "op": "in", "value": ["eu"]}


def rule(pattern: str = "alert.triggered", conditions: Any = None, **asks: Any) -> CompiledRule:
    return CompiledRule(
        id=uuid4(),
        version_id=uuid4(),
        connection_id=uuid4(),
        name="Ops",
        pattern=compile_pattern(pattern),
        conditions=compile_conditions(conditions),
        **asks,
    )


def verdict(rule: CompiledRule, event: EventValues = EVENT) -> Verdict:
    [found] = decide([rule], event)
    return found


# --------------------------------------------------------------------------- who is considered


def test_only_rules_that_want_the_event_type_are_considered() -> None:
    rules = [rule("alert.triggered"), rule("alert.*"), rule("user.created"), rule("*.created"), rule("*")]
    considered = RuleSet(rules).considered("alert.triggered")
    assert considered == [rules[0], rules[1], rules[4]]
    assert [found.rule_id for found in RuleSet(rules).decide(EVENT)] == [one.id for one in considered]


def test_a_set_and_a_list_of_rules_decide_alike_and_in_the_given_order() -> None:
    rules = [rule("*"), rule("alert.triggered"), rule("alert.*"), rule("alert.triggered"), rule("x")]
    assert RuleSet(rules).decide(EVENT) == decide(rules, EVENT)


def test_rules_for_other_event_types_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    matches = Pattern.matches

    def counted(pattern: Pattern, event_type: str) -> bool:
        asked.append(pattern.text)
        return matches(pattern, event_type)

    monkeypatch.setattr(Pattern, "matches", counted)
    rules = RuleSet([rule(f"other.{n}") for n in range(1_000)] + [rule("alert.triggered"), rule("user.*")])
    assert len(rules.decide(EVENT)) == 1
    assert asked == ["user.*"]


def test_no_rules_give_no_verdicts() -> None:
    assert RuleSet([]).decide(EVENT) == []


# --------------------------------------------------------------------------- what a rule asks


def test_a_rule_that_asks_for_nothing_fires() -> None:
    asked = rule()
    assert verdict(asked) == Verdict(
        rule_id=asked.id,
        version_id=asked.version_id,
        connection_id=asked.connection_id,
        name="Ops",
        fired=True,
        summary="The event type matched, and the rule asks for nothing more.",
        clauses=(),
    )


def test_the_alert_of_the_seed_fires_a_rule_with_a_severity_and_a_threshold() -> None:
    found = verdict(rule("alert.*", ABOVE, resource="alert", min_severity=Severity.HIGH))
    assert found.fired
    assert found.summary == "All 3 clauses said yes."
    assert [clause.sentence for clause in found.clauses] == [
        'resource is "alert": yes, it was "alert".',
        'severity is at least high: yes, it was "high".',
        f"value is more than 1.2 {TIMES} threshold (1200): yes, it was 1840.",
    ]


def test_one_clause_is_not_called_all_clauses() -> None:
    assert verdict(rule(conditions=ABOVE)).summary == "The one clause said yes."


@pytest.mark.parametrize(
    ("asks", "kind", "saw", "summary"),
    [
        ({"active": False}, "active", "false", "The rule is switched off."),
        ({"resource": "invoice"}, "resource", '"alert"', 'The event\'s resource is "alert", not "invoice".'),
        ({"resource_id": "x"}, "resource_id", '"alrt_tyrion_42"',
            'The event\'s resource_id is "alrt_tyrion_42", not "x".'),
        ({"min_severity": Severity.CRITICAL}, "severity", '"high"', "Severity high is below critical."),
        ({"conditions": IN_EUROPE}, "condition", "missing", "region is missing."),
    ],
)  # fmt: skip
def test_a_rule_stays_silent_and_says_which_clause_said_no(
    asks: dict[str, Any], kind: str, saw: str, summary: str
) -> None:
    found = verdict(rule(**asks))
    assert not found.fired
    assert found.summary == summary
    [clause] = found.clauses
    assert (clause.kind, clause.saw, clause.passed, clause.why) == (kind, saw, False, summary)


def test_every_clause_answers_and_the_first_no_is_the_summary() -> None:
    conditions = {"all": [IN_EUROPE, ABOVE]}
    found = verdict(rule(conditions=conditions, active=False, resource="alert", min_severity=Severity.CRITICAL))
    assert [(clause.kind, clause.passed) for clause in found.clauses] == [
        ("active", False),
        ("resource", True),
        ("severity", False),
        ("condition", False),
        ("condition", True),
    ]
    assert found.summary == "The rule is switched off."


def test_a_clause_that_said_no_inside_of_an_alternative_does_not_silence_the_rule() -> None:
    found = verdict(rule(conditions={"any": [IN_EUROPE, ABOVE]}))
    assert found.fired
    assert found.summary == "1 of 2 clauses said yes, which is what the rule asks for."


@pytest.mark.parametrize(("wanted", "fires"), [("", True), ("global", True), ("alert", False)])
def test_an_event_without_a_resource_is_global(wanted: str, fires: bool) -> None:
    event = EventValues(type="alert.triggered", payload={})
    assert verdict(rule(resource=wanted), event).fired is fires


def test_an_event_without_a_resource_id_does_not_pass_a_rule_that_asks_for_one() -> None:
    event = EventValues(type="alert.triggered", payload={})
    assert verdict(rule(resource_id="x"), event).summary == 'The event\'s resource_id is missing, not "x".'


# --------------------------------------------------------------------------- severity


@pytest.mark.parametrize("seen", list(Severity))
@pytest.mark.parametrize("wanted", list(Severity))
def test_a_severity_passes_when_it_is_at_least_what_is_asked(seen: Severity, wanted: Severity) -> None:
    assert verdict(rule(min_severity=wanted), replace(EVENT, severity=seen)).fired is (seen >= wanted)


@pytest.mark.parametrize(
    ("payload", "saw", "summary"),
    [
        ({}, "missing", "The event has no severity, and the rule asks for at least low."),
        ({"severity": None}, "null", "The event has no severity, and the rule asks for at least low."),
        ({"severity": "blorp"}, '"blorp"',
            'The event\'s severity, "blorp", is no word of the scale, and the rule asks for at least low.'),
        ({"severity": 1}, "1", "The event's severity, 1, is no word of the scale, and the rule asks for at least low."),
    ],
)  # fmt: skip
def test_an_event_without_a_severity_does_not_pass_a_rule_that_asks_for_one(
    payload: dict[str, Any], saw: str, summary: str
) -> None:
    found = verdict(rule(min_severity=Severity.LOW), replace(EVENT, payload=payload, severity=None))
    assert not found.fired
    assert found.summary == summary
    assert found.clauses[0].saw == saw


@pytest.mark.parametrize(
    ("payload", "saw"),
    [
        ({"level": "SEV2"}, '"SEV2", which means high'),
        ({"level": "high"}, '"high"'),
        ({"level": "low"}, '"high"'),
        ({}, '"high"'),
    ],
)
def test_a_severity_in_other_words_is_shown_with_its_meaning(payload: dict[str, Any], saw: str) -> None:
    event = replace(EVENT, payload=payload, severity_path="level")
    [clause] = verdict(rule(min_severity=Severity.HIGH), event).clauses
    assert (clause.field, clause.saw) == ("level", saw)


def test_a_set_of_rules_knows_where_each_event_type_carries_its_severity() -> None:
    rules = RuleSet([], severity_paths={"alert.triggered": "alert.level"})
    payload = {"severity": "low", "alert": {"level": "p1"}}
    assert rules.severity_path("alert.triggered") == "alert.level"
    assert rules.severity_path("user.created") == "severity"
    assert rules.severity_of("alert.triggered", payload) is Severity.CRITICAL
    assert rules.severity_of("user.created", payload) is Severity.LOW


# --------------------------------------------------------------------------- faults


def test_a_fault_in_one_rule_is_its_verdict_and_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[Any] = iter([ZeroDivisionError("boom"), None])

    def faulty(*arguments: Any) -> Any:
        if fault := next(answers):
            raise fault
        return judge(*arguments)

    monkeypatch.setattr(matching, "judge", faulty)
    first, second = decide([rule(), rule()], EVENT)
    assert not first.fired
    assert first.summary == "A fault of our own (ZeroDivisionError) kept this rule from being judged."
    assert [clause.kind for clause in first.clauses] == ["fault"]
    assert second.fired


def test_a_rule_whose_conditions_cannot_be_read_is_silent_and_says_so() -> None:
    found = verdict(rule(conditions={"field": "value", "op": "an operator of tomorrow"}))
    assert not found.fired
    assert found.summary == "The conditions of this rule cannot be read: save the rule again."
    assert [clause.kind for clause in found.clauses] == ["fault"]


# --------------------------------------------------------------------------- what is stored


def test_a_verdict_is_stored_without_what_is_empty() -> None:
    asked = replace(
        rule(conditions=ABOVE, min_severity=Severity.CRITICAL),
        id=UUID(int=1),
        version_id=UUID(int=2),
        connection_id=UUID(int=3),
    )
    assert verdict(asked).as_json() == {
        "rule_id": "00000000-0000-0000-0000-000000000001",
        "version_id": "00000000-0000-0000-0000-000000000002",
        "connection_id": "00000000-0000-0000-0000-000000000003",
        "name": "Ops",
        "fired": False,
        "summary": "Severity high is below critical.",
        "clauses": [
            {
                "kind": "severity",
                "field": "severity",
                "op": "gte",
                "asked": "severity is at least critical",
                "saw": '"high"',
                "passed": False,
                "why": "Severity high is below critical.",
            },
            {
                "kind": "condition",
                "field": "value",
                "op": "gt",
                "asked": f"value is more than 1.2 {TIMES} threshold (1200)",
                "saw": "1840",
                "passed": True,
            },
        ],
    }


def test_what_postgresql_cannot_store_is_replaced() -> None:
    found = verdict(replace(rule(resource="x"), name="a\x00b"), replace(EVENT, resource="a\ud800b")).as_json()
    assert found["name"] == "a\ufffdb"
    assert found["clauses"][0]["saw"] == '"a\ufffdb"'


@given(
    conditions=every_shape,
    payload=payloads,
    wanted=st.none() | st.sampled_from(Severity),
    text=st.text(alphabet=st.characters(codec=None), max_size=5),
)
def test_whatever_comes_the_verdict_is_one_that_postgresql_takes(
    conditions: Any, payload: dict[str, Any], wanted: Severity | None, text: str
) -> None:
    event = EventValues(
        type="a", payload=payload, resource=text, resource_id=text, severity=None, severity_path="user.0"
    )
    asked = rule("a", conditions, resource="x", resource_id=text, min_severity=wanted)
    found = verdict(replace(asked, name=text), event)
    stored = json.dumps(found.as_json(), ensure_ascii=False)
    assert "\x00" not in json.loads(stored)["name"]
    assert not any("\x00" in str(value) for clause in found.as_json()["clauses"] for value in clause.values())
    stored.encode("utf-8")
    assert not any(clause.kind == "fault" for clause in found.clauses)
