"""Signing in to an account: the way through, what may be wrong with it, and what becomes of the connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from connections import http
from connections.connecting import arriving, forgetting, keeping, parting, tickets
from connections.connecting.tickets import Kind, Status
from connections.models import Connection, DirectoryEntry, PendingAuthorization
from connections.provider import Answer, Failure, Inactive, Reply, Trouble
from deliveries.breaking import holding
from deliveries.models import Delivery, State
from tests.connections.signing_in import (
    OTHER_TOKEN,
    SLACK_TOKEN,
    Door,
    begin,
    browser,
    come_back,
    depart,
    kept,
    now_of,
    press,
    says,
    sign_in,
    text_of,
)
from tests.world import ACTOR, Vendor, make_app, make_delivery, make_event, make_rule
from workspaces.embed import sessions
from workspaces.errors import ApiError
from workspaces.models import AuditEntry, Workspace

TOKEN = "oauth.v2.access"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door({TOKEN: says(SLACK_TOKEN), "auth.revoke": says({"ok": True})})
    monkeypatch.setattr(http, "send", door.send)
    return door


@pytest.fixture
def slack(acme: Vendor, door: Door) -> Connection:
    """Acme's Slack, connected, and then broken."""
    sign_in(browser(), begin(acme.workspace))
    connection: Connection = Connection.objects.get(provider="slack")
    connection.active, connection.inactive_reason = False, Inactive.AUTHORIZATION_REVOKED
    connection.failing_since = timezone.now()
    connection.save()
    door.requests.clear()
    return connection


def expire(pending: PendingAuthorization) -> None:
    PendingAuthorization.objects.filter(id=pending.id).update(expires_at=timezone.now())


# --------------------------------------------------------------------------- the way through


def test_who_signs_in_has_a_connection_afterwards(acme: Vendor, door: Door) -> None:
    issued = begin(acme.workspace)
    answer = sign_in(browser(), issued)
    connection = Connection.objects.get(provider="slack")
    assert (answer.status_code, connection.workspace_id) == (200, acme.workspace.id)
    assert (connection.name, connection.active, connection.created_by) == ("Slack Acme Team", True, "ann")
    assert connection.settings["team_id"] == "T0ACME"
    assert connection.unseal_values("credentials") == {"bot_token": "xoxb-acme-canary-1"}
    assert (now_of(issued.pending).status, now_of(issued.pending).connection_id) == (Status.CONNECTED, connection.id)


def test_the_code_is_exchanged_with_the_vendors_app_and_our_own_path(acme: Vendor, door: Door) -> None:
    asked = depart(client := browser(), begin(acme.workspace))
    come_back(client, state=asked["state"], code="the-code")
    form = door.form(TOKEN)
    assert asked["redirect_uri"] == form["redirect_uri"] == "http://127.0.0.1:8000/oauth/callback/slack"
    assert (asked["client_id"], form["client_id"]) == ("Acme-slack-client", "Acme-slack-client")
    assert (form["grant_type"], form["code"], form["client_secret"]) == (
        "authorization_code",
        "the-code",
        "Acme-slack-secret",
    )
    assert asked["scope"] == "chat:write,chat:write.public,channels:read,groups:read,team:read"


def test_slack_is_asked_without_pkce_and_hubspot_with_it(acme: Vendor, door: Door) -> None:
    make_app(acme.organization, "hubspot")
    door.replies["oauth/2026-03/token"] = says({"error": "invalid_grant"}, 400)
    plain = depart(browser(), begin(acme.workspace))
    asked = depart(client := browser(), begin(acme.workspace, "hubspot"))
    come_back(client, "hubspot", state=asked["state"], code="c")
    assert "code_challenge" not in plain
    assert asked["code_challenge_method"] == "S256"
    assert len(door.form("oauth/2026-03/token")["code_verifier"]) == 64
    assert asked["optional_scope"] == "crm.lists.read crm.lists.write"


def test_each_environment_signs_in_through_its_own_app(acme: Vendor, door: Door) -> None:
    make_app(acme.organization, "slack", "staging", client_id="staging-app")
    assert depart(browser(), begin(acme.staging))["client_id"] == "staging-app"


def test_a_provider_that_is_not_set_up_is_told_before_anybody_leaves(acme: Vendor, globex: Vendor) -> None:
    for workspace, slug in ((acme.staging, "slack"), (acme.workspace, "hubspot")):
        with pytest.raises(ApiError, match="is not set up") as caught:
            begin(workspace, slug)
        assert caught.value.status == 409


@pytest.mark.parametrize("slug", ["webhook", "nothing"])
def test_what_is_not_signed_in_to_gets_no_ticket(acme: Vendor, slug: str) -> None:
    with pytest.raises(ApiError) as caught:
        begin(acme.workspace, slug)
    assert caught.value.status == 404


def test_a_connection_of_another_workspace_gets_no_ticket(acme: Vendor, globex: Vendor, slack: Connection) -> None:
    with pytest.raises(ApiError) as caught:
        begin(globex.workspace, connection=slack)
    assert caught.value.status == 404


def test_no_secret_of_the_way_is_in_the_database(acme: Vendor, door: Door) -> None:
    make_app(acme.organization, "hubspot")
    issued = begin(acme.workspace, "hubspot")
    asked = depart(client := browser(), issued)
    row = now_of(issued.pending)
    stored = str(PendingAuthorization.objects.filter(id=row.id).values().get())
    nonce = client.cookies[tickets.cookie_name(row)].value
    for secret in (issued.path.rpartition("=")[2], asked["state"], nonce, row.unseal("verifier")):
        assert len(secret) >= 43
        assert secret not in stored


def test_signing_in_again_renews_the_connection_instead_of_making_another(acme: Vendor, slack: Connection) -> None:
    sign_in(browser(), begin(acme.workspace))
    assert list(Connection.objects.filter(provider="slack")) == [slack]
    slack.refresh_from_db()
    assert slack.active


def test_the_same_team_in_another_workspace_is_another_connection(
    acme: Vendor, globex: Vendor, slack: Connection
) -> None:
    sign_in(browser(), begin(globex.workspace))
    rows = Connection.objects.filter(provider="slack").values_list("workspace_id", flat=True)
    assert set(rows) == {acme.workspace.id, globex.workspace.id}


def test_whoever_did_it_is_written_down(acme: Vendor, door: Door) -> None:
    sign_in(browser(), begin(acme.workspace))
    entry = AuditEntry.objects.get(verb="connection.created", actor="ann")
    assert entry.detail == {"name": "Slack Acme Team", "account": "Acme Team", "by": "ticket"}


# --------------------------------------------------------------------------- O1: the state


@pytest.mark.parametrize("state", ["", "forged", "x" * 10_000, "\0", "ü"], ids=lambda state: ascii(state[:9]))
def test_it_refuses_a_state_that_was_never_given_out(acme: Vendor, door: Door, state: str) -> None:
    depart(client := browser(), begin(acme.workspace))
    answer = come_back(client, state=state, code="c")
    assert answer.status_code == 400
    assert "not one that was begun here" in text_of(answer)
    assert not door.requests


def test_it_refuses_a_state_a_second_time(acme: Vendor, door: Door) -> None:
    asked = depart(client := browser(), begin(acme.workspace))
    come_back(client, state=asked["state"], code="c")
    before = kept(connection := Connection.objects.get(provider="slack"))
    answer = come_back(client, state=asked["state"], code="another")
    assert (answer.status_code, len(door.requests)) == (400, 1)
    assert "finished already" in text_of(answer)
    assert kept(connection) == before


def test_a_state_that_comes_twice_at_once_is_used_once(acme: Vendor, door: Door) -> None:
    asked = depart(client := browser(), begin(acme.workspace))
    again: list[int] = []

    def meanwhile(_: object) -> Reply:
        again.append(come_back(client, state=asked["state"], code="c").status_code)
        return says(SLACK_TOKEN)

    door.replies[TOKEN] = meanwhile
    assert come_back(client, state=asked["state"], code="c").status_code == 200
    assert (again, len(door.requests)) == ([400], 1)


def test_it_refuses_a_state_that_is_older_than_ten_minutes(acme: Vendor, door: Door) -> None:
    issued = begin(acme.workspace)
    asked = depart(client := browser(), issued)
    assert now_of(issued.pending).expires_at - timezone.now() <= timedelta(minutes=10)
    expire(issued.pending)
    answer = come_back(client, state=asked["state"], code="c")
    assert (answer.status_code, door.requests) == (400, [])
    assert "more than ten minutes" in text_of(answer)


def test_it_refuses_another_browser(acme: Vendor, door: Door) -> None:
    asked = depart(browser(), begin(acme.workspace))
    answer = come_back(browser(), state=asked["state"], code="c")
    assert (answer.status_code, door.requests) == (400, [])
    assert "another browser" in text_of(answer)
    assert not Connection.objects.filter(provider="slack").exists()


def test_it_refuses_a_browser_with_another_sign_ins_cookie(acme: Vendor, globex: Vendor, door: Door) -> None:
    """An attacker has Globex's sign-in going on in this browser, and slips Acme's state in."""
    mine, theirs = begin(globex.workspace), begin(acme.workspace)
    asked = depart(browser(), theirs)
    depart(client := browser(), mine)
    client.cookies[tickets.cookie_name(theirs.pending)] = client.cookies[tickets.cookie_name(mine.pending)].value
    assert come_back(client, state=asked["state"], code="c").status_code == 400
    assert not door.requests
    assert now_of(mine.pending).status == Status.STARTED


def test_a_sign_in_lands_in_the_workspace_that_began_it(acme: Vendor, globex: Vendor, door: Door) -> None:
    """Whatever else goes on in the same browser."""
    client, ours, theirs = browser(), begin(acme.workspace), begin(globex.workspace)
    ours_asked, _ = depart(client, ours), depart(client, theirs)
    come_back(client, state=ours_asked["state"], code="c")
    assert Connection.objects.get(provider="slack").workspace_id == acme.workspace.id
    assert now_of(theirs.pending).status == Status.STARTED


def test_it_refuses_once_the_session_was_revoked(acme: Vendor, door: Door) -> None:
    issued = begin(acme.workspace)
    asked = depart(client := browser(), issued)
    assert issued.pending.session is not None
    sessions.revoke(issued.pending.session)
    answer = come_back(client, state=asked["state"], code="c")
    assert (answer.status_code, door.requests) == (400, [])
    assert "session" in text_of(answer)


# --------------------------------------------------------------------------- O2, O3: code injection and mix-up


def test_a_strangers_code_without_a_state_of_this_browser_is_never_exchanged(acme: Vendor, door: Door) -> None:
    depart(victim := browser(), begin(acme.workspace))
    attacker = depart(browser(), begin(acme.workspace))
    for state in ("", attacker["state"]):
        assert come_back(victim, state=state, code="attackers").status_code == 400
    assert not door.requests


def test_a_code_is_bound_to_the_verifier_of_its_own_sign_in(acme: Vendor, door: Door) -> None:
    make_app(acme.organization, "hubspot")
    door.replies["oauth/2026-03/token"] = says({"error": "invalid_grant"}, 400)
    first, second = begin(acme.workspace, "hubspot"), begin(acme.workspace, "hubspot")
    challenges = {depart(browser(), issued)["code_challenge"] for issued in (first, second)}
    verifiers = {now_of(issued.pending).unseal("verifier") for issued in (first, second)}
    assert (len(challenges), len(verifiers)) == (2, 2)


def test_it_refuses_an_answer_on_another_providers_path(acme: Vendor, door: Door) -> None:
    asked = depart(client := browser(), begin(acme.workspace))
    answer = come_back(client, "hubspot", state=asked["state"], code="c")
    assert (answer.status_code, door.requests) == (400, [])
    assert "another provider" in text_of(answer)


@pytest.mark.parametrize(
    ("iss", "status"),
    [("https://slack.com", 200), ("https://slack.com/", 400), ("https://app.hubspot.com", 400), ("slack.com", 400)],
)
def test_an_issuer_that_is_named_must_be_the_one_that_was_asked(
    acme: Vendor, door: Door, iss: str, status: int
) -> None:
    assert sign_in(browser(), begin(acme.workspace), iss=iss).status_code == status
    assert bool(door.requests) == (status == 200)


# --------------------------------------------------------------------------- what the provider may say instead

REFUSED: dict[str, tuple[Reply, str]] = {
    "429": (says({"message": "rate", "refresh_token": "r"}, 429), "slow down"),
    "429 with a token": (says(SLACK_TOKEN, 429), "slow down"),
    "500": (says(SLACK_TOKEN, 500), "fault of its own"),
    "no answer": (Failure(Trouble.TIMEOUT), "could not be reached"),
    "ok false": (says({"ok": False, "error": "invalid_code"}), "took too long"),
    "ok false with a token": (says({**SLACK_TOKEN, "ok": False}), "no reason that we can read"),
    "error with a token": (says({**SLACK_TOKEN, "error": "invalid_grant"}), "took too long"),
    "our app": (says({"ok": False, "error": "bad_client_secret"}), "refuses its secret"),
    "hostile word": (says({"error": "<b>x</b>"}, 400), "no reason that we can read"),
    "400 with a token": (says(SLACK_TOKEN, 400), "HTTP 400"),
    "a redirect": (says(SLACK_TOKEN, 302), "HTTP 302"),
    "no token": (says({"ok": True}), "no token"),
    "no text": (says({**SLACK_TOKEN, "access_token": 7}), "no token"),
    "empty": (says({**SLACK_TOKEN, "access_token": ""}), "no token"),
    "line break": (says({**SLACK_TOKEN, "access_token": "x\r\ny"}), "no token"),
    "a list": (says([SLACK_TOKEN]), "no token"),
    "a person's": (says({**SLACK_TOKEN, "token_type": "user"}), "a person&#x27;s token"),
    "an organization's": (says({**SLACK_TOKEN, "team": None}), "a whole Slack organization"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_answer_that_is_no_token_changes_nothing(acme: Vendor, door: Door, slack: Connection, name: str) -> None:
    reply, told = REFUSED[name]
    before, door.replies[TOKEN] = kept(slack), reply
    issued = begin(acme.workspace, connection=slack)
    answer = sign_in(browser(), issued)
    assert (answer.status_code, kept(slack)) == (400, before)
    assert told in text_of(answer)
    assert now_of(issued.pending).status == Status.FAILED
    assert told.replace("&#x27;", "'") in now_of(issued.pending).error


def test_html_for_a_token_changes_nothing(acme: Vendor, door: Door) -> None:
    door.replies[TOKEN] = Answer(status=200, body=b"<html>busy</html>")
    assert sign_in(browser(), begin(acme.workspace)).status_code == 400
    assert not Connection.objects.filter(provider="slack").exists()


def test_pressing_cancel_changes_nothing_and_is_told_kindly(acme: Vendor, door: Door, slack: Connection) -> None:
    before, issued = kept(slack), begin(acme.workspace, connection=slack)
    answer = sign_in(browser(), issued, error="access_denied", code="")
    assert (answer.status_code, kept(slack), door.requests) == (400, before, [])
    assert "was not given permission" in text_of(answer)
    assert now_of(issued.pending).status == Status.FAILED


@pytest.mark.parametrize(("word", "told"), [("server_error", "server_error"), ("<script>", "no known reason")])
def test_another_error_is_told_by_its_word(acme: Vendor, door: Door, word: str, told: str) -> None:
    answer = sign_in(browser(), begin(acme.workspace), error=word)
    assert told in text_of(answer)
    assert not door.requests


@pytest.mark.parametrize("code", ["", "x" * (arriving.CODE_MOST + 1)], ids=["none", "long"])
def test_an_answer_without_a_fitting_code_is_refused(acme: Vendor, door: Door, code: str) -> None:
    assert sign_in(browser(), begin(acme.workspace), code=code).status_code == 400
    assert not door.requests


def test_a_rotating_token_is_kept_with_its_end(acme: Vendor, door: Door) -> None:
    door.replies[TOKEN] = says({**SLACK_TOKEN, "refresh_token": "xoxe-1-canary", "expires_in": 43_200, "expires_at": 1})
    sign_in(browser(), begin(acme.workspace))
    kept_secrets = Connection.objects.get(provider="slack").unseal_values("credentials")
    assert kept_secrets["refresh_token"] == "xoxe-1-canary"
    assert abs(int(kept_secrets["expires_at"]) - timezone.now().timestamp() - 43_200) < 600


# --------------------------------------------------------------------------- reconnecting


def test_reconnecting_keeps_rules_and_lets_go_what_was_held(acme: Vendor, slack: Connection) -> None:
    inputs = {"id": "C0123456789"}
    rule = make_rule(slack, inputs=inputs)
    delivery = make_delivery(make_event(acme.workspace), rule, State.HELD)
    assert holding.release() == 0
    sign_in(browser(), begin(acme.workspace, connection=slack))
    slack.refresh_from_db()
    assert (slack.active, slack.inactive_reason, slack.failing_since) == (True, "", None)
    assert holding.release() == 1
    assert Delivery.objects.get(id=delivery.id).state == State.PENDING
    assert slack.rules.get() == rule


def test_reconnecting_keeps_the_name_that_the_customer_gave(acme: Vendor, slack: Connection) -> None:
    Connection.objects.filter(id=slack.id).update(name="Ours")
    sign_in(browser(), begin(acme.workspace, connection=slack))
    slack.refresh_from_db()
    assert slack.name == "Ours"


def test_a_connection_that_was_deleted_meanwhile_is_not_brought_back(
    acme: Vendor, door: Door, slack: Connection
) -> None:
    issued = begin(acme.workspace, connection=slack)

    def meanwhile(_: object) -> Reply:
        Connection.objects.filter(id=slack.id).delete()
        return says(SLACK_TOKEN)

    door.replies[TOKEN] = meanwhile
    answer = sign_in(browser(), issued)
    assert "was deleted" in text_of(answer)
    assert not Connection.objects.filter(provider="slack").exists()


# --------------------------------------------------------------------------- the wrong account


@pytest.fixture
def wrong(acme: Vendor, door: Door, slack: Connection) -> PendingAuthorization:
    """Somebody reconnects, and signs in to another team."""
    door.replies[TOKEN] = says(OTHER_TOKEN)
    issued = begin(acme.workspace, connection=slack)
    answer = sign_in(browser(), issued)
    assert answer.status_code == 409
    assert "Other Team" in text_of(answer)
    assert "Acme Team" in text_of(answer)
    return now_of(issued.pending)


def test_another_account_changes_nothing_before_somebody_says_so(
    wrong: PendingAuthorization, slack: Connection
) -> None:
    before = kept(slack)
    assert (wrong.status, before["active"]) == (Status.WRONG_ACCOUNT, False)
    assert slack.unseal_values("credentials") == {"bot_token": "xoxb-acme-canary-1"}
    assert "Other Team" in wrong.error
    assert "Acme Team" in wrong.error
    assert b"canary" not in bytes(wrong.credentials)


def test_a_yes_takes_the_other_account(wrong: PendingAuthorization, slack: Connection) -> None:
    keeping.accept_other_account(wrong, actor="bob")
    slack.refresh_from_db()
    assert (slack.active, slack.settings["team_id"]) == (True, "T0OTHER")
    assert slack.unseal_values("credentials") == {"bot_token": "xoxb-other-canary-2"}
    assert (now_of(wrong).status, bytes(now_of(wrong).credentials)) == (Status.CONNECTED, b"")
    assert AuditEntry.objects.filter(actor="bob", verb="connection.reconnected").exists()


def test_a_no_keeps_the_old_account_and_destroys_the_new_credentials(
    wrong: PendingAuthorization, slack: Connection, door: Door
) -> None:
    before, asked = kept(slack), len(door.requests)
    assert keeping.decline_other_account(wrong, actor="bob")
    assert (kept(slack), len(door.requests)) == (before, asked)
    assert (now_of(wrong).status, bytes(now_of(wrong).credentials)) == (Status.FAILED, b"")
    with pytest.raises(ApiError):
        keeping.accept_other_account(wrong, actor="bob")


def test_a_yes_after_ten_minutes_is_too_late(wrong: PendingAuthorization, slack: Connection) -> None:
    before = kept(slack)
    assert wrong.expires_at - timezone.now() <= timedelta(minutes=10)
    expire(wrong)
    with pytest.raises(ApiError) as caught:
        keeping.accept_other_account(wrong, actor="bob")
    assert (caught.value.status, kept(slack)) == (409, before)
    assert now_of(wrong).stage(timezone.now()) == Status.EXPIRED


def know_a_channel(connection: Connection) -> None:
    DirectoryEntry.objects.create(
        organization_id=connection.organization_id,
        workspace_id=connection.workspace_id,
        connection=connection,
        kind="channel",
        external_id="C0OLD",
        name="old",
        folded="old",
        seen_in=1,
    )


def test_the_channels_of_the_old_account_are_forgotten_with_it(wrong: PendingAuthorization, slack: Connection) -> None:
    know_a_channel(slack)
    keeping.accept_other_account(wrong, actor="bob")
    assert not DirectoryEntry.objects.filter(connection=slack).exists()


def test_reconnecting_the_same_account_keeps_its_channels(acme: Vendor, slack: Connection) -> None:
    know_a_channel(slack)
    sign_in(browser(), begin(acme.workspace, connection=slack))
    assert DirectoryEntry.objects.filter(connection=slack).exists()


def test_a_yes_counts_once(wrong: PendingAuthorization) -> None:
    keeping.accept_other_account(wrong, actor="bob")
    with pytest.raises(ApiError):
        keeping.accept_other_account(wrong, actor="bob")


# --------------------------------------------------------------------------- links


def link(workspace: Workspace, **fields: Any) -> tickets.Issued:
    return tickets.make_link(workspace=workspace, provider_slug="slack", actor="ann", **fields)


def test_a_link_lets_a_colleague_connect(acme: Vendor, door: Door) -> None:
    issued = link(acme.workspace)
    assert issued.path.startswith("/oauth/start?link=")
    assert sign_in(browser(), issued).status_code == 200
    assert Connection.objects.get(provider="slack").workspace_id == acme.workspace.id


def test_a_link_works_for_seven_days(acme: Vendor) -> None:
    issued = link(acme.workspace)
    assert timedelta(days=6, hours=23) < issued.pending.expires_at - timezone.now() <= timedelta(days=7)
    expire(issued.pending)
    assert "older than seven days" in text_of(browser().get(issued.path))  # type: ignore[arg-type]


def test_a_link_works_once(acme: Vendor, door: Door) -> None:
    issued = link(acme.workspace)
    depart(browser(), issued)
    answer = browser().get(issued.path)
    assert answer.status_code == 400
    assert b"used already" in answer.content


def test_a_link_that_was_taken_back_does_not_work(acme: Vendor, door: Door) -> None:
    issued = link(acme.workspace)
    client = browser()
    client.get(issued.path)
    assert tickets.withdraw(issued.pending, actor="ann")
    assert press(client, issued).status_code == 400
    assert not tickets.withdraw(issued.pending, actor="ann")


def test_a_link_in_use_cannot_be_taken_back_any_more(acme: Vendor, door: Door) -> None:
    issued = link(acme.workspace)
    depart(browser(), issued)
    assert not tickets.withdraw(issued.pending, actor="ann")


def test_a_ticket_is_no_link_and_a_link_no_ticket(acme: Vendor) -> None:
    ticket, shared = begin(acme.workspace), link(acme.workspace)
    for path in (ticket.path.replace("ticket=", "link="), shared.path.replace("link=", "ticket=")):
        assert browser().get(path).status_code == 400
    assert urlsplit(ticket.path).path == "/oauth/start"
    assert tickets.find(Kind.LINK, ticket.path.rpartition("=")[2]) is None


# --------------------------------------------------------------------------- disconnecting and forgetting


def test_disconnecting_destroys_the_secret_and_tells_the_provider(slack: Connection, door: Door) -> None:
    parting.part(slack, forced=False, actor=ACTOR)
    [request] = door.requests
    assert request.headers["Authorization"] == "Bearer xoxb-acme-canary-1"
    assert not Connection.objects.filter(id=slack.id).exists()


def test_hubspot_is_told_by_its_refresh_token(acme: Vendor, door: Door) -> None:
    make_app(acme.organization, "hubspot")
    granted = {"access_token": "canary-a", "refresh_token": "canary-r", "expires_in": 1_800}
    door.replies |= {
        "oauth/2026-03/token": says(granted),
        "/details": says({"portalId": 11, "accountType": "STANDARD"}),
        "/introspect": says({"hub_domain": "acme.example"}),
        "/revoke": says({}),
    }
    sign_in(browser(), begin(acme.workspace, "hubspot"))
    hubspot = Connection.objects.get(provider="hubspot")
    assert (hubspot.name, hubspot.settings["account_type"]) == ("HubSpot acme.example", "production")
    parting.part(hubspot, forced=False, actor=ACTOR)
    told = door.form("/token/revoke")
    assert (told["token"], told["client_id"]) == ("canary-r", "Acme-hubspot-client")


def test_the_api_disconnects_in_the_same_way(acme: Vendor, slack: Connection, door: Door) -> None:
    assert acme.machine.delete(f"/connections/{slack.id}").status_code == 200
    assert len(door.requests) == 1


def test_the_secret_goes_although_the_provider_does_not_answer(slack: Connection, door: Door) -> None:
    door.replies["auth.revoke"] = Failure(Trouble.TIMEOUT)
    parting.part(slack, forced=False, actor=ACTOR)
    assert not Connection.objects.filter(id=slack.id).exists()


def test_a_token_that_is_in_use_elsewhere_is_not_given_back(acme: Vendor, slack: Connection, door: Door) -> None:
    """Slack has one bot token for an app in a team: revoking it would cut off staging as well."""
    make_app(acme.organization, "slack", "staging", client_id=acme.app.client_id)
    sign_in(browser(), begin(acme.staging))
    door.requests.clear()
    parting.part(slack, forced=False, actor=ACTOR)
    assert door.requests == []
    parting.part(Connection.objects.get(provider="slack"), forced=False, actor=ACTOR)
    assert len(door.requests) == 1


def test_another_app_has_a_token_of_its_own(acme: Vendor, slack: Connection, door: Door) -> None:
    make_app(acme.organization, "slack", "staging", client_id="another-app")
    sign_in(browser(), begin(acme.staging))
    door.requests.clear()
    parting.part(slack, forced=False, actor=ACTOR)
    assert len(door.requests) == 1


def test_a_connection_in_use_is_neither_deleted_nor_given_back(slack: Connection, door: Door) -> None:
    make_rule(slack, inputs={"id": "C0123456789"})
    with pytest.raises(ApiError):
        parting.part(slack, forced=False, actor=ACTOR)
    assert (door.requests, Connection.objects.filter(id=slack.id).exists()) == ([], True)


def test_what_is_not_signed_in_to_is_deleted_without_a_word(acme: Vendor, door: Door) -> None:
    parting.part(acme.connection, forced=True, actor=ACTOR)
    assert (door.requests, Connection.objects.filter(id=acme.connection.id).exists()) == ([], False)


def test_the_sweep_empties_the_secrets_of_what_was_left_lying(wrong: PendingAuthorization) -> None:
    assert forgetting.forget() == 0
    expire(wrong)
    assert forgetting.forget() == 1
    assert bytes(now_of(wrong).credentials) == b""


def test_old_rows_are_deleted(wrong: PendingAuthorization) -> None:
    PendingAuthorization.objects.update(expires_at=timezone.now() - timedelta(days=31))
    forgetting.forget()
    assert not PendingAuthorization.objects.exists()
