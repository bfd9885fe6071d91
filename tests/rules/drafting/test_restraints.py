"""What holds a rule back, as choices of a form."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from rules.drafting.restraints import Restraints, read_restraints, restraints_of
from rules.restraint import faults

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # 23:30 in Berlin


def read(text: str, **fields: Any) -> Restraints:
    return read_restraints(QueryDict(text), muted_until=fields.get("muted_until"), zone=BERLIN)


@pytest.mark.parametrize(
    ("posted", "until"),
    [
        ("", None),
        ("mute=hour", datetime(2026, 11, 22, 23, 30, tzinfo=UTC)),
        ("mute=today", datetime(2026, 11, 22, 23, 0, tzinfo=UTC)),
        ("mute=week", datetime(2026, 11, 29, 22, 30, tzinfo=UTC)),
        ("mute=date&mute_until=2026-12-24T08:00", datetime(2026, 12, 24, 7, 0, tzinfo=UTC)),
    ],
)
def test_it_is_muted_until_the_moment_that_the_visitor_means(posted: str, until: datetime | None) -> None:
    assert read(posted).settings(now=NOW, zone=BERLIN)["muted_until"] == until


def test_a_mute_that_is_kept_stays_to_the_second() -> None:
    until = datetime(2026, 12, 1, 1, 2, 3, tzinfo=UTC)
    assert read("mute=keep", muted_until=until).settings(now=NOW, zone=BERLIN)["muted_until"] == until


@pytest.mark.parametrize("posted", ["mute=date", "mute=date&mute_until=tomorrow"])
def test_a_date_that_is_none_is_a_fault(posted: str) -> None:
    assert [param for param, _ in faults(read(posted).settings(now=NOW, zone=BERLIN))] == ["muted_until"]


def test_quiet_hours_and_digest_are_read() -> None:
    posted = "quiet=yes&quiet_days=5&quiet_days=6&quiet_start=20:00&quiet_end=08:00&quiet_zone=Europe/Rome"
    settings = read(f"{posted}&digest=yes&digest_most=0&digest_minutes=60").settings(now=NOW, zone=BERLIN)
    assert settings["quiet_hours"] == {"days": [5, 6], "start": "20:00", "end": "08:00", "time_zone": "Europe/Rome"}
    assert settings["digest"] == {"most": 0, "minutes": 60}
    assert faults(settings) == []


def test_what_is_no_number_is_named() -> None:
    settings = read("quiet=yes&digest=yes&digest_most=many&digest_minutes=").settings(now=NOW, zone=BERLIN)
    assert [param for param, _ in faults(settings)] == ["quiet_hours.days", "digest.most", "digest.minutes"]


def test_what_is_stored_is_shown() -> None:
    rule = SimpleNamespace(
        muted_until=datetime(2026, 12, 1, tzinfo=UTC),
        quiet_hours={"days": [0], "start": "21:00", "end": "06:00", "time_zone": "UTC"},
        digest={"most": 3, "minutes": 30},
    )
    shown = restraints_of(rule, now=NOW, zone=BERLIN)
    assert (shown.mute, shown.quiet, shown.days, shown.digest, shown.most) == ("keep", True, ("0",), True, "3")
    assert shown.settings(now=NOW, zone=BERLIN) == vars(rule)


def test_a_mute_that_is_over_is_none() -> None:
    rule = SimpleNamespace(muted_until=datetime(2026, 11, 1, tzinfo=UTC), quiet_hours=None, digest=None)
    shown = restraints_of(rule, now=NOW, zone=BERLIN)
    assert (shown.mute, shown.muted_until, shown.zone) == ("", None, "Europe/Berlin")
