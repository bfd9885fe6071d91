from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.patterns import check_event_type, check_pattern, compile_pattern, matches


@pytest.mark.parametrize(
    ("pattern", "event_type", "expected"),
    [
        ("alert.triggered", "alert.triggered", True),
        ("alert.triggered", "alert.triggered.again", False),
        ("alert.triggered", "Alert.Triggered", False),
        ("alert.*", "alert.triggered", True),
        ("alert.*", "alert.disk.full", True),
        ("alert.*", "alert", False),
        ("alert.*", "alert.", False),
        ("alert.*", "alerting.x", False),
        ("*.created", "contact.created", True),
        ("*.created", "crm.contact.created", True),
        ("*.created", ".created", False),
        ("*.created", "contact.created.late", False),
        ("*", "anything at all", True),
        ("user:*", "user:signed-up", True),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "aXbXbYc", True),
        ("a*b*c", "abYc", False),
        ("a*b*c", "aXbc", False),
        ("a*a", "aa", False),
        ("a*a", "aaa", True),
        ("ab*ba", "aba", False),
        ("*.x.*", "a.x.x.b", True),
        ("a.b", "axb", False),
    ],
)
def test_a_star_stands_for_one_or_more_characters(pattern: str, event_type: str, expected: bool) -> None:
    assert matches(pattern, event_type) is expected


@given(
    pattern=st.text("ab.*", min_size=1, max_size=12).filter(lambda text: "**" not in text),
    event_type=st.text("ab.", max_size=14),
)
def test_it_agrees_with_a_regular_expression_that_means_the_same(pattern: str, event_type: str) -> None:
    expression = ".+".join(map(re.escape, pattern.split("*")))
    assert matches(pattern, event_type) is bool(re.fullmatch(expression, event_type))


def test_a_pattern_without_a_star_is_exact() -> None:
    assert compile_pattern("alert.triggered").exact
    assert not compile_pattern("alert.*").exact


@pytest.mark.parametrize(
    "event_type", ["contact.created", "user:signed-up", "Order Completed", "a/b@c#1", "größe.geändert", "x" * 128]
)
def test_an_event_type_is_what_a_client_would_send(event_type: str) -> None:
    assert check_event_type(event_type) == ""


@pytest.mark.parametrize(
    ("event_type", "problem"),
    [
        ("", "The event type is empty: write one such as alert.triggered."),
        ("  ", "The event type is empty: write one such as alert.triggered."),
        ("x" * 129, "The event type has 129 characters: shorten it to 128."),
        ("alert ", "The event type begins or ends with a space: remove it."),
        ("alert\nx", "The event type contains a character that cannot be printed: remove it."),
        ("alert\x00x", "The event type contains a character that cannot be printed: remove it."),
        ("alert\ud800x", "The event type contains a character that cannot be printed: remove it."),
        ("alert.*", "An event type cannot contain *, because * is the wildcard of the rules."),
    ],
)
def test_it_refuses_an_event_type_and_says_how_to_mend_it(event_type: str, problem: str) -> None:
    assert check_event_type(event_type) == problem


@pytest.mark.parametrize("pattern", ["*", "alert.*", "*.created", "alert.triggered", "x" * 127 + "*"])
def test_a_pattern_may_have_stars(pattern: str) -> None:
    assert check_pattern(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "The pattern is empty: write one such as alert.*."),
        ("x" * 129, "The pattern has 129 characters: shorten it to 128."),
        ("alert.**", "Write one * instead of several: it already stands for any number of characters."),
        ("alert.\t*", "The pattern contains a character that cannot be printed: remove it."),
    ],
)
def test_it_refuses_a_pattern_and_says_how_to_mend_it(pattern: str, problem: str) -> None:
    assert check_pattern(pattern) == problem
