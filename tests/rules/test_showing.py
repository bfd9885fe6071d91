from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from rules.paths import MISSING
from rules.showing import SHOWN_MOST, described, shown
from tests.rules.alerts import values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", '"abc"'),
        ("missing", '"missing"'),
        (MISSING, "missing"),
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1840, "1840"),
        (1.5, "1.5"),
        (2**53 + 1, "9007199254740993"),
        ([1, "a"], '[1, "a"]'),
        ({"a": None}, '{"a": null}'),
        ("line\nline", '"line\\nline"'),
        ("größe", '"größe"'),
        (object(), "a value that cannot be shown"),
    ],
)
def test_it_shows_a_value_as_json_and_tells_missing_from_null(value: Any, text: str) -> None:
    assert shown(value) == text


def test_true_is_not_shown_as_one() -> None:
    assert (shown(True), shown(1), shown(False), shown(0)) == ("true", "1", "false", "0")


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000, ["x" * 50] * 100, {"k": list(range(1000))}, 10**400],
    ids=["text", "list", "object", "number"],
)
def test_it_cuts_what_is_long(value: Any) -> None:
    assert len(shown(value)) <= SHOWN_MOST
    assert "…" in shown(value)


def test_a_text_that_was_cut_still_ends_in_its_quotation_mark() -> None:
    assert shown("x" * 10_000) == '"' + "x" * (SHOWN_MOST - 3) + '…"'


def test_it_says_so_when_a_number_is_too_long_to_be_written() -> None:
    assert shown(10**5000) == "a value that cannot be shown"


def test_it_shows_the_beginning_of_what_is_nested_without_end() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep).startswith("[[[")


def test_it_replaces_what_postgresql_cannot_store() -> None:
    assert shown("a\ud800b") == '"a\ufffdb"'
    assert shown({"\udfff": "\x00"}) == '{"\ufffd": "\\u0000"}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", 'the text "abc"'),
        (5, "the number 5"),
        (True, "true"),
        (None, "null"),
        (MISSING, "missing"),
        ([1], "a list ([1])"),
        ({}, "an object ({})"),
    ],
)
def test_it_says_what_kind_of_value_it_is(value: Any, text: str) -> None:
    assert described(value) == text


@given(value=values)
def test_whatever_it_shows_is_short_and_can_be_stored(value: Any) -> None:
    text = shown(value)
    assert len(text) <= SHOWN_MOST
    assert "\x00" not in text
    assert json.loads(json.dumps(text).encode("utf-8").decode("utf-8")) == text
    text.encode("utf-8")
