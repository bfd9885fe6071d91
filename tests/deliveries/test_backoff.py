"""When to try again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.backoff import JITTER, RETRY_AFTER_MOST, STANDARD_DELAYS, next_delay

HOUR = 3600
CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)


def delay(attempts: int, *, chance: float = 0.0, retry_after: float | None = None) -> float | None:
    return next_delay(attempts=attempts, delays=None, retry_after=retry_after, chance=chance)


@given(st.lists(CHANCES, min_size=9, max_size=9))
def test_ten_attempts_take_72_to_80_hours_whatever_the_dice_say(chances: list[float]) -> None:
    waits = [delay(made, chance=chance) for made, chance in enumerate(chances, start=1)]
    assert None not in waits
    assert 72 * HOUR <= sum(wait or 0 for wait in waits) <= 80 * HOUR


def test_nothing_follows_the_tenth_attempt() -> None:
    assert delay(9) is not None
    assert delay(10) is None
    assert delay(11) is None


@given(st.integers(min_value=1, max_value=9), CHANCES)
def test_each_wait_is_stretched_by_up_to_a_tenth_and_never_shortened(attempts: int, chance: float) -> None:
    plain = STANDARD_DELAYS[attempts - 1]
    assert plain <= (delay(attempts, chance=chance) or 0) <= plain * (1 + JITTER)


def test_a_crowd_that_failed_together_does_not_come_back_together() -> None:
    waits = {delay(3, chance=place / 100) for place in range(100)}
    assert len(waits) == 100
    assert max(w or 0 for w in waits) - min(w or 0 for w in waits) > 0.09 * STANDARD_DELAYS[2]


@pytest.mark.parametrize(("made", "wait"), [(1, 7.0), (2, 9.0), (3, None)])
def test_a_connection_may_have_a_schedule_of_its_own(made: int, wait: float | None) -> None:
    assert next_delay(attempts=made, delays=(7, 9), retry_after=None, chance=0) == wait


def test_an_empty_schedule_means_one_attempt() -> None:
    assert next_delay(attempts=1, delays=(), retry_after=None, chance=0) is None


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        (120.0, 120.0),
        (1.0, 5.0),  # shorter than the schedule's own wait
        (0.0, 5.0),
        (-40.0, 5.0),
        (10.0**9, RETRY_AFTER_MOST),
        (math.inf, RETRY_AFTER_MOST),
        (math.nan, 5.0),
        (None, 5.0),
    ],
)
def test_a_wish_lengthens_a_wait_up_to_a_day_and_never_shortens_one(wish: float | None, wait: float) -> None:
    assert delay(1, retry_after=wish) == wait


def test_a_wish_does_not_prolong_the_schedule() -> None:
    assert delay(10, retry_after=60.0) is None
