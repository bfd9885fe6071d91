"""What a claimed delivery needs is gathered at once; what cannot be sent is put aside with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from connections.models import Connection, Recipient
from connections.provider import Job
from connections.registry import provider
from deliveries.breaking import holding
from deliveries.draining import drain
from deliveries.fanout import decide_batch
from deliveries.jobs import job_for
from deliveries.models import Attempt, Delivery, Event
from deliveries.preparing import SHUT_SECONDS, prepare
from rules.models import Rule, RuleVersion
from tests.deliveries.making import Tenant, claim_all, make_backlog, make_tenant, pass_time, wait_of
from tests.world import make_rule
from workspaces.ids import uuid7
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def claimed_delivery() -> tuple[Tenant, Event]:
    tenant = make_tenant(provider="webhook", url="https://hooks.example.com/in", name="Acme")
    event = tenant.emit()
    decide_batch()
    return tenant, event


def state_of(tenant: Tenant, event: Event) -> tuple[str, int]:
    delivery = tenant.delivery(event)
    return delivery.state, delivery.attempt_count


def test_the_job_gets_the_rules_words_and_the_connections_secrets() -> None:
    claimed_delivery()
    Connection.objects.update(retry_delays=[1, 2])
    (prepared,) = prepare(claim_all())
    assert prepared.action == "send_webhook"
    assert prepared.settings["url"] == "https://hooks.example.com/in"
    assert prepared.credentials["signing_secret"].startswith("whsec_")
    assert prepared.credentials["signing_secret"] not in repr(prepared)
    assert prepared.retry_delays == (1, 2)
    assert (prepared.workspace.tenant, prepared.workspace.environment) == ("Acme", "production")


def test_no_value_of_an_event_writes_a_line_of_the_rule() -> None:
    tenant = make_tenant(provider="resend", event="another.one", api_key="re_canary", **{"from": "a@casterly.example"})
    asked = {"id": "4f2c8a10-5b1e-4c6f-9d33-0a1b2c3d4e5f", "to": "a@b.example", "variables": "NOTE: {{ note }}"}
    make_rule(tenant.connection, "*", action="send_email_template", inputs=asked)
    tenant.emit(payload='{"note": "fine\\nOWNER: forged"}')
    decide_batch()
    (prepared,) = prepare(claim_all())
    job, _ = job_for(prepared, provider("resend"))
    assert isinstance(job, Job)
    assert job.inputs["variables"] == "NOTE: fine OWNER: forged"


def test_only_confirmed_recipients_are_named() -> None:
    tenant = make_tenant()
    for place, at in enumerate((None, tenant.workspace.created_at)):
        Recipient.objects.create(
            organization_id=tenant.workspace.organization_id,
            workspace=tenant.workspace,
            connection=tenant.connection,
            address=f"{place}@example.com",
            token_hash=bytes([place]),
            confirmed_at=at,
        )
    make_backlog(tenant, 1)
    (prepared,) = prepare(claim_all())
    assert prepared.recipients == ("1@example.com",)


def test_a_batch_asks_the_database_a_few_times_however_large_it_is(django_assert_max_num_queries: Any) -> None:
    for n in range(10):
        make_backlog(make_tenant(f"T{n}"), 5)
    claims = claim_all()
    with django_assert_max_num_queries(4):
        assert len(prepare(claims)) == 50
    with django_assert_max_num_queries(3):  # versions never change, and are known by now
        prepare(claims)


# --------------------------------------------------------------------------- held


def test_a_delivery_whose_connection_was_switched_off_is_held_unsent_and_uncounted() -> None:
    tenant, event = claimed_delivery()
    claims = claim_all()
    Connection.objects.update(active=False)
    assert prepare(claims) == []
    assert state_of(tenant, event) == ("held", 0)
    assert (tenant.delivery(event).due_at, tenant.delivery(event).first_sent_at) == (None, None)
    assert not Attempt.objects.exists()


def test_a_delivery_that_is_another_workers_by_now_is_not_held() -> None:
    tenant, event = claimed_delivery()
    claims = claim_all()
    pass_time(20)
    assert len(claim_all()) == 1
    Connection.objects.update(active=False)
    assert prepare(claims) == []
    assert state_of(tenant, event) == ("sending", 0)


def test_the_others_of_the_batch_are_sent() -> None:
    off, on = make_tenant("Off"), make_tenant("On")
    make_backlog(off, 2)
    mine = make_backlog(on, 2)
    Connection.objects.filter(id=off.connection.id).update(active=False)
    assert sorted(p.claimed.id for p in prepare(claim_all())) == mine


# --------------------------------------------------------------------------- canceled


@pytest.mark.parametrize(
    ("remove", "reason"),
    [
        (lambda tenant: tenant.connection.delete(), "The connection was deleted."),
        (lambda tenant: tenant.workspace.delete(), "The workspace was deleted."),
        (lambda tenant: tenant.workspace.organization.delete(), "The workspace was deleted."),
        (lambda tenant: forget_version(), "What the rule said at that time is no longer there."),
    ],
)
def test_what_belongs_to_something_deleted_is_canceled_with_the_reason(remove: Any, reason: str) -> None:
    tenant, event = claimed_delivery()
    claims = claim_all()
    remove(tenant)
    assert prepare(claims) == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_error, delivery.due_at) == ("canceled", reason, None)
    assert delivery.finished_at is not None
    event.refresh_from_db()
    assert (event.status, event.canceled_count) == ("canceled", 1)
    assert event.completed_at is not None


def forget_version() -> None:
    Rule.objects.update(version=None)
    RuleVersion.objects.all().delete()


def test_a_deleted_rule_still_sends_what_it_had_set_off() -> None:
    tenant, _ = claimed_delivery()
    Rule.objects.filter(id=tenant.rule.id).delete()
    assert len(prepare(claim_all())) == 1


def test_one_orphan_does_not_stop_the_batch() -> None:
    orphan, fine = make_tenant("Orphan"), make_tenant("Fine")
    make_backlog(orphan, 1, rule_version_id=uuid7())
    mine = make_backlog(fine, 1)
    assert [p.claimed.id for p in prepare(claim_all())] == mine


def test_a_provider_that_this_version_does_not_know_costs_an_attempt_and_is_tried_again() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 1, provider="telepathy")
    assert drain() == 1
    attempt = Attempt.objects.get()
    assert (attempt.code, attempt.culprit) == ("internal_error", "us")
    assert Delivery.objects.get().state == "retrying"


# --------------------------------------------------------------------------- our own keys


def test_secrets_that_cannot_be_opened_cost_no_attempt_and_wait_a_minute() -> None:
    tenant = make_tenant()
    Connection.objects.update(credentials=b"\x01gibberish")
    make_backlog(tenant, 30)
    assert drain() == 0
    delivery = Delivery.objects.order_by("due_at").last()
    assert delivery is not None
    assert (delivery.state, delivery.attempt_count, delivery.first_sent_at) == ("pending", 0, None)
    assert "cannot be opened" in delivery.last_error
    assert wait_of(delivery) == SHUT_SECONDS
    assert claim_all() == []  # the rest of the backlog does not try one after the other


def test_they_are_sent_when_the_key_is_back() -> None:
    tenant = make_tenant()
    was = Connection.objects.get().credentials
    Connection.objects.update(credentials=b"\x01gibberish")
    make_backlog(tenant, 3)
    drain()
    Connection.objects.update(credentials=was)
    assert holding.release() == 0  # they are not held: it is not the customer who has to act
    pass_time(SHUT_SECONDS)
    assert drain() == 3
    assert set(Delivery.objects.values_list("state", "last_error")) == {("delivered", "")}


def test_a_workspace_that_only_records_says_so() -> None:
    claimed_delivery()
    Workspace.objects.update(capture_only=True)
    (prepared,) = prepare(claim_all())
    assert prepared.capture_only
