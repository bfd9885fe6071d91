"""How fast Slack lets an app go."""

from __future__ import annotations

import time

import pytest

from sandbox.slack.pace import Pacer, Rate


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_it_lets_a_burst_pass_and_then_one_a_second(clock: Clock) -> None:
    pacer, rate = Pacer(), Rate(burst=5, per_second=1)
    assert [pacer.wait(("C1",), rate) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    clock.now += 1
    assert [pacer.wait(("C1",), rate) for _ in range(2)] == [0, 1]


def test_it_says_how_long_to_wait(clock: Clock) -> None:
    pacer, rate = Pacer(), Rate(burst=1, per_second=0.1)
    pacer.wait(("C1",), rate)
    clock.now += 2.5
    assert pacer.wait(("C1",), rate) == 8


def test_it_paces_each_key_by_itself(clock: Clock) -> None:
    pacer, rate = Pacer(), Rate(burst=1, per_second=1)
    assert [pacer.wait((key,), rate) for key in ("C1", "C2", "C1")] == [0, 0, 1]
