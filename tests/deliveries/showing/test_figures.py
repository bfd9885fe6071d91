"""Seven days in numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from deliveries.models import TEST, Event, Status
from deliveries.showing import figures
from deliveries.showing.chart import bars
from deliveries.showing.figures import Day
from tests.world import Vendor, make_event
from workspaces.embed import sessions
from workspaces.embed.sessions import Wanted
from workspaces.embed.visitor import Visitor
from workspaces.ids import uuid7
from workspaces.models import SessionType, Workspace

NOW = timezone.now().astimezone(UTC).replace(hour=12, minute=0)


@pytest.fixture(autouse=True)
def _counted_anew() -> None:
    figures.forget()


def visitor(workspace: Workspace, **wanted: Any) -> Visitor:
    return Visitor(sessions.mint(workspace=workspace, wanted=Wanted(**wanted), actor="test").session)


def happened(workspace: Workspace, at: datetime, **fields: Any) -> Event:
    counted = {"total_rules": 1, "completed_count": 1, "status": Status.COMPLETED}
    return make_event(workspace, id=uuid7(at), created_at=at, **{**counted, **fields})


def test_each_day_says_what_was_delivered_failed_and_waits(acme: Vendor) -> None:
    staging = acme.staging
    happened(staging, NOW - timedelta(days=6), total_rules=5, completed_count=2, failed_count=1, canceled_count=1)
    happened(staging, NOW, total_rules=3, completed_count=3)
    days = figures.week(visitor(staging), now=NOW)
    assert [day.date for day in days] == [NOW.date() - timedelta(days=back) for back in range(6, -1, -1)]
    assert days[0] == Day(days[0].date, delivered=2, failed=1, waiting=1, canceled=1)
    assert days[6] == Day(days[6].date, delivered=3)
    assert all(day == Day(day.date) for day in days[1:6])


def test_what_is_older_or_somebody_elses_or_a_test_is_not_counted(acme: Vendor, globex: Vendor) -> None:
    happened(acme.staging, NOW - timedelta(days=7))
    happened(acme.staging, NOW, kind=TEST)
    happened(globex.staging, NOW)
    assert sum(day.delivered for day in figures.week(visitor(acme.staging), now=NOW)) == 0


def test_a_session_of_one_resource_counts_that_one_only(acme: Vendor) -> None:
    for name in ("disk", "disk", "fan"):
        happened(acme.staging, NOW, resource="part", resource_id=name)
    one = visitor(acme.staging, session_type=SessionType.RESOURCE, resource="part", resource_id="disk")
    assert figures.week(one, now=NOW)[6].delivered == 2
    assert figures.week(visitor(acme.staging), now=NOW)[6].delivered == 3


def test_the_days_before_are_counted_once_a_minute_and_today_each_time(acme: Vendor, monkeypatch: Any) -> None:
    clock = [1000.0]
    monkeypatch.setattr(figures, "monotonic", lambda: clock[0])
    person = visitor(acme.staging)
    figures.week(person, now=NOW)
    happened(acme.staging, NOW - timedelta(days=1))
    happened(acme.staging, NOW)
    assert [day.delivered for day in figures.week(person, now=NOW)[5:]] == [0, 1]
    clock[0] += figures.OLD_SECONDS
    assert [day.delivered for day in figures.week(person, now=NOW)[5:]] == [1, 1]


def test_what_is_remembered_is_not_shown_to_others(acme: Vendor, globex: Vendor) -> None:
    happened(acme.staging, NOW - timedelta(days=1))
    assert figures.week(visitor(acme.staging), now=NOW)[5].delivered == 1
    assert figures.week(visitor(globex.staging), now=NOW)[5].delivered == 0


def test_a_single_failure_among_thousands_is_still_drawn() -> None:
    drawn = bars([Day(NOW.date(), delivered=10_000, failed=1), Day(NOW.date())])
    assert [(bar.tone, bar.height) for bar in drawn] == [("good", "95.99%"), ("bad", "2.00%")]
    assert bars([Day(NOW.date())]) == []
