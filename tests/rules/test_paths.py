from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.paths import MEMBERS_MOST, MISSING, parse_path
from tests.rules.alerts import payloads, texts

PAYLOAD = {
    "value": 1840,
    "nothing": None,
    "user": {"plan": "pro", "0": "zero"},
    "lines": [{"sku": "A-1"}, {"sku": "B-2"}, {}],
    "matrix": [[1, 2], [3]],
    "empty": [],
    "host.name": "web-1",
    "payload": {"value": "inner"},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("value", 1840),
        ("nothing", None),
        ("user.plan", "pro"),
        ("user.0", "zero"),
        ("lines.0.sku", "A-1"),
        ("lines.00001.sku", "B-2"),
        ("lines.2.sku", MISSING),
        ("lines.3", MISSING),
        ("lines.-1", MISSING),
        ("lines." + "9" * 50, MISSING),
        ("lines.²", MISSING),
        ("lines.sku", MISSING),
        ("value.digits", MISSING),
        ("nothing.inside", MISSING),
        ("absent", MISSING),
        (["host.name"], "web-1"),
        ("payload.value", 1840),
        ("payload.payload.value", "inner"),
        (["payload", "value"], "inner"),
        (["*"], MISSING),
    ],
)
def test_it_reads_one_value(path: str | Sequence[str], value: Any) -> None:
    assert parse_path(path).one(PAYLOAD) == value


def test_an_index_of_any_length_is_read_at_once() -> None:
    assert parse_path("lines." + "9" * 5_000).one(PAYLOAD) is MISSING


def test_payload_alone_is_the_whole_payload() -> None:
    assert parse_path("payload").one(PAYLOAD) is PAYLOAD


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("lines.*.sku", ["A-1", "B-2", MISSING]),
        ("matrix.*.*", [1, 2, 3]),
        ("matrix.*.0", [1, 3]),
        ("value", [1840]),
        ("empty.*", [MISSING]),
        ("absent.*.sku", [MISSING]),
        ("user.*", [MISSING]),
    ],
)
def test_a_star_reads_every_member_of_a_list(path: str, values: list[Any]) -> None:
    assert parse_path(path).all(PAYLOAD) == values


def test_a_star_reads_a_thousand_members_and_no_more() -> None:
    assert len(parse_path("lines.*").all({"lines": list(range(MEMBERS_MOST + 5))})) == MEMBERS_MOST


@pytest.mark.parametrize(
    ("path", "text"), [("user.plan", "user.plan"), (["host.name"], '"host.name"'), (["user", "plan"], "user.plan")]
)
def test_a_path_can_be_read_by_a_person(path: str | Sequence[str], text: str) -> None:
    assert parse_path(path).text == text


@given(
    path=texts | st.lists(texts, min_size=1, max_size=4) | st.sampled_from(["lines.*.*", "*", "value.0"]),
    payload=payloads,
)
def test_no_path_and_no_payload_make_it_raise(path: str | list[str], payload: dict[str, Any]) -> None:
    assert parse_path(path).all(payload)
