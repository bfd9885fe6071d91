"""The pages of a sign-in: what they say, what they guard, and that they lead nowhere else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from connections import http, oauth
from connections.connecting import departing, tickets
from connections.connecting.tickets import Kind, Status
from connections.models import Connection, PendingAuthorization
from connections.provider import OAuth2, Refusal
from connections.registry import all_providers, provider
from tests.connections.signing_in import (
    SLACK_TOKEN,
    Door,
    begin,
    browser,
    come_back,
    depart,
    now_of,
    open_session,
    press,
    says,
    sign_in,
    text_of,
    ticket_of,
)
from tests.world import ACTOR, Vendor
from workspaces.embed import sessions

ELSEWHERE = ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door({"oauth.v2.access": says(SLACK_TOKEN)})
    monkeypatch.setattr(http, "send", door.send)
    return door


def page(path: str) -> Any:
    return browser().get(path)


# --------------------------------------------------------------------------- the question before


def test_it_says_who_asks_for_what_and_for_whom(acme: Vendor) -> None:
    text = text_of(page(begin(acme.workspace).path))
    assert "Connect Slack for Acme" in text
    assert all(words in text for words in oauth.declaration(provider("slack")).asks)
    assert "only an administrator" in text


def test_a_link_says_who_sent_it(acme: Vendor) -> None:
    issued = tickets.make_link(workspace=acme.workspace, provider_slug="slack", actor="<b>ann</b>")
    answer = page(issued.path)
    assert "&lt;b&gt;ann&lt;/b&gt; sent you this link" in text_of(answer)


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_look_at_it_spends_nothing(acme: Vendor, method: str) -> None:
    """Link scanners and previews look as well."""
    issued = begin(acme.workspace)
    for _ in range(3):
        assert getattr(browser(), method)(issued.path).status_code == 200
    assert now_of(issued.pending).status == Status.WAITING


def test_the_button_spends_the_ticket_once(acme: Vendor) -> None:
    issued = begin(acme.workspace)
    depart(client := browser(), issued)
    answer = press(client, issued)
    assert (answer.status_code, "begun already" in text_of(answer)) == (400, True)


def test_two_presses_at_once_spend_it_once(acme: Vendor) -> None:
    """Both have found the ticket waiting; one of them comes second."""
    issued = begin(acme.workspace)
    found = [departing.look(Kind.TICKET, ticket_of(issued)["ticket"]) for _ in "12"]
    ends = [departing.depart(one, nonce="n") for one in found if isinstance(one, PendingAuthorization)]
    assert [isinstance(end, Refusal) for end in ends] == [False, True]


@pytest.mark.parametrize("ticket", ["", "forged", "\0", "ü" * 200], ids=ascii)
def test_a_ticket_that_was_never_given_out_opens_nothing(acme: Vendor, ticket: str) -> None:
    for told in ({"ticket": ticket}, {"link": ticket}, {}):
        answer: Any = browser().get("/oauth/start", told)
        assert (answer.status_code, "never given out" in text_of(answer)) == (400, True)


def test_a_ticket_of_a_session_that_is_over_opens_nothing(acme: Vendor) -> None:
    revoked, expired = begin(acme.workspace), begin(acme.workspace)
    assert revoked.pending.session is not None
    assert expired.pending.session is not None
    sessions.revoke(revoked.pending.session)
    type(expired.pending.session).objects.filter(id=expired.pending.session.id).update(
        expires_at=expired.pending.session.created_at
    )
    for issued in (revoked, expired):
        assert "session" in text_of(page(issued.path))
        assert press(browser(), issued).status_code == 400


def test_a_ticket_lasts_ten_minutes(acme: Vendor) -> None:
    issued = begin(acme.workspace)
    PendingAuthorization.objects.update(expires_at=issued.pending.created_at)
    assert "Ten minutes have passed" in text_of(page(issued.path))


# --------------------------------------------------------------------------- the browser that saw it


def test_a_form_elsewhere_cannot_press_the_button(acme: Vendor) -> None:
    """It brings no cookie: SameSite=Lax. Nor does a neighbour on the same site, who does bring it."""
    issued = begin(acme.workspace)
    assert press(browser(), issued).status_code == 400
    client = browser()
    client.get(issued.path)
    for site in ("cross-site", "same-site", "none"):
        assert press(client, issued, **{"Sec-Fetch-Site": site}).status_code == 400
    assert now_of(issued.pending).status == Status.WAITING
    assert press(client, issued, **{"Sec-Fetch-Site": "same-origin"}).status_code == 302


@pytest.mark.parametrize(("url", "name", "secure"), [("https://a.example", "__Host-", True), ("http://a", "", False)])
def test_the_cookie_is_as_narrow_as_the_address_permits(
    acme: Vendor, settings: Any, url: str, name: str, secure: bool
) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = url, ["*"]
    issued = begin(acme.workspace)
    client = browser()
    client.get(issued.path)
    cookie = client.cookies[name + tickets.cookie_name(issued.pending)]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"], cookie["domain"]) == ("/", "Lax", True, "")
    assert (bool(cookie["secure"]), len(cookie.value)) == (secure, 43)
    assert 600 <= int(cookie["max-age"]) <= 1_200


def test_over_https_a_cookie_that_another_host_could_plant_does_not_count(
    acme: Vendor, door: Door, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://a.example"
    asked = depart(client := browser(), issued := begin(acme.workspace))
    bare = tickets.cookie_name(issued.pending)
    planted = Client()
    planted.cookies[bare] = client.cookies["__Host-" + bare].value
    assert come_back(planted, state=asked["state"], code="c").status_code == 400
    assert not door.requests


def test_the_cookie_is_gone_at_the_end(acme: Vendor, door: Door) -> None:
    issued = begin(acme.workspace)
    sign_in(client := browser(), issued)
    assert client.cookies[tickets.cookie_name(issued.pending)].value == ""


# --------------------------------------------------------------------------- every page


def every_page(acme: Vendor) -> list[Any]:
    """The question, the way out, the end, and a refusal."""
    issued, client = begin(acme.workspace), browser()
    asking = client.get(issued.path)
    leaving = press(client, issued)
    state = re.findall("state=([^&]+)", leaving["Location"])[0]
    ended = come_back(client, state=state, code="c")
    assert ended.status_code == 200
    return [asking, leaving, ended, come_back(client, state=state), come_back(client, "nothing")]


def test_every_page_refuses_frames_and_tells_nobody_where_it_was(acme: Vendor, door: Door) -> None:
    for answer in every_page(acme):
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cross-Origin-Opener-Policy"] == "unsafe-none"
        assert "no-store" in answer["Cache-Control"]


def test_only_our_own_script_runs(acme: Vendor, door: Door) -> None:
    for answer in every_page(acme):
        nonces = re.findall(r"script-src 'nonce-([^']+)'", answer["Content-Security-Policy"])
        scripts = re.findall("<script[^>]*>", answer.content.decode())
        assert all(f'nonce="{nonces[0]}"' in script and "/static/oauth" in script for script in scripts)
    assert every_page(acme)[0]["Content-Security-Policy"] != every_page(acme)[0]["Content-Security-Policy"]


def test_an_unknown_provider_has_no_way_back(acme: Vendor) -> None:
    assert page("/oauth/callback/nothing?state=x").status_code == 404


def test_hostile_words_of_the_provider_stay_words(acme: Vendor, door: Door) -> None:
    name = "<script>alert(1)</script>"
    door.replies["oauth.v2.access"] = says({**SLACK_TOKEN, "team": {"id": "T0ACME", "name": name}})
    answer = sign_in(browser(), begin(acme.workspace))
    assert b"&lt;script&gt;" in answer.content
    assert name.encode() not in answer.content


def test_no_secret_is_on_any_page(acme: Vendor, door: Door) -> None:
    for answer in every_page(acme)[1:]:
        assert b"canary" not in answer.content
        assert b"the-code" not in answer.content


# --------------------------------------------------------------------------- O7: it leads nowhere else


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nothing_from_outside_decides_where_the_browser_goes(acme: Vendor, door: Door, target: str) -> None:
    names = ("next", "return", "return_to", "return_url", "redirect", "redirect_uri", "url", "continue", "iss_url")
    more = dict.fromkeys(names, target)
    issued, client = begin(acme.workspace), browser()
    opened: Any = client.get(issued.path, more)
    for answer in (opened, client.get("/oauth/start", {**ticket_of(issued), **more})):
        assert "evil" not in answer.content.decode()
    left: Any = client.post("/oauth/start", {**ticket_of(issued), **more})
    assert left["Location"].startswith("https://slack.com/oauth/v2/authorize?")
    assert "evil" not in left["Location"]
    state = re.findall("state=([^&]+)", left["Location"])[0]
    ended = come_back(client, state=state, code="c", **more)
    assert (ended.status_code, "Location" in ended, b"evil" in ended.content) == (200, False, False)


def test_the_simulators_stand_in_for_a_provider_only_in_the_sandbox(acme: Vendor, settings: Any) -> None:
    settings.SIMULATED_HOSTS = {"slack.com": "127.0.0.1:8002", "*.my.example.com": "127.0.0.1:8007"}
    asked = "https://slack.com/oauth/v2/authorize"
    assert oauth.browser_url(asked) == asked
    settings.MODE = "sandbox"
    assert oauth.browser_url(asked) == "http://127.0.0.1:8002/oauth/v2/authorize"
    assert oauth.browser_url("https://acme.my.example.com/x?y=1") == "http://127.0.0.1:8007/x?y=1"
    assert oauth.browser_url("https://my.example.com/x") == "https://my.example.com/x"
    assert oauth.browser_url("https://other.example/x") == "https://other.example/x"
    assert "http://127.0.0.1:8002" in page(begin(acme.workspace).path)["Content-Security-Policy"]


# --------------------------------------------------------------------------- declarations


@pytest.mark.parametrize("slug", [slug for slug, kind in all_providers().items() if kind.oauth])
def test_a_declaration_is_whole(slug: str) -> None:
    declared = provider(slug).oauth
    assert isinstance(declared, OAuth2)
    assert all(url.startswith("https://") for url in (declared.authorize_url, declared.token_url))
    assert declared.scopes
    assert declared.asks
    assert declared.installer.endswith(".")


def test_the_portal_asks_for_the_end_by_itself(acme: Vendor, door: Door) -> None:
    """What the frame polls, from the ticket to the end."""
    issued = tickets.begin(session=open_session(acme.workspace), provider_slug="slack", actor=ACTOR)
    seen = [now_of(issued.pending).status]
    asked = depart(client := browser(), issued)
    seen.append(now_of(issued.pending).status)
    come_back(client, state=asked["state"], code="c")
    assert [*seen, now_of(issued.pending).status] == [Status.WAITING, Status.STARTED, Status.CONNECTED]
    assert now_of(issued.pending).connection == Connection.objects.get(provider="slack")
