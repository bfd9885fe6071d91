"""The HubSpot simulator: consent, codes, tokens, and what an account says of itself."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.running import Running, started

BACK = "http://app.test/callback?x=1"
ASKED = {"client_id": "hub-app", "scope": "oauth contacts", "redirect_uri": BACK, "state": "s&1"}
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
KEYS = {"client_id": "hub-app", "client_secret": "hush"}


def decide(sandbox: Running, **asked: str) -> requests.Response:
    form = {**ASKED, "account": "11", "decision": "allow", **asked}
    return requests.post(f"{sandbox.hubspot}/oauth/authorize", form, allow_redirects=False, timeout=5)


def code_for(sandbox: Running, **asked: str) -> str:
    return parse_qs(urlsplit(decide(sandbox, **asked).headers["Location"]).query)["code"][0]


def ask(sandbox: Running, end: str = "", **form: str) -> requests.Response:
    return requests.post(f"{sandbox.hubspot}/oauth/2026-03/token{end}", {**KEYS, **form}, timeout=5)


def exchange(sandbox: Running, code: str, **form: str) -> dict[str, Any]:
    told = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **form}
    found: dict[str, Any] = ask(sandbox, **told).json()
    return found


def details(sandbox: Running, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{sandbox.hubspot}/account-info/2026-03/details", headers=headers, timeout=5)


def test_the_consent_page_says_who_asks_for_what(sandbox: Running) -> None:
    page = requests.get(f"{sandbox.hubspot}/oauth/authorize", {**ASKED, "optional_scope": "crm.lists.read"}, timeout=5)
    assert all(words in page.text for words in ("Jackfield asks", "acme.example", "sandbox", "contacts", "See lists"))
    assert "Cross-Origin-Opener-Policy" not in page.headers


@pytest.mark.parametrize(
    "wrong", [{"client_id": "x"}, {"redirect_uri": "javascript:x"}, {"scope": ""}, {"code_challenge": "plain"}], ids=str
)
def test_the_consent_page_refuses_without_redirecting(sandbox: Running, wrong: dict[str, str]) -> None:
    shown = requests.get(f"{sandbox.hubspot}/oauth/authorize", {**ASKED, **wrong}, timeout=5)
    assert (shown.status_code, decide(sandbox, **wrong).status_code) == (400, 400)


def test_cancelling_leads_back_with_access_denied(sandbox: Running) -> None:
    query = parse_qs(urlsplit(decide(sandbox, decision="cancel").headers["Location"]).query)
    assert (query["error"], query["state"], query["x"]) == (["access_denied"], ["s&1"], ["1"])


def test_a_code_becomes_tokens_that_work(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox))
    assert (granted["hub_id"], granted["expires_in"], granted["scopes"]) == (11, 1_800, ["oauth", "contacts"])
    assert details(sandbox, granted["access_token"]).json()["portalId"] == 11
    told = ask(sandbox, "/introspect", token=granted["access_token"]).json()
    assert (told["active"], told["hub_domain"]) == (True, "acme.example")


def test_optional_scopes_are_granted_where_the_account_has_them(sandbox: Running) -> None:
    for account, scopes in (("11", ["oauth", "crm.lists.read"]), ("12", ["oauth"])):
        code = code_for(sandbox, account=account, scope="oauth", optional_scope="crm.lists.read")
        assert exchange(sandbox, code)["scopes"] == scopes


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"code": "made-up"}, "invalid_grant"),
        ({"client_secret": "loud"}, "invalid_client"),
        ({"client_id": "hub-stranger"}, "invalid_grant"),
        ({"redirect_uri": "http://elsewhere.test/"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_an_exchange_is_refused_by_name(sandbox: Running, form: dict[str, str], error: str) -> None:
    assert exchange(sandbox, **{"code": code_for(sandbox), **form})["error"] == error


def test_a_code_works_once(sandbox: Running) -> None:
    code = code_for(sandbox)
    assert "access_token" in exchange(sandbox, code)
    assert exchange(sandbox, code)["error"] == "invalid_grant"


@pytest.mark.parametrize(("verifier", "works"), [(VERIFIER, True), ("w" * 64, False), ("", False)])
def test_a_challenge_is_held_against_its_verifier(sandbox: Running, verifier: str, works: bool) -> None:
    code = code_for(sandbox, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert ("access_token" in exchange(sandbox, code, code_verifier=verifier)) == works


def test_a_refresh_token_stays_and_brings_new_access_tokens(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox))
    again = ask(sandbox, grant_type="refresh_token", refresh_token=granted["refresh_token"]).json()
    assert again["refresh_token"] == granted["refresh_token"]
    assert again["access_token"] != granted["access_token"]


def test_a_revoked_refresh_token_opens_nothing(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox))
    assert ask(sandbox, "/revoke", token=granted["refresh_token"]).status_code == 200
    again = ask(sandbox, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert again.json()["error"] == "invalid_grant"
    assert details(sandbox, granted["access_token"]).status_code == 401


def test_access_tokens_can_be_ended_at_once(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox))
    requests.delete(f"{sandbox.hubspot}/_sandbox/access-tokens", timeout=5)
    assert details(sandbox, granted["access_token"]).json()["category"] == "EXPIRED_AUTHENTICATION"
    assert details(sandbox, "made-up").json()["category"] == "INVALID_AUTHENTICATION"
    assert ask(sandbox, "/introspect", token=granted["access_token"]).json() == {"active": False}


def test_faults_can_be_dialled_for_one_account(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox))
    sandbox.dial(sandbox.hubspot, target="11", fault="429", retry_after=7)
    told = ask(sandbox, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert (told.status_code, told.headers["Retry-After"]) == (429, "7")
    assert "access_token" in exchange(sandbox, code_for(sandbox, account="12"))


def test_the_app_can_be_removed_by_a_dial(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox))
    sandbox.dial(sandbox.hubspot, target="11", fault="invalid_grant", times=1)
    told = ask(sandbox, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert (told.status_code, told.json()["error"]) == (400, "invalid_grant")


def test_both_consent_pages_can_cut_the_window_off(sandbox: Running) -> None:
    slack = {"client_id": "1.2", "scope": "chat:write", "redirect_uri": BACK}
    for simulator, path, asked in (
        (sandbox.hubspot, "/oauth/authorize", ASKED),
        (sandbox.slack, "/oauth/v2/authorize", slack),
    ):
        sandbox.dial(simulator, fault="coop")
        page = requests.get(f"{simulator}{path}", asked, timeout=5)
        assert (page.status_code, page.headers["Cross-Origin-Opener-Policy"]) == (200, "same-origin")


def test_its_page_shows_the_accounts_and_their_kinds(sandbox: Running) -> None:
    page = requests.get(sandbox.hubspot, timeout=5).text
    assert all(words in page for words in ("acme.example", "acme-sandbox.example", "sandbox</span>"))


def test_an_install_outlives_the_process(sandbox: Running, tmp_path: Path) -> None:
    """As it would at HubSpot: the second start of the demo finds its connections as they were."""
    granted = exchange(sandbox, code_for(sandbox))
    with started(tmp_path) as anew:
        assert details(anew, granted["access_token"]).json()["portalId"] == 11
        told = ask(anew, grant_type="refresh_token", refresh_token=granted["refresh_token"]).json()
        assert (told["hub_id"], told["scopes"]) == (11, ["oauth", "contacts"])
        assert details(anew, told["access_token"]).status_code == 200


def test_a_token_that_was_changed_opens_nothing(sandbox: Running) -> None:
    token = exchange(sandbox, code_for(sandbox))["access_token"]
    for changed in (f"na1-{token[2:]}", token[:-4] + "AAAA", token[:-1] + "é", "CI", ""):
        assert details(sandbox, changed).status_code == 401
        refresh = ask(sandbox, grant_type="refresh_token", refresh_token=changed)
        assert refresh.json()["error"] == "invalid_grant"
