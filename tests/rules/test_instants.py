from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.instants import instant
from tests.rules.alerts import values

FOUR_O_CLOCK = datetime(2026, 4, 17, 16, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-04-17T16:02:00Z", "2026-04-17T18:02:00+02:00", "2026-04-17 16:02", "2026-04-17T16:02:00.000000000Z"],
)
def test_one_moment_can_be_written_in_many_ways(text: str) -> None:
    assert instant(text) == FOUR_O_CLOCK


def test_a_date_without_a_time_is_midnight_in_utc() -> None:
    assert instant("2026-04-17") == datetime(2026, 4, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    ["20260417", "2026-W16-5", "2026-13-01", "2026-02-30", "17.04.2026", "soon", "", "2026-04-17T16:02:00Z" + " " * 40,
     1_776_441_720, None, True, ["2026-04-17"]],
)  # fmt: skip
def test_anything_else_is_no_date(value: Any) -> None:
    assert instant(value) is None


@given(value=values)
def test_no_value_makes_it_raise(value: Any) -> None:
    assert instant(value) is None or isinstance(instant(value), datetime)


@given(first=st.datetimes(timezones=st.timezones()), second=st.datetimes(timezones=st.timezones()))
def test_two_dates_compare_as_the_moments_that_they_are(first: datetime, second: datetime) -> None:
    one, other = instant(first.isoformat()), instant(second.isoformat())
    if one is not None and other is not None:
        assert (one < other) is ((first - second).total_seconds() < 0 and first != second)
