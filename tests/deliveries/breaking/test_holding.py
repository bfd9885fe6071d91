"""What is held goes on by itself when its connection can be used again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connections.models import Connection
from deliveries.breaking import holding
from deliveries.draining import drain
from deliveries.models import Delivery, Event
from tests.deliveries.making import Tenant, claim_all, database_now, make_backlog, make_tenant
from tests.world import make_event

pytestmark = pytest.mark.django_db


def held(count: int = 3, name: str = "Acme") -> Tenant:
    tenant = make_tenant(name)
    Connection.objects.filter(id=tenant.connection.id).update(active=False)
    for _ in range(count):
        tenant.emit()
    assert drain() == 0
    return tenant


def states() -> set[tuple[str, object]]:
    return set(Delivery.objects.values_list("state", "due_at"))


def test_it_waits_as_long_as_the_connection_is_switched_off() -> None:
    held()
    assert holding.release() == 0
    assert states() == {("held", None)}


def test_it_goes_on_when_the_connection_is_on_again() -> None:
    held()
    Connection.objects.update(active=True)
    assert holding.release() == 3
    assert states() == {("pending", database_now())}
    assert drain() == 3
    assert set(Event.objects.values_list("status", flat=True)) == {"completed"}


def test_it_is_at_once_ready_for_the_next_claim() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 3, state="held", due_at=None, ready=False)
    holding.release()
    assert set(Delivery.objects.values_list("ready", flat=True)) == {True}
    assert len(claim_all()) == 3


def test_what_was_tried_before_is_retrying() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 1, state="held", due_at=None, attempt_count=2)
    holding.release()
    assert Delivery.objects.get().state == "retrying"
    assert Delivery.objects.get().attempt_count == 2


def test_only_those_of_the_connection_that_is_on_go_on() -> None:
    off, on = held(name="Off"), held(name="On")
    Connection.objects.filter(id=on.connection.id).update(active=True)
    assert holding.release() == 3
    assert set(Delivery.objects.filter(connection_id=off.connection.id).values_list("state", flat=True)) == {"held"}


def test_what_is_held_for_a_deleted_connection_is_canceled_with_the_reason() -> None:
    tenant = held()
    tenant.connection.delete()
    assert holding.release() == 0
    assert set(Delivery.objects.values_list("state", "last_error")) == {("canceled", "The connection was deleted.")}
    assert set(Event.objects.values_list("status", "canceled_count")) == {("canceled", 1)}
    assert not Event.objects.filter(completed_at=None).exists()


@pytest.mark.parametrize("state", ["held", "retrying", "pending"])
def test_a_deleted_connection_ends_everything_that_waits_for_it_at_once(state: str) -> None:
    tenant = make_tenant()
    later = database_now() + timedelta(hours=8)
    make_backlog(tenant, 1, state=state, due_at=None if state == "held" else later, ready=False, attempt_count=1)
    tenant.connection.delete()
    assert holding.release() == 0
    assert set(Delivery.objects.values_list("state", "due_at", "last_error")) == {
        ("canceled", None, "The connection was deleted.")
    }
    assert set(Event.objects.values_list("status", "canceled_count")) == {("canceled", 1)}


def test_a_deleted_connection_leaves_what_is_under_way_to_its_worker() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 1, state="retrying", due_at=database_now() + timedelta(hours=8), ready=False)
    make_backlog(tenant, 1)
    claim_all()
    tenant.connection.delete()
    holding.release()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"canceled", "sending"}


def test_what_is_retried_later_is_left_alone_while_its_connection_stands() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 1, state="retrying", due_at=database_now() + timedelta(hours=8), ready=False)
    holding.release()
    assert Delivery.objects.get().state == "retrying"


def test_many_connections_are_each_looked_at() -> None:
    tenants = [held(1, f"T{n}") for n in range(12)]
    Connection.objects.filter(id__in=[t.connection.id for t in tenants[::2]]).update(active=True)
    assert holding.release() == 6


def test_nothing_held_is_nothing_done() -> None:
    make_event(make_tenant().workspace)
    drain()
    assert holding.release() == 0


def test_repeating_it_changes_nothing() -> None:
    held()
    Connection.objects.update(active=True)
    assert (holding.release(), holding.release()) == (3, 0)
