"""A muted rule fires, and nothing is sent: its deliveries are over at once, say so, and can be sent by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deliveries import recovery
from deliveries.draining import drain
from deliveries.fanout import decide_batch
from deliveries.models import Capture, Decision, Delivery, Event
from deliveries.shapes import event_detail
from rules import authoring
from rules.models import Rule
from tests.deliveries.making import Tenant, database_now, make_tenant, pass_time
from tests.world import ACTOR, make_rule

pytestmark = pytest.mark.django_db
CRITICAL = '{"severity": "critical"}'


def muted(tenant: Tenant | None = None, **length: float) -> Tenant:
    tenant = tenant or make_tenant()
    until = database_now() + timedelta(**(length or {"hours": 1}))
    authoring.change(tenant.rule, reworded={}, actor=ACTOR, muted_until=until)
    return tenant


def counters(event: Event) -> dict[str, Any]:
    event.refresh_from_db()
    names = ("status", "total_rules", "completed_count", "failed_count", "canceled_count")
    return {name: getattr(event, name) for name in names}


def test_what_a_muted_rule_fires_on_is_canceled_and_never_sent() -> None:
    tenant = muted()
    event = tenant.emit()
    assert drain() == 0
    delivery = tenant.delivery(event)
    assert (delivery.state, delivery.due_at, delivery.finished_at) == ("muted", None, database_now())
    assert counters(event) == {
        "status": "canceled",
        "total_rules": 1,
        "completed_count": 0,
        "failed_count": 0,
        "canceled_count": 1,
    }
    assert event.completed_at == database_now()
    assert not Capture.objects.exists()


def test_the_verdict_and_the_delivery_say_until_when() -> None:
    tenant = muted()
    event = tenant.emit()
    drain()
    until = Rule.objects.get(id=tenant.rule.id).muted_until
    assert until
    said = f"uted until {until.day} {until:%B %Y, %H:%M} UTC."
    (verdict,) = Decision.objects.get(id=event.id).verdicts
    assert (verdict["fired"], verdict["muted"], verdict["summary"]) == (True, True, f"Fired, but m{said}")
    (shown,) = event_detail(event)["rule_events"]
    assert (shown["status"], shown["state"], shown["next_attempt_at"]) == ("canceled", "muted", None)
    assert shown["notes"] == [f"M{said}"]
    assert (shown["last_error"], shown["carrier"]) == (None, None)


def test_what_is_critical_goes_through() -> None:
    tenant = muted()
    event = tenant.emit(CRITICAL)
    assert drain() == 1
    assert tenant.delivery(event).state == "delivered"
    assert counters(event)["status"] == "completed"


def test_a_mute_ends_by_itself() -> None:
    tenant = muted(hours=-1)
    tenant.emit()
    assert drain() == 1


def test_it_is_in_force_with_the_next_event_and_so_is_its_end() -> None:
    tenant = make_tenant()
    first = tenant.emit()
    drain()
    second = muted(tenant).emit()
    drain()
    authoring.change(tenant.rule, reworded={}, actor=ACTOR, muted_until=None)
    third = tenant.emit()
    drain()
    assert [tenant.delivery(event).state for event in (first, second, third)] == ["delivered", "muted", "delivered"]


def test_what_is_under_way_goes_on() -> None:
    tenant = make_tenant()
    event = tenant.emit()
    decide_batch()
    muted(tenant)
    assert drain() == 1
    assert tenant.delivery(event).state == "delivered"


def test_other_rules_of_the_event_are_sent_and_count_for_it() -> None:
    tenant = muted()
    make_rule(tenant.connection, "*", name="loud")
    event = tenant.emit()
    assert drain() == 1
    found = counters(event)
    assert (found["status"], found["total_rules"]) == ("completed", 2)
    assert (found["completed_count"], found["canceled_count"]) == (1, 1)
    assert event.completed_at is not None


def test_it_is_muted_however_its_connection_is() -> None:
    tenant = muted()
    tenant.connection.active = False
    tenant.connection.save()
    event = tenant.emit()
    drain()
    assert tenant.delivery(event).state == "muted"


def test_it_can_be_sent_by_hand_and_the_event_is_counted_anew() -> None:
    tenant = muted()
    event = tenant.emit()
    drain()
    recovery.retry(tenant.delivery(event), actor=ACTOR)
    assert (counters(event)["status"], event.canceled_count, event.completed_at) == ("retrying", 0, None)
    pass_time(1)
    assert drain() == 1
    assert tenant.delivery(event).state == "delivered"
    found = counters(event)
    assert (found["status"], found["completed_count"], found["canceled_count"]) == ("completed", 1, 0)
    assert Delivery.objects.count() == 1


def test_rules_without_such_settings_cost_no_statement() -> None:
    tenant = make_tenant()
    tenant.emit()
    with CaptureQueriesContext(connection) as decided:
        decide_batch()
    with CaptureQueriesContext(connection) as sent:
        drain()
    said = " ".join(query["sql"] for query in [*decided, *sent])
    assert "deliveries_window" not in said
    assert "digested" not in said
