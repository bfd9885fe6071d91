"""What the tests of the pipeline need."""

from __future__ import annotations

import pytest

from deliveries import catalogue, deciding, draining, preparing, waking
from deliveries.turns import Round
from rules import rulesets
from tests.connections.conftest import permit

__all__ = ["permit"]


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins like a worker that has just started: nothing known, no round begun."""
    for known in (rulesets._cache, catalogue._known, preparing._versions):
        known.clear()
    monkeypatch.setitem(deciding._turn, "after", deciding._NOBODY)
    monkeypatch.setattr(draining, "_round", Round())


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How often workers were woken; none of them really is."""
    calls: list[bool] = []
    monkeypatch.setattr(waking, "wake", lambda: calls.append(True))
    return calls
