"""What is said of a delivery that waits, while its lane goes on and while it is paused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deliveries.models import Delivery, Lane, State
from deliveries.shapes import delivery_shape, event_detail
from tests.calling import read
from tests.world import Vendor, make_delivery, make_event, make_rule


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
