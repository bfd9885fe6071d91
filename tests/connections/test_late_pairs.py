"""A pair that is renewed while its connection is being disconnected is given back to its provider, and never stored."""

from __future__ import annotations

from threading import Event
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connections import credentials, http, late_pairs, oauth, renewing
from connections.connecting import parting
from connections.models import Connection
from connections.provider import Answer, Failure, Reply, Request, Trouble
from connections.renewals import Renewals
from tests.tokens import HUBSPOT_NEW, REFRESH, due, expiring, fresh, now, says
from tests.world import ACTOR, Vendor, make_app

pytestmark = pytest.mark.django_db
PAIR = {**HUBSPOT_NEW, "refresh_token": "refresh-canary-2"}


class Slow:
    """A provider that takes its time over a renewal, and notes what it is given back."""

    def __init__(self) -> None:
        self.asked, self.may_answer = Event(), Event()
        self.renewed = says(PAIR)
        self.revoked: list[str] = []
        self.answer: Reply = Answer(status=200)

    def send(self, request: Request, **_: object) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        if "grant_type" in form:
            self.asked.set()
            assert self.may_answer.wait(10)
            return self.renewed
        self.revoked.append(form.get("token") or request.headers["Authorization"])
        return self.answer


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(http, "send", slow.send)
    return slow


@pytest.fixture
def hubspot(acme: Vendor) -> Connection:
    make_app(acme.organization, "hubspot")
    return due(expiring(acme.workspace))


def begun(provider: Slow) -> Renewals:
    """Somebody is asking the provider."""
    renewals = Renewals()
    assert renewals.begin() == 1
    assert provider.asked.wait(10)
    return renewals


def ended(renewals: Renewals, provider: Slow) -> None:
    """It answers, and everything is done that follows."""
    provider.may_answer.set()
    while under_way := list(renewals.under_way):
        for future in under_way:
            future.result(10)
        renewals.keep()


def test_a_pair_that_comes_after_the_disconnect_is_given_back_at_once(hubspot: Connection, provider: Slow) -> None:
    renewals = begun(provider)
    parting.part(hubspot, forced=True, actor=ACTOR)
    ended(renewals, provider)
    assert provider.revoked == [REFRESH, "refresh-canary-2"]
    assert not Connection.objects.filter(id=hubspot.id).exists()


def test_slack_is_told_by_its_new_bot_token(acme: Vendor, provider: Slow) -> None:
    slack = due(expiring(acme.workspace, "slack"))
    provider.renewed = says({"ok": True, "access_token": "xoxe-2", "refresh_token": "r2", "expires_in": 43_200})
    renewals = begun(provider)
    parting.part(slack, forced=True, actor=ACTOR)
    ended(renewals, provider)
    assert provider.revoked[-1] == "Bearer xoxe-2"


def test_a_pair_that_is_stored_while_somebody_disconnects_is_the_one_that_is_given_back(
    hubspot: Connection, provider: Slow
) -> None:
    """Whoever disconnects has read the row before the renewal was stored."""
    read_before = fresh(hubspot)
    ended(begun(provider), provider)
    parting.part(read_before, forced=True, actor=ACTOR)
    assert provider.revoked == ["refresh-canary-2"]


def test_nothing_waits_with_the_provider_but_a_thread(
    hubspot: Connection, provider: Slow, django_assert_num_queries: Any
) -> None:
    [renewal] = renewing.claim(1)
    with django_assert_num_queries(0):
        late_pairs.give_back(renewal, {"refresh_token": "refresh-canary-2"})
    assert provider.revoked == ["refresh-canary-2"]


def test_a_pair_that_is_stored_or_came_after_a_sign_in_is_not_given_back(hubspot: Connection, provider: Slow) -> None:
    """After a sign-in it may be the very token that is in use: vendors have one for an app in an account."""
    ended(begun(provider), provider)
    due(hubspot)
    Connection.objects.filter(id=hubspot.id).update(settings={})  # so that nothing tells whose account it was
    provider.asked.clear()
    provider.may_answer.clear()
    renewals = begun(provider)
    row = fresh(hubspot)
    credentials.store(row, {"access_token": "a", "refresh_token": "signed-in"}, now=now())
    row.save()
    ended(renewals, provider)
    assert provider.revoked == []
    assert fresh(hubspot).unseal_values("credentials")["refresh_token"] == "signed-in"


def test_a_token_that_is_in_use_elsewhere_is_not_given_back(acme: Vendor, hubspot: Connection, provider: Slow) -> None:
    renewals = begun(provider)
    make_app(acme.organization, "hubspot", "staging", client_id="Acme-hubspot-client")
    expiring(acme.staging)
    parting.part(hubspot, forced=True, actor=ACTOR)
    ended(renewals, provider)
    assert provider.revoked == []


def test_a_refusal_leaves_nothing_to_give_back(hubspot: Connection, provider: Slow) -> None:
    provider.renewed = says({"error": "invalid_grant"}, 400)
    renewals = begun(provider)
    parting.part(hubspot, forced=True, actor=ACTOR)
    ended(renewals, provider)
    assert provider.revoked == [REFRESH]


def test_a_provider_that_does_not_answer_stops_nobody(hubspot: Connection, provider: Slow) -> None:
    provider.answer = Failure(Trouble.TIMEOUT)
    renewals = begun(provider)
    parting.part(hubspot, forced=True, actor=ACTOR)
    ended(renewals, provider)
    assert provider.revoked[-1] == "refresh-canary-2"


def test_nor_does_a_providers_own_fault(
    hubspot: Connection, provider: Slow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    renewals = begun(provider)
    parting.part(hubspot, forced=True, actor=ACTOR)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("refresh-canary-2")

    monkeypatch.setattr(oauth, "revoke", broken)
    ended(renewals, provider)
    assert "refresh-canary-2" not in caplog.text


def test_secrets_that_cannot_be_opened_keep_nobody_from_disconnecting(hubspot: Connection, provider: Slow) -> None:
    Connection.objects.filter(id=hubspot.id).update(credentials=b"\x01gibberish")
    parting.part(fresh(hubspot), forced=True, actor=ACTOR)
    assert not Connection.objects.filter(id=hubspot.id).exists()
    assert provider.revoked == []
