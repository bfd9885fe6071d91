"""What holds a rule back: how the settings are typed, stored and told, and that what is critical is never held back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from rules.matching import CompiledRule, EventValues, Verdict, decide
from rules.patterns import compile_pattern
from rules.restraint import Digest, Restraint, faults, tidied
from rules.severity import Severity

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MUTED = Restraint(muted_until=NOW + timedelta(hours=1))


def verdict(restraint: Restraint | None, event_type: str = "alert", **values: Any) -> Verdict:
    rule = CompiledRule(uuid4(), uuid4(), uuid4(), "rule", compile_pattern("alert"), restraint=restraint)
    rules = [rule if event_type == "alert" else CompiledRule(**{**_fields(rule), "active": False})]
    (found,) = decide(rules, EventValues(type="alert", payload={}, **{"now": NOW, **values}))
    return found


def _fields(rule: CompiledRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in CompiledRule.__dataclass_fields__}


# --------------------------------------------------------------------------- what a verdict says


def test_a_muted_rule_fires_and_says_until_when_it_is_muted() -> None:
    found = verdict(MUTED)
    assert (found.fired, found.muted) == (True, True)
    assert found.summary == "Fired, but muted until 24 November 2026, 09:00 UTC."
    assert found.as_json()["muted"] is True


@pytest.mark.parametrize("now", [NOW + timedelta(hours=1), NOW + timedelta(days=1), None])
def test_a_mute_is_over_at_its_moment_and_needs_one_to_be_asked_at(now: datetime | None) -> None:
    found = verdict(MUTED, now=now)
    assert (found.fired, found.muted) == (True, False)
    assert "muted" not in found.summary
    assert "muted" not in found.as_json()


@pytest.mark.parametrize("severity", [None, *Severity], ids=str)
def test_what_is_critical_is_never_held_back(severity: Severity | None) -> None:
    found = verdict(MUTED, severity=severity)
    critical = severity is Severity.CRITICAL
    assert (found.muted, found.restraint) == (not critical, None if critical else MUTED)


def test_a_rule_that_does_not_fire_says_why_and_nothing_of_being_muted() -> None:
    found = verdict(MUTED, "switched off")
    assert (found.fired, found.muted, found.restraint) == (False, False, None)
    assert found.summary == "The rule is switched off."


# --------------------------------------------------------------------------- how they are typed


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"muted_until": None, "quiet_hours": None, "digest": None},
        {"muted_until": "2026-12-24T08:00:00Z"},
        {"muted_until": "2026-12-24"},
        {"muted_until": NOW},
        {"digest": {"most": 0, "minutes": 1}},
        {"digest": {"most": 100, "minutes": 1_440}},
    ],
    ids=repr,
)
def test_what_can_be_meant_has_no_faults(settings: dict[str, Any]) -> None:
    assert faults(settings) == []


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"muted_until": "tomorrow"}, ["muted_until"]),
        ({"muted_until": 1_800_000_000}, ["muted_until"]),
        ({"muted_until": "9999-12-31T23:59:59-12:00"}, ["muted_until"]),
        ({"muted_until": ""}, ["muted_until"]),
        ({"quiet_hours": {}}, [f"quiet_hours.{key}" for key in ("days", "start", "end", "time_zone")]),
        ({"digest": []}, ["digest"]),
        ({"digest": {}}, ["digest.most", "digest.minutes"]),
        ({"digest": {"most": 101, "minutes": 0}}, ["digest.most", "digest.minutes"]),
        ({"digest": {"most": -1, "minutes": 1_441}}, ["digest.most", "digest.minutes"]),
        ({"digest": {"most": True, "minutes": 5.0}}, ["digest.most", "digest.minutes"]),
        ({"digest": {"most": 5, "minutes": 10, "hours": 1}}, ["digest.hours"]),
    ],
    ids=repr,
)
def test_each_fault_names_its_field_and_the_mend(settings: dict[str, Any], fields: list[str]) -> None:
    found = faults(settings)
    assert [field for field, _ in found] == fields
    assert all(mend.endswith(".") for _, mend in found)


def test_settings_are_stored_in_one_form() -> None:
    hours = {"days": [6, 0], "start": "22:00", "end": "07:00", "time_zone": "UTC"}
    found = tidied({"muted_until": "2026-11-24T09:00:00+01:00", "quiet_hours": hours, "digest": None})
    assert found == {"muted_until": NOW, "quiet_hours": {**hours, "days": [0, 6]}, "digest": None}


def test_the_length_of_a_window_is_in_minutes() -> None:
    assert Digest(most=1, minutes=10).length == timedelta(minutes=10)
