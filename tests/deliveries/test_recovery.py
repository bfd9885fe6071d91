from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from connections.models import Connection
from deliveries import recovery
from deliveries.models import Delivery, Event, Lane, State
from deliveries.shapes import delivery_shape
from tests.world import ACTOR, Vendor, make_delivery, make_event, make_rule, make_vendor
from workspaces.errors import ApiError
from workspaces.models import AuditEntry


def refused(delivery: Delivery, *, status: int) -> str:
    with pytest.raises(ApiError) as caught:
        recovery.retry(delivery, actor=ACTOR)
    assert caught.value.status == status
    return caught.value.message


def in_state(vendor: Vendor, state: State, **fields: object) -> Delivery:
    return make_delivery(make_event(vendor.workspace), vendor.rule, state, **fields)


def event_of(delivery: Delivery) -> Event:
    return Event.objects.get(id=delivery.event_id)


def verbs(subject: object) -> list[str]:
    return list(AuditEntry.objects.filter(subject=str(subject), actor=ACTOR).values_list("verb", flat=True))


# --------------------------------------------------------------------------- retry


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_a_retry_makes_it_due_now_and_opens_its_event_again(acme: Vendor, state: State) -> None:
    delivery = in_state(acme, state, attempt_count=10, finished_at=timezone.now())
    retried = recovery.retry(delivery, actor=ACTOR)
    assert (retried.state, retried.attempt_count, retried.finished_at) == (State.RETRYING, 10, None)
    assert retried.due_at is not None
    assert retried.due_at <= timezone.now()
    event = event_of(delivery)
    assert (event.status, event.failed_count, event.canceled_count, event.completed_at) == ("retrying", 0, 0, None)
    assert verbs(delivery.id) == ["delivery.retried"]


def test_a_retry_brings_the_next_attempt_forward_and_leaves_the_counters(acme: Vendor) -> None:
    delivery = in_state(acme, State.RETRYING, due_at=timezone.now() + timedelta(hours=3))
    due_at = recovery.retry(delivery, actor=ACTOR).due_at
    assert due_at is not None
    assert due_at <= timezone.now()
    assert (event_of(delivery).failed_count, event_of(delivery).canceled_count) == (0, 0)


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [(State.DELIVERED, 409, "arrived"), (State.SENDING, 425, "under way")],
)
def test_a_retry_that_makes_no_sense_is_refused(acme: Vendor, state: State, status: int, word: str) -> None:
    delivery = in_state(acme, state)
    assert word in refused(delivery, status=status)
    delivery.refresh_from_db()
    assert delivery.state == state
    assert verbs(delivery.id) == []


@pytest.mark.parametrize(("state", "which"), [(State.PENDING, "first"), (State.RETRYING, "next")])
def test_what_its_lane_makes_wait_is_told_until_when(acme: Vendor, state: State, which: str) -> None:
    delivery = in_state(acme, state, due_at=timezone.now())
    until = timezone.now() + timedelta(minutes=5)
    Lane.objects.create(id=delivery.lane, next_at=until)
    message = refused(delivery, status=425)
    assert f"{which} attempt" in message
    assert f"{until:%H:%M:%S} UTC" in message


def test_a_retry_in_a_paused_lane_says_when_it_is_made(acme: Vendor) -> None:
    until = timezone.now() + timedelta(minutes=5)
    Lane.objects.create(id=acme.delivery.lane, next_at=until)
    shown = delivery_shape(recovery.retry(acme.delivery, actor=ACTOR), acme.event)
    assert shown["next_attempt_at"] == until


def test_what_waits_for_its_first_attempt_is_not_said_to_be_under_way(acme: Vendor) -> None:
    assert "first attempt is about to be made" in refused(
        in_state(acme, State.PENDING, due_at=timezone.now()), status=425
    )


def test_a_retry_of_what_is_tried_in_a_moment_is_425(acme: Vendor) -> None:
    assert "about to be" in refused(in_state(acme, State.RETRYING, due_at=timezone.now()), status=425)


@pytest.mark.parametrize("state", [State.FAILED, State.HELD, State.CANCELED])
def test_while_its_connection_is_switched_off_there_is_nothing_to_retry(acme: Vendor, state: State) -> None:
    Connection.objects.filter(id=acme.connection.id).update(active=False)
    assert "switched off" in refused(in_state(acme, state), status=409)


def test_without_its_connection_there_is_nothing_to_retry(acme: Vendor) -> None:
    delivery = in_state(acme, State.FAILED)
    Connection.objects.filter(id=acme.connection.id).delete()
    assert "deleted" in refused(delivery, status=409)


def test_of_two_retries_at_once_one_is_made(transactional_db: None) -> None:
    vendor = make_vendor("Acme")

    def retry(_: int) -> int:
        try:
            recovery.retry(vendor.delivery, actor=ACTOR)
        except ApiError as error:
            return error.status
        finally:
            connections.close_all()
        return 200

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(retry, range(8))) == [200] + [425] * 7
    event = event_of(vendor.delivery)
    assert (event.failed_count, event.status) == (0, "retrying")


# --------------------------------------------------------------------------- cancel


@pytest.mark.parametrize("state", [State.PENDING, State.SENDING, State.RETRYING, State.HELD])
def test_what_is_open_can_be_called_off(acme: Vendor, state: State) -> None:
    delivery = in_state(acme, state, due_at=timezone.now(), fence=3)
    canceled = recovery.cancel(delivery, actor=ACTOR)
    assert (canceled.state, canceled.due_at, canceled.fence) == (State.CANCELED, None, 4)
    assert canceled.finished_at is not None
    event = event_of(delivery)
    assert (event.status, event.canceled_count) == ("canceled", 1)
    assert event.completed_at is not None
    assert verbs(delivery.id) == ["delivery.canceled"]


@pytest.mark.parametrize("state", [State.DELIVERED, State.FAILED, State.CANCELED])
def test_what_is_over_cannot_be_called_off(acme: Vendor, state: State) -> None:
    delivery = in_state(acme, state)
    with pytest.raises(ApiError) as caught:
        recovery.cancel(delivery, actor=ACTOR)
    assert caught.value.status == 409
    assert state.value in caught.value.message


def test_a_canceled_event_calls_off_what_is_open_and_leaves_the_rest(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    arrived = make_delivery(event, acme.rule, State.DELIVERED)
    open_ones = [make_delivery(event, make_rule(acme.connection), state) for state in (State.PENDING, State.HELD)]
    recovery.cancel_event(event, actor=ACTOR)
    states = dict(Delivery.objects.filter(event_id=event.id).values_list("id", "state"))
    assert states == {arrived.id: State.DELIVERED} | {one.id: State.CANCELED for one in open_ones}
    event.refresh_from_db()
    assert (event.status, event.completed_count, event.canceled_count) == ("completed", 1, 2)


def test_an_event_can_be_called_off_before_any_rule_was_held_against_it(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    recovery.cancel_event(event, actor=ACTOR)
    event.refresh_from_db()
    assert (event.status, event.total_rules) == ("canceled", 0)
    assert event.decided_at is not None  # so that no worker takes it up
    assert event.completed_at is not None
    assert verbs(event.id) == ["event.canceled"]


def test_an_event_that_is_over_cannot_be_called_off(acme: Vendor) -> None:
    with pytest.raises(ApiError) as caught:
        recovery.cancel_event(acme.event, actor=ACTOR)
    assert caught.value.status == 409
    assert verbs(acme.event.id) == []
