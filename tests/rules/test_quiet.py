"""Quiet hours: by a clock on the wall of the place, over midnight, and when that clock is put forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.quiet import QuietHours, faults

EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
NIGHT = {"days": EVERY_DAY, "start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]


def quiet(**said: Any) -> QuietHours:
    return QuietHours.of({**NIGHT, **said})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


times = st.times().map(lambda time: f"{time:%H:%M}")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
hours = st.builds(
    quiet,
    days=st.lists(st.sampled_from(EVERY_DAY), min_size=1, unique=True),
    start=times,
    end=times,
    time_zone=st.sampled_from(ZONES),
).filter(lambda hours: hours.start != hours.end)


# --------------------------------------------------------------------------- when they are


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-01-14T20:59:59", None),
        ("2026-01-14T21:00", "2026-01-15T06:00"),
        ("2026-01-15T02:00", "2026-01-15T06:00"),
        ("2026-01-15T05:59:59", "2026-01-15T06:00"),
        ("2026-01-15T06:00", None),
    ],
)
def test_a_night_ends_in_the_morning_and_its_end_is_no_part_of_it(moment: str, end: str | None) -> None:
    assert quiet().end_after(utc(moment)) == (utc(end) if end else None)


def test_the_days_are_those_on_which_they_begin() -> None:
    friday = quiet(days=[4])
    assert friday.end_after(utc("2026-01-16T22:00")) == utc("2026-01-17T06:00")  # a Friday
    assert friday.end_after(utc("2026-01-17T03:00")) == utc("2026-01-17T06:00")  # its night goes on
    assert friday.end_after(utc("2026-01-16T03:00")) is None  # Thursday's night
    assert friday.end_after(utc("2026-01-17T22:00")) is None


def test_they_may_lie_within_one_day() -> None:
    lunch = quiet(start="12:00", end="13:30", time_zone="UTC")
    assert lunch.end_after(utc("2026-01-16T12:15")) == utc("2026-01-16T13:30")
    assert lunch.end_after(utc("2026-01-16T11:59")) is None
    assert lunch.end_after(utc("2026-01-16T13:30")) is None


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-03-28T22:00", "2026-03-29T05:00"),  # the clock is put forward in that night: 07:00 is UTC+2
        ("2026-10-24T22:00", "2026-10-25T06:00"),  # put back: UTC+1
    ],
)
def test_the_end_is_where_the_clock_on_the_wall_shows_it(moment: str, end: str) -> None:
    assert quiet().end_after(utc(moment)) == utc(end)


def test_a_time_that_the_clock_shows_twice_is_the_first() -> None:
    hours = quiet(start="01:00", end="02:30")
    assert hours.end_after(utc("2026-10-25T00:00")) == utc("2026-10-25T00:30")
    assert hours.end_after(utc("2026-10-25T01:00")) is None


def test_a_time_that_the_clock_leaps_over_is_read_as_before_the_leap() -> None:
    assert quiet(start="01:00", end="02:30").end_after(utc("2026-03-29T00:30")) == utc("2026-03-29T01:30")
    assert quiet(start="02:30", end="02:45").end_after(utc("2026-03-29T01:40")) == utc("2026-03-29T01:45")


def test_quiet_hours_that_run_into_the_next_ones_end_with_those() -> None:
    """02:50 is leapt over and read as 03:50 that morning, when the next have begun at 03:00 already."""
    hours = quiet(start="03:00", end="02:50")
    assert hours.end_after(utc("2026-03-29T00:30")) == utc("2026-03-30T00:50")


def test_the_end_is_told_by_the_clock_on_the_wall() -> None:
    assert quiet().wall(utc("2026-07-15T05:00")) == "07:00 (Europe/Berlin)"


@settings(max_examples=300)
@given(hours, moments)
def test_their_end_is_later_soon_and_not_quiet(hours: QuietHours, moment: datetime) -> None:
    end = hours.end_after(moment)
    if end is None:
        return
    assert moment < end <= moment + timedelta(hours=50)
    assert hours.end_after(end) is None


@settings(max_examples=300)
@given(hours, moments, st.floats(0, 0.999))
def test_all_until_their_end_is_quiet_and_has_the_same_end(hours: QuietHours, moment: datetime, part: float) -> None:
    end = hours.end_after(moment)
    if end is None:
        return
    between = moment + (end - moment) * part
    assert hours.end_after(between) == end


@settings(max_examples=300)
@given(hours, moments)
def test_without_changes_of_the_clock_they_are_what_the_wall_says(hours: QuietHours, moment: datetime) -> None:
    """Held against the rule in its plainest words: is it a quiet time, on a day, or on the day after one?"""
    hours = QuietHours(hours.days, hours.start, hours.end, quiet(time_zone="UTC").zone)
    at, day = moment.time(), moment.weekday()
    if hours.start < hours.end:
        expected = hours.start <= at < hours.end and day in hours.days
    else:
        expected = (at >= hours.start and day in hours.days) or (at < hours.end and (day - 1) % 7 in hours.days)
    assert (hours.end_after(moment) is not None) == expected


# --------------------------------------------------------------------------- how they are typed


@pytest.mark.parametrize("said", [NIGHT, {**NIGHT, "days": [6, 0]}, {**NIGHT, "start": "00:00", "end": "23:59"}])
def test_what_can_be_meant_has_no_faults(said: dict[str, Any]) -> None:
    assert faults(said) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"days": []}, "days"),
        ({"days": [7]}, "days"),
        ({"days": [-1]}, "days"),
        ({"days": [0, 0]}, "days"),
        ({"days": [True]}, "days"),
        ({"days": ["monday"]}, "days"),
        ({"days": [[0]]}, "days"),
        ({"days": "0"}, "days"),
        ({"days": None}, "days"),
        ({"start": "24:00"}, "start"),
        ({"start": "7:00"}, "start"),
        ({"start": "22:00\n"}, "start"),
        ({"start": 22}, "start"),
        ({"end": "06:60"}, "end"),
        ({"end": "\u0660\u0667:00"}, "end"),
        ({"end": None}, "end"),
        ({"end": "22:00"}, "end"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": ["UTC"]}, "time_zone"),
        ({"zone": "UTC"}, "zone"),
    ],
    ids=lambda value: value if isinstance(value, str) else ascii(value),
)
def test_each_fault_names_its_field_and_the_mend(change: dict[str, Any], field: str) -> None:
    ((where, mend),) = faults({**NIGHT, **change})
    assert where == f"quiet_hours.{field}"
    assert mend.endswith(".")


@pytest.mark.parametrize("said", ["22:00-07:00", [], 5, True])
def test_what_is_no_object_is_refused_as_a_whole(said: Any) -> None:
    assert [field for field, _ in faults(said)] == ["quiet_hours"]


def test_every_fault_is_told_at_once() -> None:
    assert [field for field, _ in faults({})] == [f"quiet_hours.{key}" for key in NIGHT]
