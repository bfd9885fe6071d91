"""A connection fails from its first failure on, and until the next success: noted with the attempts, for nothing while
all goes well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.models import Connection
from connections.provider import Code, Culprit, Outcome
from deliveries.fanout import decide_batch
from deliveries.models import Delivery
from deliveries.preparing import prepare
from deliveries.recording import record
from tests.deliveries.making import Tenant, claim_all, make_tenant
from tests.deliveries.test_recording import BUSY, DELIVERED, REFUSED, ended

pytestmark = pytest.mark.django_db

THROTTLED = replace(BUSY, code=Code.RATE_LIMITED)
LOGGED_OUT = replace(BUSY, code=Code.AUTH_FAILED, culprit=Culprit.CONNECTION)
NO_CHANNEL = replace(BUSY, culprit=Culprit.RULE)
OURS = replace(BUSY, culprit=Culprit.US)


def attempt(tenant: Tenant, outcome: Outcome, **parts: object) -> Connection:
    """One more event, and how its attempt ended. Returns the connection as it is afterwards."""
    tenant.emit()
    decide_batch()
    prepared = prepare(claim_all())
    record([ended(one.claimed, outcome, failing=one.failing, **parts) for one in prepared])
    tenant.connection.refresh_from_db()
    return tenant.connection


@pytest.mark.parametrize("outcome", [BUSY, LOGGED_OUT], ids=lambda outcome: outcome.culprit)
def test_it_fails_from_the_first_failure_that_is_the_connections_or_the_destinations(outcome: Outcome) -> None:
    tenant = make_tenant()
    before = tenant.connection.updated_at
    row = attempt(tenant, outcome)
    assert row.failing_since is not None
    assert row.failed_at == row.failing_since
    assert row.updated_at == before  # nobody changed it


@pytest.mark.parametrize("outcome", [REFUSED, NO_CHANNEL, OURS, THROTTLED], ids=lambda outcome: outcome.culprit)
def test_what_is_wrong_elsewhere_says_nothing_about_it(outcome: Outcome) -> None:
    assert attempt(make_tenant(), outcome).failing_since is None


def test_the_time_of_the_first_failure_stays() -> None:
    tenant = make_tenant()
    since = timezone.now() - timedelta(days=2)
    attempt(tenant, BUSY)
    Connection.objects.update(failing_since=since, failed_at=since, warned_at=since)
    row = attempt(tenant, BUSY)
    assert row.failing_since == since
    assert row.failed_at is not None
    assert row.failed_at > since
    assert row.warned_at == since


def test_one_success_ends_it_and_the_warning_with_it() -> None:
    tenant = make_tenant()
    attempt(tenant, BUSY)
    Connection.objects.update(warned_at=timezone.now())
    row = attempt(tenant, DELIVERED)
    assert (row.failing_since, row.warned_at) == (None, None)


def test_an_old_warning_does_not_count_when_it_fails_anew() -> None:
    tenant = make_tenant()
    Connection.objects.update(warned_at=timezone.now())
    assert attempt(tenant, BUSY).warned_at is None


def test_what_was_only_recorded_instead_of_sent_ends_nothing() -> None:
    tenant = make_tenant()
    attempt(tenant, BUSY)
    assert attempt(tenant, DELIVERED, captured=({}, "")).failing_since is not None


def test_an_answer_from_before_it_was_mended_is_about_the_past() -> None:
    tenant = make_tenant()
    tenant.emit()
    decide_batch()
    claims = claim_all()
    Connection.objects.update(updated_at=claims[0].claimed_at + timedelta(seconds=1))
    record([ended(claim, BUSY) for claim in claims])
    assert Connection.objects.get().failing_since is None


def test_a_token_that_ran_out_and_is_being_renewed_is_no_trouble() -> None:
    assert attempt(make_tenant(), replace(LOGGED_OUT, renew=True)).failing_since is None


def test_one_that_is_switched_off_is_not_called_failing_besides() -> None:
    tenant = make_tenant()
    tenant.emit()
    decide_batch()
    claims = claim_all()
    Connection.objects.update(active=False)
    record([ended(claim, BUSY) for claim in claims])
    assert Connection.objects.get().failing_since is None


def test_a_success_and_a_failure_that_come_back_together_are_no_trouble() -> None:
    tenant = make_tenant()
    for _ in range(2):
        tenant.emit()
    decide_batch()
    first, second = claim_all()
    record([ended(first, BUSY), ended(second)])
    assert Connection.objects.get().failing_since is None


def test_only_the_connection_that_fails_is_marked() -> None:
    acme, globex = make_tenant("Acme"), make_tenant("Globex")
    for tenant in (acme, globex):
        tenant.emit()
    decide_batch()
    record([ended(c, BUSY if c.workspace_id == acme.workspace.id else DELIVERED) for c in claim_all()])
    assert list(Connection.objects.exclude(failing_since=None)) == [acme.connection]


def statements(outcome: Outcome, count: int) -> int:
    """How many statements the recording of a batch takes that speak of connections."""
    tenant = make_tenant(f"T{count}{outcome.code}")
    for _ in range(count):
        tenant.emit()
    decide_batch()
    claims = claim_all()
    with CaptureQueriesContext(database) as queries:
        record([ended(claim, outcome) for claim in claims])
    return sum("connections_connection" in query["sql"] for query in queries)


def test_success_costs_nothing_and_failure_one_statement_a_batch() -> None:
    assert statements(DELIVERED, 9) == 0
    assert statements(BUSY, 9) == 1
    assert Delivery.objects.filter(state="retrying").count() == 9
