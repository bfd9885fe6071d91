"""Claimed and not sent after all: no attempt is counted, and another worker's claim is left alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection as database
from django.db.backends.utils import CursorWrapper

from deliveries import unsent
from deliveries.claiming import LEASE_SECONDS, Claimed
from deliveries.models import Delivery, Event
from tests.deliveries.making import claim_all, make_backlog, make_tenant, pass_time, wait_of

pytestmark = pytest.mark.django_db
Verb = Callable[[CursorWrapper, list[Claimed]], None]

VERBS: dict[str, Verb] = {
    "hold": unsent.hold,
    "put_back": partial(unsent.put_back, seconds=5),
    "cancel": partial(unsent.cancel, why="Gone."),
}


def after(verb: Verb, claims: list[Claimed]) -> Delivery:
    with database.cursor() as cursor:
        verb(cursor, claims)
    return Delivery.objects.get()


@pytest.mark.parametrize("name", VERBS)
def test_no_attempt_is_counted(name: str) -> None:
    make_backlog(make_tenant(), 1)
    assert after(VERBS[name], claim_all()).attempt_count == 0


@pytest.mark.parametrize("name", VERBS)
def test_another_workers_claim_is_left_alone(name: str) -> None:
    make_backlog(make_tenant(), 1)
    old = claim_all()
    pass_time(LEASE_SECONDS)
    claim_all()
    assert after(VERBS[name], old).state == "sending"
    assert Event.objects.get().canceled_count == 0


@pytest.mark.parametrize("name", VERBS)
def test_nothing_is_asked_for_nobody(name: str) -> None:
    with database.cursor() as cursor:
        VERBS[name](cursor, [])


def test_an_event_of_which_all_is_held_is_retrying() -> None:
    make_backlog(make_tenant(), 1)
    Event.objects.update(status="processing")
    after(VERBS["hold"], claim_all())
    event = Event.objects.get()
    assert (event.status, event.completed_at) == ("retrying", None)


def test_what_is_put_back_is_due_again_later_as_if_it_had_not_been_claimed() -> None:
    make_backlog(make_tenant(), 1)
    delivery = after(partial(unsent.put_back, seconds=5, why="Not now."), claim_all())
    assert (delivery.state, delivery.first_sent_at, delivery.last_error) == ("pending", None, "Not now.")
    assert wait_of(delivery) == 5
    assert claim_all() == []
    pass_time(5)
    assert len(claim_all()) == 1


def test_what_is_put_back_without_a_word_keeps_its_last_reason() -> None:
    make_backlog(make_tenant(), 1, attempt_count=3, last_error="Busy.")
    delivery = after(VERBS["put_back"], claim_all())
    assert (delivery.state, delivery.last_error) == ("retrying", "Busy.")


@pytest.mark.parametrize("name", ["hold", "put_back"])
@pytest.mark.parametrize("column", ["attempt_count", "lost"])
def test_what_may_have_been_sent_before_keeps_the_time_of_its_first_attempt(name: str, column: str) -> None:
    columns: dict[str, Any] = {column: 1}
    make_backlog(make_tenant(), 1, **columns)
    claims = claim_all()
    assert after(VERBS[name], claims).first_sent_at == claims[0].first_sent_at


def test_a_hold_by_the_sweep_and_a_lost_claim_are_told_apart() -> None:
    make_backlog(make_tenant(), 1)
    assert after(VERBS["put_back"], claim_all()).lost == 0
    pass_time(5)
    claim_all()
    pass_time(LEASE_SECONDS)
    claim_all()
    assert Delivery.objects.get().lost == 1


def test_what_is_canceled_ends_its_event() -> None:
    make_backlog(make_tenant(), 1)
    delivery = after(VERBS["cancel"], claim_all())
    assert (delivery.state, delivery.last_error, delivery.due_at) == ("canceled", "Gone.", None)
    assert Event.objects.get().status == "canceled"
