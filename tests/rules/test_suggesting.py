"""Fields for the builder of conditions, learnt from payloads of any kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import check
from rules.paths import MISSING, parse_path
from rules.suggesting import (
    DEPTH_MOST,
    FIELDS_MOST,
    PAYLOADS_MOST,
    SAMPLE_LONGEST,
    SAMPLES_MOST,
    Form,
    Suggestion,
    suggest,
)
from tests.rules.alerts import ALERT, payloads


def by_path(*found: dict[str, Any]) -> dict[Any, Suggestion]:
    return {suggestion.path: suggestion for suggestion in suggest(found)}


def only(payload: dict[str, Any]) -> Suggestion:
    (found,) = suggest([payload])
    return found


def test_every_field_of_an_alert_is_offered_with_its_form() -> None:
    forms = {path: found.form for path, found in by_path(ALERT).items()}
    assert forms == {
        **dict.fromkeys(("alert_id", "account_id", "severity", "resource"), Form.TEXT),
        **dict.fromkeys(("value", "threshold"), Form.NUMBER),
        "triggered_at": Form.DATE,
    }


@pytest.mark.parametrize(
    ("value", "form", "samples"),
    [
        (5, Form.NUMBER, (5,)),
        (1.5, Form.NUMBER, (1.5,)),
        (True, Form.TRUTH, (True,)),
        ("eu", Form.TEXT, ("eu",)),
        ("", Form.TEXT, ()),
        ("2026-04-17", Form.DATE, ("2026-04-17",)),
        (None, Form.TEXT, ()),
        (["a", "b", "a", {}], Form.LIST, ("a", "b")),
        ([], Form.LIST, ()),
        ("x" * (SAMPLE_LONGEST + 1), Form.TEXT, ()),
        (10**400, Form.NUMBER, ()),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_value_says_what_it_is(value: Any, form: Form, samples: tuple[Any, ...]) -> None:
    found = only({"f": value})
    assert (found.form, found.samples) == (form, samples)


def test_it_tells_how_often_a_field_is_there_and_the_usual_ones_come_first() -> None:
    found = suggest([{"rare": 1, "value": 1}, {"value": 2}, {"value": 3}, {}])
    assert [(one.label, one.present, one.considered) for one in found] == [("value", 3, 4), ("rare", 1, 4)]


def test_a_field_of_mixed_kinds_is_what_it_is_mostly() -> None:
    assert by_path({"f": "a"}, {"f": 1}, {"f": 2}, {"f": None})["f"].form is Form.NUMBER


def test_samples_are_few_and_different() -> None:
    found = by_path(*({"f": number % 8, "g": number % 2 == 0} for number in range(40)))
    assert len(found["f"].samples) == SAMPLES_MOST
    assert found["g"].samples == (True, False)


def test_one_and_true_are_two_samples() -> None:
    assert by_path({"f": 1}, {"f": True})["f"].samples == (1, True)


def test_members_of_a_list_are_one_field_however_many() -> None:
    found = by_path({"lines": [{"sku": "A"}, {"sku": "B", "tags": ["x"]}]})
    assert set(found) == {"lines", "lines.*.sku", "lines.*.tags"}
    assert (found["lines.*.sku"].present, found["lines.*.sku"].samples) == (1, ("A", "B"))
    assert [one.many for one in found.values()] == [False, True, True]


# --------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"host.name": 1}, ("host.name",)),
        ({"a": {"b.c": 1}}, ("a", "b.c")),
        ({"payload": {"value": 1}}, ("payload", "value")),
        ({"*": 1}, ("*",)),
        ({"a": {"*": 1}}, ("a", "*")),
        ({"a": {"payload": 1}}, "a.payload"),
        ({"0": 1}, "0"),
        ({"a b": {"größe\n": 1}}, "a b.größe\n"),
        ({"'": {'"': 1}}, "'.\""),
    ],
    ids=str,
)
def test_odd_names_are_spelt_as_paths_read_them(payload: dict[str, Any], path: Any) -> None:
    found = only(payload)
    assert found.path == path
    assert parse_path(found.path).one(payload) == 1


@pytest.mark.parametrize(
    "payload",
    [{"": 1}, {"a": {"": 1}}, {"x" * 300: 1}, {"lines": [{"a.b": 1}]}, {"lines": [{"*": 1}]}, {"payload": [{"a": 1}]}],
    ids=["empty", "empty inside", "too long", "dot below a list", "star below a list", "below a list called payload"],
)
def test_what_cannot_be_spelt_is_left_out(payload: dict[str, Any]) -> None:
    assert {found.form for found in suggest([payload])} <= {Form.LIST}


@given(payload=payloads)
def test_every_path_that_is_offered_is_there_and_can_be_saved(payload: dict[str, Any]) -> None:
    for found in suggest([payload]):
        path = list(found.path) if isinstance(found.path, tuple) else found.path
        assert any(value is not MISSING for value in parse_path(found.path).all(payload))
        assert check({"field": path, "op": "exists"}) == []


@given(found=st.lists(payloads, max_size=5))
def test_every_sample_can_be_saved_in_a_condition(found: list[dict[str, Any]]) -> None:
    for one in suggest(found):
        path = list(one.path) if isinstance(one.path, tuple) else one.path
        for sample in one.samples:
            assert check({"field": path, "op": "eq", "value": sample}) == []


# --------------------------------------------------------------------------- hostile payloads


def test_a_deep_payload_is_followed_so_far() -> None:
    deep: dict[str, Any] = {"end": 1}
    for _ in range(100_000):
        deep = {"a": deep}
    assert suggest([{"near": 1, "deep": deep}])[0].label == "near"
    at_the_edge: dict[str, Any] = {"a": 1}
    for _ in range(DEPTH_MOST - 1):
        at_the_edge = {"a": at_the_edge}
    assert only(at_the_edge).path == ".".join("a" * DEPTH_MOST)
    assert suggest([{"a": at_the_edge}]) == []


def test_deep_lists_are_not_followed() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert only({"a": deep}).form is Form.LIST


def test_a_huge_payload_is_looked_at_in_part() -> None:
    wide = {f"k{number}": {f"i{inner}": 1 for inner in range(300)} for number in range(300)}
    assert len(suggest([wide] * 5)) == FIELDS_MOST


def test_more_payloads_than_that_are_not_read() -> None:
    def endless() -> Any:
        while True:
            yield {"f": 1}

    assert suggest(endless())[0].considered == PAYLOADS_MOST


def test_nothing_gives_nothing() -> None:
    assert suggest([]) == suggest([{}]) == suggest([{"a": {}}]) == []
