"""Installing the app, and the pages a person sees."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.oauth import CODE_SECONDS
from sandbox.seed import SeedFile
from sandbox.slack.errors import SlackError
from sandbox.slack.oauth import OAuth
from sandbox.slack.teams import Teams
from tests.sandbox.running import NARROW, Running
from tests.sandbox.slack.calling import call, messages, post

BACK = "http://127.0.0.1:8000/callback?x=1"
ASKED = {"client_id": "1.2", "scope": "chat:write,channels:read", "redirect_uri": BACK, "state": "s&1"}


def decide(sandbox: Running, **answer: str) -> requests.Response:
    form = {**ASKED, "team": "T0ACME", "decision": "allow", **answer}
    return requests.post(f"{sandbox.slack}/oauth/v2/authorize", form, allow_redirects=False, timeout=5)


def code_for(sandbox: Running, team: str = "T0ACME") -> str:
    location = decide(sandbox, team=team).headers["Location"]
    return parse_qs(urlsplit(location).query)["code"][0]


def exchange(sandbox: Running, code: str, **args: Any) -> dict[str, Any]:
    found: dict[str, Any] = call(
        sandbox, "oauth.v2.access", token="", **{"code": code, "client_id": "1.2", "client_secret": "hush", **args}
    ).json()
    return found


def test_the_consent_page_says_who_asks_for_what(sandbox: Running) -> None:
    page = requests.get(f"{sandbox.slack}/oauth/v2/authorize", ASKED, timeout=5)
    assert "Jackfield asks for access" in page.text
    assert all(words in page.text for words in ("Acme", "Narrow", "chat:write", "channels:read", "s&amp;1"))
    assert "form-action" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"client_id": "9.9"}, "invalid_client_id"),
        ({"redirect_uri": "javascript:alert(1)"}, "bad_redirect_uri"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_the_consent_page_refuses_a_wrong_request_without_redirecting(
    sandbox: Running, wrong: dict[str, str], told: str
) -> None:
    shown = requests.get(f"{sandbox.slack}/oauth/v2/authorize", {**ASKED, **wrong}, timeout=5)
    sent = decide(sandbox, **wrong)
    assert (shown.status_code, sent.status_code) == (400, 400)
    assert told in shown.text
    assert told in sent.text


def test_allowing_leads_back_with_a_code_and_the_state(sandbox: Running) -> None:
    answer = decide(sandbox)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(BACK)
    assert (query["x"], query["state"]) == (["1"], ["s&1"])
    assert query["code"]


def test_cancelling_leads_back_with_access_denied(sandbox: Running) -> None:
    query = parse_qs(urlsplit(decide(sandbox, decision="cancel").headers["Location"]).query)
    assert (query["error"], query["state"]) == (["access_denied"], ["s&1"])
    assert "code" not in query


def test_a_code_is_exchanged_for_a_token_that_works(sandbox: Running) -> None:
    granted = exchange(sandbox, code_for(sandbox))
    assert granted["ok"] is True
    assert granted["token_type"] == "bot"
    assert granted["team"] == {"id": "T0ACME", "name": "Acme"}
    assert granted["scope"] == "channels:read,chat:write"
    assert granted["authed_user"]["id"].startswith("U")
    who = call(sandbox, "auth.test", token=granted["access_token"]).json()
    assert (who["team_id"], who["user_id"]) == ("T0ACME", granted["bot_user_id"])


def test_the_client_may_authenticate_with_basic(sandbox: Running) -> None:
    url, form = f"{sandbox.slack}/api/oauth.v2.access", {"code": code_for(sandbox)}
    assert requests.post(url, form, auth=("1.2", "hush"), timeout=5).json()["ok"] is True
    assert requests.post(url, form, auth=("1.2", "loud"), timeout=5).json()["error"] == "bad_client_secret"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"code": "made-up"}, "invalid_code"),
        ({"client_secret": "loud"}, "bad_client_secret"),
        ({"client_id": "9.9"}, "invalid_client_id"),
        ({"client_id": "3.4"}, "invalid_code"),
        ({"redirect_uri": "http://elsewhere.test/"}, "bad_redirect_uri"),
        ({"grant_type": "password"}, "invalid_grant_type"),
    ],
)
def test_an_exchange_is_refused_by_name(sandbox: Running, args: dict[str, str], error: str) -> None:
    assert exchange(sandbox, **{"code": code_for(sandbox), **args}) == {"ok": False, "error": error}


def test_a_code_works_once(sandbox: Running) -> None:
    code = code_for(sandbox)
    assert exchange(sandbox, code)["ok"] is True
    assert exchange(sandbox, code)["error"] == "invalid_code"


def test_scopes_may_be_separated_by_blanks(sandbox: Running) -> None:
    location = decide(sandbox, scope="chat:write channels:read").headers["Location"]
    [code] = parse_qs(urlsplit(location).query)["code"]
    assert exchange(sandbox, code)["scope"] == "channels:read,chat:write"


def test_a_code_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = SeedFile(None)
    oauth, app = OAuth(seeds=seeds, teams=Teams(seeds)), seeds.current().slack_apps[0]
    team = seeds.current().slack_teams[0]
    code = oauth.agree(client_id=app.client_id, team=team, scopes="chat:write", redirect_uri=BACK)
    later = time.monotonic() + CODE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(SlackError, match="invalid_code"):
        oauth.access({"client_id": app.client_id, "client_secret": app.client_secret, "code": code}, authorization="")


def test_a_revoked_token_stays_revoked_and_a_new_install_gets_a_new_one(sandbox: Running) -> None:
    first = exchange(sandbox, code_for(sandbox, "T0NARROW"))["access_token"]
    assert call(sandbox, "auth.revoke", token=first).json() == {"ok": True, "revoked": True}
    assert call(sandbox, "auth.test", token=first).json()["error"] == "token_revoked"
    second = exchange(sandbox, code_for(sandbox, "T0NARROW"))["access_token"]
    assert second not in (first, NARROW)
    assert call(sandbox, "auth.test", token=second).json()["team_id"] == "T0NARROW"


def test_the_page_shows_a_message_as_a_person_sees_it(sandbox: Running) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": ":fire: High"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Value*\n`1840`"}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://a.test/x"}]},
    ]  # fmt: skip
    post(sandbox, channel="C0ALERTS", attachments=[{"color": "#ff0000", "blocks": blocks}])
    page = requests.get(sandbox.slack, {"team": "T0ACME", "channel": "C0ALERTS"}, timeout=5).text
    assert '<div class="header">🔥 High</div>' in page
    assert "<strong>Value</strong><br><code>1840</code>" in page
    assert 'href="https://a.test/x"' in page
    assert 'fill="#ff0000"' in page


def test_the_page_escapes_hostile_text_and_links(sandbox: Running) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "url": "javascript:alert(1)"}
    post(sandbox, channel="C0ALERTS", text="<script>alert(1)</script>", attachments=[{"color": '"><script>'}])
    post(sandbox, channel="C0ALERTS", blocks=[{"type": "actions", "elements": [button]}])
    page = requests.get(sandbox.slack, {"team": "T0ACME", "channel": "C0ALERTS"}, timeout=5).text
    assert "<script>alert" not in page
    assert '"><script>' not in page
    assert "javascript:alert" not in page


def test_a_message_of_odd_shape_does_not_break_the_page(sandbox: Running) -> None:
    post(sandbox, channel="C0ALERTS", attachments=[{"fields": "three", "text": 7}], text="still here")
    page = requests.get(sandbox.slack, {"team": "T0ACME", "channel": "C0ALERTS"}, timeout=5)
    assert (page.status_code, "still here" in page.text) == (200, True)


def test_the_page_never_lists_thousands_of_channels_but_finds_each(sandbox: Running) -> None:
    page = requests.get(sandbox.slack, {"team": "T0HUGE"}, timeout=5).text
    assert page.count('id="channel-') == 60
    assert "60 of 50,000 channels" in page
    found = requests.get(sandbox.slack, {"team": "T0HUGE", "q": "49998"}, timeout=5).text
    assert found.count('id="channel-') == 1


def test_the_page_hears_only_of_changes(sandbox: Running) -> None:
    url, query = f"{sandbox.slack}/_sandbox/feed", {"team": "T0ACME", "channel": "C0ALERTS"}
    version = requests.get(url, query, timeout=5).json()["version"]
    assert requests.get(url, {**query, "version": version}, timeout=5).status_code == 204
    post(sandbox, channel="C0ALERTS", text="fresh")
    assert "fresh" in requests.get(url, {**query, "version": version}, timeout=5).json()["html"]


def test_the_page_stays_with_its_channel_when_another_becomes_busy(sandbox: Running) -> None:
    page = requests.get(sandbox.slack, {"team": "T0ACME"}, timeout=5).text
    [query] = re.findall(r'data-query="([^"]*)"', page)
    [channel] = re.findall(r'id="channel-(\w+)"[^>]* aria-current="page"', page)
    post(sandbox, channel="C0VAULT", text="busy")
    html = requests.get(f"{sandbox.slack}/_sandbox/feed?{unescape(query)}", timeout=5).json()["html"]
    assert re.findall(r'id="channel-(\w+)"[^>]* aria-current="page"', html) == [channel]
    assert html.index("channel-C0VAULT") < html.index(f"channel-{channel}")


def test_messages_are_found_and_forgotten_by_team_and_channel(sandbox: Running) -> None:
    post(sandbox, channel="C0ALERTS", text="a")
    post(sandbox, channel="C0VAULT", text="b")
    assert [message["text"] for message in messages(sandbox, channel="#vault")] == ["b"]
    assert messages(sandbox, team="T0HUGE") == []
    requests.delete(f"{sandbox.slack}/_sandbox/messages", params={"channel": "C0ALERTS"}, timeout=5)
    assert [message["text"] for message in messages(sandbox)] == ["b"]
