from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import Clause, Judgement, compile_conditions, judge
from rules.paths import MEMBERS_MOST
from tests.rules.alerts import ALERT, TIMES, payloads, values
from tests.rules.conditions.conditions_of import clauses, conditions


class Nothing(Enum):
    """Stands for no value at all; an ``object()`` would give its tests another name in every process."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING
TEXT, DATE, NUMBER, TRUE, NULL, LIST, OBJECT = "abc", "2026-04-17T16:02:00Z", 5, True, None, ["abc", 5], {"abc": 5}
KINDS = {"text": TEXT, "date": DATE, "number": NUMBER, "true": TRUE, "null": NULL, "list": LIST, "object": OBJECT,
    "missing": NOTHING}  # fmt: skip


def ask(payload: Any, conditions: Any) -> Judgement:
    return judge(compile_conditions(conditions), payload)


def asked_of(seen: Any, **clause: Any) -> bool:
    payload = {} if seen is NOTHING else {"x": seen}
    return ask(payload, {"field": "x", **clause}).passed


# --------------------------------------------------------------------------- operators by types

MATRIX: list[tuple[dict[str, Any], set[str]]] = [
    ({"op": "eq", "value": TEXT}, {"text"}),
    ({"op": "eq", "value": 5}, {"number"}),
    ({"op": "eq", "value": 5.0}, {"number"}),
    ({"op": "eq", "value": True}, {"true"}),
    ({"op": "eq", "value": 1}, set()),
    ({"op": "eq", "value": None}, {"null"}),
    ({"op": "eq", "value": "5"}, set()),
    ({"op": "neq", "value": TEXT}, set(KINDS) - {"text"}),
    ({"op": "neq", "value": 5}, set(KINDS) - {"number"}),
    ({"op": "neq", "value": None}, set(KINDS) - {"null"}),
    ({"op": "in", "value": ["abc", 5]}, {"text", "number"}),
    ({"op": "in", "value": [None, True, "5", 1]}, {"null", "true"}),
    ({"op": "gt", "value": 4}, {"number"}),
    ({"op": "gt", "value": 5}, set()),
    ({"op": "gte", "value": 5}, {"number"}),
    ({"op": "lt", "value": 5.5}, {"number"}),
    ({"op": "lt", "value": 5}, set()),
    ({"op": "lte", "value": 5}, {"number"}),
    ({"op": "gt", "value": "2026-01-01"}, {"date"}),
    ({"op": "gt", "value": DATE}, set()),
    ({"op": "gte", "value": "2026-04-17T18:02:00+02:00"}, {"date"}),
    ({"op": "lt", "value": "2026-04-18"}, {"date"}),
    ({"op": "lte", "value": "2026-04-17T16:02"}, {"date"}),
    ({"op": "between", "value": [5, 6]}, {"number"}),
    ({"op": "between", "value": [4, 5]}, {"number"}),
    ({"op": "between", "value": [6, 7]}, set()),
    ({"op": "between", "value": ["2026-04-17", "2026-04-18"]}, {"date"}),
    ({"op": "contains", "value": "b"}, {"text"}),
    ({"op": "contains", "value": "abc"}, {"text", "list"}),
    ({"op": "contains", "value": 5}, {"list"}),
    ({"op": "contains", "value": True}, set()),
    ({"op": "starts_with", "value": "ab"}, {"text"}),
    ({"op": "starts_with", "value": "bc"}, set()),
    ({"op": "ends_with", "value": "bc"}, {"text"}),
    ({"op": "ends_with", "value": "ab"}, set()),
    ({"op": "exists"}, set(KINDS) - {"missing"}),
    ({"op": "exists", "value": True}, set(KINDS) - {"missing"}),
    ({"op": "exists", "value": False}, {"missing"}),
    ({"op": "is_empty"}, {"null", "missing"}),
    ({"op": "is_empty", "value": False}, set(KINDS) - {"null", "missing"}),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("clause", "yes"), MATRIX, ids=lambda part: json.dumps(part) if isinstance(part, dict) else "")
def test_each_operator_says_yes_to_these_kinds_and_no_to_the_others(
    clause: dict[str, Any], yes: set[str], kind: str
) -> None:
    assert asked_of(KINDS[kind], **clause) is (kind in yes)


@pytest.mark.parametrize("value", ["", "   \n", [], {}])
def test_blank_texts_and_empty_containers_are_empty(value: Any) -> None:
    assert asked_of(value, op="is_empty")


@pytest.mark.parametrize("value", [0, False, "0", [None], {"a": None}])
def test_zero_and_false_are_not_empty(value: Any) -> None:
    assert not asked_of(value, op="is_empty")


def test_whole_numbers_are_compared_exactly_however_large() -> None:
    assert not asked_of(2**53 + 1, op="eq", value=2**53)
    assert asked_of(2**53 + 1, op="gt", value=float(2**53))
    assert asked_of(10**400, op="gt", value=1.5)
    assert asked_of(-(10**400), op="lt", value=1.5)


def test_infinity_is_no_number() -> None:
    assert not asked_of(float("inf"), op="gt", value=1)


@pytest.mark.parametrize("op", ["eq", "contains", "starts_with", "ends_with"])
def test_texts_are_compared_letter_by_letter_unless_case_is_ignored(op: str) -> None:
    assert not asked_of("STRASSE", op=op, value="straße")
    assert asked_of("STRASSE", op=op, value="straße", ignore_case=True)


def test_case_is_ignored_in_lists_on_either_side() -> None:
    assert asked_of("EU", op="in", value=["eu", "us"], ignore_case=True)
    assert asked_of(["EU", 5], op="contains", value="eu", ignore_case=True)
    assert not asked_of("EU", op="neq", value="eu", ignore_case=True)
    assert not asked_of(["EU"], op="contains", value="eu")


# --------------------------------------------------------------------------- field against field


def other(op: str, payload: dict[str, Any], **other: Any) -> bool:
    return ask(payload, {"field": "a", "op": op, "other": {"field": "b", **other}}).passed


@pytest.mark.parametrize(
    ("op", "a", "b", "expected"),
    [
        ("gt", 2, 1, True),
        ("gt", 1, 1, False),
        ("gt", 2**53 + 1, float(2**53), True),
        ("gte", 1, 1.0, True),
        ("lt", "2026-01-01", "2026-01-02T00:00:00+01:00", True),
        ("lte", "2026-01-02", "2026-01-02T01:00:00+01:00", True),
        ("gt", "b", "a", False),
        ("gt", 2, "1", False),
        ("gt", 2, NOTHING, False),
        ("gt", NOTHING, 2, False),
        ("gt", True, False, False),
        ("eq", "x", "x", True),
        ("eq", 1, True, False),
        ("eq", None, None, True),
        ("eq", NOTHING, NOTHING, False),
        ("eq", [1], [1], False),
        ("neq", "x", "y", True),
        ("neq", "x", NOTHING, True),
        ("neq", NOTHING, NOTHING, True),
        ("neq", 1, 1.0, False),
    ],
)
def test_a_field_is_compared_with_another(op: str, a: Any, b: Any, expected: bool) -> None:
    payload = {name: value for name, value in (("a", a), ("b", b)) if value is not NOTHING}
    assert other(op, payload) is expected


@pytest.mark.parametrize(
    ("op", "a", "b", "factor", "expected"),
    [
        ("gt", 1201, 1000, 1.2, True),
        ("gt", 1200, 1000, 1.2, False),
        ("gte", 3.3, 3, 1.1, True),  # as binary fractions, 1.1 times 3 is more than 3.3
        ("lte", 0.3, 0.1, 3, True),
        ("gte", 10**400 * 2, 10**400, 2, True),
        ("gt", 10**400 * 2, 10**400, 2, False),
        ("lt", 2 * (10**400 + 1), 10**400 + 1, 2, False),
        ("lt", 2 * 10**400 + 1, 10**400 + 1, 2, True),
        ("gt", 1e308, 1e308, 10, False),
        ("gt", float("inf"), 1, 2, False),
        ("gt", 2, float("inf"), 2, False),
        ("gt", "2026-01-02", "2026-01-01", 2, False),
        ("gt", 5, "2026-01-01", 2, False),
    ],
)
def test_a_factor_multiplies_as_decimals(op: str, a: Any, b: Any, factor: float, expected: bool) -> None:
    assert other(op, {"a": a, "b": b}, factor=factor) is expected


def test_a_field_is_compared_with_another_whatever_the_case() -> None:
    conditions = {"field": "a", "op": "eq", "other": {"field": "b"}, "ignore_case": True}
    assert ask({"a": "EU", "b": "eu"}, conditions).passed
    assert not ask({"a": "EU", "b": "us"}, conditions).passed


# --------------------------------------------------------------------------- several values, groups


LINES = {"lines": [{"sku": "A-1", "n": 1}, {"sku": "B-2", "n": 9}, {}]}


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ({"field": "lines.*.sku", "op": "eq", "value": "B-2"}, True),
        ({"field": "lines.*.sku", "op": "eq", "value": "C-3"}, False),
        ({"field": "lines.*.n", "op": "gt", "value": 8}, True),
        ({"field": "lines.*.sku", "op": "neq", "value": "A-1"}, True),
        ({"field": "lines.*.sku", "op": "exists", "value": False}, True),
        ({"field": "lines.*", "op": "exists", "value": False}, False),
        ({"field": "other.*", "op": "exists"}, False),
        ({"field": "other.*", "op": "is_empty"}, True),
    ],
)
def test_a_star_says_yes_when_any_member_does(clause: dict[str, Any], expected: bool) -> None:
    assert ask(LINES, clause).passed is expected


def test_only_the_first_thousand_members_are_looked_at_and_the_answer_says_so() -> None:
    found = ask({"x": [0] * MEMBERS_MOST + [1]}, {"field": "x.*", "op": "eq", "value": 1})
    assert found.reason == "None of the first 1000 values says yes: any x.* is 1."


YES: dict[str, Any] = {"field": "value", "op": "exists"}
NO: dict[str, Any] = {"field": "value", "op": "exists", "value": False}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (None, True),
        ({}, True),
        (YES, True),
        (NO, False),
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"not": NO}, True),
        ({"not": {"all": [YES, {"any": [NO, YES]}]}}, False),
    ],
    ids=str,
)
def test_groups_mean_what_they_say(conditions: Any, expected: bool) -> None:
    assert ask(ALERT, conditions).passed is expected


# --------------------------------------------------------------------------- the trace


IN_A_REGION = {"field": "region", "op": "exists"}


def test_the_alert_of_the_seed_is_explained_clause_by_clause() -> None:
    conditions = {
        "all": [
            {"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}},
            {"field": "triggered_at", "op": "gt", "value": "2026-01-01T00:00:00Z"},
            {
                "any": [
                    {"field": "severity", "op": "eq", "value": "critical"},
                    {"not": {"field": "region", "op": "exists"}},
                ]
            },
        ]
    }
    assert ask(ALERT, conditions) == Judgement(
        passed=True,
        reason="",
        clauses=(
            Clause("condition", "all[0]", "value", "gt", f"value is more than 1.2 {TIMES} threshold (1200)", "1840",
                passed=True),
            Clause("condition", "all[1]", "triggered_at", "gt", "triggered_at is after 2026-01-01T00:00:00Z",
                '"2026-04-17T16:02:00Z"', passed=True),
            Clause("condition", "all[2].any[0]", "severity", "eq", "severity is critical", '"high"', passed=False,
                why='severity is "high", not critical.'),
            Clause("condition", "all[2].any[1].not", "region", "exists", "region is present", "missing", passed=False,
                why="region is missing."),
        ),
    )  # fmt: skip


def test_every_clause_answers_even_when_the_first_has_said_no() -> None:
    found = ask(ALERT, {"all": [NO, YES, {"any": [YES, NO]}]})
    assert [clause.passed for clause in found.clauses] == [False, True, True, False]


@pytest.mark.parametrize(
    ("value", "clause", "why"),
    [
        (800, {"op": "gt", "value": 1000}, "x is 800, not more than 1000."),
        (800, {"op": "gte", "value": 1000}, "x is 800, not at least 1000."),
        (800, {"op": "between", "value": [1, 5]}, "x is 800, not between 1 and 5."),
        ("abc", {"op": "gt", "value": 1000}, 'x is the text "abc", not a number.'),
        ("1840", {"op": "gt", "value": 1000}, 'x is the text "1840", not a number.'),
        (True, {"op": "gt", "value": 0}, "x is true, not a number."),
        (None, {"op": "gt", "value": 0}, "x is null, not a number."),
        (NOTHING, {"op": "gt", "value": 0}, "x is missing."),
        (5, {"op": "lt", "value": "2026-01-01"}, "x is the number 5, not a date."),
        ("2026-05-05", {"op": "lt", "value": "2026-01-01"}, 'x is "2026-05-05", not before 2026-01-01.'),
        ("2026-05-05", {"op": "lte", "value": "2026-01-01"}, 'x is "2026-05-05", which is after 2026-01-01.'),
        ("ap", {"op": "in", "value": ["eu", "us"]}, 'x is "ap", not one of eu, us.'),
        (["eu"], {"op": "in", "value": ["eu"]}, 'x is a list (["eu"]), not a single value.'),
        ("5", {"op": "eq", "value": 5}, 'x is "5", not 5.'),
        ({"a": 1}, {"op": "eq", "value": 5}, 'x is an object ({"a": 1}), not a single value.'),
        ("eu", {"op": "neq", "value": "eu"}, 'x is "eu", which it must not be.'),
        ("abc", {"op": "contains", "value": "z"}, 'x is "abc", which does not contain z.'),
        (5, {"op": "contains", "value": "z"}, "x is the number 5, not a text or a list."),
        (5, {"op": "starts_with", "value": "z"}, "x is the number 5, not a text."),
        ("abc", {"op": "ends_with", "value": "z", "ignore_case": True},
            'x is "abc", which does not end with z (in any case).'),
        (5, {"op": "exists", "value": False}, "x is 5, not absent."),
        (5, {"op": "is_empty"}, "x is 5, not empty."),
        ("", {"op": "is_empty", "value": False}, 'x is "", which is empty.'),
        (NOTHING, {"op": "is_empty", "value": False}, "x is missing."),
        ("x" * 500, {"op": "eq", "value": "y"}, None),
    ],
    ids=str,
)  # fmt: skip
def test_a_no_says_what_it_saw_and_what_was_wanted(value: Any, clause: dict[str, Any], why: str | None) -> None:
    found = ask({} if value is NOTHING else {"x": value}, {"field": "x", **clause})
    assert not found.passed
    assert found.reason == found.clauses[0].why == found.clauses[0].sentence
    assert found.reason == why if why else len(found.reason) < 250


@pytest.mark.parametrize(
    ("threshold", "factor", "why"),
    [
        (NOTHING, 1, "threshold is missing."),
        ("a lot", 1, 'threshold is the text "a lot", neither a number nor a date.'),
        ("2026-01-01", 2, 'threshold is the text "2026-01-01", not a number.'),
        (2000, 1, "value is 1840, not more than threshold (2000)."),
        (2000, 1.5, f"value is 1840, not more than 1.5 {TIMES} threshold (3000)."),
        ("2026-01-01", 1, "value is the number 1840, not a date."),
    ],
)
def test_a_no_to_two_fields_names_the_one_that_is_wrong(threshold: Any, factor: float, why: str) -> None:
    payload = {"value": 1840} | ({} if threshold is NOTHING else {"threshold": threshold})
    conditions = {"field": "value", "op": "gt", "other": {"field": "threshold", "factor": factor}}
    assert ask(payload, conditions).reason == why


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"all": [YES, NO, NO]}, "value is 1840, not absent."),
        ({"any": [NO]}, "value is 1840, not absent."),
        (
            {"any": [NO, {"field": "region", "op": "exists"}]},
            "None of 2 alternatives said yes: value is 1840, not absent; region is missing.",
        ),
        (
            {"any": [{"field": name, "op": "exists"} for name in "abcd"]},
            "None of 4 alternatives said yes: a is missing; b is missing; c is missing; …",
        ),
        ({"not": {"all": [YES, YES]}}, "The rule asks that this is not so: value is present and value is present."),
    ],
    ids=str,
)
def test_a_group_says_why_it_said_no(conditions: Any, reason: str) -> None:
    assert ask(ALERT, conditions).reason == reason


def test_a_yes_can_be_read_as_a_sentence_too() -> None:
    assert ask(ALERT, {"field": "value", "op": "gt", "value": 1000}).clauses[0].sentence == (
        "value is more than 1000: yes, it was 1840."
    )


def test_a_star_shows_the_member_that_said_yes_or_all_that_said_no() -> None:
    assert ask(LINES, {"field": "lines.*.n", "op": "gt", "value": 8}).clauses[0].saw == "9"
    failed = ask({"x": [1, 2]}, {"field": "x.*", "op": "gt", "value": 8}).clauses[0]
    assert (failed.saw, failed.why) == ("[1, 2]", "None of 2 values says yes: any x.* is more than 8.")


# --------------------------------------------------------------------------- whatever comes


@pytest.mark.parametrize(
    "unreadable",
    [{"field": "x"}, {"field": "x", "op": "like", "value": 1}, {"field": "x", "op": "gt", "value": "abc"}, [1], "x"],
    ids=str,
)
def test_conditions_that_were_never_checked_say_no_and_why(unreadable: Any) -> None:
    found = ask(ALERT, unreadable)
    assert not found.passed
    assert found.reason == "The conditions of this rule cannot be read: save the rule again."


@given(conditions=conditions, payload=payloads)
def test_no_payload_makes_it_raise_and_every_answer_is_json(conditions: Any, payload: dict[str, Any]) -> None:
    found = ask(payload, conditions)
    text = json.dumps([clause._asdict() for clause in found.clauses], ensure_ascii=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    text.encode("utf-8")
    assert found.passed is (found.reason == "")
    assert all(clause.passed is (clause.why == "") and len(clause.saw) <= 200 for clause in found.clauses)


@given(conditions=conditions, payload=values)
def test_a_payload_that_is_no_object_does_not_make_it_raise_either(conditions: Any, payload: Any) -> None:
    assert ask(payload, conditions).passed in (True, False)


@given(members=st.lists(clauses, min_size=1, max_size=4), payload=payloads)
def test_groups_agree_with_their_members(members: list[Any], payload: dict[str, Any]) -> None:
    answers = [ask(payload, member).passed for member in members]
    assert ask(payload, {"all": members}).passed is all(answers)
    assert ask(payload, {"any": members}).passed is any(answers)
    assert ask(payload, {"not": members[0]}).passed is not answers[0]


@given(value=values, wanted=st.none() | st.booleans() | st.integers() | st.text(max_size=3))
def test_neq_is_the_opposite_of_eq(value: Any, wanted: Any) -> None:
    assert asked_of(value, op="neq", value=wanted) is not asked_of(value, op="eq", value=wanted)


numbers = st.integers() | st.integers(10**300, 10**320) | st.floats(allow_nan=False, allow_infinity=False)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


@given(a=numbers, b=numbers, op=st.sampled_from(sorted(COMPARE)))
def test_numbers_have_one_order_against_a_value_and_against_a_field(a: Any, b: Any, op: str) -> None:
    expected = COMPARE[op](a, b)
    assert asked_of(a, op=op, value=b) is expected
    assert other(op, {"a": a, "b": b}) is expected


def test_a_payload_nested_without_end_does_not_make_it_raise() -> None:
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]
    payload = {"x": deep, "y": deep}
    for op in ("eq", "neq", "exists", "is_empty", "contains", "gt"):
        clause = {"field": "x", "op": op} | ({} if op in ("exists", "is_empty") else {"value": 5})
        assert ask(payload, clause).passed in (True, False)
    assert not ask(payload, {"field": "x", "op": "eq", "other": {"field": "y"}}).passed
