"""Too many messages, and those of quiet hours, become one: none too many, and whoever races, nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from connections.models import Connection
from connections.registry import provider
from deliveries import recovery, retention
from deliveries.breaking import holding
from deliveries.claiming import Claimed
from deliveries.draining import drain
from deliveries.fanout import decide_batch
from deliveries.models import Capture, Delivery, Event, Window
from deliveries.preparing import prepare
from deliveries.shapes import event_detail
from rules import authoring
from tests.connections.doors import Permit
from tests.deliveries.making import Tenant, claim_all, database_now, make_tenant, pass_time, somebody_waits, until
from tests.elsewhere import Elsewhere, in_parallel
from tests.sinks import Sink, answering
from tests.world import ACTOR, make_rule

pytestmark = pytest.mark.django_db
DIGEST = {"most": 2, "minutes": 10}
WINDOW = 600  # seconds


def restrained(tenant: Tenant | None = None, **settings: Any) -> Tenant:
    tenant = tenant or make_tenant()
    authoring.change(tenant.rule, reworded={}, actor=ACTOR, **(settings or {"digest": DIGEST}))
    return tenant


def quiet(hours: float = 2) -> dict[str, Any]:
    """Quiet hours that began an hour ago."""
    now = database_now()
    ends = now + timedelta(hours=hours)
    days = [0, 1, 2, 3, 4, 5, 6]
    return {"days": days, "start": f"{now - timedelta(hours=1):%H:%M}", "end": f"{ends:%H:%M}", "time_zone": "UTC"}


def emit(tenant: Tenant, count: int, severity: str = "high") -> list[Event]:
    events = [tenant.emit(json.dumps({"severity": severity, "n": n})) for n in range(count)]
    drain()
    return sorted(events, key=lambda event: event.id)  # as they are decided: those of one millisecond in any order


def states(tenant: Tenant, events: list[Event]) -> list[str]:
    return [tenant.delivery(event).state for event in events]


def in_order(tenant: Tenant, events: list[Event]) -> list[Event]:
    """As a digest tells of them: those of one millisecond in any order."""
    return sorted(events, key=lambda event: tenant.delivery(event).id)


def body_of(delivery: Delivery) -> dict[str, Any]:
    return dict(json.loads(Capture.objects.get(id=delivery.id).body))


def shown(event: Event) -> dict[str, Any]:
    event.refresh_from_db()
    (found,) = event_detail(event)["rule_events"]
    return dict(found)


# --------------------------------------------------------------------------- the window


def test_what_is_more_than_the_window_takes_becomes_one_message_at_its_end() -> None:
    tenant = restrained()
    events = emit(tenant, 6)
    assert states(tenant, events) == [*["delivered"] * 2, "pending", *["digested"] * 3]
    carrier = tenant.delivery(events[2])
    assert carrier.due_at == carrier.waits_until == database_now() + timedelta(seconds=WINDOW)
    assert drain() == 0
    pass_time(WINDOW)
    assert drain() == 1
    assert states(tenant, events) == [*["delivered"] * 3, *["digested"] * 3]
    assert Capture.objects.count() == 3
    digest = body_of(carrier)["digest"]
    assert (digest["count"], digest["by_severity"]) == (4, {"high": 4})
    assert digest["event_ids"] == [str(event.id) for event in [events[2], *in_order(tenant, events[3:])]]
    assert "digest" not in body_of(tenant.delivery(events[0]))


def test_the_next_window_begins_with_the_first_event_after_it() -> None:
    tenant = restrained()
    emit(tenant, 3)
    pass_time(WINDOW + 5)
    later = emit(tenant, 4)
    assert states(tenant, later) == ["delivered", "delivered", "pending", "digested"]
    assert Window.objects.get().ends_at == database_now() + timedelta(seconds=WINDOW)


def test_a_window_is_counted_over_many_batches() -> None:
    tenant = restrained()
    events = [emit(tenant, 1)[0] for _ in range(5)]
    assert states(tenant, events) == ["delivered", "delivered", "pending", "digested", "digested"]


def test_none_at_all_means_that_all_are_folded() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 1})
    assert states(tenant, emit(tenant, 3)) == ["pending", "digested", "digested"]


def test_a_carrier_into_which_nothing_was_folded_is_the_alert_itself() -> None:
    tenant = restrained()
    events = emit(tenant, 3)
    pass_time(WINDOW)
    drain()
    assert "digest" not in body_of(tenant.delivery(events[2]))


def test_what_is_critical_goes_by_itself_and_takes_nobodys_place() -> None:
    tenant = restrained()
    critical = emit(tenant, 5, severity="critical")
    assert states(tenant, critical) == ["delivered"] * 5
    assert states(tenant, emit(tenant, 3)) == ["delivered", "delivered", "pending"]
    assert states(tenant, emit(tenant, 1, severity="critical")) == ["delivered"]


def test_rules_and_workspaces_have_windows_of_their_own() -> None:
    acme, globex = restrained(make_tenant("Acme")), restrained(make_tenant("Globex"))
    other = make_rule(acme.connection, "*", name="unrestrained")
    emit(acme, 3)
    assert states(globex, emit(globex, 3)) == ["delivered", "delivered", "pending"]
    assert set(Delivery.objects.filter(rule_id=other.id).values_list("state", flat=True)) == {"delivered"}


def test_an_event_that_is_digested_only_is_completed_at_once() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, second = emit(tenant, 2)
    for event in (first, second):
        event.refresh_from_db()
    assert (first.status, first.total_rules, first.completed_count, first.completed_at) == ("processing", 1, 0, None)
    assert (second.status, second.total_rules, second.completed_count) == ("completed", 1, 1)
    assert second.completed_at == database_now()


def test_what_the_rule_says_by_now_is_not_folded_into_what_it_said_before() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    emit(tenant, 2)
    authoring.change(tenant.rule, reworded={"inputs": {"note": "another channel"}}, actor=ACTOR)
    assert states(tenant, emit(tenant, 2)) == ["pending", "digested"]
    assert Delivery.objects.filter(state="pending").count() == 2


def test_the_worst_and_the_first_few_are_told() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, *rest = [*emit(tenant, 4, "low"), *emit(tenant, 1, "high"), *emit(tenant, 2, "none")]
    events = [first, *in_order(tenant, rest)]
    pass_time(WINDOW)
    (prepared,) = prepare(claim_all())
    assert prepared.folded
    assert Counter(prepared.folded.counts) == {2: 3, 4: 1, None: 2}
    assert [one.event_id for one in prepared.folded.first] == [event.id for event in events[1:6]]
    assert prepared.folded.event_ids == tuple(event.id for event in events[1:])
    times = [event.created_at for event in rest]
    assert (prepared.folded.began_at, prepared.folded.ended_at) == (min(times), max(times))


# --------------------------------------------------------------------------- quiet hours


def test_quiet_hours_make_one_message_at_their_end() -> None:
    hours = quiet()
    tenant = restrained(quiet_hours=hours)
    events = emit(tenant, 3)
    assert states(tenant, events) == ["pending", "digested", "digested"]
    said = f"Waits for the end of quiet hours at {hours['end']} (UTC)."
    assert shown(events[0])["notes"] == [said]
    assert shown(events[0])["next_attempt_at"] == tenant.delivery(events[0]).waits_until
    assert f"{tenant.delivery(events[0]).waits_until:%H:%M:%S}" == f"{hours['end']}:00"
    pass_time(2 * 3600)
    assert drain() == 1
    assert body_of(tenant.delivery(events[0]))["digest"]["count"] == 3
    assert shown(events[0])["notes"] == []


def test_outside_of_them_nothing_waits_and_nothing_is_counted() -> None:
    tenant = restrained(quiet_hours=quiet(hours=-0.5))
    assert states(tenant, emit(tenant, 3)) == ["delivered"] * 3
    assert not Window.objects.exists()


def test_what_is_critical_does_not_wait_for_their_end() -> None:
    tenant = restrained(quiet_hours=quiet())
    assert states(tenant, emit(tenant, 2, severity="critical")) == ["delivered", "delivered"]


def test_a_digest_that_would_fall_into_quiet_hours_waits_for_their_end() -> None:
    now = database_now()
    begins, ends = now + timedelta(minutes=5), now + timedelta(hours=3)
    hours = {**quiet(), "start": f"{begins:%H:%M}", "end": f"{ends:%H:%M}"}
    tenant = restrained(quiet_hours=hours, digest=DIGEST)
    events = emit(tenant, 4)
    assert states(tenant, events) == ["delivered", "delivered", "pending", "digested"]
    assert shown(events[2])["notes"] == [f"Waits for the end of quiet hours at {hours['end']} (UTC)."]


def test_a_connection_that_is_switched_on_again_does_not_break_the_quiet() -> None:
    tenant = restrained(quiet_hours=quiet())
    Connection.objects.update(active=False)
    events = emit(tenant, 2)
    assert states(tenant, events) == ["held", "digested"]
    Connection.objects.update(active=True)
    assert holding.release() == 1
    carrier = tenant.delivery(events[0])
    assert (carrier.state, carrier.due_at, carrier.ready) == ("pending", carrier.waits_until, False)
    assert drain() == 0
    pass_time(2 * 3600)
    assert drain() == 1


def test_where_each_event_has_to_arrive_by_itself_they_wait_and_are_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = provider("capture")
    monkeypatch.setattr(type(kind), "actions", tuple(replace(action, digest=False) for action in kind.actions))
    tenant = restrained(quiet_hours=quiet())
    assert states(tenant, emit(tenant, 2)) == ["pending", "pending"]
    pass_time(2 * 3600)
    assert drain() == 2


# --------------------------------------------------------------------------- what became of it


def test_a_digested_delivery_tells_what_became_of_its_carrier() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, second = emit(tenant, 2)
    carrier = tenant.delivery(first)
    told = shown(second)
    assert (told["status"], told["state"], told["completed_at"]) == ("completed", "digested", database_now())
    assert told["carrier"] == {
        "id": carrier.id,
        "event_id": first.id,
        "rule": tenant.rule.id,
        "status": "pending",
        "state": "pending",
        "last_error": None,
    }
    assert told["notes"][0] == "Folded into one message with others of this rule."
    assert told["notes"][1] == "That message has not been sent yet."
    pass_time(WINDOW)
    drain()
    assert shown(second)["carrier"]["state"] == "delivered"
    assert shown(second)["notes"][1] == "That message has arrived."


@pytest.mark.parametrize(("state", "said"), [("failed", "failed"), ("canceled", "was called off")])
def test_a_carrier_that_does_not_arrive_is_told_by_those_in_it(state: str, said: str) -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, second = emit(tenant, 2)
    if state == "canceled":
        recovery.cancel(tenant.delivery(first), actor=ACTOR)
    else:
        Delivery.objects.filter(event_id=first.id).update(state="failed", due_at=None, last_error="Refused.")
    told = shown(second)
    assert told["carrier"]["state"] == state
    assert told["carrier"]["last_error"] == ("Refused." if state == "failed" else None)
    assert told["notes"][1] == f"That message {said}."


def test_a_carrier_that_is_no_longer_kept_is_told_as_that() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, second = emit(tenant, 2)
    Delivery.objects.filter(event_id=first.id).delete()
    assert shown(second)["carrier"] is None
    assert shown(second)["notes"][1] == "What became of that message is no longer kept."


def test_after_a_carrier_was_called_off_the_next_is_one() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, _ = emit(tenant, 2)
    recovery.cancel(tenant.delivery(first), actor=ACTOR)
    assert states(tenant, emit(tenant, 2)) == ["pending", "digested"]


def test_a_digested_delivery_that_is_retried_goes_by_itself() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, second, third = emit(tenant, 3)
    recovery.retry(tenant.delivery(second), actor=ACTOR)
    assert tenant.delivery(second).carrier_id is None
    second.refresh_from_db()
    assert (second.status, second.completed_count, second.completed_at) == ("retrying", 0, None)
    pass_time(1)
    assert drain() == 1
    assert "digest" not in body_of(tenant.delivery(second))
    second.refresh_from_db()
    assert (second.status, second.completed_count) == ("completed", 1)
    pass_time(WINDOW)
    drain()
    assert body_of(tenant.delivery(first))["digest"]["event_ids"] == [str(first.id), str(third.id)]


def test_a_carrier_that_is_retried_says_all_of_it_again(permit: Permit) -> None:
    with Sink(answering("400 Bad Request")) as sink:
        permit(sink.target)
        tenant = restrained(make_tenant(provider="webhook", url=sink.url()), digest={"most": 0, "minutes": 10})
        first, _, _ = emit(tenant, 3)
        pass_time(WINDOW)
        drain()
        assert tenant.delivery(first).state == "retrying"
        emit(tenant, 2)  # a carrier of its own
        pass_time(10)
        drain()
        bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in sink.requests]
    assert bodies[0] == bodies[1]
    assert bodies[0]["digest"]["count"] == 3


def test_one_broken_template_does_not_cost_the_others_their_message() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    runaway = {"note": "{% for n in lines %}{{ value }}{% endfor %}"}
    authoring.change(tenant.rule, reworded={"inputs": runaway}, actor=ACTOR)
    first = tenant.emit(json.dumps({"lines": list(range(3_000)), "value": "x" * 100}))
    drain()
    emit(tenant, 1)
    pass_time(WINDOW)
    drain()
    assert tenant.delivery(first).state == "delivered"
    assert body_of(tenant.delivery(first))["digest"]["count"] == 2


def test_windows_that_nobody_needs_any_more_are_forgotten() -> None:
    tenant = restrained()
    emit(tenant, 1)
    retention.run(now=database_now())
    assert Window.objects.count() == 1
    Window.objects.update(touched_at=database_now() - timedelta(days=8))
    retention.run(now=database_now())
    assert not Window.objects.exists()


# --------------------------------------------------------------------------- races


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_decide_at_once_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has its events already when it has to wait for the first one's window."""
    tenant = restrained()
    events = [tenant.emit() for _ in range(8)]
    monkeypatch.setattr("deliveries.deciding.EVENTS_A_TENANT", 4)
    with transaction.atomic():
        decide_batch()
        other = Elsewhere(decide_batch)
        until(somebody_waits)
        assert somebody_waits()
    other.join()
    assert Counter(states(tenant, events)) == {"pending": 3, "digested": 5}
    (carrier,) = Delivery.objects.filter(carrier_id__isnull=False, state="pending")
    assert set(Delivery.objects.filter(state="digested").values_list("carrier_id", flat=True)) == {carrier.id}


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_never_say_too_much_and_lose_nothing() -> None:
    tenant = restrained()
    events = [tenant.emit() for _ in range(200)]

    def work() -> None:
        while decide_batch():
            pass

    with in_parallel(work, times=4):
        pass
    while decide_batch():
        pass
    assert Counter(states(tenant, events)) == {"pending": 3, "digested": 197}


@pytest.mark.django_db(transaction=True)
def test_a_carrier_that_is_being_claimed_takes_nothing_more() -> None:
    """The claim was first and is not committed: nobody waits for it, and the next delivery is a carrier of its own."""
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, second = carrier_that_is_due(tenant), tenant.emit()
    with transaction.atomic():
        assert [claim.event_id for claim in claim_all()] == [first.id]
        Elsewhere(decide_batch).join(timeout=10)
    carrier = tenant.delivery(second)
    assert (carrier.state, carrier.carrier_id) == ("pending", carrier.id)


@pytest.mark.django_db(transaction=True)
def test_a_claim_leaves_a_carrier_that_is_being_folded_into_and_finds_all_of_it_later() -> None:
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, second = carrier_that_is_due(tenant), tenant.emit()
    claimed: list[Claimed] = []
    with transaction.atomic():
        decide_batch()
        Elsewhere(lambda: claimed.extend(claim_all())).join(timeout=10)
    assert claimed == []
    assert tenant.delivery(second).state == "digested"
    (prepared,) = prepare(claim_all())
    assert prepared.claimed.event_id == first.id
    assert prepared.folded
    assert prepared.folded.event_ids == (second.id,)


def carrier_that_is_due(tenant: Tenant) -> Event:
    """A claim may have it, and so may a worker that decides and began before its time had come."""
    (event,) = emit(tenant, 1)
    Delivery.objects.filter(event_id=event.id).update(due_at=database_now() - timedelta(seconds=1), ready=True)
    return event


def test_a_carrier_that_was_sent_once_takes_nothing_more(permit: Permit) -> None:
    """A retry has to say the same again, whatever has happened since."""
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, _ = emit(tenant, 2)
    Delivery.objects.filter(event_id=first.id).update(first_sent_at=database_now())
    assert states(tenant, emit(tenant, 1)) == ["pending"]


def test_a_carrier_whose_time_has_come_is_let_alone() -> None:
    """In a flood somebody would hold its lock at every moment, and it would never be claimed."""
    tenant = restrained(digest={"most": 0, "minutes": 10})
    first, _ = emit(tenant, 2)
    Delivery.objects.filter(event_id=first.id).update(waits_until=database_now())
    assert states(tenant, emit(tenant, 1)) == ["pending"]
