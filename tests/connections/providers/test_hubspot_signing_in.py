"""HubSpot: whose account a token opens."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from connections.provider import Account, Answer, Client, Failure, Refusal, Reply, Request, Trouble
from connections.providers.hubspot import PROVIDER
from tests.connections.providers.test_hubspot import ACCESS, REFRESH, says

TOKEN = {"access_token": ACCESS, "refresh_token": REFRESH, "expires_at": 1_800, "scopes": ["oauth", "odd"]}
DETAILS = {"portalId": 62515, "accountType": "SANDBOX", "uiDomain": "app-eu1.hubspot.com"}
TOLD = {"active": True, "hub_id": 62515, "hub_domain": "acme.example"}
CLIENT = Client("the-app", "app-not-a-secret-Hs83")


def identify(*replies: Reply) -> tuple[list[Request], Account | Refusal]:
    course, requests = PROVIDER.identify(TOKEN, CLIENT), []
    step = next(course)
    for reply in replies:
        assert isinstance(step, Request)
        requests.append(step)
        try:
            step = course.send(reply)
        except StopIteration as end:
            return requests, end.value
    raise AssertionError("it asks for more")


def test_the_account_is_known_by_its_number_and_shown_by_its_domain_and_kind() -> None:
    requests, account = identify(says(DETAILS), says(TOLD))
    assert isinstance(account, Account)
    assert (account.id, account.name) == ("62515", "acme.example")
    assert account.settings == {
        "hub_id": "62515",
        "hub_domain": "acme.example",
        "account_type": "sandbox",
        "ui_domain": "app-eu1.hubspot.com",
        "scopes": ["oauth"],
    }
    assert account.credentials == {"access_token": ACCESS, "refresh_token": REFRESH, "expires_at": "1800"}
    assert [request.url for request in requests] == [
        "https://api.hubapi.com/account-info/2026-03/details",
        "https://api.hubapi.com/oauth/2026-03/token/introspect",
    ]


def test_its_secrets_are_named_for_masking_and_never_in_an_address() -> None:
    requests, account = identify(says(DETAILS), says(TOLD))
    assert all(ACCESS in request.secrets and ACCESS not in request.url for request in requests)
    assert CLIENT.secret in requests[1].secrets
    assert parse_qs(requests[1].body.decode())["client_secret"] == [CLIENT.secret]
    assert ACCESS not in repr(account)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("STANDARD", "production"), ("DEVELOPER_TEST", "test"), ("APP_DEVELOPER", "developer"), ("ODD", "unknown")],
)
def test_sandbox_and_production_are_told_apart(word: str, kind: str) -> None:
    _, account = identify(says({**DETAILS, "accountType": word}), says(TOLD))
    assert isinstance(account, Account)
    assert account.settings["account_type"] == kind


@pytest.mark.parametrize(
    "reply",
    [Failure(Trouble.TIMEOUT), says(DETAILS, 401), says([]), says({"portalId": "x"}), Answer(200, body=b"<html>")],
    ids=["no answer", "401", "list", "no number", "html"],
)
def test_an_account_that_does_not_say_who_it_is_is_not_connected(reply: Reply) -> None:
    _, refusal = identify(reply)
    assert isinstance(refusal, Refusal)
    assert "which account" in refusal.reason


@pytest.mark.parametrize("told", [{}, {"hub_domain": "<script>"}, {"hub_domain": 7}], ids=str)
def test_an_account_without_a_fitting_domain_is_called_by_its_number(told: dict[str, Any]) -> None:
    _, account = identify(says(DETAILS), says(told))
    assert isinstance(account, Account)
    assert account.name == "account 62515"
