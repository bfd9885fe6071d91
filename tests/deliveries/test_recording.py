"""What happened is written as a whole, once, by whoever still holds the delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.db import DataError, OperationalError, connections, transaction
from django.db import connection as database
from django.utils import timezone
from pytest_django import Settings

from connections.models import Connection
from connections.provider import Code, Culprit, Inactive, Outcome
from deliveries import recording
from deliveries.breaking import switching
from deliveries.claiming import LEASE_SECONDS, Claimed
from deliveries.fanout import decide_batch
from deliveries.models import Attempt, Capture, Delivery, Event, State
from deliveries.recording import count_events, next_move, record
from deliveries.recovery import cancel, cancel_event, retry
from deliveries.sending import Sent
from tests.deliveries.making import (
    Tenant,
    claim_all,
    make_backlog,
    make_tenant,
    pass_time,
    somebody_waits,
    until,
    wait_of,
)
from tests.world import make_rule
from workspaces.ids import uuid7
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

DELIVERED = Outcome(code=Code.DELIVERED, reason="The receiver accepted it (200).")
BUSY = Outcome(code=Code.REJECTED_SERVER_ERROR, reason="Busy.", culprit=Culprit.PROVIDER, retry=True, fix="Wait.")
REFUSED = Outcome(code=Code.REJECTED_CLIENT_ERROR, reason="Refused.", culprit=Culprit.DELIVERY)
REVOKED = Outcome(
    code=Code.AUTH_FAILED,
    reason="Revoked.",
    culprit=Culprit.CONNECTION,
    retry=True,
    inactive=Inactive.AUTHORIZATION_REVOKED,
)
GONE = replace(REVOKED, code=Code.REJECTED_CLIENT_ERROR, retry=False, inactive=Inactive.ENDPOINT_GONE, reason="Gone.")


def ended(claim: Claimed, outcome: Outcome = DELIVERED, **parts: Any) -> Sent:
    return Sent(claim, outcome, started_at=claim.claimed_at, duration_ms=12, **parts)


def one_event(rules: int = 1) -> tuple[Tenant, Event]:
    tenant = make_tenant()
    for n in range(rules - 1):
        make_rule(tenant.connection, "*", name=f"rule {n}")
    event = tenant.emit()
    assert decide_batch() == 1
    return tenant, event


def now(event: Event) -> tuple[str, int, int, int]:
    event.refresh_from_db()
    return event.status, event.completed_count, event.failed_count, event.canceled_count


# --------------------------------------------------------------------------- where a delivery goes


def test_a_success_is_the_end_of_a_delivery_and_of_its_event() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    record([ended(claim)])
    delivery = tenant.delivery(event)
    assert (delivery.state, delivery.due_at, delivery.attempt_count) == ("delivered", None, 1)
    assert (delivery.last_code, delivery.last_error) == ("delivered", "")
    assert delivery.finished_at is not None
    assert now(event) == ("completed", 1, 0, 0)
    assert event.completed_at is not None


def test_a_refusal_for_good_is_its_end_too() -> None:
    tenant, event = one_event()
    record([ended(claim_all()[0], REFUSED)])
    assert (tenant.delivery(event).state, tenant.delivery(event).last_error) == ("failed", "Refused.")
    assert now(event) == ("failed", 0, 1, 0)


def test_what_can_be_tried_again_waits() -> None:
    tenant, event = one_event()
    record([ended(claim_all()[0], BUSY)])
    delivery = tenant.delivery(event)
    assert (delivery.state, delivery.finished_at, delivery.ready) == ("retrying", None, False)
    assert now(event) == ("retrying", 0, 0, 0)
    assert event.completed_at is None


@pytest.mark.parametrize(
    ("outcome", "on", "state"),
    [
        (DELIVERED, True, State.DELIVERED),
        (REFUSED, True, State.FAILED),
        (BUSY, True, State.RETRYING),
        (REVOKED, False, State.HELD),
        (REVOKED, True, State.RETRYING),
        (GONE, False, State.FAILED),
    ],
)
def test_an_outcome_says_where_a_delivery_goes(outcome: Outcome, on: bool, state: State) -> None:
    one_event()
    move = next_move(ended(claim_all()[0], outcome), chance=0, on=on)
    assert (move.state, move.wait is not None) == (state, state is State.RETRYING)


def test_the_tenth_failure_is_the_last() -> None:
    tenant, event = one_event()
    Delivery.objects.update(attempt_count=9)
    record([ended(claim_all()[0], BUSY)])
    assert (tenant.delivery(event).state, tenant.delivery(event).last_error) == ("failed", "Busy.")


# --------------------------------------------------------------------------- the attempt


def test_an_attempt_is_kept_with_all_that_was_said() -> None:
    tenant, _ = one_event()
    (claim,) = claim_all()
    exchanges = [{"request": {"method": "POST"}, "response": {"status": 503}}]
    record([ended(claim, replace(BUSY, reference="r" * 300, notes=("A note.",)), exchanges=exchanges)])
    attempt = Attempt.objects.get()
    assert (attempt.delivery_id, attempt.workspace_id, attempt.number) == (claim.id, tenant.workspace.id, 1)
    assert (attempt.code, attempt.culprit, attempt.reason, attempt.fix) == (
        "rejected_server_error",
        "provider",
        "Busy.",
        "Wait.",
    )
    assert (attempt.exchanges, attempt.notes, len(attempt.reference)) == (exchanges, ["A note."], 256)
    assert (attempt.started_at, attempt.duration_ms) == (claim.claimed_at, 12)


def test_recording_twice_is_recording_once() -> None:
    _, event = one_event()
    results = [ended(claim_all()[0])]
    record(results)
    record(results)
    assert Attempt.objects.count() == 1
    assert now(event) == ("completed", 1, 0, 0)


def test_a_capture_is_kept_with_its_delivery() -> None:
    one_event()
    (claim,) = claim_all()
    record([ended(claim, captured=({"method": "CAPTURE"}, "body"))])
    assert (Capture.objects.get().id, Capture.objects.get().body) == (claim.id, "body")


# --------------------------------------------------------------------------- the event's counters


def test_an_event_is_over_with_its_last_delivery() -> None:
    _, event = one_event(rules=3)
    one, two, three = claim_all()
    record([ended(one)])
    assert now(event) == ("processing", 1, 0, 0)
    record([ended(two, BUSY)])
    assert now(event) == ("retrying", 1, 0, 0)
    record([ended(three, REFUSED)])
    assert now(event) == ("retrying", 1, 1, 0)
    pass_time(6)
    record([ended(claim_all()[0])])
    assert now(event) == ("failed", 2, 1, 0)
    assert event.completed_at is not None


def test_several_results_of_one_event_are_counted_together() -> None:
    _, event = one_event(rules=3)
    record([ended(claim) for claim in claim_all()])
    assert now(event) == ("completed", 3, 0, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("outcomes", [(DELIVERED, DELIVERED), (DELIVERED, REFUSED), (REFUSED, DELIVERED)])
def test_two_recorders_of_one_event_count_it_together(settings: Settings, outcomes: tuple[Outcome, Outcome]) -> None:
    settings.CONNECTION_PARALLEL = 100
    _, event = one_event(rules=40)
    claims = claim_all()

    def recorder(part: list[Claimed], outcome: Outcome) -> Callable[[], object]:
        def work() -> None:
            for claim in part:
                record([ended(claim, outcome)])

        return work

    together([recorder(claims[::2], outcomes[0]), recorder(claims[1::2], outcomes[1])])
    good = 20 * outcomes.count(DELIVERED)
    assert now(event) == ("completed" if good == 40 else "failed", good, 40 - good, 0)
    assert event.completed_at is not None


def together(works: list[Callable[[], object]]) -> None:
    errors: list[BaseException] = []
    start = Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors


@pytest.mark.django_db(transaction=True)
def test_two_recorders_of_the_same_events_in_opposite_order_do_not_lock_each_other_out(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = settings.WORKSPACE_PARALLEL = 1_000
    tenant = make_tenant()
    make_rule(tenant.connection, "*", name="second")
    for _ in range(60):
        tenant.emit()
    while decide_batch():
        pass
    claims = sorted(claim_all(), key=lambda claim: claim.event_id)
    first, second = claims[::2], claims[1::2][::-1]
    together([lambda: record([ended(c) for c in first]), lambda: record([ended(c) for c in second])])
    assert set(Event.objects.values_list("status", "completed_count")) == {("completed", 2)}


@pytest.mark.django_db(transaction=True)
def test_recording_and_calling_off_do_not_lock_each_other_out() -> None:
    one_event(rules=2)
    low, high = sorted(claim_all(), key=lambda claim: claim.id)
    errors: list[Exception] = []

    def work() -> None:
        try:
            record([ended(high), ended(low)])
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    recorder = Thread(target=work)
    with transaction.atomic():  # as whoever calls off an event locks its deliveries: one after the other
        Delivery.objects.select_for_update().get(id=low.id)
        recorder.start()
        until(lambda: not recorder.is_alive() or somebody_waits())
        Delivery.objects.select_for_update().get(id=high.id)
    recorder.join()
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_events_are_locked_in_one_order_however_the_database_plans_it() -> None:
    tenant = make_tenant()
    high = tenant.emit(id=uuid7(timezone.now()), total_rules=1)  # stored before the lower one
    low = tenant.emit(id=uuid7(timezone.now() - timedelta(minutes=1)), total_rules=1)
    errors: list[Exception] = []

    def work() -> None:
        try:
            with transaction.atomic(), database.cursor() as cursor:
                for way in ("nestloop", "mergejoin", "indexscan", "bitmapscan"):
                    cursor.execute(f"SET LOCAL enable_{way} = off")
                count_events(cursor, [(low.id, State.DELIVERED), (high.id, State.DELIVERED)])
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    counter = Thread(target=work)
    with transaction.atomic():
        Event.objects.select_for_update().get(id=low.id)
        counter.start()
        until(lambda: not counter.is_alive() or somebody_waits())
        Event.objects.select_for_update().get(id=high.id)
    counter.join()
    assert errors == []


# --------------------------------------------------------------------------- whoever holds it


def test_an_old_claimers_result_changes_nothing() -> None:
    tenant, event = one_event()
    (old,) = claim_all()
    pass_time(LEASE_SECONDS)
    (new,) = claim_all()
    record([ended(old, REFUSED)])
    assert tenant.delivery(event).state == "sending"
    assert (Attempt.objects.count(), now(event)[2]) == (0, 0)
    record([ended(new)])
    assert (tenant.delivery(event).state, Attempt.objects.get().code) == ("delivered", "delivered")
    assert now(event) == ("completed", 1, 0, 0)


def test_a_late_result_is_taken_as_long_as_nobody_else_has_claimed() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    pass_time(LEASE_SECONDS * 3)
    record([ended(claim)])
    assert tenant.delivery(event).state == "delivered"
    assert claim_all() == []


def test_what_waits_for_a_retry_is_not_ready_though_its_lease_had_run_out() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    pass_time(LEASE_SECONDS)
    Delivery.objects.update(ready=True)
    record([ended(claim, BUSY)])
    assert (tenant.delivery(event).state, tenant.delivery(event).ready) == ("retrying", False)


def test_an_attempt_under_way_when_it_was_called_off_is_noted_and_changes_nothing_else() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    cancel(tenant.delivery(event), actor="test")
    record([ended(claim)])
    delivery = tenant.delivery(event)
    assert (delivery.state, delivery.attempt_count, delivery.due_at) == ("canceled", 1, None)
    assert Attempt.objects.get().number == 1
    assert now(event) == ("canceled", 0, 0, 1)


def test_after_a_noted_attempt_the_next_one_has_a_number_of_its_own() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    cancel_event(event, actor="test")
    record([ended(claim, BUSY)])
    retry(tenant.delivery(event), actor="test")
    pass_time(1)
    record([ended(claim_all()[0])])
    assert sorted(Attempt.objects.values_list("number", "code")) == [(1, "rejected_server_error"), (2, "delivered")]
    assert now(event) == ("completed", 1, 0, 0)


def test_a_result_that_comes_after_a_new_claim_is_not_noted_under_its_number() -> None:
    tenant, event = one_event()
    (old,) = claim_all()
    cancel(tenant.delivery(event), actor="test")
    retry(tenant.delivery(event), actor="test")
    pass_time(1)
    (new,) = claim_all()
    record([ended(old, BUSY)])
    assert not Attempt.objects.exists()
    cancel(tenant.delivery(event), actor="test")
    record([ended(old, BUSY)])
    assert not Attempt.objects.exists()
    record([ended(new)])
    assert (Attempt.objects.get().code, tenant.delivery(event).state) == ("delivered", "canceled")


# --------------------------------------------------------------------------- the connection


def test_a_connection_that_cannot_work_is_switched_off_and_all_its_deliveries_are_held() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    make_backlog(tenant, 5)
    make_backlog(tenant, 5, state="retrying", ready=False)
    other = make_tenant("Globex")
    make_backlog(other, 2)
    record([ended(claim, REVOKED)])
    connection = Connection.objects.get(id=tenant.connection.id)
    assert (connection.active, connection.inactive_reason) == (False, "oauth_authorization_revoked")
    mine = Delivery.objects.filter(connection_id=connection.id)
    assert set(mine.values_list("state", "due_at")) == {("held", None)}
    assert tenant.delivery(event).attempt_count == 1
    assert now(event)[0] == "retrying"
    assert len(claim_all()) == 2  # the other tenant's go on
    assert Connection.objects.get(id=other.connection.id).active


def test_the_trail_says_once_who_switched_it_off() -> None:
    tenant, _ = one_event(rules=3)
    record([ended(claim, REVOKED) for claim in claim_all()])
    [entry] = AuditEntry.objects.filter(verb="connection.switched_off")
    assert (entry.actor, entry.workspace_id) == ("Jackfield", tenant.workspace.id)
    assert (entry.subject, entry.detail) == (str(tenant.connection.id), {"name": tenant.connection.name})


def test_an_endpoint_that_is_gone_fails_its_message_and_is_switched_off() -> None:
    tenant, event = one_event()
    record([ended(claim_all()[0], GONE)])
    assert tenant.delivery(event).state == "failed"
    assert Connection.objects.get().inactive_reason == "endpoint_gone"


def test_a_connection_that_was_mended_meanwhile_stays_on_and_the_delivery_is_tried_again() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    Connection.objects.update(updated_at=timezone.now() + timedelta(seconds=1))
    record([ended(claim, REVOKED)])
    assert Connection.objects.get().active
    assert tenant.delivery(event).state == "retrying"
    assert 5 <= wait_of(tenant.delivery(event)) <= 5.5


def test_a_connection_that_was_deleted_meanwhile_holds_its_delivery_for_the_sweep() -> None:
    tenant, _ = one_event()
    (claim,) = claim_all()
    tenant.connection.delete()
    record([ended(claim, REVOKED)])
    assert Delivery.objects.get().state == "held"


def test_the_first_reason_for_which_it_was_switched_off_stays() -> None:
    one_event()
    Connection.objects.update(active=False, inactive_reason="manually_inactivated")
    Delivery.objects.update(state="pending")
    record([ended(claim_all()[0], REVOKED)])
    assert Connection.objects.get().inactive_reason == "manually_inactivated"
    assert not AuditEntry.objects.filter(verb="connection.switched_off").exists()


# --------------------------------------------------------------------------- what cannot be written


def unstorable(results: list[Sent], place: int) -> list[Sent]:
    """One of them holds what PostgreSQL refuses, as if the redaction had let it through."""
    bad = [{"response": {"body": "half a pair: \ud800"}}]
    return [replace(sent, exchanges=bad) if n == place else sent for n, sent in enumerate(results)]


def test_one_result_that_cannot_be_written_costs_the_others_nothing_and_keeps_its_end() -> None:
    _, event = one_event(rules=3)
    results = unstorable([ended(claim) for claim in claim_all()], 1)
    with structlog.testing.capture_logs() as lines:
        record(results)
    assert now(event) == ("completed", 3, 0, 0)
    reasons = sorted(Attempt.objects.values_list("reason", flat=True))
    assert reasons == ["The receiver accepted it (200)."] * 2 + ["What was exchanged could not be kept."]
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["record.fault"]


def test_what_it_would_have_meant_for_the_connection_still_holds() -> None:
    tenant, event = one_event()
    record(unstorable([ended(claim_all()[0], REVOKED)], 0))
    assert tenant.delivery(event).state == "held"
    assert not Connection.objects.get().active


@pytest.mark.parametrize(("fault", "tries"), [(DataError("no"), 3), (OperationalError("the connection is closed"), 1)])
def test_nothing_is_written_in_part(monkeypatch: pytest.MonkeyPatch, fault: Exception, tries: int) -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    calls: list[object] = []

    def refused(*_: object) -> None:
        calls.append(_)
        raise fault

    monkeypatch.setattr("deliveries.pacing.pause", refused)
    with structlog.testing.capture_logs() as lines, pytest.raises(type(fault)):
        record([ended(claim)])
    assert (tenant.delivery(event).state, Attempt.objects.count(), now(event)[1]) == ("sending", 0, 0)
    assert "delivery.attempt" not in [line["event"] for line in lines]
    assert len(calls) == tries  # all together, alone, alone without words; a lost database is not asked again here


def test_a_backlog_that_could_not_be_held_does_not_undo_what_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    (waiting,) = make_backlog(tenant, 1)
    with monkeypatch.context() as crashing:
        crashing.setattr(recording, "hold_backlog", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            recording._record([ended(claim, REVOKED)])
    assert tenant.delivery(event).state == "held"
    assert Delivery.objects.get(id=waiting).state == "pending"  # and it is held when it is claimed


def test_the_event_of_a_held_backlog_is_retrying() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 1)
    Event.objects.update(status="processing")
    switching.hold_backlog([tenant.connection.id])
    assert Event.objects.get().status == "retrying"


def test_only_the_backlog_of_the_named_connections_is_held() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 3)
    switching.hold_backlog([])
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    switching.hold_backlog([tenant.connection.id])
    assert set(Delivery.objects.values_list("state", flat=True)) == {"held"}


# --------------------------------------------------------------------------- the log


def test_each_attempt_has_one_wide_line() -> None:
    tenant, event = one_event()
    (claim,) = claim_all()
    with structlog.testing.capture_logs() as lines:
        record([ended(claim, BUSY)])
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("delivery.attempt", "info")
    ids = {
        "delivery": claim.id,
        "event_id": event.id,
        "rule": tenant.rule.id,
        "connection": tenant.connection.id,
        "workspace": tenant.workspace.id,
        "organization": tenant.workspace.organization_id,
    }
    assert {name: UUID(line[name]) for name in ids} == ids
    assert (line["provider"], line["attempt"], line["code"], line["culprit"]) == (
        "capture",
        1,
        "rejected_server_error",
        "provider",
    )
    assert (line["state"], line["duration_ms"]) == ("retrying", 12)
    assert 5 <= line["wait_s"] <= 5.5


def test_a_result_that_came_too_late_is_told_as_such() -> None:
    one_event()
    (old,) = claim_all()
    pass_time(LEASE_SECONDS)
    claim_all()
    with structlog.testing.capture_logs() as lines:
        record([ended(old)])
    assert lines[0]["state"] == "not ours any more"
