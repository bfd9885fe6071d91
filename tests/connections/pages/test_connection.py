"""The page of one connection, and what can be done to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connections import http
from connections.directory import Why
from connections.models import Connection, DirectoryRun, Recipient
from connections.provider import Inactive
from tests.calling import STRANGE_ID
from tests.connections.signing_in import Door, says
from tests.connections.vendor import make_slack
from tests.portal import enter, visit, words
from tests.world import Vendor, make_connection
from workspaces.models import AuditEntry, SessionType

ALL = "/workspace/connections"


def off(connection: Connection, reason: str) -> None:
    Connection.objects.filter(id=connection.id).update(active=False, inactive_reason=reason)


def page_of(vendor: Vendor, connection: Connection | None, **session: Any) -> str:
    assert connection
    return words(visit(vendor, f"{ALL}/{connection.id}", **session))


# --------------------------------------------------------------------------- what it tells


def test_it_tells_that_all_is_well(acme: Vendor) -> None:
    assert "Healthy. Everything is in order." in page_of(acme, acme.connection)


@pytest.mark.parametrize(
    ("provider", "reason", "said", "mend"),
    [
        ("slack", Inactive.AUTHORIZATION_REVOKED, "revoked at Slack.", "/reconnect"),
        ("slack", Inactive.REAUTHORIZATION_REQUIRED, "Slack asks for signing in again.", "/reconnect"),
        ("slack", Inactive.AUTHENTICATION_INVALID, "Slack no longer accepts the credentials.", "/reconnect"),
        ("slack", Inactive.FAILING_FOR_DAYS, "failed for five days", "/switch"),
        ("webhook", Inactive.AUTHENTICATION_INVALID, "The receiver no longer accepts the credentials.", "/settings"),
        ("webhook", Inactive.ENDPOINT_GONE, "gone for good.", "/settings"),
        ("webhook", Inactive.MANUALLY_INACTIVATED, "switched off by hand.", "/switch"),
        ("capture", "unheard_of", "It was switched off.", "/switch"),
    ],
)
def test_what_is_wrong_is_told_with_what_happens_next_and_one_click(
    acme: Vendor, provider: str, reason: str, said: str, mend: str
) -> None:
    row = make_slack(acme.workspace) if provider == "slack" else make_connection(acme.workspace, provider)
    off(row, reason)
    page = visit(acme, f"{ALL}/{row.id}")
    banner = page.content.decode().partition('<div class="banner ')[2].partition("</div>")[0]
    assert said in words(page)
    assert "is kept meanwhile, and can go as soon as it is on again." in words(page)
    assert f'"{ALL}/{row.id}{mend}"' in banner
    assert banner.count("button primary") == 1


def test_who_may_only_look_is_told_who_can_mend_it(acme: Vendor) -> None:
    off(acme.connection, Inactive.MANUALLY_INACTIVATED)
    text = page_of(acme, acme.connection, role="viewer")
    assert "An admin of your team can mend this." in text
    assert "Switch it on" not in text
    assert "Disconnect" not in text


def test_an_account_is_told_with_what_it_may_do(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    slack.settings |= {"scopes": ["chat:write"], "team_name": "Acme Team"}
    slack.save()
    text = page_of(acme, slack)
    assert "Account Acme Team" in text
    assert "chat:write" in text
    assert "by test" in text


def test_settings_are_told_and_secrets_are_not(acme: Vendor) -> None:
    hook = make_connection(
        acme.workspace, "webhook", auth_scheme="bearer", token="token-canary", headers={"X-Team": "ops"}
    )
    page = visit(acme, f"{ALL}/{hook.id}")
    assert "Address https://hooks.example.com/in" in words(page)
    assert "Authentication Bearer token" in words(page)
    assert "Token kept, and not shown again" in words(page)
    assert "Signing secret kept, and not shown again" in words(page)
    assert "X-Team: ops" in words(page)
    for secret in hook.unseal_values("credentials").values():
        assert secret not in page.content.decode()


def test_hubspot_tells_what_kind_of_account_it_is(acme: Vendor) -> None:
    row = Connection.objects.create(
        organization=acme.organization,
        workspace=acme.workspace,
        provider="hubspot",
        name="HubSpot",
        settings={"hub_id": "1", "hub_domain": "acme.example", "account_type": "sandbox"},
        created_by="test",
    )
    text = page_of(acme, row)
    assert "Account acme.example sandbox account" in text
    assert "Try it" in text


@pytest.mark.parametrize("role", ["viewer", "member", "admin", "owner"])
def test_every_role_may_look(acme: Vendor, role: str) -> None:
    assert "Healthy." in page_of(acme, acme.connection, role=role)


def test_a_session_of_one_resource_may_not(acme: Vendor) -> None:
    session = {"session_type": SessionType.RESOURCE, "resource": "a", "resource_id": "b"}
    assert visit(acme, f"{ALL}/{acme.connection.id}", **session).status_code == 403


# --------------------------------------------------------------------------- off, on, and away


def test_it_is_switched_off_and_on_again(acme: Vendor) -> None:
    portal, path = enter(acme, external_user_id="ann"), f"{ALL}/{acme.connection.id}/switch"
    assert portal.post(path, {"active": "false"}).status_code == 204
    acme.connection.refresh_from_db()
    assert (acme.connection.active, acme.connection.inactive_reason) == (False, Inactive.MANUALLY_INACTIVATED)
    assert portal.post(path, {"active": "true"}).status_code == 204
    acme.connection.refresh_from_db()
    assert (acme.connection.active, acme.connection.inactive_reason) == (True, "")
    verbs = AuditEntry.objects.filter(actor="ann").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["connection.switched_off", "connection.switched_on"]


def test_switching_off_what_is_off_keeps_why_it_is_off(acme: Vendor) -> None:
    off(acme.connection, Inactive.ENDPOINT_GONE)
    enter(acme).post(f"{ALL}/{acme.connection.id}/switch", {"active": "false"})
    acme.connection.refresh_from_db()
    assert acme.connection.inactive_reason == Inactive.ENDPOINT_GONE


def test_settings_that_are_wrong_by_now_do_not_keep_it_on(acme: Vendor) -> None:
    hook = make_connection(acme.workspace, "webhook")
    Connection.objects.filter(id=hook.id).update(settings={"url": "nonsense"})
    enter(acme).post(f"{ALL}/{hook.id}/switch", {"active": "false"})
    assert not Connection.objects.get(id=hook.id).active


def test_disconnecting_says_before_what_is_lost(acme: Vendor) -> None:
    text = page_of(acme, acme.connection)
    assert "Disconnect Acme capture? 1 rule that uses it is deleted." in text
    assert "What was sent stays in the activity." in text


def test_disconnecting_takes_its_rules_along(acme: Vendor) -> None:
    answer = enter(acme).post(f"{ALL}/{acme.connection.id}/disconnect")
    assert answer.status_code == 204
    assert not Connection.objects.filter(id=acme.connection.id).exists()
    assert not type(acme.rule).objects.filter(id=acme.rule.id).exists()


def test_disconnecting_gives_the_access_back(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door({"auth.revoke": says({"ok": True})})
    monkeypatch.setattr(http, "send", door.send)
    enter(acme).post(f"{ALL}/{make_slack(acme.workspace).id}/disconnect")
    assert [request.url for request in door.requests] == ["https://slack.com/api/auth.revoke"]


CHANGES = ("switch", "disconnect")


@pytest.mark.parametrize("role", ["viewer", "member"])
@pytest.mark.parametrize("change", CHANGES)
def test_who_may_only_look_changes_nothing(acme: Vendor, role: str, change: str) -> None:
    answer = enter(acme, role=role).post(f"{ALL}/{acme.connection.id}/{change}", {"active": "false"})
    assert answer.status_code == 403
    assert Connection.objects.get(id=acme.connection.id).active


@pytest.mark.parametrize("change", CHANGES)
def test_strangers_connections_stay_as_they_are(acme: Vendor, globex: Vendor, change: str) -> None:
    for id in (globex.connection.id, STRANGE_ID):
        assert enter(acme).post(f"{ALL}/{id}/{change}", {"active": "false"}).status_code == 404
        assert visit(acme, f"{ALL}/{id}").status_code == 404
    assert Connection.objects.get(id=globex.connection.id).active


# --------------------------------------------------------------------------- recipients


def mail_of(vendor: Vendor, *, asked: timedelta) -> Recipient:
    mail = make_connection(vendor.workspace, "email", recipients="ann@acme.example")
    Recipient.objects.filter(connection=mail).update(asked_at=timezone.now() - asked)
    found: Recipient = Recipient.objects.get(connection=mail)
    return found


def ask(vendor: Vendor, recipient: Recipient, **session: Any) -> Any:
    path = f"{ALL}/{recipient.connection_id}/recipients/{recipient.id}/ask"
    return enter(vendor, **session).post(path, target="recipients")


def test_who_has_not_answered_is_asked_again(acme: Vendor) -> None:
    recipient = mail_of(acme, asked=timedelta(hours=1))
    text = page_of(acme, recipient.connection)
    assert "ann@acme.example asked 1 hour ago" in text.replace("\xa0", " ")
    assert "Ask again" in text
    assert "is asked in a moment" in words(ask(acme, recipient))
    recipient.refresh_from_db()
    assert recipient.asked_at is None


@pytest.mark.parametrize(
    ("asked", "confirmed"), [(timedelta(minutes=9), False), (timedelta(hours=1), True)], ids=["just now", "confirmed"]
)
def test_nobody_is_asked_too_often_or_after_a_yes(acme: Vendor, asked: timedelta, confirmed: bool) -> None:
    recipient = mail_of(acme, asked=asked)
    Recipient.objects.update(confirmed_at=timezone.now() if confirmed else None)
    assert "Ask again" not in page_of(acme, recipient.connection)
    ask(acme, recipient)
    recipient.refresh_from_db()
    assert recipient.asked_at is not None


def test_strangers_recipients_are_not_asked(acme: Vendor, globex: Vendor) -> None:
    theirs = mail_of(globex, asked=timedelta(hours=1))
    assert ask(acme, theirs).status_code == 404
    path = f"{ALL}/{acme.connection.id}/recipients/{theirs.id}/ask"
    assert enter(acme).post(path).status_code == 404
    assert ask(globex, theirs, role="member").status_code == 403
    theirs.refresh_from_db()
    assert theirs.asked_at is not None


# --------------------------------------------------------------------------- its channels


def run_of(slack: Connection, **fields: Any) -> DirectoryRun:
    return DirectoryRun.objects.create(
        organization_id=slack.organization_id,
        workspace_id=slack.workspace_id,
        connection=slack,
        kind="channel",
        reason=Why.CONNECTED,
        **fields,
    )


def test_it_tells_how_good_the_list_of_channels_is(acme: Vendor) -> None:
    slack, day = make_slack(acme.workspace), timezone.now() - timedelta(hours=3)
    gap = "Private channels are listed only where the app is a member."
    run_of(
        slack, reading=False, completed_at=day, started_at=day, finished_at=day, gaps=[gap], trouble="Slack was ill."
    )
    text = page_of(acme, slack).replace("\xa0", " ")
    assert "Channels Read again 0 channels, read to the end 3 hours ago ." in text
    assert gap in text
    assert "Slack was ill." in text


def test_it_asks_again_while_the_list_is_read(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    run_of(slack, reading=True, started_at=timezone.now(), counted=1200)
    page = visit(acme, f"{ALL}/{slack.id}/directory/channel/state")
    assert "Reading: 1,200 so far." in words(page)
    path = page.content.decode().partition('hx-get="')[2].partition('"')[0]
    assert visit(acme, path).status_code == 204


def test_the_list_is_read_again_on_request(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    assert "every 2s" in enter(acme, role="member").post(f"{ALL}/{slack.id}/directory/channel/read").content.decode()
    assert DirectoryRun.objects.filter(connection=slack, reading=True).exists()


def test_there_is_no_such_list(acme: Vendor, globex: Vendor) -> None:
    slack = make_slack(acme.workspace)
    assert visit(acme, f"{ALL}/{slack.id}/directory/stars/state").status_code == 404
    assert visit(acme, f"{ALL}/{acme.connection.id}/directory/channel/state").status_code == 404
    assert visit(globex, f"{ALL}/{slack.id}/directory/channel/state").status_code == 404
    assert enter(globex).post(f"{ALL}/{slack.id}/directory/channel/read").status_code == 404
    assert enter(acme, role="viewer").post(f"{ALL}/{slack.id}/directory/channel/read").status_code == 403
