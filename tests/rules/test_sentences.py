"""A rule in one plain sentence, in pieces that a page can draw and a translator can turn round."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given

from rules import sentences
from rules.conditions import sentence as words_of
from rules.conditions.schema import OPERATORS
from rules.sentences import Part, Word, as_text, asked, parts, sentence
from tests.rules.alerts import TIMES
from tests.rules.conditions.conditions_of import conditions as any_conditions


@dataclass(frozen=True)
class Rule:
    event: str = "alert.triggered"
    resource: str = ""
    resource_id: str = ""
    min_severity: str = ""
    conditions: dict[str, Any] = field(default_factory=dict)
    action: str = "send_message"
    inputs: dict[str, Any] = field(default_factory=lambda: {"id": "C024BE91L", "name": "#alerts"})


POST = "post to {place}"  # what an action says of itself
ABOVE = {"field": "value", "op": "gt", "other": {"field": "threshold"}}
PLAN = {"field": "plan", "op": "eq", "value": "pro"}


def told(**said: Any) -> str:
    return as_text(parts(sentence(Rule(**said), connection="Acme Slack", does=POST)))


def test_a_rule_is_one_sentence() -> None:
    expected = "When alert.triggered is high or worse and value is more than threshold, post to #alerts"
    assert told(min_severity="high", conditions=ABOVE) == expected


def test_its_pieces_say_what_they_are() -> None:
    rule = Rule(event="alert.*", min_severity="high", conditions=ABOVE)
    assert parts(sentence(rule, connection="Acme Slack", does=POST)) == [
        Part(Word.TEXT, "When any "),
        Part(Word.EVENT, "alert"),
        Part(Word.TEXT, " event is "),
        Part(Word.SEVERITY, "high"),
        Part(Word.TEXT, " or worse and "),
        Part(Word.FIELD, "value"),
        Part(Word.TEXT, " is more than "),
        Part(Word.FIELD, "threshold"),
        Part(Word.TEXT, ", post to "),
        Part(Word.PLACE, "#alerts"),
    ]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("user.created", "user.created"),
        ("alert.*", "any alert event"),
        ("alert.disk.*", "any alert.disk event"),
        ("*", "any event"),
        ("*.created", "any event like *.created"),
        ("alert*", "any event like alert*"),
        ("a.*.b.*", "any event like a.*.b.*"),
    ],
)
def test_patterns_are_read_aloud(pattern: str, words: str) -> None:
    assert told(event=pattern) == f"When {words} happens, post to #alerts"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"resource": "disk"}, "alert.triggered about disk"),
        ({"resource_id": "d-1"}, "alert.triggered about the resource d-1"),
        ({"resource": "disk", "resource_id": "d-1"}, "alert.triggered about disk d-1"),
    ],
    ids=["resource", "id", "both"],
)
def test_the_resource_is_named(said: dict[str, Any], words: str) -> None:
    assert told(**said) == f"When {words} happens, post to #alerts"


def test_nothing_is_worse_than_critical() -> None:
    assert told(min_severity="critical") == "When alert.triggered is critical, post to #alerts"
    assert told(min_severity="low") == "When alert.triggered is low or worse, post to #alerts"


@pytest.mark.parametrize(
    ("does", "inputs", "words"),
    [
        (POST, {"id": "C024BE91L"}, "post to C024BE91L"),
        (POST, {"id": "C024BE91L", "name": "#ops"}, "post to #ops"),
        ("mail {place}", {"name": "not a place without an id"}, "mail Acme"),
        ("put it on {place} in {connection}", {"id": "2", "name": "Trials"}, "put it on Trials in Acme"),
        ("put it on {place} in {connection}", {}, "put it on … in Acme"),
        ("", {}, "do “add_to_list” with Acme"),
    ],
)
def test_what_is_done_and_where(does: str, inputs: dict[str, Any], words: str) -> None:
    message = sentence(Rule(action="add_to_list", inputs=inputs), connection="Acme", does=does)
    assert as_text(parts(message)) == f"When alert.triggered happens, {words}"


def test_alternatives_stand_together_where_something_stands_beside_them() -> None:
    either = {"any": [ABOVE, PLAN]}
    expected = "When alert.triggered happens and (value is more than threshold or plan is pro), post to #alerts"
    assert told(conditions=either) == expected
    assert as_text(parts(asked(either))) == "value is more than threshold or plan is pro"


# --------------------------------------------------------------------------- conditions

CLAUSES: dict[str, list[tuple[dict[str, Any], str]]] = {
    "eq": [
        ({"value": "pro"}, "f is pro"),
        ({"value": None}, "f is null"),
        ({"value": False}, "f is false"),
        ({"value": "5"}, 'f is "5"'),
        ({"value": "Big Corp", "ignore_case": True}, "f is Big Corp (in any case)"),
        ({"other": {"field": "g"}}, "f is g"),
    ],
    "neq": [({"value": 5}, "f is not 5"), ({"other": {"field": ["a.b"]}}, 'f is not "a.b"')],
    "in": [
        ({"value": ["eu", "us"]}, "f is one of eu, us"),
        ({"value": ["eu"]}, "f is one of eu"),
        ({"value": list(range(8))}, "f is one of 0, 1, 2, 3, 4 and 3 more"),
    ],
    "gt": [
        ({"value": 5}, "f is more than 5"),
        ({"value": "2026-01-01"}, "f is after 2026-01-01"),
        ({"other": {"field": "g"}}, "f is more than g"),
        ({"other": {"field": "g", "factor": 1.2}}, f"f is more than 1.2 {TIMES} g"),
    ],
    "gte": [
        ({"value": 5}, "f is at least 5"),
        ({"value": "2026-01-01"}, "f is not before 2026-01-01"),
        ({"other": {"field": "g", "factor": 2}}, f"f is at least 2 {TIMES} g"),
    ],
    "lt": [({"value": 5}, "f is less than 5"), ({"value": "2026-01-01"}, "f is before 2026-01-01")],
    "lte": [({"value": 5}, "f is at most 5"), ({"value": "2026-01-01"}, "f is not after 2026-01-01")],
    "between": [
        ({"value": [1, 5]}, "f is between 1 and 5"),
        ({"value": ["2026-01-01", "2026-02-01"]}, "f is between 2026-01-01 and 2026-02-01"),
    ],
    "contains": [({"value": "50% {off}"}, 'f contains "50% {off}"'), ({"value": True}, "f contains true")],
    "starts_with": [({"value": "ab"}, "f starts with ab")],
    "ends_with": [({"value": "ab", "ignore_case": True}, "f ends with ab (in any case)")],
    "exists": [({}, "f is present"), ({"value": True}, "f is present"), ({"value": False}, "f is absent")],
    "is_empty": [({}, "f is empty"), ({"value": True}, "f is empty"), ({"value": False}, "f is not empty")],
}


def test_every_operator_is_tried_here() -> None:
    assert set(CLAUSES) == set(OPERATORS)


@pytest.mark.parametrize(
    ("op", "rest", "words"),
    [(op, rest, words) for op, cases in CLAUSES.items() for rest, words in cases],
    ids=[words for cases in CLAUSES.values() for _, words in cases],
)
def test_every_clause_is_read_aloud(op: str, rest: dict[str, Any], words: str) -> None:
    assert as_text(parts(asked({"field": "f", "op": op, **rest}))) == words


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"all": [ABOVE, PLAN]}, "value is more than threshold and plan is pro"),
        ({"all": [PLAN, {"any": [PLAN, PLAN]}]}, "plan is pro and (plan is pro or plan is pro)"),
        ({"not": {"any": [ABOVE, PLAN]}}, "not (value is more than threshold or plan is pro)"),
        ({"all": [{"any": [PLAN]}]}, "plan is pro"),
        ({"field": "lines.*.sku", "op": "eq", "value": "A-1"}, "any lines.*.sku is A-1"),
    ],
    ids=str,
)
def test_groups_are_read_aloud(conditions: dict[str, Any], words: str) -> None:
    assert as_text(parts(asked(conditions))) == words


@given(valid=any_conditions)
def test_the_verdicts_and_the_sentence_use_the_same_words(valid: dict[str, Any]) -> None:
    assert as_text(parts(asked(valid))) == words_of(valid)


@pytest.mark.parametrize("broken", [{"field": "f"}, {"all": 5}, {"any": []}, {"field": "f", "op": "?"}], ids=str)
def test_conditions_that_nobody_can_read_break_no_page(broken: dict[str, Any]) -> None:
    assert "which cannot be read" in told(conditions=broken)


# --------------------------------------------------------------------------- translation

GERMAN = {
    "When {event} is {severity} and {conditions}, {action}": "Ist bei {event} {conditions} und {severity}: {action}",
    "{severity} or worse": "mindestens {severity}",
    "{field} is more than {value}": "{field} größer als {value}",
    "post to {place}": "in {place} posten",
}


def test_a_translator_may_put_the_words_in_another_order() -> None:
    message = sentence(Rule(min_severity="high", conditions=ABOVE), connection="Acme Slack", does=POST)
    german = as_text(parts(message, translate=lambda text: GERMAN.get(text, text)))
    assert german == "Ist bei alert.triggered value größer als threshold und mindestens high: in #alerts posten"


def test_a_translation_with_an_unknown_gap_still_reads() -> None:
    assert as_text(parts(asked(PLAN), translate=lambda text: "{field} ist {wert}")) == "plan ist "


def test_the_rules_own_words_are_never_taken_for_gaps_nor_translated() -> None:
    rule = Rule(event="{action}", conditions={"field": "{value}", "op": "eq", "value": "happens"})
    asked_for: list[str] = []

    def translate(text: str) -> str:
        asked_for.append(text)
        return text

    text = as_text(parts(sentence(rule, connection="", does=POST), translate=translate))
    assert text == "When {action} happens and {value} is happens, post to #alerts"
    assert not {"{action}", "{value}", "happens"} & set(asked_for)


def test_every_text_is_marked_for_translation() -> None:
    """The collectors read the source: what a message can say must stand between the parentheses of the mark."""
    marked = set(re.findall(r'gettext_noop\("(.+)"\)', inspect.getsource(sentences)))
    tables = (sentences._WHEN, sentences._ABOUT, sentences._ASKS, sentences._ASKS_DATE)
    assert {text for table in tables for text in table.values()} <= marked
