"""The Salesforce simulator: consent, codes with PKCE, and tokens at the hosts that they are for."""

from __future__ import annotations

import pytest
import requests

from sandbox.salesforce.orgs import ORGS
from tests.sandbox.running import Running
from tests.sandbox.salesforce.calling import (
    ASKED,
    PRODUCTION,
    SANDBOX,
    App,
    code_for,
    decide,
    exchange,
    refresh,
    signed_in,
    token,
)

ORGANIZATION = "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName FROM Organization LIMIT 1"


def test_the_consent_page_says_who_asks_for_what(sandbox: Running) -> None:
    page = requests.get(f"{sandbox.of('salesforce')}/services/oauth2/authorize", ASKED, timeout=5)
    said = ("Jackfield asks", "Manage user data via APIs", "Perform requests at any time", "test.salesforce.com")
    assert all(words in page.text for words in (*said, *(org.domain for org in ORGS)))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"client_id": "x"}, {"response_type": "token"}, {"redirect_uri": "javascript:x"}, {"scope": ""}),
        *({"scope": "api everything"}, {"code_challenge": ""}, {"code_challenge_method": "plain"}),
    ],
    ids=str,
)
def test_the_consent_page_refuses_without_redirecting(sandbox: Running, wrong: dict[str, str]) -> None:
    url = f"{sandbox.of('salesforce')}/services/oauth2/authorize"
    shown = requests.get(url, {**ASKED, **wrong}, timeout=5)
    assert (shown.status_code, decide(sandbox, **wrong).status_code) == (400, 400)


def test_denying_leads_back_with_access_denied(sandbox: Running) -> None:
    assert "error=access_denied" in decide(sandbox, decision="deny").headers["Location"]


def test_a_code_becomes_a_token_that_does_not_say_when_it_ends(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox)).json()
    assert granted["instance_url"] == "https://casterly-rock.my.salesforce.com"
    assert granted["id"].startswith(f"https://login.salesforce.com/id/{PRODUCTION.id}/")
    assert "expires_in" not in granted
    (row,) = App(sandbox, granted["access_token"]).query(ORGANIZATION)["records"]
    assert (row["Id"], row["IsSandbox"]) == (PRODUCTION.id, False)


def test_a_code_is_good_once_with_its_verifier_and_its_address(sandbox: Running) -> None:
    for wrong in ({"code_verifier": "w" * 64}, {"code_verifier": ""}, {"redirect_uri": "http://app.test/other"}):
        assert exchange(sandbox, code_for(sandbox), **wrong).status_code == 400
    code = code_for(sandbox)
    assert [exchange(sandbox, code).status_code for _ in "12"] == [200, 400]


@pytest.mark.parametrize("wrong", [{"client_id": "x"}, {"client_secret": "x"}, {"grant_type": "password"}], ids=str)
def test_a_stranger_gets_no_token(sandbox: Running, wrong: dict[str, str]) -> None:
    assert exchange(sandbox, code_for(sandbox), **wrong).status_code == 400


@pytest.mark.parametrize(
    ("host", "production", "in_sandbox"),
    [
        ("login.salesforce.com", 200, 400),
        ("test.salesforce.com", 400, 200),
        ("casterly-rock.my.salesforce.com", 200, 400),
        ("casterly-rock--uat.sandbox.my.salesforce.com", 400, 200),
        ("springfield.my.salesforce.com", 400, 400),
    ],
)
def test_each_org_is_signed_in_to_at_its_own_hosts(
    sandbox: Running, host: str, production: int, in_sandbox: int
) -> None:
    for org, status in ((PRODUCTION, production), (SANDBOX, in_sandbox)):
        assert exchange(sandbox, code_for(sandbox, org=org.id), host=host).status_code == status


def test_a_token_opens_its_own_org_only(sandbox: Running) -> None:
    app = signed_in(sandbox)
    for host, status in ((PRODUCTION.host, 200), (SANDBOX.host, 401), ("springfield.my.salesforce.com", 401)):
        assert app.call("GET", "/limits", host=host).status_code == status
    refused = App(sandbox, "stolen").call("GET", "/limits")
    assert refused.json()[0]["errorCode"] == "INVALID_SESSION_ID"


def test_a_session_ends_and_is_renewed(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox)).json()
    requests.delete(f"{sandbox.of('salesforce')}/_sandbox/access-tokens", timeout=5)
    assert App(sandbox, granted["access_token"]).call("GET", "/limits").status_code == 401
    fresh = refresh(sandbox, granted["refresh_token"], host="login.salesforce.com").json()
    assert "refresh_token" not in fresh
    assert App(sandbox, fresh["access_token"]).call("GET", "/limits").status_code == 200


def test_with_rotation_a_refresh_token_is_good_once_and_a_second_use_ends_it_all(sandbox: Running) -> None:
    sandbox.dial(sandbox.of("salesforce"), fault="rotation")
    first = exchange(sandbox, code_for(sandbox)).json()["refresh_token"]
    second = refresh(sandbox, first).json()["refresh_token"]
    assert second != first
    assert refresh(sandbox, first).json()["error"] == "invalid_grant"
    assert refresh(sandbox, second).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("fault", ["invalid_grant", "inactive_user", "inactive_org"])
def test_a_renewal_can_be_told_to_fail_and_a_sign_in_goes_on(sandbox: Running, fault: str) -> None:
    granted = exchange(sandbox, code_for(sandbox)).json()
    sandbox.dial(sandbox.of("salesforce"), fault=fault)
    assert refresh(sandbox, granted["refresh_token"]).json()["error"] == fault
    assert exchange(sandbox, code_for(sandbox)).status_code == 200


def test_what_is_given_back_is_good_no_more(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox)).json()
    url = f"{sandbox.of('salesforce')}/services/oauth2/revoke"
    assert requests.post(url, {"token": granted["refresh_token"]}, timeout=5).status_code == 200
    assert refresh(sandbox, granted["refresh_token"]).status_code == 400
    assert token(sandbox, grant_type="refresh_token").status_code == 400


def test_the_calls_are_kept_with_the_host_that_they_were_for(sandbox: Running) -> None:
    exchange(sandbox, code_for(sandbox), host="login.salesforce.com")
    calls = requests.get(f"{sandbox.of('salesforce')}/_sandbox/calls", timeout=5).json()
    assert calls == [{"host": "login.salesforce.com", "method": "POST", "path": "/services/oauth2/token"}]
