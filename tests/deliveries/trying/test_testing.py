"""Tests that somebody asks for: on the real path, for one rule or connection alone, and told as tests."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connections.models import Connection
from deliveries.draining import drain
from deliveries.fanout import decide_batch
from deliveries.models import TEST, Attempt, Capture, Decision, Delivery, Event
from deliveries.trying import samples, testing
from rules import authoring
from rules.models import EventType, Rule, RuleVersion
from tests.deliveries.making import Tenant, make_slack, make_tenant, pass_time
from tests.world import ACTOR, make_event, make_rule
from workspaces.errors import ApiError
from workspaces.ids import derive
from workspaces.models import AuditEntry, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant(event="alert.*")


def sent(tenant: Tenant, **more: Any) -> Event:
    rule = Rule.objects.select_related("version", "connection", "workspace").get(id=tenant.rule.id)
    return testing.send_for_rule(rule, actor="ann", **more)


def alert(tenant: Tenant, payload: str = '{"value":1}', event: str = "alert.triggered") -> samples.Sample:
    return samples.of(workspace=tenant.workspace, event=event, payload=payload)


def refusal(tenant: Tenant, **more: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        sent(tenant, **more)
    assert not Event.objects.filter(kind=TEST).exists()
    return caught.value


# --------------------------------------------------------------------------- the real path


def test_a_test_is_an_event_that_the_workers_deliver(tenant: Tenant) -> None:
    event = sent(tenant, sample=alert(tenant, '{"value": 1e-7}'))
    assert (event.kind, event.created_by, event.status, event.total_rules) == ("test", "ann", "processing", 1)
    drain()
    event.refresh_from_db()
    assert (event.status, event.completed_count) == ("completed", 1)
    assert tenant.delivery(event).state == "delivered"
    assert json.loads(Capture.objects.get().body)["payload"] == {"value": 1e-7}
    assert event.payload == '{"value": 1e-7}'


def test_the_latest_event_that_the_rule_wants_is_sent_again(tenant: Tenant) -> None:
    tenant.emit('{"value":7}')
    tenant.emit('{"value":8}', event="user.created")
    event = sent(tenant)
    assert (event.event, event.payload) == ("alert.triggered", '{"value":7}')


def test_without_any_event_one_is_made_up(tenant: Tenant) -> None:
    event = sent(tenant)
    assert event.event == "alert.example"
    assert json.loads(event.payload)["severity"] == "high"


def test_every_other_rule_stays_silent(tenant: Tenant) -> None:
    make_rule(tenant.connection, "*", name="other")
    event = sent(tenant)
    assert decide_batch() == 0  # it is decided already
    drain()
    assert [row.rule_id for row in Delivery.objects.all()] == [tenant.rule.id]
    assert [verdict["rule_id"] for verdict in Decision.objects.get(id=event.id).verdicts] == [str(tenant.rule.id)]


def test_a_message_says_that_it_is_a_test(permit: Any) -> None:
    (slack,) = make_slack()
    Workspace.objects.update(capture_only=True)
    sent(slack)
    slack.emit()
    drain()
    pass_time(2)  # Slack's pace
    drain()
    bodies = [json.loads(capture.body)["text"] for capture in Capture.objects.order_by("id")]
    assert [text.startswith("[test] ") for text in bodies] == [True, False]


def test_a_webhook_carries_a_header_that_says_so() -> None:
    tenant = make_tenant("Globex", "webhook")
    Workspace.objects.update(capture_only=True)
    sent(tenant)
    tenant.emit()
    drain()
    headers = [capture.request["headers"] for capture in Capture.objects.order_by("id")]
    assert [one.get("X-Jackfield-Test") for one in headers] == ["true", None]


def test_what_a_caller_names_a_test_goes_through_every_rule_and_says_so(tenant: Tenant) -> None:
    """The wire's ``type`` is the caller's word: it marks the messages, and aims at no rule."""
    make_rule(tenant.connection, "*", name="other")
    tenant.emit(kind=TEST)
    drain()
    assert Delivery.objects.filter(state="delivered").count() == 2


# --------------------------------------------------------------------------- although


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"muted_until": timezone.now() + timedelta(days=400)},
        {"quiet_hours": {"days": list(range(7)), "start": "00:00", "end": "23:59", "time_zone": "UTC"}},
        {"digest": {"most": 0, "minutes": 60}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_is_sent_whatever_holds_the_rule_back(tenant: Tenant, change: dict[str, Any]) -> None:
    Rule.objects.filter(id=tenant.rule.id).update(**change)
    event = sent(tenant)
    drain()
    assert tenant.delivery(event).state == "delivered"


def test_it_is_sent_although_the_rule_would_have_stayed_silent_and_says_why(tenant: Tenant) -> None:
    authoring.change(tenant.rule, reworded={"min_severity": "critical"}, actor=ACTOR)
    event = sent(tenant, sample=alert(tenant, '{"severity":"high"}'))
    (verdict,) = Decision.objects.get(id=event.id).verdicts
    assert verdict["fired"] is True
    assert verdict["summary"] == (
        "Sent because somebody asked for a test."
        " By itself the rule would have stayed silent: Severity high is below critical."
    )
    assert [clause["passed"] for clause in verdict["clauses"]] == [False]


def test_it_says_that_the_rule_would_have_fired(tenant: Tenant) -> None:
    (verdict,) = Decision.objects.get(id=sent(tenant).id).verdicts
    assert verdict["summary"].endswith("By itself the rule would have fired.")


def test_its_severity_is_read_where_its_type_has_it(tenant: Tenant) -> None:
    EventType.objects.create(
        organization_id=tenant.workspace.organization_id,
        workspace=tenant.workspace,
        key="alert.triggered",
        severity_path="level",
        created_by=ACTOR,
    )
    assert sent(tenant, sample=alert(tenant, '{"level":"sev1"}')).severity == 5


# --------------------------------------------------------------------------- what is refused, and traces


def test_an_event_that_the_rule_does_not_want_is_refused(tenant: Tenant) -> None:
    error = refusal(tenant, sample=alert(tenant, event="user.created"))
    assert (error.status, [param for param, _ in error.faults]) == (400, ["event"])


def test_nothing_is_promised_while_the_connection_is_off(tenant: Tenant) -> None:
    Connection.objects.update(active=False)
    assert refusal(tenant).status == 409


def test_a_connection_that_has_just_gone_leaves_nothing_half(tenant: Tenant) -> None:
    rule = Rule.objects.select_related("version", "connection", "workspace").get(id=tenant.rule.id)
    Connection.objects.all().delete()
    with pytest.raises(ApiError) as caught:
        testing.send_for_rule(rule, actor=ACTOR)
    assert caught.value.status == 404
    assert not Event.objects.exists()
    assert not Decision.objects.exists()


def test_who_asked_is_traced(tenant: Tenant) -> None:
    event = sent(tenant)
    entry = AuditEntry.objects.get(verb="rule.tested")
    assert (entry.actor, entry.subject) == ("ann", str(tenant.rule.id))
    assert entry.detail == {"event": str(event.id)}


def test_a_test_is_no_sample_for_the_next_one(tenant: Tenant) -> None:
    tenant.emit('{"value":7}')
    sent(tenant, sample=alert(tenant, '{"value":8}'))
    assert samples.one(workspace=tenant.workspace, pattern="*").payload == '{"value":7}'


def test_it_waits_its_turn_in_the_lane_like_any_other(permit: Any) -> None:
    one, other = make_slack(channels=("C00000001", "C00000002"))
    lanes = {Delivery.objects.get(event_id=sent(tenant).id).lane for tenant in (one, other)}
    other.emit()
    decide_batch()
    assert {row.lane for row in Delivery.objects.all()} == lanes


# --------------------------------------------------------------------------- a connection


def try_out(tenant: Tenant, **inputs: Any) -> Event:
    return testing.send_for_connection(tenant.connection, inputs=inputs, actor="ann")


def test_a_connection_is_tested_without_a_rule(tenant: Tenant) -> None:
    tenant.rule.delete()
    event = try_out(tenant, note="hello")
    drain()
    delivery = Delivery.objects.get(event_id=event.id)
    assert delivery.state == "delivered"
    assert Capture.objects.get().request["headers"]["X-Jackfield-Note"] == "hello"
    assert Attempt.objects.get(delivery_id=delivery.id).code == "delivered"
    assert not Rule.objects.exists()
    assert AuditEntry.objects.get(verb="connection.tested").subject == str(tenant.connection.id)


def test_the_same_test_of_a_connection_leaves_one_version_behind(tenant: Tenant) -> None:
    before = RuleVersion.objects.count()
    for note in ("a", "a", "b"):
        try_out(tenant, note=note)
    assert RuleVersion.objects.count() == before + 2


def test_inputs_that_are_wrong_are_named() -> None:
    (slack,) = make_slack()
    with pytest.raises(ApiError) as caught:
        try_out(slack, id="#general")
    assert [param for param, _ in caught.value.faults] == ["metadata.id"]
    assert not Event.objects.exists()


def test_a_template_of_a_test_that_cannot_be_read_is_named(tenant: Tenant) -> None:
    with pytest.raises(ApiError) as caught:
        try_out(tenant, note="{{ value")
    assert [param for param, _ in caught.value.faults] == ["metadata.note"]


def test_the_rule_of_a_connection_test_is_nobodys(tenant: Tenant) -> None:
    event = try_out(tenant)
    delivery = Delivery.objects.get(event_id=event.id)
    assert delivery.id == derive(event.id, delivery.rule_id)
    assert not Rule.objects.filter(id=delivery.rule_id).exists()


def test_two_workspaces_never_share_a_test(tenant: Tenant) -> None:
    other = make_tenant("Globex", event="alert.*")
    make_event(other.workspace, payload='{"secret":1}')
    event = sent(tenant)
    assert "secret" not in event.payload
    assert (event.organization_id, event.workspace_id) == (tenant.workspace.organization_id, tenant.workspace.id)
