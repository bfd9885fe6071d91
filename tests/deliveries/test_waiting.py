"""What is said of a delivery that waits: behind others in its lane, and while its lane is paused."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.entries import store
from connections.provider import Entry, Pace
from deliveries import queueing
from deliveries import waiting as telling
from deliveries.models import Delivery, Event, Lane, State
from deliveries.pacing import lane_of
from deliveries.shapes import delivery_shape, event_detail
from deliveries.showing.story import tell
from tests.calling import read
from tests.deliveries.making import Tenant, database_now, make_backlog, make_slack, make_tenant
from tests.portal import enter, words
from tests.world import Vendor, make_delivery, make_event, make_rule
from workspaces.ids import uuid7

SLACK = Pace(per_second=1, by=("id",))


def waiting(vendor: Vendor, state: State = State.PENDING, pause: float = 300.0, **fields: Any) -> Delivery:
    event, now = make_event(vendor.workspace), timezone.now()
    delivery = make_delivery(event, vendor.rule, state, due_at=now, **fields)
    Lane.objects.update_or_create(id=delivery.lane, defaults={"next_at": now + timedelta(seconds=pause)})
    return delivery


def shown(vendor: Vendor, delivery: Delivery) -> dict[str, object]:
    (one,) = read(vendor.machine.get(f"/events/{delivery.event_id}"))["rule_events"]
    return dict(one)


@pytest.mark.parametrize("state", [State.PENDING, State.RETRYING])
def test_the_next_attempt_is_not_before_its_lane_goes_on(acme: Vendor, state: State) -> None:
    delivery = waiting(acme, state)
    until = Lane.objects.get().next_at
    assert shown(acme, delivery)["next_attempt_at"] == until.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_its_own_time_counts_where_it_is_later(acme: Vendor) -> None:
    delivery = waiting(acme, State.RETRYING)
    delivery.due_at = timezone.now() + timedelta(hours=1)
    assert delivery_shape(delivery, acme.event)["next_attempt_at"] == delivery.due_at


def test_it_says_that_its_destination_is_paused(acme: Vendor) -> None:
    assert "paused until" in str(shown(acme, waiting(acme))["last_error"])


def test_what_an_attempt_said_is_told_first(acme: Vendor) -> None:
    assert shown(acme, waiting(acme, State.RETRYING, last_error="Busy."))["last_error"] == "Busy."


def test_the_steps_of_a_pace_are_no_pause(acme: Vendor) -> None:
    assert shown(acme, waiting(acme, pause=1.0))["last_error"] is None


@pytest.mark.parametrize("state", [State.SENDING, State.HELD, State.FAILED])
def test_a_pause_says_nothing_of_what_does_not_wait_for_a_time(acme: Vendor, state: State) -> None:
    found = shown(acme, waiting(acme, state))
    assert (found["next_attempt_at"], found["last_error"]) == (None, None)


def test_many_deliveries_of_an_event_ask_for_their_lanes_once(acme: Vendor, django_assert_num_queries: Any) -> None:
    delivery = waiting(acme)
    event = make_event(acme.workspace)
    for _ in range(3):
        make_delivery(event, make_rule(acme.connection), State.PENDING, due_at=delivery.due_at)
    with django_assert_num_queries(3):
        event_detail(event)


# --------------------------------------------------------------------------- its turn


def channel(name: str = "Acme", *, backlog: int = 0, pace_ms: int = 1_000, place: str = "alerts") -> Tenant:
    """A Slack channel at a pace, with deliveries that wait for a minute."""
    (tenant,) = make_slack(name)
    lane = lane_of(connection_id=tenant.connection.id, pace=SLACK, inputs={"id": "C00000001"})
    Lane.objects.create(id=lane, pace_ms=pace_ms, next_at=database_now())
    if place:
        store(tenant.connection, "channel", [Entry("C00000001", place)], seen_in=1)
    make_backlog(tenant, lanes=[lane] * backlog)
    return tenant


def last_in_line(tenant: Tenant, state: State = State.PENDING, **fields: Any) -> Delivery:
    """One more delivery, behind all that wait."""
    lane = Lane.objects.get(id=lane_of(connection_id=tenant.connection.id, pace=SLACK, inputs={"id": "C00000001"}))
    delivery = make_delivery(tenant.emit(), tenant.rule, state, due_at=database_now(), **fields)
    Delivery.objects.filter(id=delivery.id).update(lane=lane.id)
    delivery.refresh_from_db()
    return delivery


def notes(delivery: Delivery) -> list[str]:
    return list(delivery_shape(delivery, Event.objects.get(id=delivery.event_id))["notes"])


@pytest.mark.django_db
def test_a_paced_backlog_says_how_many_are_before_it_and_when_its_turn_comes() -> None:
    delivery = last_in_line(channel(backlog=857))
    turn_at = database_now() + timedelta(seconds=857)
    (said,) = notes(delivery)
    assert said.startswith("It waits for its turn in #alerts: about 860 before it, at one a second. Its turn comes at")
    assert said.endswith(f"{(turn_at + timedelta(seconds=30)).astimezone(UTC):%H:%M} UTC.")
    assert event_detail(Event.objects.get(id=delivery.event_id))["rule_events"][0]["next_attempt_at"] == turn_at


@pytest.mark.django_db
def test_only_what_comes_before_it_in_its_own_lane_counts() -> None:
    """Neither those after it, nor another channel's, nor another tenant's, nor what is not due yet."""
    tenant = channel(backlog=5)
    delivery = last_in_line(tenant)
    make_backlog(tenant, lanes=[delivery.lane] * 7, due_at=database_now() + timedelta(seconds=1))
    make_backlog(tenant, lanes=[delivery.lane] * 2, ready=False, state="retrying")
    make_backlog(tenant, lanes=[delivery.lane] * 2, due_at=None, state="delivered")
    make_backlog(tenant, 40)
    globex = channel("Globex", backlog=40)
    make_backlog(globex, lanes=[delivery.lane] * 3)
    assert "in #alerts: 5 before it, at one a second." in notes(delivery)[0]


@pytest.mark.django_db
def test_more_than_a_thousand_are_not_counted_and_the_time_is_the_earliest() -> None:
    delivery = last_in_line(channel(backlog=1_200))
    assert "more than 1,000 before it, at one a second. Its turn comes after " in notes(delivery)[0]
    planned = delivery_shape(delivery, Event.objects.get(id=delivery.event_id))["next_attempt_at"]
    assert planned == database_now() + timedelta(seconds=1_000)


@pytest.mark.django_db
def test_many_that_are_asked_about_at_once_share_what_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "COUNTED_AT_ONCE", 30)
    tenant = channel(backlog=50)
    waiting = [last_in_line(tenant) for _ in range(3)]
    found = queueing.standings(waiting)
    assert {(one.before, one.more) for one in found.values()} == {(10, True)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pace_ms", "words"), [(400, "at 2.5 a second."), (500, "at 2 a second."), (3_000, "at one every 3 seconds.")]
)
def test_the_pace_is_told_as_people_say_it(pace_ms: int, words: str) -> None:
    assert words in notes(last_in_line(channel(backlog=20, pace_ms=pace_ms)))[0]


@pytest.mark.django_db
def test_a_turn_in_another_day_has_its_date() -> None:
    (said,) = notes(last_in_line(channel(backlog=30, pace_ms=3_600_000)))
    assert f"at about {(database_now() + timedelta(hours=30, seconds=30)).astimezone(UTC):%Y-%m-%d %H:%M} UTC" in said


@pytest.mark.django_db
def test_what_is_sent_in_a_moment_is_not_told_to_wait() -> None:
    assert notes(last_in_line(channel(backlog=2))) == []


@pytest.mark.django_db
def test_its_turn_comes_after_the_pause_of_its_lane() -> None:
    delivery = last_in_line(channel(backlog=10))
    until = database_now() + timedelta(minutes=10)
    Lane.objects.update(next_at=until)
    shape = delivery_shape(delivery, Event.objects.get(id=delivery.event_id))
    assert shape["next_attempt_at"] == until + timedelta(seconds=10)
    assert "paused until" in shape["last_error"]
    assert "10 before it" in shape["notes"][0]


@pytest.mark.django_db
def test_a_lane_that_nobody_has_served_for_a_while_goes_on_from_now() -> None:
    delivery = last_in_line(channel(backlog=10))
    Lane.objects.update(next_at=F("next_at") - timedelta(hours=1))
    shape = delivery_shape(delivery, Event.objects.get(id=delivery.event_id))
    assert shape["next_attempt_at"] == database_now() + timedelta(seconds=10)


@pytest.mark.django_db
def test_a_retry_says_what_went_wrong_and_that_it_waits_for_its_turn() -> None:
    delivery = last_in_line(channel(backlog=30), State.RETRYING, last_error="Slack was busy.")
    shape = delivery_shape(delivery, Event.objects.get(id=delivery.event_id))
    assert shape["last_error"] == "Slack was busy."
    assert "about 30 before it" in shape["notes"][0]


@pytest.mark.django_db
def test_a_retry_that_is_planned_for_later_does_not_wait_for_those_who_will_be_gone() -> None:
    delivery = last_in_line(channel(backlog=30), State.RETRYING)
    Delivery.objects.filter(id=delivery.id).update(due_at=F("due_at") + timedelta(hours=1), ready=False)
    delivery.refresh_from_db()
    shape = delivery_shape(delivery, Event.objects.get(id=delivery.event_id))
    assert (shape["next_attempt_at"], shape["notes"]) == (delivery.due_at, [])


@pytest.mark.django_db
def test_a_backlog_without_a_pace_is_told_without_a_time() -> None:
    tenant = make_tenant(provider="webhook")
    *_, last = make_backlog(tenant, 40)
    delivery = Delivery.objects.get(id=last)
    shape = delivery_shape(delivery, Event.objects.get(id=delivery.event_id))
    assert shape["notes"] == ["It waits for its turn in Acme webhook: about 39 before it."]
    assert shape["next_attempt_at"] == database_now()


@pytest.mark.django_db
@pytest.mark.parametrize(("inputs", "place"), [({}, "Acme"), ({"name": "ops"}, "#ops")])
def test_a_place_that_is_in_no_list_is_called_as_its_rule_does_or_by_its_connection(
    inputs: dict[str, str], place: str
) -> None:
    tenant = channel(backlog=30, place="")
    version = tenant.rule.version
    assert version is not None
    version.inputs = {**version.inputs, **inputs}
    version.save()
    assert f"in {place}: " in notes(last_in_line(tenant))[0]


@pytest.mark.django_db
def test_what_a_connection_that_was_deleted_left_behind_is_not_told_to_wait_there() -> None:
    tenant = channel(backlog=30)
    delivery = last_in_line(tenant)
    tenant.connection.delete()
    assert notes(delivery) == []


def test_the_page_says_it_too_and_is_the_same_at_the_next_look(acme: Vendor) -> None:
    lane = uuid7()
    tenant = Tenant(acme.workspace, acme.connection, acme.rule)
    make_backlog(tenant, lanes=[lane] * 120)
    Lane.objects.create(id=lane, pace_ms=1_000, next_at=database_now())
    delivery = make_delivery(tenant.emit(), acme.rule, State.PENDING, due_at=database_now())
    Delivery.objects.filter(id=delivery.id).update(lane=lane)
    portal, path = enter(acme), f"/workspace/events/{delivery.event_id}"
    text = words(portal.get(path))
    assert "It waits for its turn in Acme capture: about 120 before it, at one a second." in text
    assert "It is sent by itself in " in text
    event = Event.objects.get(id=delivery.event_id)
    next_at = tell(event, payload=False).sent[0].next_at
    assert next_at is not None
    assert (next_at.second, next_at.microsecond) == (0, 0)
    assert timedelta() < next_at - (database_now() + timedelta(seconds=120)) <= timedelta(minutes=1)


def test_what_is_due_already_is_not_said_to_be_sent_in_the_past(acme: Vendor) -> None:
    long_ago = database_now() - timedelta(minutes=5)
    delivery = make_delivery(make_event(acme.workspace), acme.rule, State.PENDING, due_at=long_ago)
    event = Event.objects.get(id=delivery.event_id)
    assert event_detail(event)["rule_events"][0]["next_attempt_at"] >= database_now()
    text = words(enter(acme).get(f"/workspace/events/{delivery.event_id}"))
    assert "It is sent as soon as it is its turn." in text
    assert "ago ." not in text.partition("Sent")[2]
    assert tell(event, payload=False) == tell(event, payload=False)


@pytest.mark.django_db
def test_an_events_page_asks_no_more_often_for_many_places() -> None:
    def asked(tenants: list[Tenant]) -> int:
        event = tenants[0].emit()
        for tenant in tenants:
            lane = lane_of(connection_id=tenant.connection.id, pace=SLACK, inputs=tenant.rule.version.inputs)  # type: ignore[union-attr]
            Lane.objects.create(id=lane, pace_ms=1_000, next_at=database_now())
            make_backlog(tenant, lanes=[lane] * 30)
            delivery = make_delivery(event, tenant.rule, State.PENDING, due_at=database_now())
            Delivery.objects.filter(id=delivery.id).update(lane=lane)
        with CaptureQueriesContext(database) as captured:
            shown = event_detail(event)
        assert all("about 30 before it" in one["notes"][0] for one in shown["rule_events"])
        return len(captured)

    one = asked(make_slack("Acme"))
    assert asked(make_slack("Globex", channels=[f"C0000000{n}" for n in range(1, 8)])) == one


@pytest.mark.django_db
def test_the_count_reads_the_claims_own_index() -> None:
    """However much is stored elsewhere: a range of one index, up to its limit."""
    delivery = last_in_line(channel(backlog=300))
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(database) as captured:
        telling.turns([delivery])
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "workspace_id_lane_due_at_id" in plan, plan
    assert "AND (ROW(due_at, id) < ROW(waits.due_at, waits.id))" in plan, plan
