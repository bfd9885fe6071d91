"""How properties are tried: the same for the whole suite, and without a look at the clock."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent


def test_a_busy_machine_fails_no_property() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_no_test_has_a_word_of_its_own_about_that() -> None:
    """What a test suppresses besides, it adds to what the suite does: a list of its own would replace it."""
    others = [path for path in TESTS.rglob("*.py") if path.name not in ("conftest.py", Path(__file__).name)]
    texts = {path: path.read_text(encoding="utf-8") for path in others}
    assert not [path for path, text in texts.items() if "deadline=None" in text]
    assert not [path for path, text in texts.items() if "suppress_health_check=[HealthCheck" in text]
