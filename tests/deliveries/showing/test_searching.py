"""Events are found by what is asked for, a page at a time, at a bounded cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from deliveries.models import Event, State
from deliveries.showing import searching
from deliveries.showing.searching import Wanted, count_newer, read_id, search
from tests.deliveries.showing.test_figures import visitor
from tests.world import Vendor, make_delivery, make_event
from workspaces.models import SessionType


def made(vendor: Vendor, count: int, **fields: Any) -> list[Event]:
    """The newest first, as they are shown."""
    return [make_event(vendor.workspace, **fields) for _ in range(count)][::-1]


def ids(found: searching.Found) -> list[UUID]:
    return [event.id for event in found.events]


def test_it_pages_back_and_forth_without_losing_any(acme: Vendor) -> None:
    everything = [event.id for event in made(acme, 2 * searching.PAGE)] + [acme.event.id]
    person = visitor(acme.workspace)
    first = search(person, Wanted())
    second = search(person, Wanted(), before=first.older)
    third = search(person, Wanted(), before=second.older)
    assert ids(first) + ids(second) + ids(third) == everything
    assert (first.newer, third.older) == (None, None)
    back = search(person, Wanted(), after=third.newer)
    assert ids(back) == ids(second)
    newest = search(person, Wanted(), after=back.newer)
    assert (ids(newest), newest.newer) == (ids(first), None)


@pytest.mark.parametrize(
    ("status", "state"),
    [("delivered", "delivered"), ("failed", "failed"), ("canceled", "canceled"), ("waiting", "held")],
)
def test_it_finds_by_what_became_of_it(acme: Vendor, status: str, state: str) -> None:
    acme.event.delete()
    by_state = {each: make_event(acme.workspace) for each in ("delivered", "failed", "canceled", "held")}
    for each, event in by_state.items():
        make_delivery(event, acme.rule, State(each))
    assert ids(search(visitor(acme.workspace), Wanted(status=status))) == [by_state[state].id]


def test_silent_is_what_no_rule_fired_on(acme: Vendor) -> None:
    silent = make_event(acme.workspace, status="completed", decided_at=acme.event.created_at)
    Event.objects.filter(id=silent.id).update(completed_at=acme.event.created_at)
    make_event(acme.workspace)  # not decided yet
    assert ids(search(visitor(acme.workspace), Wanted(status="silent"))) == [silent.id]


def test_it_finds_by_type_resource_rule_connection_and_day(acme: Vendor) -> None:
    other = make_event(acme.workspace, "user.created", resource="user", resource_id="u1")
    day = f"{acme.event.created_at:%Y-%m-%d}"
    person, mine = visitor(acme.workspace), [acme.event.id]
    assert ids(search(person, Wanted(type="alert.triggered"))) == mine
    assert ids(search(person, Wanted(rule=str(acme.rule.id)))) == mine
    assert ids(search(person, Wanted(connection=str(acme.connection.id)))) == mine
    assert ids(search(person, Wanted(resource="user", resource_id="u1"))) == [other.id]
    assert ids(search(person, Wanted(since=day, until=day))) == [other.id, *mine]
    assert ids(search(person, Wanted(until="2020-01-01"))) == []
    assert ids(search(person, Wanted(rule="nonsense"))) == []


def test_any_id_leads_to_its_event(acme: Vendor) -> None:
    made(acme, 2)
    person = visitor(acme.workspace)
    for id in (acme.event.id, acme.delivery.id, acme.attempt.id, acme.rule.id):
        assert ids(search(person, Wanted(q=str(id)))) == [acme.event.id], id
    assert ids(search(person, Wanted(q="Acme-disk"))) == [acme.event.id]


def test_ids_of_somebody_else_lead_nowhere(acme: Vendor, globex: Vendor) -> None:
    person = visitor(globex.workspace)
    for id in (acme.event.id, acme.delivery.id, acme.attempt.id, acme.rule.id):
        assert search(person, Wanted(q=str(id))).events == []
    assert search(person, Wanted(rule=str(acme.rule.id))).events == []


def test_a_session_of_one_resource_finds_nothing_else(acme: Vendor) -> None:
    own = make_event(acme.workspace, resource="part", resource_id="disk")
    person = visitor(acme.workspace, session_type=SessionType.RESOURCE, resource="part", resource_id="disk")
    assert ids(search(person, Wanted())) == [own.id]
    assert search(person, Wanted(q=str(acme.event.id))).events == []
    assert search(person, Wanted(q=str(acme.delivery.id))).events == []


def test_what_is_seldom_is_looked_for_in_steps(acme: Vendor, monkeypatch: Any) -> None:
    monkeypatch.setattr(searching, "DEPTH", 3)
    made(acme, 6, event="noise")
    person, wanted = visitor(acme.workspace), Wanted(type="alert.triggered")
    first = search(person, wanted)
    assert first.events == []
    assert first.back_to is not None
    second = search(person, wanted, before=first.older)
    assert ids(second) == [acme.event.id]
    assert second.back_to is None


def test_failures_have_an_index_and_need_no_steps(acme: Vendor, monkeypatch: Any) -> None:
    monkeypatch.setattr(searching, "DEPTH", 1)
    made(acme, 3)
    assert ids(search(visitor(acme.workspace), Wanted(status="failed"))) == [acme.event.id]


def test_news_are_counted_from_the_newest_that_is_shown(acme: Vendor) -> None:
    person = visitor(acme.workspace)
    assert count_newer(person, Wanted(), than=acme.event.id) == 0
    made(acme, 3)
    assert count_newer(person, Wanted(), than=acme.event.id) == 3
    assert count_newer(person, Wanted(type="other"), than=acme.event.id) == 0
    assert count_newer(person, Wanted(), than=acme.event.id, most=2) == 2


def test_only_time_ordered_ids_are_ids() -> None:
    assert read_id("0190f5fe-7c00-7a00-8000-00000000dead")
    assert read_id("8b5f4c1e-4f5e-4d8e-9f5e-4f5e4d8e9f5e") is None
    assert read_id("alrt_1") is None
