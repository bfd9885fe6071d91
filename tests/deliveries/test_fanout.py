"""From an event to its deliveries: decided once, written as a whole, and no event stops another."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
import structlog
from django.db import DataError, OperationalError, connections, transaction
from django.db import connection as database

from connections.models import Connection
from deliveries import catalogue, deciding, fanout
from deliveries.fanout import decide_batch
from deliveries.models import Decision, Delivery, Event, Lane
from rules import authoring
from rules.models import EventType, Resource, Rule, RuleVersion
from tests.deliveries.making import Tenant, database_now, make_slack, make_tenant
from tests.world import make_connection, make_rule
from workspaces.ids import derive

pytestmark = pytest.mark.django_db


def decided(event: Event) -> Event:
    event.refresh_from_db()
    assert event.decided_at is not None
    return event


def second_rule(tenant: Tenant, **wording: Any) -> Rule:
    return make_rule(tenant.connection, "*", name="second", **wording)


# --------------------------------------------------------------------------- one delivery for each rule that fires


def test_there_is_one_delivery_for_each_rule_that_fires() -> None:
    tenant = make_tenant()
    second_rule(tenant)
    make_rule(tenant.connection, "user.*", name="wants something else")
    event = tenant.emit()
    assert decide_batch() == 1
    event = decided(event)
    assert (event.status, event.total_rules, event.completed_at) == ("processing", 2, None)
    deliveries = Delivery.objects.all()
    assert {d.id for d in deliveries} == {
        derive(event.id, rule.id) for rule in Rule.objects.exclude(name__startswith="w")
    }
    for delivery in deliveries:
        assert (delivery.event_id, delivery.workspace_id) == (event.id, tenant.workspace.id)
        assert (delivery.state, delivery.ready, delivery.lane) == ("pending", True, tenant.connection.id)
        assert delivery.due_at == database_now()


def test_an_event_is_decided_once() -> None:
    tenant = make_tenant()
    tenant.emit()
    assert (decide_batch(), decide_batch()) == (1, 0)
    assert Delivery.objects.count() == 1


def test_a_repetition_makes_no_second_delivery_and_leaves_the_first_as_it_is() -> None:
    tenant = make_tenant()
    event = tenant.emit()
    decide_batch()
    Delivery.objects.update(state="delivered", due_at=None)
    Event.objects.update(decided_at=None)
    assert decide_batch() == 1
    assert Delivery.objects.get().state == "delivered"
    assert Decision.objects.count() == 1
    assert (decided(event).total_rules, decided(event).status) == (1, "processing")


def test_a_crash_before_the_commit_leaves_the_events_to_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    events = [tenant.emit() for _ in range(3)]
    with monkeypatch.context() as crashing:
        crashing.setattr(fanout, "_mark_decided", killed)
        with pytest.raises(KeyboardInterrupt):
            decide_batch()
    assert (Delivery.objects.count(), Decision.objects.count()) == (0, 0)
    assert Event.objects.filter(decided_at=None).count() == 3
    assert decide_batch() == 3
    assert Delivery.objects.count() == len(events)


def killed(*_: object) -> None:
    raise KeyboardInterrupt  # passes every "except Exception", as the end of a process does


def test_a_lost_database_leaves_the_events_to_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("the connection is closed")

    make_tenant().emit()
    monkeypatch.setattr(fanout, "_mark_decided", gone)
    with pytest.raises(OperationalError):
        decide_batch()
    assert Event.objects.get().status == "pending"


# --------------------------------------------------------------------------- why


def test_an_event_that_nothing_fires_on_is_complete_at_once() -> None:
    tenant = make_tenant(event="user.*")
    event = tenant.emit()
    decide_batch()
    event = decided(event)
    assert (event.status, event.total_rules) == ("completed", 0)
    assert event.completed_at is not None
    assert not Decision.objects.exists()  # no rule was even considered


def test_why_a_rule_stayed_silent_is_kept_clause_by_clause() -> None:
    tenant = make_tenant()
    Rule.objects.all().delete()
    rule = second_rule(tenant, conditions={"field": "value", "op": "gt", "value": 10}, min_severity="high")
    event = tenant.emit('{"value": 3, "severity": "low"}')
    decide_batch()
    assert decided(event).total_rules == 0
    decision = Decision.objects.get(id=event.id)
    (verdict,) = decision.verdicts
    assert (verdict["rule_id"], verdict["fired"]) == (str(rule.id), False)
    assert [(clause["kind"], clause["passed"]) for clause in verdict["clauses"]] == [
        ("severity", False),
        (verdict["clauses"][1]["kind"], False),
    ]
    assert verdict["clauses"][1]["saw"] == "3"
    tenant.workspace.refresh_from_db()
    assert decision.ruleset_version == tenant.workspace.ruleset_version


def test_the_severity_is_read_where_the_event_type_says() -> None:
    tenant = make_tenant()
    EventType.objects.create(
        organization_id=tenant.workspace.organization_id,
        workspace=tenant.workspace,
        key="alert.triggered",
        label="Alert",
        severity_path="alert.level",
        created_by="test",
    )
    rule = second_rule(tenant, min_severity="high")
    told = tenant.emit('{"alert": {"level": "sev1"}, "severity": "low"}')
    other = tenant.emit('{"alert": {"level": "sev1"}, "severity": "low"}', event="other")
    decide_batch()
    assert (decided(told).severity, decided(other).severity) == (5, 2)
    (verdict,) = [v for v in Decision.objects.get(id=told.id).verdicts if v["rule_id"] == str(rule.id)]
    assert (verdict["fired"], verdict["clauses"][0]["field"]) == (True, "alert.level")


def test_what_cannot_be_stored_as_json_does_not_stop_the_decision() -> None:
    tenant = make_tenant()
    second_rule(tenant, conditions={"field": "name", "op": "eq", "value": "x"})
    event = tenant.emit('{"name": "nul \\u0000 and half a pair \\ud800"}')
    decide_batch()
    assert decided(event).status == "processing"
    assert len(Decision.objects.get().verdicts) == 2


# --------------------------------------------------------------------------- what changes meanwhile


def test_a_delivery_is_held_while_its_connection_is_switched_off() -> None:
    tenant = make_tenant()
    Connection.objects.update(active=False)
    event = tenant.emit()
    decide_batch()
    delivery = tenant.delivery(event)
    assert (delivery.state, delivery.due_at) == ("held", None)
    assert "switched off" in delivery.last_error
    assert decided(event).total_rules == 1


def test_a_rule_that_was_changed_fires_as_it_is_now() -> None:
    tenant = make_tenant()
    tenant.emit()
    decide_batch()
    was = Delivery.objects.get().rule_version_id
    make_rule(tenant.connection, "*", name="one more")
    authoring.remove(tenant.rule, actor="test")
    event = tenant.emit()
    decide_batch()
    assert decided(event).total_rules == 1
    assert Delivery.objects.get(event_id=event.id).rule_version_id != was


def test_a_connection_that_is_deleted_while_events_are_decided_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    other = make_rule(make_connection(tenant.workspace, "capture", name="stays"), "*")
    decide = deciding.decide

    def meanwhile(events: Any) -> Any:
        found = decide(events)
        tenant.connection.delete()
        return found

    monkeypatch.setattr(fanout, "decide", meanwhile)
    event = tenant.emit()
    decide_batch()
    assert Delivery.objects.get().rule_id == other.id
    assert decided(event).total_rules == 1


def test_a_version_that_is_gone_does_not_stop_the_others() -> None:
    tenant = make_tenant()
    doomed = second_rule(tenant)
    tenant.emit()
    decide_batch()  # the rules are compiled by now
    Rule.objects.filter(id=doomed.id).update(version=None)
    RuleVersion.objects.filter(rule_id=doomed.id).delete()
    event = tenant.emit()
    decide_batch()
    assert decided(event).total_rules == 1


def test_the_events_of_a_deleted_workspace_are_over() -> None:
    tenant, other = make_tenant(), make_tenant("Globex")
    event, fine = tenant.emit(), other.emit()
    tenant.workspace.delete()
    assert decide_batch() == 2
    assert (decided(event).status, decided(event).total_rules) == ("canceled", 0)
    assert event.completed_at is not None
    assert decided(fine).total_rules == 1


def test_a_provider_that_this_version_does_not_know_does_not_stop_the_batch() -> None:
    tenant, other = make_tenant(), make_tenant("Globex")
    Connection.objects.filter(id=tenant.connection.id).update(provider="telepathy")
    RuleVersion.objects.filter(rule_id=other.rule.id).update(action="unheard_of")
    tenant.emit()
    other.emit()
    assert decide_batch() == 2
    assert Delivery.objects.count() == 2  # whoever sends them tells what is wrong


# --------------------------------------------------------------------------- one event at fault


def test_one_event_at_fault_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, other = make_tenant(), make_tenant("Globex")
    good = [tenant.emit(), tenant.emit(), other.emit()]
    bad = tenant.emit("this is no JSON")
    with structlog.testing.capture_logs() as lines:
        assert decide_batch() == 4
    assert decide_batch() == 0
    assert [decided(event).status for event in good] == ["processing"] * 3
    assert (decided(bad).status, decided(bad).total_rules) == ("failed", 0)
    assert bad.completed_at is not None
    assert [line["event_id"] for line in lines if line["event"] == "event.fault"] == [str(bad.id)]


def test_one_event_that_the_database_does_not_take_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    good, bad = tenant.emit(), tenant.emit('{"bad": true}')
    write = fanout._write_decisions

    def picky(cursor: Any, found: Any) -> None:
        if any(one.event.id == bad.id for one in found):
            cursor.execute("SELECT '\\u0000'::text::jsonb")
        write(cursor, found)

    monkeypatch.setattr(fanout, "_write_decisions", picky)
    assert decide_batch() == 2
    assert (decided(good).status, decided(bad).status) == ("processing", "failed")
    assert Delivery.objects.count() == 1


def test_no_event_is_failed_because_the_database_went_away(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    events = [tenant.emit(), tenant.emit()]

    def refused(_: Any, found: list[Any]) -> None:
        raise DataError("one of them") if len(found) > 1 else OperationalError("the connection is closed")

    monkeypatch.setattr(fanout, "_write_decisions", refused)
    with pytest.raises(OperationalError):
        decide_batch()
    assert set(Event.objects.values_list("status", flat=True)) == {"pending"}
    assert len(events) == 2


def test_a_fault_in_judging_one_rule_is_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    second_rule(tenant, conditions={"field": "value", "op": "gt", "value": 10})

    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("rules.matching.judge", broken)
    event = tenant.emit()
    decide_batch()
    assert decided(event).status == "completed"
    assert all("fault" in verdict["summary"] for verdict in Decision.objects.get().verdicts)


@pytest.mark.django_db(transaction=True)
def test_events_that_another_worker_is_deciding_are_left_to_it() -> None:
    tenant = make_tenant()
    theirs, ours = tenant.emit(), tenant.emit()
    found: list[int] = []

    def work() -> None:
        with database.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        found.append(decide_batch())
        connections.close_all()

    with transaction.atomic():
        Event.objects.select_for_update().get(id=theirs.id)
        worker = Thread(target=work)
        worker.start()
        worker.join()
    assert found == [1]
    assert decided(ours).total_rules == 1
    assert Event.objects.get(id=theirs.id).status == "pending"


def test_an_event_of_a_faulty_batch_that_another_worker_has_decided_is_left_as_it_is() -> None:
    event = make_tenant().emit()
    with transaction.atomic(), database.cursor() as cursor:
        (undecided,) = deciding.take(cursor)
    Event.objects.update(decided_at=database_now(), status="canceled")
    fanout._decide_alone(undecided)
    assert (decided(event).status, Delivery.objects.count()) == ("canceled", 0)


# --------------------------------------------------------------------------- fairness


def test_a_batch_takes_a_few_of_each_tenant() -> None:
    noisy = make_tenant("Noisy")
    for _ in range(100):
        noisy.emit()
    quiet = [make_tenant(f"Quiet {n}").emit() for n in range(10)]
    decide_batch()
    assert all(decided(event) for event in quiet)
    assert (
        Event.objects.filter(workspace_id=noisy.workspace.id, decided_at=None).count() == 100 - deciding.EVENTS_A_TENANT
    )


def test_behind_the_last_tenant_the_first_is_next() -> None:
    tenants = [make_tenant(f"T{n}") for n in range(deciding.TENANTS_A_BATCH)]
    for tenant in tenants:
        tenant.emit()
    assert decide_batch() == len(tenants)
    tenants[0].emit()
    assert decide_batch() == 1


def test_every_tenant_has_its_turn() -> None:
    events = [make_tenant(f"T{n}").emit() for n in range(deciding.TENANTS_A_BATCH * 2 + 3)]
    while decide_batch():
        pass
    assert all(decided(event) for event in events)


# --------------------------------------------------------------------------- pace


def test_the_lanes_of_a_paced_vendor_are_known_before_the_first_claim() -> None:
    tenants = make_slack(channels=("C00000001", "C00000002"))
    tenants[0].emit()
    decide_batch()
    assert Lane.objects.count() == 2
    assert set(Lane.objects.values_list("pace_ms", flat=True)) == {1_000}
    assert set(Delivery.objects.values_list("lane", flat=True)) == set(Lane.objects.values_list("id", flat=True))


def test_a_pace_that_the_vendor_changed_is_learnt() -> None:
    (tenant,) = make_slack()
    tenant.emit()
    decide_batch()
    Lane.objects.update(pace_ms=0)
    tenant.emit()
    decide_batch()
    assert Lane.objects.get().pace_ms == 1_000


# --------------------------------------------------------------------------- the catalogue


def test_what_was_never_declared_appears_in_the_catalogue_as_seen() -> None:
    tenant = make_tenant()
    tenant.emit(event="brand.new", resource="disk")
    tenant.emit(event="brand.new", resource="disk")
    decide_batch()
    kind, resource = EventType.objects.get(), Resource.objects.get()
    assert (kind.key, kind.seen, kind.workspace_id) == ("brand.new", True, tenant.workspace.id)
    assert (resource.key, resource.seen) == ("disk", True)


def test_what_was_declared_stays_as_it_is() -> None:
    tenant = make_tenant()
    EventType.objects.create(
        organization_id=tenant.workspace.organization_id,
        workspace=tenant.workspace,
        key="known",
        label="Known",
        created_by="test",
    )
    tenant.emit(event="known")
    decide_batch()
    kind = EventType.objects.get()
    assert (kind.label, kind.seen) == ("Known", False)


def test_a_name_is_asked_for_once(django_assert_num_queries: Any) -> None:
    tenant = make_tenant()
    seen = [(tenant.workspace.organization_id, tenant.workspace.id, "a", "b")]
    catalogue.remember(seen)
    with django_assert_num_queries(0):
        catalogue.remember(seen)


def test_a_fault_of_the_catalogue_undoes_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise DataError("no such workspace")

    monkeypatch.setattr(fanout, "remember", refused)
    event = make_tenant().emit()
    assert decide_batch() == 1
    assert decided(event).total_rules == 1


# --------------------------------------------------------------------------- the log


def test_each_decided_event_has_one_wide_line() -> None:
    tenant = make_tenant()
    event = tenant.emit('{"severity": "high", "secret": "canary"}')
    with structlog.testing.capture_logs() as lines:
        decide_batch()
    (line,) = lines
    assert line["event"] == "event.decided"
    assert line["log_level"] == "info"
    assert (line["event_id"], line["workspace"]) == (str(event.id), str(tenant.workspace.id))
    assert (line["type"], line["severity"], line["considered"], line["fired"]) == ("alert.triggered", 4, 1, 1)
    assert isinstance(line["waited_ms"], int)
    assert "canary" not in repr(lines)


def test_only_what_is_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("the connection is closed")

    make_tenant().emit()
    monkeypatch.setattr(fanout, "_mark_decided", gone)
    with structlog.testing.capture_logs() as lines, pytest.raises(OperationalError):
        decide_batch()
    assert lines == []


def test_nothing_is_read_when_nothing_is_undecided(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):  # the look, and the transaction round it
        assert decide_batch() == 0
