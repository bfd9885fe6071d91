"""Access tokens are renewed ahead of their end, each once, and whatever the provider answers has its consequence."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import OperationalError, connections
from django.db import connection as database
from django.db.models import F, QuerySet

from connections import credentials, http, oauth, renewing, settling
from connections.models import Connection, ProviderApp
from connections.opening import credentials_of
from connections.provider import Answer, Failure, Inactive, Reply, Trouble, Unread
from connections.renewals import Renewals
from connections.renewing import LEASE_SECONDS, ask, claim, keep
from connections.switching import switch
from tests.connections.signing_in import SLACK_TOKEN, begin, browser, sign_in
from tests.tokens import ACCESS, HUBSPOT_NEW, REFRESH, Endpoint, due, expiring, fresh, now, says
from tests.world import ACTOR, Vendor, make_app
from workspaces import audit
from workspaces.ids import uuid7
from workspaces.models import AuditEntry
from workspaces.trail import trail

pytestmark = pytest.mark.django_db
NEW = {"access_token": "access-canary-2", "refresh_token": REFRESH}


@pytest.fixture
def hubspot(acme: Vendor) -> Connection:
    """Acme's HubSpot, whose turn it is."""
    make_app(acme.organization, "hubspot")
    return due(expiring(acme.workspace))


def answered(monkeypatch: pytest.MonkeyPatch, *replies: Reply) -> Endpoint:
    endpoint = Endpoint(*replies)
    monkeypatch.setattr(http, "send", endpoint.send)
    return endpoint


def renew() -> int:
    """One sweep, in this thread. Returns how many were claimed."""
    claimed = claim(100)
    for renewal in claimed:
        keep(renewal, ask(renewal))
    return len(claimed)


def secrets_of(row: Connection) -> dict[str, str]:
    return {key: value for key, value in fresh(row).unseal_values("credentials").items() if key != "expires_at"}


def wait_of(row: Connection) -> int:
    """Seconds until it is asked for again."""
    at = fresh(row).renew_at
    assert at is not None
    return round((at - now()).total_seconds())


# --------------------------------------------------------------------------- when


def test_a_token_is_renewed_well_ahead_of_its_end_and_each_connection_has_its_own_moment(acme: Vendor) -> None:
    ahead = set()
    for _ in range(50):
        row = expiring(acme.workspace, left=1_800)
        assert row.token_at is not None
        assert row.renew_at is not None
        assert row.token_until is not None
        assert row.token_until - row.token_at > timedelta(seconds=1_769 - 1)
        wait = (row.renew_at - row.token_at).total_seconds()
        assert 900 - 1 <= wait <= 1_350
        ahead.add(round(wait / 10))
    assert len(ahead) > 20


def test_the_moment_is_derived_and_not_drawn_again() -> None:
    id, at = uuid7(), datetime(2026, 1, 1, tzinfo=UTC)
    told = {"refresh_token": "r", "expires_at": str(int((at + timedelta(hours=12)).timestamp()))}
    assert credentials.term(id, told, now=at) == credentials.term(id, told, now=at)
    ahead = at + timedelta(hours=12) - credentials.term(id, told, now=at)["renew_at"]
    assert timedelta(hours=2) <= ahead <= timedelta(hours=4)


def test_even_a_token_of_seconds_may_be_used_for_half_of_them(acme: Vendor) -> None:
    row = expiring(acme.workspace, left=20, life=20)
    assert row.token_until is not None
    assert row.token_at is not None
    assert 9 <= (row.token_until - row.token_at).total_seconds() <= 10


@pytest.mark.parametrize("told", [{}, {"expires_at": ""}, {"expires_at": "soon"}, {"expires_at": "9" * 30}])
def test_what_does_not_run_out_is_never_due(told: dict[str, str]) -> None:
    term = credentials.term(uuid7(), {"refresh_token": "r", **told}, now=now())
    assert (term["token_until"], term["renew_at"]) == (None, None)


def test_what_is_not_due_is_left_alone(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = answered(monkeypatch, says(HUBSPOT_NEW))
    expiring(acme.workspace, left=1_800)
    due(expiring(acme.workspace, active=False))
    assert (renew(), endpoint.requests) == (0, [])


# --------------------------------------------------------------------------- how


def test_a_new_pair_takes_the_place_of_the_old(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = answered(monkeypatch, says({**HUBSPOT_NEW, "refresh_token": "refresh-canary-2"}))
    assert renew() == 1
    [request] = endpoint.requests
    form = dict(parse_qsl(request.body.decode()))
    assert (request.url, form["grant_type"]) == ("https://api.hubapi.com/oauth/2026-03/token", "refresh_token")
    assert (form["refresh_token"], form["client_id"]) == (REFRESH, "Acme-hubspot-client")
    assert REFRESH in request.secrets
    assert secrets_of(hubspot) == {**NEW, "refresh_token": "refresh-canary-2"}
    row = fresh(hubspot)
    assert row.token_until is not None
    assert 1_600 < (row.token_until - now()).total_seconds() <= 1_770
    assert (row.renewing_until, row.renew_failures, row.renew_trouble) == (None, 0, "")
    assert row.updated_at > hubspot.updated_at
    assert renew() == 0


def test_a_refresh_token_that_does_not_rotate_stays(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, says({"access_token": "access-canary-2", "expires_in": "1800"}))
    renew()
    assert secrets_of(hubspot) == NEW


def test_slack_keeps_its_bot_token_under_its_own_name(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    slack = due(expiring(acme.workspace, "slack"))
    answered(monkeypatch, says({**SLACK_TOKEN, "refresh_token": "xoxe-1-new", "expires_in": 43_200}))
    renew()
    assert secrets_of(slack) == {"bot_token": "xoxb-acme-canary-1", "refresh_token": "xoxe-1-new"}


def test_each_environment_renews_through_its_own_app(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = answered(monkeypatch, says(HUBSPOT_NEW))
    make_app(acme.organization, "hubspot", "staging", client_id="staging-app")
    due(expiring(acme.staging))
    renew()
    assert b"client_id=staging-app" in endpoint.requests[0].body


def test_no_lock_and_no_transaction_waits_with_the_provider(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    answered(monkeypatch, says(HUBSPOT_NEW))
    [renewal] = claim(1)
    with django_assert_num_queries(0):
        ask(renewal)


def test_the_process_asks_in_threads_and_keeps_what_has_come_back(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, says(HUBSPOT_NEW))
    at = Renewals()
    assert at.begin() == 1
    assert at.begin() == 0
    for future in at.under_way:
        future.result(5)
    at.keep()
    assert (list(at.under_way), secrets_of(hubspot)) == ([], NEW)


# --------------------------------------------------------------------------- once


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_one_gets_it(acme: Vendor) -> None:
    make_app(acme.organization, "hubspot")
    rows = [due(expiring(acme.workspace)) for _ in range(20)]
    start, got = Barrier(8), list[str]()

    def work() -> None:
        start.wait()
        try:
            for _ in range(10):
                got.extend(str(renewal.connection.id) for renewal in claim(3))
        finally:
            connections.close_all()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(str(row.id) for row in rows)


def test_who_has_claimed_may_take_as_long_as_the_provider_may(hubspot: Connection) -> None:
    assert LEASE_SECONDS > renewing.ASK_WITHIN + oauth.SECONDS + 10
    claim(1)
    _pass(LEASE_SECONDS - 10)
    assert claim(1) == []


def test_a_worker_that_died_before_it_asked_costs_the_lease(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, says(HUBSPOT_NEW))
    claim(1)
    _pass(LEASE_SECONDS)
    assert renew() == 1
    assert (secrets_of(hubspot), fresh(hubspot).active) == (NEW, True)


def test_a_worker_that_died_after_the_provider_rotated_costs_the_permission_and_no_loop(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = answered(
        monkeypatch, says({**HUBSPOT_NEW, "refresh_token": "lost"}), says({"error": "invalid_grant"}, 400)
    )
    ask(claim(1)[0])
    _pass(LEASE_SECONDS)
    assert renew() == 1
    assert _off(hubspot) == (False, Inactive.REAUTHORIZATION_REQUIRED)
    _pass(10_000)
    assert (renew(), len(endpoint.requests)) == (0, 2)


def test_who_waited_for_too_long_does_not_ask_any_more(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = answered(monkeypatch, says(HUBSPOT_NEW))
    [renewal] = claim(1)
    began = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: began() + renewing.ASK_WITHIN + 1)
    assert keep(renewal, ask(renewal))
    assert (endpoint.requests, secrets_of(hubspot)["access_token"]) == ([], ACCESS)


def test_who_comes_back_after_the_lease_and_anothers_renewal_changes_nothing(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, says(HUBSPOT_NEW))
    [late] = claim(1)
    _pass(LEASE_SECONDS)
    renew()
    assert not keep(late, {"access_token": "late", "refresh_token": "late"})
    assert secrets_of(hubspot) == NEW


@pytest.mark.parametrize("found", [{"access_token": "late"}, renewing._NO_WAY], ids=["renewed", "refused"])
def test_a_sign_in_meanwhile_is_the_last_word(acme: Vendor, monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    slack = due(expiring(acme.workspace, "slack"))
    [late] = claim(1)
    answered(monkeypatch, says(SLACK_TOKEN))
    sign_in(browser(), begin(acme.workspace, connection=slack))
    assert not keep(late, found)
    row = fresh(slack)
    assert (secrets_of(slack), row.active) == ({"bot_token": "xoxb-acme-canary-1"}, True)
    assert (row.token_until, row.renew_at, row.renewing_until) == (None, None, None)


def test_a_sign_in_between_the_claim_and_its_reading_leaves_nothing_to_renew(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Connection.objects.select_related

    def meanwhile(*names: str) -> QuerySet[Connection]:
        Connection.objects.filter(id=hubspot.id).update(token_fence=F("token_fence") + 1)
        return read(*names)

    monkeypatch.setattr(Connection.objects, "select_related", meanwhile)
    assert claim(1) == []


def test_a_connection_that_was_deleted_meanwhile_stays_deleted(hubspot: Connection) -> None:
    [late] = claim(1)
    settling.unplug(hubspot, forced=True, actor=ACTOR)
    assert not keep(late, dict(NEW))
    assert not Connection.objects.filter(id=hubspot.id).exists()


def test_one_that_was_switched_off_by_hand_meanwhile_gets_its_pair_and_keeps_its_reason(hubspot: Connection) -> None:
    [renewal] = claim(1)
    switch(hubspot, active=False, actor=ACTOR)
    assert keep(renewal, dict(NEW))
    assert secrets_of(hubspot) == NEW
    Connection.objects.filter(id=hubspot.id).update(active=True, renew_at=now())
    [renewal] = claim(1)
    switch(hubspot, active=False, actor=ACTOR)
    assert not keep(renewal, renewing._NO_WAY)
    assert _off(hubspot) == (False, Inactive.MANUALLY_INACTIVATED)


def test_a_new_pair_outlives_a_database_that_is_away(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    [renewal] = claim(1)
    monkeypatch.setattr(renewing, "KEEP_PAUSE", 0)
    monkeypatch.setattr(database, "close", lambda: None)
    update, away = QuerySet.update, iter([True, True, False])

    def now_and_then(rows: QuerySet[Connection], **changes: Any) -> int:
        if next(away):
            raise OperationalError("away")
        return update(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", now_and_then)
    assert keep(renewal, dict(NEW))
    monkeypatch.undo()
    assert secrets_of(hubspot) == NEW


# --------------------------------------------------------------------------- what the provider answers

LATER: dict[str, Reply] = {
    "429": says({"message": "rate", "access_token": "not-a-token", "refresh_token": "r"}, 429),
    "500": Answer(status=500, body=b"<html>oops</html>"),
    "503 with a token": says(HUBSPOT_NEW, 503),
    "html": Answer(status=200, body=b"<html>maintenance</html>"),
    "redirect": Answer(status=302),
    "empty": Answer(status=200),
    "cut off": Answer(status=200, body=b'{"access_token":"a', truncated=True),
    "no token": says({"expires_in": 1_800}),
    "a number": says({"access_token": 7}),
    "timeout": Failure(Trouble.TIMEOUT),
    "reset": Failure(Trouble.RESET),
    "slack's own fault": says({"ok": False, "error": "internal_error"}),
    "unavailable": says({"error": "temporarily_unavailable"}, 400),
}


@pytest.mark.parametrize("name", LATER)
def test_what_passes_is_asked_for_again_and_nothing_of_the_old_pair_is_lost(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    answered(monkeypatch, LATER[name], says(HUBSPOT_NEW))
    assert renew() == 1
    row = fresh(hubspot)
    assert (row.active, row.renew_failures, secrets_of(hubspot)["access_token"]) == (True, 1, ACCESS)
    assert row.token_until == hubspot.token_until
    assert row.renew_trouble.startswith("HubSpot ")
    assert wait_of(hubspot) == 5
    assert renew() == 0
    _pass(6)
    assert renew() == 1
    assert (secrets_of(hubspot), fresh(hubspot).renew_failures) == (NEW, 0)


def test_it_is_asked_for_later_and_later(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, Answer(status=500))
    waits = []
    for _ in range(10):
        assert renew() == 1
        waits.append(wait_of(hubspot))
        _pass(waits[-1] + 1)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_a_provider_may_say_when(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, says({}, 429, **{"retry-after": "77"}), says({}, 429, **{"retry-after": "999999"}))
    renew()
    assert wait_of(hubspot) == 77
    due(hubspot)
    renew()
    assert wait_of(hubspot) == 3_600


GONE: dict[str, tuple[Any, int, Inactive]] = {
    "rfc": ({"error": "invalid_grant"}, 400, Inactive.REAUTHORIZATION_REQUIRED),
    "hubspot of old": ({"status": "BAD_REFRESH_TOKEN"}, 400, Inactive.REAUTHORIZATION_REQUIRED),
    "slack": ({"ok": False, "error": "invalid_refresh_token"}, 200, Inactive.REAUTHORIZATION_REQUIRED),
    "slack, removed": ({"ok": False, "error": "token_revoked"}, 200, Inactive.AUTHORIZATION_REVOKED),
    "slack, closed": ({"ok": False, "error": "account_inactive"}, 200, Inactive.AUTHORIZATION_REVOKED),
    "salesforce": ({"error": "inactive_user"}, 400, Inactive.AUTHORIZATION_REVOKED),
}


@pytest.mark.parametrize("name", GONE)
def test_a_no_for_good_switches_it_off_with_its_reason(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    body, status, reason = GONE[name]
    endpoint = answered(monkeypatch, says(body, status))
    renew()
    assert _off(hubspot) == (False, reason)
    assert (renew(), len(endpoint.requests)) == (0, 1)


def test_the_trail_says_who_switched_it_off(
    hubspot: Connection, globex: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, says({"error": "invalid_grant"}, 400))
    renew()
    [trace] = [one for one in trail(hubspot.workspace_id).traces if "off" in one.words]
    assert (trace.actor, trace.words) == ("Jackfield", "switched Acme hubspot off")
    assert "Acme" not in str([one.words for one in trail(globex.workspace.id).traces])


def test_what_is_not_switched_off_by_it_leaves_no_trace(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come back, somebody else was faster, or it has just been signed in to."""
    answered(monkeypatch, Answer(status=500))
    renew()
    due(hubspot)
    [late] = claim(1)
    Connection.objects.update(token_fence=F("token_fence") + 1)
    keep(late, renewing._NO_WAY)
    assert not AuditEntry.objects.filter(verb="connection.switched_off").exists()


def test_no_connection_is_off_without_a_trace(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are written, or neither is."""
    answered(monkeypatch, says({"error": "invalid_grant"}, 400))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        renew()
    assert fresh(hubspot).active


def test_whoever_switches_it_on_again_without_signing_in_gets_one_try(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = answered(monkeypatch, says({"error": "invalid_grant"}, 400))
    renew()
    switch(hubspot, active=True, actor=ACTOR)
    _pass(1)
    assert (renew(), renew(), len(endpoint.requests)) == (1, 0, 2)
    assert _off(hubspot) == (False, Inactive.REAUTHORIZATION_REQUIRED)


@pytest.mark.parametrize("word", ["invalid_client", "bad_client_secret", "unauthorized_client"])
def test_what_is_wrong_with_our_app_is_the_operators_and_is_asked_for_slowly(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    answered(monkeypatch, says({"error": word}, 401), says(HUBSPOT_NEW))
    renew()
    row = fresh(hubspot)
    assert (row.active, "The operator has to mend this" in row.renew_trouble) == (True, True)
    assert wait_of(hubspot) == 60
    Connection.objects.update(renew_failures=500, renew_at=now())
    answered(monkeypatch, says({"error": word}, 401))
    renew()
    assert (fresh(hubspot).active, wait_of(hubspot)) == (True, 3_600)


def test_an_app_that_was_taken_away_is_the_operators_too(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = answered(monkeypatch, says(HUBSPOT_NEW))
    ProviderApp.objects.filter(provider="hubspot").delete()
    renew()
    assert (endpoint.requests, fresh(hubspot).active) == ([], True)
    assert "its operator has to set it up again" in fresh(hubspot).renew_trouble


def test_a_refusal_that_nobody_knows_is_a_no_after_many_tries(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, says({"error": "brand_new_word"}, 400))
    renew()
    assert fresh(hubspot).active
    assert fresh(hubspot).renew_trouble.endswith("said: brand_new_word.")
    Connection.objects.update(renew_failures=renewing.UNKNOWN_MOST, renew_at=now())
    renew()
    assert _off(hubspot) == (False, Inactive.REAUTHORIZATION_REQUIRED)


def test_a_token_that_came_alone_is_used_to_its_end_and_then_signed_in_to_again(
    acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = answered(monkeypatch, says(HUBSPOT_NEW))
    make_app(acme.organization, "hubspot")
    row = expiring(acme.workspace, left=60, secrets={"access_token": ACCESS})
    assert renew() == 0
    _pass(31)
    assert renew() == 1
    assert (endpoint.requests, _off(row)) == ([], (False, Inactive.REAUTHORIZATION_REQUIRED))


def test_secrets_that_cannot_be_opened_are_the_operators(hubspot: Connection) -> None:
    Connection.objects.update(credentials=b"\x01gibberish")
    renew()
    assert (fresh(hubspot).active, "cannot be opened" in fresh(hubspot).renew_trouble) == (True, True)


def test_a_provider_that_this_version_does_not_know_keeps_its_pair(hubspot: Connection) -> None:
    Connection.objects.filter(id=hubspot.id).update(provider="telepathy")
    make_app(ProviderApp.objects.filter(provider="hubspot").get().organization, "telepathy")
    renew()
    assert (fresh(hubspot).active, secrets_of(hubspot)["access_token"]) == (True, ACCESS)
    assert fresh(hubspot).renew_trouble.startswith("A fault of ours")


def test_one_tenants_refusal_is_nothing_to_the_other(
    acme: Vendor, globex: Vendor, hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_app(globex.organization, "hubspot")
    other = due(expiring(globex.workspace))

    def by_client(request: Any, **_: object) -> Reply:
        mine = b"Globex" in request.body
        return says(HUBSPOT_NEW) if mine else says({"error": "invalid_grant"}, 400)

    monkeypatch.setattr(http, "send", by_client)
    assert renew() == 2
    assert (fresh(hubspot).active, fresh(other).active, secrets_of(other)) == (False, True, NEW)


# --------------------------------------------------------------------------- for whoever asks outside of a delivery


def test_a_token_that_has_run_out_is_not_given_to_anybody(acme: Vendor) -> None:
    row = expiring(acme.workspace, left=10)
    found = credentials_of(row)
    assert isinstance(found, Unread)
    assert (found.retry, found.retry_after, found.reason) == (True, 2.0, "The sign-in is being renewed.")


def test_who_has_read_the_row_before_it_was_renewed_gets_the_new_token(
    hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, says(HUBSPOT_NEW))
    read_before = fresh(hubspot)
    renew()
    found = credentials_of(read_before)
    assert isinstance(found, dict)
    assert found["access_token"] == "access-canary-2"


def test_what_does_not_run_out_costs_no_question_more(
    acme: Vendor, django_assert_num_queries: Callable[[int], Any]
) -> None:
    row = fresh(acme.connection)
    with django_assert_num_queries(0):
        assert credentials_of(row) == {}


def test_a_sign_in_plans_the_renewal(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, says({**SLACK_TOKEN, "refresh_token": "xoxe-1-a", "expires_in": 43_200}))
    sign_in(browser(), begin(acme.workspace))
    row = Connection.objects.get(provider="slack")
    assert row.renew_at is not None
    assert 8 * 3_600 - 60 < (row.renew_at - now()).total_seconds() < 10 * 3_600


def _pass(seconds: float) -> None:
    gone = timedelta(seconds=seconds)
    Connection.objects.update(
        renew_at=F("renew_at") - gone, renewing_until=F("renewing_until") - gone, token_until=F("token_until") - gone
    )


def _off(row: Connection) -> tuple[bool, str]:
    found = fresh(row)
    return found.active, found.inactive_reason
