"""Deliveries and access tokens that run out: nothing is sent with a dead one, and nothing is lost for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from connections import credentials, renewing
from connections.connecting import parting
from connections.models import Connection
from connections.provider import Code, Culprit, Inactive, Outcome
from connections.renewing import LEASE_SECONDS
from deliveries import waking
from deliveries.breaking import holding, refusing
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery, Event
from deliveries.preparing import prepare
from deliveries.recording import record
from deliveries.sending import Sent
from tests.connections.doors import Permit
from tests.deliveries.making import Tenant, claim_all, make_backlog, pass_time, until, wait_of
from tests.strict import CLIENT, Strict, strict
from tests.tokens import due, expiring, fresh, now
from tests.workers import workers
from tests.world import Vendor, make_app, make_rule
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
REFUSED = Outcome(
    code=Code.AUTH_FAILED,
    culprit=Culprit.CONNECTION,
    reason="The token has run out.",
    retry=True,
    renew=True,
    inactive=Inactive.REAUTHORIZATION_REQUIRED,
)


@pytest.fixture(autouse=True)
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "wake", lambda: None)


@pytest.fixture
def vendor(permit: Permit) -> Iterator[Strict]:
    """The strict vendor, behind the door."""
    with strict() as vendor:
        permit(vendor.target, simulated={"slack.com": vendor.target})
        yield vendor


def signed_in(workspace: Workspace, vendor: Strict, **about: Any) -> Tenant:
    """A Slack account of the strict vendor, with a rule."""
    make_app(workspace.organization, "slack", client_id=CLIENT[0], client_secret=CLIENT[1])
    if about["left"] <= 0:
        vendor.end()
    secrets = about.pop("secrets", {"bot_token": vendor.access, "refresh_token": vendor.refresh})
    row = expiring(workspace, "slack", secrets=secrets, **about)
    return Tenant(workspace, row, make_rule(row, "*", inputs={"id": "C00000001"}))


@pytest.fixture
def place(acme: Vendor) -> Workspace:
    """Nothing has happened there."""
    acme.app.delete()
    for model in (Attempt, Delivery, Event):
        model.objects.all().delete()
    return acme.workspace


@pytest.fixture
def tenant(place: Workspace, vendor: Strict) -> Tenant:
    """Its access token has run out."""
    return signed_in(place, vendor, left=0)


@pytest.fixture
def living(place: Workspace, vendor: Strict) -> Tenant:
    """Its access token is good for a while."""
    return signed_in(place, vendor, left=600)


def drained() -> int:
    """What a worker does that is woken again and again while time passes."""
    attempts = 0
    for _ in range(6):
        attempts += drain()
        pass_time(5)
    return attempts


def told() -> set[tuple[str, int, str]]:
    return set(Delivery.objects.values_list("state", "attempt_count", "last_error"))


# --------------------------------------------------------------------------- before it is sent


def test_nothing_is_sent_with_a_token_that_has_run_out(tenant: Tenant, vendor: Strict) -> None:
    make_backlog(tenant, 5)
    assert drained() == 5
    assert (vendor.renewals, vendor.refused, len(vendor.posted)) == (1, {}, 5)
    assert told() == {("delivered", 1, "")}


def test_what_waits_for_it_is_not_counted_and_says_so(tenant: Tenant, vendor: Strict) -> None:
    make_backlog(tenant, 30)
    Connection.objects.filter(id=tenant.connection.id).update(renewing_until=now() + timedelta(seconds=30))
    assert prepare(claim_all(5)) == []
    waiting = Delivery.objects.exclude(last_error="")
    assert waiting.count() == 5
    assert set(waiting.values_list("state", "attempt_count", "first_sent_at", "last_error")) == {
        ("pending", 0, None, "The sign-in is being renewed. It is sent then.")
    }
    assert wait_of(waiting[0]) == 1
    assert claim_all() == []  # the rest of the backlog does not try one after the other


def test_nor_is_it_when_the_token_would_run_out_on_the_way(place: Workspace, vendor: Strict) -> None:
    make_backlog(signed_in(place, vendor, left=29), 1)
    assert drained() == 1
    assert (vendor.renewals, len(vendor.posted)) == (1, 1)


def test_normally_nobody_waits(living: Tenant, vendor: Strict) -> None:
    due(living.connection)
    make_backlog(living, 3)
    assert drain() == 3
    assert (vendor.renewals, sum(vendor.refused.values())) == (1, 0)


def test_while_the_provider_has_trouble_nothing_fails(tenant: Tenant, vendor: Strict) -> None:
    vendor.trouble = "internal_error"
    make_backlog(tenant, 2)
    assert drained() == 0
    words = "The sign-in is being renewed. It is sent then. Slack could not renew the permission and said:"
    assert told() == {("pending", 0, f"{words} internal_error.")}
    assert fresh(tenant.connection).active
    vendor.trouble = ""
    due(tenant.connection)
    assert drained() == 2


def test_a_no_for_good_holds_the_backlog_until_somebody_has_signed_in(tenant: Tenant, vendor: Strict) -> None:
    vendor.revoked = True
    make_backlog(tenant, 5)
    assert drained() == 0
    row = fresh(tenant.connection)
    assert (row.active, row.inactive_reason) == (False, Inactive.REAUTHORIZATION_REQUIRED)
    assert (vendor.renewals, set(Delivery.objects.values_list("state", flat=True))) == (1, {"held"})
    vendor.sign_in()
    ends = str(int(now().timestamp()) + vendor.life)
    pair = {"bot_token": vendor.access, "refresh_token": vendor.refresh, "expires_at": ends}
    credentials.store(row, pair, now=now())
    row.active, row.inactive_reason = True, ""
    row.save()
    holding.release()
    assert drained() == 5
    assert len(vendor.posted) == 5


def test_what_does_not_run_out_asks_nothing_more_of_the_database(
    living: Tenant, django_assert_max_num_queries: Any
) -> None:
    make_backlog(living, 5)
    claims = claim_all()
    with django_assert_max_num_queries(4):  # as many as for a connection that never had a token
        assert len(prepare(claims)) == 5


# --------------------------------------------------------------------------- when the destination says so


def test_a_token_that_was_ended_there_is_renewed_and_the_message_sent_again(living: Tenant, vendor: Strict) -> None:
    vendor.end()
    make_backlog(living, 1)
    assert drained() == 2
    assert (vendor.renewals, vendor.refused, len(vendor.posted)) == (1, {"token_expired": 1}, 1)
    assert fresh(living.connection).active
    assert told() == {("delivered", 2, "")}


def ended(outcome: Outcome = REFUSED, **parts: Any) -> list[Sent]:
    return [Sent(claim, outcome, started_at=claim.claimed_at, **parts) for claim in claim_all()]


def is_over(tenant: Tenant) -> bool:
    until = fresh(tenant.connection).token_until
    assert until is not None
    return until <= now()


def test_a_refused_token_is_taken_for_dead_and_the_delivery_comes_again_soon(living: Tenant) -> None:
    make_backlog(living, 3, attempt_count=5)
    record(ended(token_fence=fresh(living.connection).token_fence))
    assert is_over(living)
    assert {wait_of(delivery) for delivery in Delivery.objects.all()} == {refusing.AGAIN_SECONDS}
    assert fresh(living.connection).active


def test_a_refusal_of_the_token_before_says_nothing_about_this_one(living: Tenant) -> None:
    make_backlog(living, 1, attempt_count=5)
    record(ended(token_fence=fresh(living.connection).token_fence - 1))
    assert not is_over(living)
    assert wait_of(Delivery.objects.get()) == refusing.AGAIN_SECONDS


def test_an_attempt_from_within_the_renewal_says_nothing_about_the_new_token(living: Tenant, vendor: Strict) -> None:
    due(living.connection)
    [renewal] = renewing.claim(1)
    make_backlog(living, 1, attempt_count=5)
    results = ended(token_fence=fresh(living.connection).token_fence)
    assert renewing.keep(renewal, renewing.ask(renewal))
    record(results)
    assert not is_over(living)
    assert wait_of(Delivery.objects.get()) == refusing.AGAIN_SECONDS


def test_a_token_that_is_refused_as_soon_as_it_is_there_is_not_exchanged_again_and_again(living: Tenant) -> None:
    Connection.objects.filter(id=living.connection.id).update(token_at=now() - timedelta(seconds=30))
    make_backlog(living, 1)
    record(ended(token_fence=fresh(living.connection).token_fence))
    assert not is_over(living)
    assert 5 <= wait_of(Delivery.objects.get()) <= 5.5


def test_a_vendor_that_refuses_every_token_comes_to_an_end(
    living: Tenant, vendor: Strict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor, "post", lambda token, body: {"ok": False, "error": "token_expired"})
    make_backlog(living, 1)
    for seconds in (3, 3, 33 * 3_600) * 10:
        drain()
        pass_time(seconds)
        Connection.objects.update(token_at=F("token_at") - timedelta(seconds=seconds))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt_count, vendor.renewals) == ("failed", 10, 5)


def test_not_even_when_each_attempt_comes_long_after_the_renewal(living: Tenant) -> None:
    make_backlog(living, 1, attempt_count=refusing.ATTEMPTS_MOST)
    record(ended(token_fence=fresh(living.connection).token_fence))
    assert Delivery.objects.get().state == "failed"


def test_a_lease_on_the_renewal_outlives_a_refusal(living: Tenant, vendor: Strict) -> None:
    row = living.connection
    Connection.objects.filter(id=row.id).update(renew_at=now(), renewing_until=now() + timedelta(seconds=30))
    make_backlog(living, 1)
    record(ended(token_fence=fresh(row).token_fence))
    drain()
    assert (vendor.renewals, is_over(living)) == (0, True)


def test_what_cannot_be_renewed_is_switched_off_and_held(place: Workspace, vendor: Strict) -> None:
    tenant = signed_in(place, vendor, left=600, secrets={"bot_token": vendor.access})
    vendor.end()
    make_backlog(tenant, 2)
    drained()
    row = fresh(tenant.connection)
    assert (row.active, row.inactive_reason) == (False, Inactive.REAUTHORIZATION_REQUIRED)
    assert (vendor.renewals, set(Delivery.objects.values_list("state", flat=True))) == (0, {"held"})


def test_a_deleted_connections_refusal_changes_nothing(living: Tenant) -> None:
    make_backlog(living, 1)
    results = ended(token_fence=1)
    living.connection.delete()
    record(results)
    assert Delivery.objects.get().state == "retrying"


# --------------------------------------------------------------------------- worker processes


def settings_for(vendor: Strict) -> dict[str, str]:
    return {"SIMULATED_HOSTS": f"slack.com={vendor.target}", "CONNECTION_PARALLEL": "100"}


def count(state: str) -> int:
    return Delivery.objects.filter(state=state).count()


@pytest.mark.django_db(transaction=True)
def test_fifty_deliveries_two_workers_and_a_slow_strict_vendor_make_one_renewal(place: Workspace) -> None:
    """Twelve seconds are longer than the locks of many who fence this in Redis."""
    with strict(slowly=12.0) as vendor:
        tenant = signed_in(place, vendor, left=0)
        with workers(2, **settings_for(vendor)):
            make_backlog(tenant, 50)
            assert vendor.asked.wait(20)
            for _ in range(4):
                until(lambda: count("delivered") == 50)
        assert (vendor.renewals, vendor.refused, vendor.revoked) == (1, {}, False)
        assert (len(vendor.posted), told()) == (50, {("delivered", 1, "")})
        assert Attempt.objects.filter(delivery_id__in=Delivery.objects.values("id")).count() == 50
        row = fresh(tenant.connection)
        assert (row.active, row.unseal_values("credentials")["refresh_token"]) == (True, vendor.refresh)


@pytest.mark.django_db(transaction=True)
def test_a_disconnect_while_the_vendor_takes_its_time_leaves_no_token_alive(place: Workspace, permit: Permit) -> None:
    with strict(slowly=20.0) as vendor:
        permit(vendor.target, simulated={"slack.com": vendor.target})
        tenant = signed_in(place, vendor, left=0)
        with workers(1, **settings_for(vendor)):
            make_backlog(tenant, 1)
            assert vendor.asked.wait(20)
            parting.part(tenant.connection, forced=True, actor="ann")
            assert vendor.given_back == ["xoxe.xoxb-access-1"]
            vendor.over.set()
            until(lambda: len(vendor.given_back) == 2)
        assert (vendor.given_back[1], vendor.alive) == ("xoxe.xoxb-access-2", set())
        assert not Connection.objects.filter(id=tenant.connection.id).exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_after_the_vendor_rotated_loses_no_delivery(place: Workspace) -> None:
    with strict(slowly=10.0) as vendor:
        tenant = signed_in(place, vendor, left=0)
        make_backlog(tenant, 5)
        with workers(1, **settings_for(vendor)) as [first]:
            assert vendor.asked.wait(20)
            first.kill()
        Connection.objects.update(renewing_until=F("renewing_until") - timedelta(seconds=LEASE_SECONDS))
        with workers(1, **settings_for(vendor)):
            until(lambda: count("held") == 5)
        row = fresh(tenant.connection)
        assert (row.active, row.inactive_reason) == (False, Inactive.REAUTHORIZATION_REQUIRED)
        assert (vendor.renewals, vendor.posted, told()) == (
            2,
            [],
            {("held", 0, "The sign-in is being renewed. It is sent then.")},
        )
