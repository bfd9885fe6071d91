"""Requests and answers as a person reads them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.showing.exchanges import exchange, pretty

STORED = {
    "request": {
        "method": "POST",
        "url": "https://hooks.example.com/in",
        "headers": {"X-One": "1", "Authorization": "••••••"},
        "body": '{"secret-of-the-event":1.50}',
        "bytes": 28,
    },
    "response": {"status": 500, "headers": {"X-Two": "2"}, "body": "it said secret-of-the-event", "truncated": True},
}


def test_it_shows_all_that_was_kept_to_those_who_may_see_it() -> None:
    shown = exchange(STORED, payload=True)
    assert shown.request == (
        'POST https://hooks.example.com/in\nX-One: 1\nAuthorization: ••••••\n\n{\n  "secret-of-the-event": 1.50\n}'
    )
    assert shown.answer == "500\nX-Two: 2\n\nit said secret-of-the-event"
    assert shown.cut


def test_without_the_permission_no_body_is_shown_of_either_side() -> None:
    shown = exchange(STORED, payload=False)
    assert "secret-of-the-event" not in shown.request + shown.answer
    assert shown.request.startswith("POST https://hooks.example.com/in")


def test_the_subject_of_a_mail_is_the_events_own_words() -> None:
    mail = {"request": {"method": "MAIL", "to": ["a@example.com"], "subject": "disk full"}, "response": {"status": 250}}
    assert "disk full" in exchange(mail, payload=True).request
    assert "disk full" not in exchange(mail, payload=False).request
    assert exchange(mail, payload=False).request == "MAIL a@example.com"


def test_it_says_why_nothing_came_back() -> None:
    failed = {"request": {"method": "POST"}, "response": {"trouble": "timeout", "detail": "after 15 s"}}
    assert exchange(failed, payload=False).answer == "timeout after 15 s"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"a":1.50,"b":[],"c":{}}', '{\n  "a": 1.50,\n  "b": [],\n  "c": {}\n}'),
        ('["{,:}",1e400]', '[\n  "{,:}",\n  1e400\n]'),
        ("payload=%7B%7D", "payload=%7B%7D"),
        ('{"cut":', '{"cut":'),
        ("", ""),
    ],
)
def test_json_gets_a_line_for_each_member_and_keeps_its_numbers(text: str, shown: str) -> None:
    assert pretty(text) == shown


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_it_stays_the_same_json(value: object) -> None:
    assert json.loads(pretty(json.dumps(value))) == value
