"""What is asked before a sign-in: the form, what is kept of it, and where it leads. With Salesforce, and its hosts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from connections import http, oauth
from connections.connecting import parting, tickets
from connections.models import Connection, PendingAuthorization
from connections.provider import Client as App
from connections.registry import provider
from tests.connections.providers.test_salesforce_signing_in import HOSTILE_DOMAINS, ROW, TOKEN
from tests.connections.signing_in import Door, browser, come_back, now_of, says, text_of
from tests.portal import enter, visit, words
from tests.world import Vendor, make_app
from workspaces.errors import ApiError

NEW = "/workspace/connections/new/salesforce"
MY_DOMAIN = {"in-host": "my_domain", "in-my_domain": "acme--uat"}
HOST = "acme--uat.sandbox.my.salesforce.com"
Status = PendingAuthorization.Status


@pytest.fixture(autouse=True)
def _app(acme: Vendor, globex: Vendor) -> None:
    for vendor in (acme, globex):
        make_app(vendor.organization, "salesforce")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    found = Door(
        {
            "/services/oauth2/token": says(TOKEN),
            "LIMIT%201": says({"records": [ROW]}),
            "/services/oauth2/revoke": says({}),
        }
    )
    monkeypatch.setattr(http, "send", found.send)
    return found


def ticket_in(page: Any) -> str:
    [ticket] = re.findall(r'href="/oauth/start\?ticket=([\w-]+)"', page.content.decode())
    return str(ticket)


def leave(client: Client, ticket: str, kind: str = "ticket") -> Any:
    """Open the page that asks, and press its button."""
    assert client.get("/oauth/start", {kind: ticket}).status_code == 200
    answer = client.post("/oauth/start", {kind: ticket})
    assert answer.status_code == 302, answer.content
    return urlsplit(answer["Location"])


def sign_in(acme: Vendor, **asked: str) -> Connection:
    client = browser()
    away = leave(client, ticket_in(enter(acme).get(NEW, **asked)))
    ended = come_back(client, "salesforce", state=parse_qs(away.query)["state"][0], code="the-code")
    assert ended.status_code == 200, text_of(ended)
    connection: Connection = Connection.objects.get(provider="salesforce")
    return connection


# --------------------------------------------------------------------------- the form


def test_the_questions_come_first_and_no_ticket_is_made(acme: Vendor) -> None:
    page = visit(acme, NEW)
    assert "Before you sign in" in words(page)
    assert "Sandbox (test.salesforce.com)" in words(page)
    assert "ticket=" not in page.content.decode()
    assert not PendingAuthorization.objects.exists()


def test_a_page_that_was_reloaded_meanwhile_still_notices_how_the_sign_in_ends(
    acme: Vendor, globex: Vendor, door: Door
) -> None:
    client, ann, bob = browser(), enter(acme, external_user_id="ann"), enter(acme, external_user_id="bob")
    away = leave(client, ticket_in(ann.get(NEW, **MY_DOMAIN)))
    reloaded = enter(acme, external_user_id="ann").get(NEW)
    assert "Salesforce is open in the other window." in words(reloaded)
    assert "Before you sign in" in words(reloaded)
    [poll] = re.findall(r'hx-get="([^"]+)" hx-trigger="every 2s" hx-target="#earlier"', reloaded.content.decode())
    assert ann.get(poll, target="earlier").status_code == 204
    assert come_back(client, "salesforce", state=parse_qs(away.query)["state"][0], code="c").status_code == 200
    link = f'href="/workspace/connections/{Connection.objects.get(provider="salesforce").id}"'
    for page in (ann.get(poll, target="earlier"), ann.get(NEW), ann.get(NEW, **MY_DOMAIN)):
        assert "Salesforce is connected." in words(page)
        assert link in page.content.decode()
    for stranger in (bob, enter(globex, external_user_id="ann")):
        assert "Salesforce is connected." not in words(stranger.get(NEW))
    PendingAuthorization.objects.update(finished_at=timezone.now() - timedelta(minutes=11))
    assert "Salesforce is connected." not in words(ann.get(NEW))


def test_an_answer_leads_to_the_sign_in_which_names_the_host(acme: Vendor) -> None:
    page = enter(acme).get(NEW, **MY_DOMAIN)
    assert f"You sign in at {HOST} ." in words(page)
    assert 'href="/workspace/connections/new/salesforce"' in page.content.decode()  # to choose another
    pending = PendingAuthorization.objects.get()
    assert pending.asked == {"host": "my_domain", "my_domain": "acme--uat"}


def test_what_does_not_apply_is_not_kept(acme: Vendor) -> None:
    enter(acme).get(NEW, **{"in-host": "login", "in-my_domain": "evil.example"})
    assert PendingAuthorization.objects.get().asked == {"host": "login"}


def test_a_wrong_answer_is_told_beside_its_field_with_what_was_typed(acme: Vendor) -> None:
    page = enter(acme).get(NEW, **{"in-host": "my_domain", "in-my_domain": 'evil.example"><b>'})
    text = page.content.decode()
    assert page.status_code == 422
    assert "This is no My Domain." in words(page)
    assert 'value="evil.example&quot;&gt;&lt;b&gt;"' in text
    assert '<option value="my_domain" selected>' in text
    assert 'aria-invalid="true" aria-describedby="hint-in-my_domain error-in-my_domain"' in text
    assert not PendingAuthorization.objects.exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"in-host": "my_domain", "in-my_domain": " "}, "My Domain is missing."),
        ({"in-host": "evil.example"}, "must be one of login, test, my_domain."),
        ({"in-host": "my_domain", "in-my_domain": "a" * 251}, "at most 250 characters"),
        ({"in-host": "my_domain", "in-my_domain": "a\0"}, "U+0000"),
    ],
    ids=ascii,
)
def test_each_fault_has_its_words(acme: Vendor, asked: dict[str, str], said: str) -> None:
    page = enter(acme).get(NEW, **asked)
    assert (page.status_code, said in words(page)) == (422, True)


@pytest.mark.parametrize("typed", HOSTILE_DOMAINS, ids=lambda typed: ascii(typed[:40]))
def test_no_hostile_spelling_ever_makes_a_ticket_or_a_link(acme: Vendor, typed: str) -> None:
    asked = {"host": "my_domain", "my_domain": typed}
    with pytest.raises(ApiError) as caught:
        tickets.make_link(workspace=acme.workspace, provider_slug="salesforce", actor="ann", asked=asked)
    assert caught.value.status == 422
    assert not PendingAuthorization.objects.exists()


def test_a_provider_that_asks_nothing_keeps_nothing(acme: Vendor) -> None:
    enter(acme).get("/workspace/connections/new/slack", **{"in-host": "evil.example"})
    assert PendingAuthorization.objects.get().asked == {}


def test_without_an_answer_the_one_counts_that_the_form_begins_with(acme: Vendor) -> None:
    tickets.make_link(workspace=acme.workspace, provider_slug="salesforce", actor="ann")
    assert PendingAuthorization.objects.get().asked == {"host": "login"}


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_connect_is_asked_nothing(acme: Vendor, role: str) -> None:
    assert enter(acme, role=role).get(NEW, **MY_DOMAIN).status_code == 403
    assert not PendingAuthorization.objects.exists()


# --------------------------------------------------------------------------- the way


@pytest.mark.parametrize(
    ("asked", "host"),
    [
        ({"in-host": "login"}, "login.salesforce.com"),
        ({"in-host": "test"}, "test.salesforce.com"),
        (MY_DOMAIN, HOST),
        ({"in-host": "my_domain", "in-my_domain": "https://acme.my.salesforce.com/x"}, "acme.my.salesforce.com"),
    ],
    ids=str,
)
def test_browser_and_code_go_to_the_host_that_was_chosen(
    acme: Vendor, door: Door, asked: dict[str, str], host: str
) -> None:
    client = browser()
    away = leave(client, ticket_in(enter(acme).get(NEW, **asked)))
    assert (away.scheme, away.netloc, away.path) == ("https", host, "/services/oauth2/authorize")
    query = {key: values[0] for key, values in parse_qs(away.query).items()}
    assert (query["scope"], query["code_challenge_method"]) == ("api refresh_token", "S256")
    come_back(client, "salesforce", state=query["state"], code="the-code")
    assert door.requests[0].url == f"https://{host}/services/oauth2/token"
    assert len(door.form("/services/oauth2/token")["code_verifier"]) == 64


def test_the_page_before_the_consent_names_the_host(acme: Vendor) -> None:
    page: Any = browser().get("/oauth/start", {"ticket": ticket_in(enter(acme).get(NEW, **MY_DOMAIN))})
    assert f"You sign in at {HOST} ." in text_of(page)
    assert f"https://{HOST}" in page["Content-Security-Policy"]


def test_a_colleagues_link_leads_to_the_same_host(acme: Vendor) -> None:
    page = enter(acme).get(NEW, **MY_DOMAIN).content.decode()
    [path] = re.findall(r'hx-post="([^"]+/new/salesforce/link[^"]*)"', page)
    made = enter(acme).post(path.replace("&amp;", "&"), target="links")
    [link] = re.findall(r"/oauth/start\?link=([\w-]+)", made.content.decode())
    assert leave(browser(), link, "link").netloc == HOST


def test_a_link_with_a_wrong_answer_is_not_made(acme: Vendor) -> None:
    portal = enter(acme)
    answer = portal.post(f"{NEW}/link?in-host=my_domain&in-my_domain=evil.example", target="links")
    assert answer.status_code == 422
    assert not PendingAuthorization.objects.exists()


def test_to_begin_again_is_to_begin_at_the_same_host(acme: Vendor) -> None:
    page = enter(acme).get(NEW, **MY_DOMAIN)
    pending = PendingAuthorization.objects.get()
    PendingAuthorization.objects.update(status=Status.FAILED, error="No.")
    progress = visit(acme, f"/workspace/connections/sign-ins/{pending.id}", target="progress").content.decode()
    assert page.status_code == 200
    assert f'href="{NEW}?in-host=my_domain&amp;in-my_domain=acme--uat"' in progress


@pytest.mark.parametrize(
    ("iss", "taken"),
    [
        *(("", True), (f"https://{HOST}", True), ("https://login.salesforce.com", False)),
        *((f"https://{HOST}.evil.example", False), (f"http://{HOST}", False)),
    ],
)
def test_an_answer_that_names_its_issuer_must_be_the_host_that_was_asked(
    acme: Vendor, door: Door, iss: str, taken: bool
) -> None:
    client = browser()
    away = leave(client, ticket_in(enter(acme).get(NEW, **MY_DOMAIN)))
    told = {"iss": iss} if iss else {}
    come_back(client, "salesforce", state=parse_qs(away.query)["state"][0], code="c", **told)
    assert bool(door.requests) is taken
    assert Connection.objects.filter(provider="salesforce").exists() is taken


# --------------------------------------------------------------------------- afterwards


def test_the_host_stays_with_the_connection(acme: Vendor, door: Door) -> None:
    connection = sign_in(acme, **MY_DOMAIN)
    assert (connection.settings["host"], connection.settings["my_domain"]) == ("my_domain", "acme--uat")
    assert connection.settings["org_id"] == ROW["Id"]
    assert now_of(PendingAuthorization.objects.get()).status == Status.CONNECTED


def test_a_reconnect_asks_nothing_and_goes_to_the_same_host(acme: Vendor, door: Door) -> None:
    connection = sign_in(acme, **MY_DOMAIN)
    path = f"/workspace/connections/{connection.id}/reconnect"
    page = enter(acme).get(path, **{"in-host": "login"})
    assert leave(browser(), ticket_in(page)).netloc == HOST
    assert f"You sign in at {HOST} ." in words(page)
    made = enter(acme).post(f"/workspace/connections/{connection.id}/link?in-host=login", target="links")
    [link] = re.findall(r"/oauth/start\?link=([\w-]+)", made.content.decode())
    assert leave(browser(), link, "link").netloc == HOST


def test_another_sign_in_to_the_same_org_changes_the_host(acme: Vendor, door: Door) -> None:
    first = sign_in(acme, **MY_DOMAIN)
    again = sign_in(acme, **{"in-host": "login"})
    assert (again.id, again.settings["host"]) == (first.id, "login")


def test_a_renewal_is_asked_for_at_the_same_host(acme: Vendor, door: Door) -> None:
    connection = sign_in(acme, **MY_DOMAIN)
    declared = provider("salesforce").sign_in(connection.settings)
    assert declared.token_url == f"https://{HOST}/services/oauth2/token"


def test_the_token_is_given_back_at_the_same_host(acme: Vendor, door: Door) -> None:
    connection = sign_in(acme, **MY_DOMAIN)
    parting.part(connection, forced=True, actor="ann")
    assert door.requests[-1].url == f"https://{HOST}/services/oauth2/revoke"
    assert door.form("/services/oauth2/revoke")["token"] == TOKEN["refresh_token"]


def test_settings_that_lead_nowhere_are_never_asked(door: Door) -> None:
    """Whatever became of a row: the provider itself names the hosts, each time."""
    kind, app = provider("salesforce"), App("id", "secret")
    for asked in ({}, {"host": "evil.example"}, {"host": "my_domain", "my_domain": "evil.example"}):
        with pytest.raises(ValueError, match="No host"):
            oauth.authorize_url(kind, app, state="s", verifier="v", asked=asked)
        with pytest.raises(ValueError, match="No host"):
            oauth.revoke(kind, app, "token", asked=asked)
    assert door.requests == []
