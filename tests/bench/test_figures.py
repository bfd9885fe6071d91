from __future__ import annotations

import pytest

from bench.figures import Row, paired, percentile, table


def test_a_ratio_is_taken_to_the_yardsticks_on_both_sides() -> None:
    assert paired([50.0], [[80.0, 120.0]]) == 0.5


def test_one_round_under_foreign_load_does_not_move_the_median() -> None:
    assert paired([50.0, 1.0, 60.0], [[100.0, 100.0]] * 3) == 0.5


def test_what_slows_both_sides_alike_cancels_out() -> None:
    assert paired([50.0, 5.0, 50.0], [[100.0, 100.0], [10.0, 10.0], [100.0, 100.0]]) == 0.5


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (95, 95), (100, 100), (1, 1)])
def test_a_percentile_is_the_nearest_rank(percent: int, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_the_median_of_an_odd_number_of_values_is_the_middle_one() -> None:
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0


def test_a_goal_is_met_at_its_very_value_and_missed_below() -> None:
    assert Row("a", "1/s", 0.5, "loop", 0.5).cells()[-1] == "✓"
    assert Row("a", "1/s", 0.49, "loop", 0.5).cells()[-1] == "✗"


def test_a_figure_without_a_goal_is_neither_met_nor_missed() -> None:
    assert Row("p50", "12 ms").cells() == ("p50", "12 ms", "", "", "", "")


def test_the_columns_stand_straight() -> None:
    lines = table([Row("short", "1/s"), Row("a much longer figure", "1,000/s", 0.5, "loop", 0.4)]).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
