"""How often a rule would have fired lately."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from deliveries.fanout import decide_batch
from deliveries.models import TEST, Attempt, Decision, Delivery, Event
from deliveries.trying import backtest as module
from deliveries.trying.backtest import Backtest, backtest
from rules.authoring import Wording
from rules.models import EventType
from tests.world import ACTOR, Vendor, make_connection, make_event, make_rule, make_workspace
from workspaces.errors import ApiError
from workspaces.ids import uuid7
from workspaces.models import Workspace

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ABOVE = {"field": "value", "op": "gt", "value": 5}


@pytest.fixture
def workspace(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """One in which nothing has happened yet, on the 20th of November."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return make_workspace(acme.organization, "Quiet")


def happened(workspace: Workspace, ago: timedelta = timedelta(hours=1), value: Any = 9, **fields: Any) -> Event:
    at = NOW - ago
    payload = fields.pop("payload", json.dumps({"value": value}))
    return make_event(workspace, payload=payload, id=uuid7(at), created_at=at, **fields)


def tried(workspace: Workspace, *, zone: ZoneInfo = BERLIN, days: int = 7, **said: Any) -> Backtest:
    wording = Wording(**{"event": "alert.*", "action": "", "conditions": ABOVE, **said})
    return backtest(workspace=workspace, wording=wording, zone=zone, days=days)


# --------------------------------------------------------------------------- the count


def test_it_counts_for_each_day_how_many_would_have_fired(workspace: Workspace) -> None:
    for hours, value in ((1, 9), (2, 1), (30, 9), (31, 9), (100, 1)):
        happened(workspace, timedelta(hours=hours), value)
    found = tried(workspace)
    assert (found.considered, found.fired, found.complete) == (5, 3, True)
    counted = {day.date.day: (day.considered, day.fired) for day in found.days if day.considered}
    assert counted == {20: (2, 1), 19: (2, 2), 16: (1, 0)}
    assert [day.date for day in found.days] == [date(2026, 11, number) for number in range(13, 21)]


def test_days_are_those_of_the_askers_calendar(workspace: Workspace) -> None:
    happened(workspace, timedelta(hours=12, minutes=30))  # 23:30 UTC on the 19th
    (berlin,) = [day for day in tried(workspace, zone=BERLIN).days if day.fired]
    (new_york,) = [day for day in tried(workspace, zone=NEW_YORK).days if day.fired]
    assert (berlin.date.day, new_york.date.day) == (20, 19)


def test_only_what_the_rule_wants_is_considered(workspace: Workspace) -> None:
    happened(workspace)
    happened(workspace, event="user.created")
    assert tried(workspace).considered == 1
    assert tried(workspace, event="*").considered == 2
    assert tried(workspace, event="user.*").considered == 1


def test_examples_say_why(workspace: Workspace) -> None:
    fired, silent = happened(workspace), happened(workspace, timedelta(hours=2), value=1)
    found = tried(workspace)
    assert [(one.event_id, one.reason) for one in found.fired_examples] == [(fired.id, "The one clause said yes.")]
    (example,) = found.silent_examples
    assert (example.event_id, example.type, example.created_at) == (silent.id, silent.event, silent.created_at)
    assert example.reason == "value is 1, not more than 5."


def test_examples_are_the_latest_few(workspace: Workspace) -> None:
    rows = [happened(workspace, timedelta(hours=number), value=number % 2 * 9) for number in range(1, 21)]
    found = tried(workspace)
    assert [one.event_id for one in found.fired_examples] == [row.id for row in rows[0:10:2]]
    assert [one.event_id for one in found.silent_examples] == [row.id for row in rows[1:10:2]]


def test_it_says_the_same_as_the_rule_itself_will(acme: Vendor) -> None:
    workspace = make_workspace(acme.organization, "Real")
    said: dict[str, Any] = {"conditions": ABOVE, "min_severity": "high", "resource": "disk"}
    rule = make_rule(make_connection(workspace), "alert.*", **said)
    for payload in (
        '{"value":9}',
        '{"value":9,"severity":"high"}',
        '{"severity":"high"}',
        '{"value":9,"severity":"p1"}',
    ):
        for resource in ("disk", "cpu"):
            make_event(workspace, payload=payload, resource=resource)
    decide_batch()
    real = Delivery.objects.filter(rule_id=rule.id).count()
    found = tried(workspace, **said)
    assert (found.fired, found.considered) == (real, 8)
    assert real == 2


def test_the_severity_is_where_the_event_type_has_it(workspace: Workspace) -> None:
    place = {"organization_id": workspace.organization_id, "workspace": workspace, "created_by": ACTOR}
    EventType.objects.create(key="alert.triggered", severity_path="level", **place)
    happened(workspace, payload='{"severity":"low","level":"critical"}')
    assert tried(workspace, conditions={}, min_severity="critical").fired == 1


# --------------------------------------------------------------------------- what is left out


def test_tests_and_what_happened_elsewhere_or_before_are_left_out(workspace: Workspace, globex: Vendor) -> None:
    happened(workspace, kind=TEST)
    happened(globex.workspace)
    happened(workspace, timedelta(days=3, minutes=1))
    found = tried(workspace, days=3)
    assert (found.considered, found.complete, found.since) == (0, True, NOW - timedelta(days=3))


def test_nothing_is_written(workspace: Workspace) -> None:
    happened(workspace)
    tables = (Event, Decision, Delivery, Attempt)
    before = [list(table.objects.order_by("id").values()) for table in tables]
    tried(workspace)
    assert [list(table.objects.order_by("id").values()) for table in tables] == before


# --------------------------------------------------------------------------- bounds


def test_small_chunks_see_the_same_as_large_ones(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 24):
        happened(workspace, timedelta(hours=number), value=number, event="alert.a" if number % 3 else "user.a")
    whole = tried(workspace)
    monkeypatch.setattr(module, "_LOOK", 4)
    monkeypatch.setattr(module, "_EXAMINE", 3)
    assert tried(workspace) == whole
    assert whole.considered == 16


@pytest.mark.parametrize(
    ("bound", "most"), [("EXAMINED_MOST", 6), ("LOOKED_AT_MOST", 8), ("CHARACTERS_MOST", 70)], ids=str
)
def test_it_says_when_it_stopped_early_and_since_when_it_has_looked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    rows = [happened(workspace, timedelta(hours=number)) for number in range(1, 21)]
    monkeypatch.setattr(module, "_LOOK", 4)
    monkeypatch.setattr(module, "_EXAMINE", 2)
    monkeypatch.setattr(module, bound, most)
    found = tried(workspace)
    assert not found.complete
    assert 0 < found.considered < 20
    assert found.considered == sum(row.created_at >= found.since for row in rows)
    assert found.days[0].date == found.since.astimezone(BERLIN).date()


def test_a_bound_that_is_just_not_met_is_no_early_end(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 7):
        happened(workspace, timedelta(hours=number))
    monkeypatch.setattr(module, "EXAMINED_MOST", 6)
    assert tried(workspace).complete


def test_a_long_past_is_walked_by_keyset(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    for number in range(1, 13):
        happened(workspace, timedelta(hours=number))
    monkeypatch.setattr(module, "_LOOK", 4)
    with django_assert_num_queries(1 + 4 + 3):  # severity paths, four looks (the last finds nothing), three batches
        tried(workspace)


# --------------------------------------------------------------------------- hostile payloads


@pytest.mark.parametrize(
    "payload",
    [
        '{"value":' + "[" * 60 + "]" * 60 + "}",
        '{"value":' + "9" * 4_000 + "}",
        '{"":{"":""},"*":1,"a.b":2,"value":"9"}',
        "{}",
        '{"value":null,"x":"' + "y" * 250_000 + '"}',
    ],
    ids=["deep", "long number", "odd keys", "empty", "huge"],
)
def test_no_payload_stops_it(workspace: Workspace, payload: str) -> None:
    happened(workspace, payload=payload)
    happened(workspace)
    found = tried(workspace)
    assert (found.considered, found.complete) == (2, True)
    assert found.fired >= 1


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("said", "param"),
    [
        ({"event": ""}, "event"),
        ({"min_severity": "awful"}, "min_severity"),
        ({"conditions": {"field": "f", "op": "?"}}, "conditions.op"),
        ({"days": 0}, "days"),
        ({"days": 8}, "days"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(workspace: Workspace, said: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        tried(workspace, **said)
    assert (caught.value.status, [name for name, _ in caught.value.faults]) == (400, [param])
