"""What a person types as a value, and how a stored value is written into the form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.drafting.values import typed, typed_list, written, written_list
from rules.suggesting import Form

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("eu", "eu"),
        ('"5"', "5"),
        ("  high ", "high"),
        ("007", "007"),
        ("1,5", "1,5"),
        ("1e999", "1e999"),
        ('"half', '"half'),
        ('"', '"'),
    ],
)
def test_it_reads_what_the_text_looks_like(text: str, value: Any) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_a_field_that_holds_texts_keeps_a_number_as_a_text() -> None:
    assert typed("5", form=Form.TEXT) == "5"
    assert typed("5", form=Form.NUMBER) == 5


@given(value=VALUES, form=st.sampled_from(["", *Form]))
def test_whatever_is_stored_is_read_again_unchanged(value: Any, form: str) -> None:
    if isinstance(value, str) or form != Form.TEXT:
        again = typed(written(value, form=form), form=form)
        assert again == value
        assert isinstance(again, bool) == isinstance(value, bool)


@given(values=st.lists(VALUES, max_size=5))
def test_a_list_is_read_again_unchanged(values: list[Any]) -> None:
    assert typed_list(written_list(values)) == values


def test_a_list_forgives_a_comma_too_many() -> None:
    assert typed_list('eu, us,, 5, "a, b",') == ["eu", "us", 5, "a, b"]
