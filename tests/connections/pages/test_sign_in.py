"""Connecting an account from the portal: the ticket in a plain link, how it went, and the colleague's link."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connections import http
from connections.connecting import tickets
from connections.models import Connection, PendingAuthorization, ProviderApp
from tests.calling import STRANGE_ID
from tests.connections.signing_in import OTHER_TOKEN, SLACK_TOKEN, Door, begin, browser, says, sign_in
from tests.connections.vendor import make_slack
from tests.portal import Portal, enter, visit, words
from tests.world import Vendor, make_app
from workspaces.models import AuditEntry

NEW = "/workspace/connections/new/slack"
SIGN_INS = "/workspace/connections/sign-ins"
Status = PendingAuthorization.Status


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    found = Door({"oauth.v2.access": says(SLACK_TOKEN), "auth.revoke": says({"ok": True})})
    monkeypatch.setattr(http, "send", found.send)
    return found


def latest() -> PendingAuthorization:
    found: PendingAuthorization = PendingAuthorization.objects.latest("id")
    return found


def slack_of(vendor: Vendor) -> Connection:
    """As a sign-in to ``SLACK_TOKEN`` would have left it."""
    row = make_slack(vendor.workspace)
    row.settings = {"team_id": "T0ACME", "team_name": "Acme Team"}
    row.save()
    return row


def wrong_account(vendor: Vendor, door: Door, slack: Connection) -> PendingAuthorization:
    door.replies["oauth.v2.access"] = says(OTHER_TOKEN)
    issued = begin(vendor.workspace, connection=slack)
    sign_in(browser(), issued)
    return issued.pending


# --------------------------------------------------------------------------- the way there


def test_the_page_says_what_is_asked_and_by_whom(acme: Vendor) -> None:
    text = words(visit(acme, NEW))
    assert "What Slack will ask you to let Acme do" in text
    assert "Post messages in channels that the app is in" in text
    assert "Some Slack workspaces let only an administrator approve new apps." in text


def test_the_click_is_a_plain_link_with_a_ticket_of_this_session(acme: Vendor) -> None:
    text = visit(acme, NEW).content.decode()
    [link] = re.findall(r'<a [^>]*target="_blank"[^>]*>', text)
    assert 'rel="noopener"' in link
    assert "hx-" not in link
    ticket = re.search(r'href="/oauth/start\?ticket=([\w-]+)"', link)
    assert ticket
    pending = tickets.find(tickets.Kind.TICKET, ticket[1])
    assert pending is not None
    assert (pending.workspace_id, pending.provider, pending.connection_id) == (acme.workspace.id, "slack", None)


def test_the_ticket_opens_the_window(acme: Vendor) -> None:
    href = re.findall(r'href="(/oauth/start[^"]+)"', visit(acme, NEW).content.decode())[0]
    assert browser().get(href).status_code == 200


def test_without_the_vendors_app_it_says_so_to_both(acme: Vendor) -> None:
    ProviderApp.objects.all().delete()
    page = visit(acme, NEW)
    assert "Slack is not set up here yet" in words(page)
    assert "ask Acme to set it up, and come back" in words(page)
    assert "/oauth/callback/slack PUT /api/v1/provider-apps" in words(page)
    assert "ticket=" not in page.content.decode()


def test_an_app_of_another_environment_does_not_help(acme: Vendor) -> None:
    assert "not set up here yet" in words(visit(acme.staging, NEW))


def test_hubspot_says_before_signing_in_who_may_connect_it(acme: Vendor) -> None:
    make_app(acme.organization, "hubspot")
    page = visit(acme, "/workspace/connections/new/hubspot")
    assert "ticket=" in page.content.decode()
    assert "only a super admin, or somebody with the App Marketplace permission, connect an app." in words(page)


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_connect_gets_no_ticket(acme: Vendor, role: str) -> None:
    slack = make_slack(acme.workspace)
    portal = enter(acme, role=role)
    reconnect = f"/workspace/connections/{slack.id}/reconnect"
    for path in (NEW, reconnect):
        assert portal.get(path).status_code == 403
    for path in (f"{NEW}/link", f"/workspace/connections/{slack.id}/link"):
        assert portal.post(path).status_code == 403
    assert not PendingAuthorization.objects.exists()


# --------------------------------------------------------------------------- how it goes


def poll(portal: Portal, page: str) -> tuple[int, str]:
    path = re.findall(
        r'hx-get="(/workspace/connections/sign-ins/[^"]+)" hx-trigger="every 2s, focus from:window"', page
    )
    assert path, page
    answer = portal.get(path[0].replace("&amp;", "&"), target="progress")
    return answer.status_code, answer.content.decode()


def test_it_asks_until_it_is_connected_and_then_stops(acme: Vendor, door: Door) -> None:
    portal, client = enter(acme), browser()
    page = portal.get(NEW).content.decode()
    assert poll(portal, page) == (204, "")
    href = re.findall(r'href="(/oauth/start[^"]+)"', page)[0]
    assert client.get(href).status_code == 200
    asked = client.post("/oauth/start", {"ticket": href.partition("=")[2]})
    status, started = poll(portal, page)
    assert status == 200
    assert "Slack is open in the other window." in started
    assert poll(portal, started)[0] == 204
    state = re.findall("state=([^&]+)", asked["Location"])[0]
    client.get("/oauth/callback/slack", {"state": state, "code": "c"})
    status, connected = poll(portal, started)
    assert "Slack is connected." in connected
    assert f"/workspace/rules/new?connection={latest().connection_id}" in connected
    assert "every 2s" not in connected


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"status": Status.FAILED, "error": "Slack was not given permission."}, "Slack was not given permission."),
        ({"expires_at": timezone.now() - timedelta(minutes=1)}, "That took more than ten minutes"),
    ],
    ids=["refused", "expired"],
)
def test_what_did_not_work_is_said_with_a_way_to_try_again(acme: Vendor, row: dict[str, Any], said: str) -> None:
    pending = begin(acme.workspace).pending
    PendingAuthorization.objects.update(**row)
    page = visit(acme, f"{SIGN_INS}/{pending.id}", target="progress")
    assert said in words(page)
    assert f'href="{NEW}"' in page.content.decode()
    assert "hx-trigger" not in page.content.decode()


def test_strangers_sign_ins_are_not_told(acme: Vendor, globex: Vendor) -> None:
    theirs = begin(globex.workspace).pending
    for id in (theirs.id, STRANGE_ID):
        assert visit(acme, f"{SIGN_INS}/{id}").status_code == 404
        assert enter(acme).post(f"{SIGN_INS}/{id}/answer", {"word": "switch"}).status_code == 404


# --------------------------------------------------------------------------- reconnecting


def test_reconnecting_is_for_that_connection(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    text = words(visit(acme, f"/workspace/connections/{slack.id}/reconnect"))
    assert "Reconnect Acme Slack Its rules stay" in text
    assert latest().connection_id == slack.id


def test_what_is_not_signed_in_to_cannot_be_reconnected(acme: Vendor) -> None:
    assert visit(acme, f"/workspace/connections/{acme.connection.id}/reconnect").status_code == 404
    assert enter(acme).post(f"/workspace/connections/{acme.connection.id}/link").status_code == 404
    assert enter(acme).post("/workspace/connections/new/webhook/link").status_code == 404


def test_another_account_is_named_and_nothing_is_changed(acme: Vendor, door: Door) -> None:
    slack = slack_of(acme)
    pending = wrong_account(acme, door, slack)
    for path in (f"{SIGN_INS}/{pending.id}", f"/workspace/connections/{slack.id}"):
        text = words(visit(acme, path))
        assert "Until now this connection was to Acme Team ; you have just signed in to Other Team" in text
        assert "Keep Acme Team Switch to Other Team" in text
    slack.refresh_from_db()
    assert slack.settings["team_id"] == "T0ACME"


@pytest.mark.parametrize(("word", "team"), [("keep", "T0ACME"), ("switch", "T0OTHER"), ("", "T0ACME")])
def test_the_customers_word_decides(acme: Vendor, door: Door, word: str, team: str) -> None:
    slack = slack_of(acme)
    pending = wrong_account(acme, door, slack)
    answer = enter(acme).post(f"{SIGN_INS}/{pending.id}/answer", {"word": word})
    assert answer.status_code == 204
    assert f"/workspace/connections/{slack.id}" in answer["HX-Trigger"]
    slack.refresh_from_db()
    assert slack.settings["team_id"] == team
    assert "That is another account" not in words(visit(acme, f"/workspace/connections/{slack.id}"))


def test_a_yes_that_comes_too_late_says_so(acme: Vendor, door: Door) -> None:
    slack = slack_of(acme)
    pending = wrong_account(acme, door, slack)
    PendingAuthorization.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = enter(acme).post(f"{SIGN_INS}/{pending.id}/answer", {"word": "switch"})
    assert "This question is not open any more" in answer["HX-Trigger"]
    slack.refresh_from_db()
    assert slack.settings["team_id"] == "T0ACME"


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_only_look_has_no_word(acme: Vendor, door: Door, role: str) -> None:
    slack = slack_of(acme)
    pending = wrong_account(acme, door, slack)
    assert enter(acme, role=role).post(f"{SIGN_INS}/{pending.id}/answer", {"word": "switch"}).status_code == 403
    assert "Switch to" not in words(visit(acme, f"/workspace/connections/{slack.id}", role=role))


# --------------------------------------------------------------------------- a link for a colleague


def make_link(vendor: Vendor) -> str:
    page = enter(vendor, external_user_id="ann").post(f"{NEW}/link", target="links").content.decode()
    [address] = re.findall(r">(http[^<]+/oauth/start\?link=[^<]+)<", page)
    return str(address)


def test_a_link_is_shown_once_and_works(acme: Vendor) -> None:
    address = make_link(acme)
    path = "/oauth/start" + address.partition("/oauth/start")[2]
    assert browser().get(path).status_code == 200
    again = visit(acme, NEW)
    assert address not in again.content.decode()
    assert "Not used yet; it ends in 6 days . Made by ann" in words(again)


def test_a_link_is_taken_back(acme: Vendor) -> None:
    address = make_link(acme)
    answer = enter(acme).post(f"/workspace/connections/links/{latest().id}/withdraw")
    assert "You took it back." in words(answer)
    assert browser().get("/oauth/start" + address.partition("/oauth/start")[2]).status_code == 400
    assert AuditEntry.objects.filter(verb="link.withdrawn").exists()


def test_strangers_links_are_neither_shown_nor_taken_back(acme: Vendor, globex: Vendor) -> None:
    make_link(globex)
    theirs = latest()
    assert "Not used yet" not in words(visit(acme, NEW))
    for id in (theirs.id, latest().id, STRANGE_ID):  # the second is our own ticket, which is no link
        assert enter(acme).post(f"/workspace/connections/links/{id}/withdraw").status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == Status.WAITING


def test_a_link_that_was_used_says_so(acme: Vendor, door: Door) -> None:
    slack = slack_of(acme)
    issued = tickets.make_link(workspace=acme.workspace, provider_slug="slack", actor="ann", connection=slack)
    sign_in(browser(), issued)
    text = words(visit(acme, f"/workspace/connections/{slack.id}/reconnect"))
    assert "Used: Acme Team is connected." in text
    answer = enter(acme).post(f"/workspace/connections/links/{issued.pending.id}/withdraw")
    assert "too late" in answer["HX-Trigger"]
