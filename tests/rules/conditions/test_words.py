from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from rules.conditions import sentence
from tests.rules.alerts import TIMES
from tests.rules.conditions.conditions_of import conditions

ABOVE = {"field": "value", "op": "gt", "value": 1000}
REGION = {"field": "region", "op": "in", "value": ["eu", "us"]}
PLAN = {"field": "plan", "op": "eq", "value": "pro"}


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (None, ""),
        ({}, ""),
        (
            {"all": [{"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}}, REGION]},
            f"value is more than 1.2 {TIMES} threshold and region is one of eu, us",
        ),
        ({"any": [ABOVE, PLAN]}, "value is more than 1000 or plan is pro"),
        ({"all": [PLAN, {"any": [ABOVE, PLAN]}]}, "plan is pro and (value is more than 1000 or plan is pro)"),
        ({"all": [{"any": [PLAN]}]}, "plan is pro"),
        ({"not": {"any": [ABOVE, PLAN]}}, "not (value is more than 1000 or plan is pro)"),
        ({"field": "value", "op": "gt", "other": {"field": "threshold"}}, "value is more than threshold"),
        ({"field": "value", "op": "gte", "value": 5}, "value is at least 5"),
        ({"field": "value", "op": "lt", "value": 5}, "value is less than 5"),
        ({"field": "value", "op": "lte", "value": 5}, "value is at most 5"),
        ({"field": "value", "op": "between", "value": [1, 5]}, "value is between 1 and 5"),
        ({"field": "at", "op": "gt", "value": "2026-01-01"}, "at is after 2026-01-01"),
        ({"field": "at", "op": "gte", "value": "2026-01-01"}, "at is not before 2026-01-01"),
        ({"field": "at", "op": "lt", "value": "2026-01-01"}, "at is before 2026-01-01"),
        ({"field": "at", "op": "lte", "value": "2026-01-01"}, "at is not after 2026-01-01"),
        ({"field": "at", "op": "between", "value": ["2026-01-01", "2026-02-01"]},
            "at is between 2026-01-01 and 2026-02-01"),
        ({"field": "plan", "op": "neq", "value": None}, "plan is not null"),
        ({"field": "plan", "op": "eq", "value": False}, "plan is false"),
        ({"field": "plan", "op": "eq", "value": "5"}, 'plan is "5"'),
        ({"field": "plan", "op": "eq", "value": "true"}, 'plan is "true"'),
        ({"field": "plan", "op": "eq", "value": ""}, 'plan is ""'),
        ({"field": "plan", "op": "eq", "value": "Big Corp", "ignore_case": True}, "plan is Big Corp (in any case)"),
        ({"field": "text", "op": "contains", "value": "50% {off}"}, 'text contains "50% {off}"'),
        ({"field": "text", "op": "starts_with", "value": "ab"}, "text starts with ab"),
        ({"field": "text", "op": "ends_with", "value": "ab"}, "text ends with ab"),
        ({"field": "text", "op": "exists"}, "text is present"),
        ({"field": "text", "op": "exists", "value": False}, "text is absent"),
        ({"field": "text", "op": "is_empty", "value": True}, "text is empty"),
        ({"field": "text", "op": "is_empty", "value": False}, "text is not empty"),
        ({"field": "lines.*.sku", "op": "eq", "value": "A-1"}, "any lines.*.sku is A-1"),
        ({"field": ["host.name"], "op": "exists"}, '"host.name" is present'),
        ({"field": "n", "op": "in", "value": list(range(8))}, "n is one of 0, 1, 2, 3, 4 and 3 more"),
    ],
    ids=str,
)  # fmt: skip
def test_conditions_are_read_aloud(conditions: Any, words: str) -> None:
    assert sentence(conditions) == words


def test_a_long_value_is_cut_in_a_sentence() -> None:
    assert len(sentence({"field": "text", "op": "eq", "value": "x" * 1000})) < 80


@given(valid=conditions)
def test_everything_that_is_allowed_can_be_read_aloud(valid: dict[str, Any]) -> None:
    assert sentence(valid).encode("utf-8")
