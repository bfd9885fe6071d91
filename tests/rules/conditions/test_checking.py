from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rules.conditions import SCHEMA, Problem, check
from rules.conditions.schema import OPERATORS
from tests.rules.alerts import values
from tests.rules.conditions.conditions_of import conditions

CLAUSE = {"field": "value", "op": "gt", "value": 1000}
PATH = 'a path such as "user.plan" or "lines.*.sku", or a list of keys such as ["host.name"]'
OBJECT = 'an object such as {"all": [{"field": "value", "op": "gt", "value": 1000}]}; {} or null for none'
ORDERED = "a number such as 1000 or a date such as 2026-01-01T00:00:00Z"


def clause(**keys: Any) -> dict[str, Any]:
    return {"field": "value", **keys}


def nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = CLAUSE
    for _ in range(levels):
        found = {"not": found}
    return found


def test_the_published_schema_is_a_json_schema_of_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("nothing", [{}, None])
def test_no_conditions_are_fine(nothing: Any) -> None:
    assert check(nothing) == []


@given(valid=conditions)
def test_what_the_language_allows_is_fine(valid: dict[str, Any]) -> None:
    assert check(valid) == []


@pytest.mark.parametrize(
    ("wrong", "path", "message"),
    [
        (5, "conditions", f"must be {OBJECT}, not 5."),
        ({"all": []}, "conditions.all", "must be a list of at least one clause or group, not []."),
        ({"all": {}}, "conditions.all", "must be a list of at least one clause or group, not {}."),
        ({"all": [7]}, "conditions.all[0]", "must be a clause (field, op, value) or a group (all, any or not), not 7."),
        ({"not": []}, "conditions.not", "must be a clause (field, op, value) or a group (all, any or not), not []."),
        ({"all": [CLAUSE], "any": [CLAUSE]}, "conditions", 'cannot have "any" here; possible: all.'),
        ({"when": 1}, "conditions", "needs field and op; a group has all, any or not."),
        ({"all": [CLAUSE, {"field": "a", "op": "more", "value": 1}]}, "conditions.all[1].op",
            f'must be one of {", ".join(OPERATORS)}, not "more".'),
        ({"any": [{"not": clause(op="gt", value="abc")}]}, "conditions.any[0].not.value",
            f'must be {ORDERED}, not "abc".'),
        (clause(op="gt", value=True), "conditions.value", f"must be {ORDERED}, not true."),
        (clause(op="gt", value="2026-13-45"), "conditions.value",
            '"2026-13-45" is not a date: write one such as 2026-01-01T00:00:00Z.'),
        (clause(op="gt"), "conditions", "needs value or other."),
        (clause(op="gt", value=1, other={"field": "b"}), "conditions",
            "must be compared with value or with other, not with both."),
        (clause(op="gt", value=1, ignore_case=True), "conditions",
            'cannot have "ignore_case" here; possible: field, op, value, other.'),
        (clause(op="eq", value=["a"]), "conditions.value", 'must be a text, a number, true, false or null, not ["a"].'),
        (clause(op="eq", value="a", ignore_case=1), "conditions.ignore_case", "must be true or false, not 1."),
        (clause(op="gt", other="b"), "conditions.other",
            'must be another field, such as {"field": "threshold", "factor": 1.2}, not "b".'),
        (clause(op="gt", other={}), "conditions.other",
            'needs another field, such as {"field": "threshold", "factor": 1.2}.'),
        (clause(op="gt", other={"field": "b", "factor": 0}), "conditions.other.factor",
            "must be a number above 0, up to 1,000,000,000, not 0."),
        (clause(op="gt", other={"field": "b", "offset": 1}), "conditions.other",
            'cannot have "offset" here; possible: field, factor.'),
        (clause(op="eq", other={"field": "b", "factor": 2}), "conditions.other",
            'cannot have "factor" here; possible: field.'),
        (clause(op="gt", other={"field": "lines.*.price"}), "conditions.other.field",
            "must name one field: * stands for several."),
        (clause(op="in", value="eu"), "conditions.value", 'must be a list of values such as ["eu", "us"], not "eu".'),
        (clause(op="in", value=["a", ["b"]]), "conditions.value[1]",
            'must be a text, a number, true, false or null, not ["b"].'),
        (clause(op="in", value=list(range(201))), "conditions.value", "is too long: 201 of at most 200."),
        (clause(op="between", value=[1]), "conditions.value",
            "must be a list of two, the lowest and the highest, such as [10, 20], not [1]."),
        (clause(op="between", value=[20, 10]), "conditions.value",
            "has its highest before its lowest: exchange them."),
        (clause(op="between", value=["2026-01-02", "2026-01-01T23:00:00-02:00"]), None, ""),
        (clause(op="between", value=[1, "2026-01-01"]), "conditions.value",
            "must be two numbers or two dates, not one of each."),
        (clause(op="between", value=[1, "2026-99-01"]), "conditions.value[1]",
            '"2026-99-01" is not a date: write one such as 2026-01-01T00:00:00Z.'),
        (clause(op="contains", value=""), "conditions.value",
            'must be a text of at least one character, a number, true or false, not "".'),
        (clause(op="starts_with", value=5), "conditions.value", "must be a text of at least one character, not 5."),
        (clause(op="starts_with", value="x" * 1001), "conditions.value", "is too long: 1001 of at most 1000."),
        (clause(op="ends_with"), "conditions", "needs value."),
        (clause(op="exists", value=1), "conditions.value", "must be true or false, not 1."),
        (clause(op="exists", other={"field": "b"}), "conditions",
            'cannot have "other" here; possible: field, op, value.'),
        ({"field": "", "op": "exists"}, "conditions.field", f'must be {PATH}, not "".'),
        ({"field": "a..b", "op": "exists"}, "conditions.field", f'must be {PATH}, not "a..b".'),
        ({"field": [], "op": "exists"}, "conditions.field", f"must be {PATH}, not []."),
        ({"field": ["a", 0], "op": "exists"}, "conditions.field[1]", "must be a key, as text, not 0."),
        ({"field": "x" * 257, "op": "exists"}, "conditions.field", "is too long: 257 of at most 256."),
        ({"field": ["x" * 200, "y" * 100], "op": "exists"}, "conditions.field", "is too long: at most 256 characters."),
        (clause(op="eq", value="a\x00b"), "conditions.value",
            "contains a character that cannot be stored (NUL or half of a pair): remove it."),
        ({"field": "a\ud800", "op": "exists"}, "conditions.field",
            "contains a character that cannot be stored (NUL or half of a pair): remove it."),
        (clause(op="in", value=[1, float("inf")]), "conditions.value[1]",
            "must be a number that can be written down, not infinity."),
        (clause(op="gt", value=float("nan")), "conditions.value",
            "must be a number that can be written down, not infinity."),
        (nested(9), "conditions", "is nested too deeply: at most 8 levels of all, any and not."),
        ({"all": [{"any": [CLAUSE] * 60}, {"any": [CLAUSE] * 41}]}, "conditions",
            "has 101 clauses: at most 100 are possible."),
    ],
    ids=str,
)  # fmt: skip
def test_it_refuses_with_the_place_and_the_mend(wrong: Any, path: str | None, message: str) -> None:
    assert check(wrong) == ([Problem(path, message)] if path else [])


def test_it_allows_eight_levels_and_a_hundred_clauses() -> None:
    assert check(nested(8)) == []
    assert check({"all": [{"any": [CLAUSE] * 60}, {"any": [CLAUSE] * 40}]}) == []


@pytest.mark.parametrize("kind", ["not", "value", "all"])
def test_it_refuses_what_is_nested_without_end_instead_of_falling_over(kind: str) -> None:
    deep: Any = CLAUSE
    for _ in range(50_000):
        deep = {kind: [deep] if kind == "all" else deep}
    assert [problem.path for problem in check(deep)] == ["conditions"]


def test_it_names_several_faults_at_once_in_the_order_of_their_places() -> None:
    wrong = {"all": [clause(op="in", value="eu"), clause(op="starts_with", value=5), clause(op="gt", value="x")]}
    assert [problem.path for problem in check(wrong)] == [f"conditions.all[{n}].value" for n in range(3)]


def test_it_stops_after_twenty_faults() -> None:
    assert len(check({"all": [clause(op="gt", value="x")] * 90})) == 20


keys = st.sampled_from(["all", "any", "not", "field", "op", "value", "other", "factor"])
known = st.sampled_from(["eq", "gt", "between", "in", "a.b"])


@given(
    wrong=st.recursive(
        values, lambda inner: st.dictionaries(keys, inner | st.lists(inner, max_size=2) | known, max_size=4)
    )
)
def test_no_json_makes_it_raise_and_every_problem_says_something(wrong: Any) -> None:
    for problem in check(wrong):
        assert problem.path.startswith("conditions")
        assert problem.message.endswith(".")
        problem.message.encode("utf-8")
