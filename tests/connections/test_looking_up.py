"""What was pasted is looked up at the vendor, and an invitation is noticed."""

from __future__ import annotations

import pytest

from connections import http
from connections.directory import Why, refresh
from connections.looking_up import look_up, recheck
from connections.models import Connection, DirectoryEntry
from connections.provider import Failure, Trouble
from connections.reading_on import read_on
from tests.connections.vendor import Slack, channel, error, make_slack, slow_down
from tests.world import make_connection, make_workspace
from workspaces.models import Organization


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Slack:
    vendor = Slack(channels=[channel(1, "alerts"), channel(2, "ops")])
    monkeypatch.setattr(http, "send", vendor.send)
    return vendor


@pytest.fixture
def connected(db: None, slack: Slack) -> Connection:
    return make_slack(make_workspace(Organization.objects.create(name="Acme"), "Acme"))


def methods(slack: Slack) -> list[str]:
    return [method for method, _ in slack.asked]


def test_a_pasted_link_is_looked_up_and_kept(connected: Connection, slack: Slack) -> None:
    found = look_up(connected, "channel", "https://acme.slack.com/archives/C0000000002")
    assert found.entry is not None
    assert (found.entry.name, found.entry.workspace_id) == ("ops", connected.workspace_id)
    assert DirectoryEntry.objects.get() == found.entry
    assert methods(slack) == ["conversations.info"]


@pytest.mark.parametrize("text", ["C0000000001", "#alerts", "alerts", "<#C0000000001|alerts>"])
def test_what_the_list_has_is_not_asked_of_the_vendor(connected: Connection, slack: Slack, text: str) -> None:
    look_up(connected, "channel", "C0000000001")
    slack.asked.clear()
    found = look_up(connected, "channel", text)
    assert found.entry is not None
    assert (found.entry.name, slack.asked) == ("alerts", [])


def test_a_name_that_the_list_does_not_have_is_told_how_to_be_found(connected: Connection, slack: Slack) -> None:
    found = look_up(connected, "channel", "#secret")
    assert found.entry is None
    assert found.reason == "This is no channel's ID or link, and Slack finds none by its name."
    assert "copy its link" in found.fix
    assert slack.asked == []


def test_a_private_channel_without_the_app_is_told_how_to_invite_it(connected: Connection, slack: Slack) -> None:
    found = look_up(connected, "channel", "C0000000009")
    assert found.entry is None
    assert "private and the app is not in it" in found.reason
    assert "/invite @jackfield" in found.fix
    assert not DirectoryEntry.objects.exists()


def test_an_invitation_is_noticed(connected: Connection, slack: Slack) -> None:
    assert recheck(connected, "channel", "C0000000009").entry is None
    slack.channels.append(channel(9, "vault", is_private=True, is_member=True))
    found = recheck(connected, "channel", "C0000000009")
    assert found.entry is not None
    assert (found.entry.name, found.entry.facts["is_member"]) == ("vault", True)


def test_a_recheck_asks_the_vendor_even_when_the_list_has_it(connected: Connection, slack: Slack) -> None:
    look_up(connected, "channel", "C0000000001")
    slack.channels[0]["is_archived"] = True
    found = recheck(connected, "channel", "C0000000001")
    assert found.entry is not None
    assert found.entry.archived


def test_what_is_gone_from_the_list_is_asked_of_the_vendor(connected: Connection, slack: Slack) -> None:
    look_up(connected, "channel", "C0000000001")
    DirectoryEntry.objects.update(gone_at="2026-01-01T00:00:00Z", usable=False)
    found = look_up(connected, "channel", "alerts C")
    assert found.entry is None
    again = look_up(connected, "channel", "C0000000001")
    assert again.entry is not None
    assert (again.entry.gone_at, again.entry.usable) == (None, True)


def test_what_was_looked_up_during_a_run_is_not_gone_at_its_end(connected: Connection, slack: Slack) -> None:
    refresh(connected, "channel", why=Why.CONNECTED)
    read_on(seconds=0)
    refresh(connected, "channel", why=Why.CONNECTED)
    slack.channels.append(channel(9, "vault"))
    look_up(connected, "channel", "C0000000009")
    slack.channels.pop()
    read_on()
    assert DirectoryEntry.objects.get(name="vault").gone_at is None


def test_a_vendor_that_asks_for_time_is_passed_on(connected: Connection, slack: Slack) -> None:
    slack.first = [slow_down(7)]
    found = recheck(connected, "channel", "C0000000001")
    assert (found.entry, found.retry_after) == (None, 7)


@pytest.mark.parametrize("reply", [error("token_revoked"), Failure(Trouble.TIMEOUT), error("internal_error")], ids=str)
def test_a_vendor_that_cannot_say_leaves_the_list_as_it_is(connected: Connection, slack: Slack, reply: object) -> None:
    look_up(connected, "channel", "C0000000001")
    slack.first = [lambda: reply]  # type: ignore[list-item, return-value]
    found = recheck(connected, "channel", "C0000000001")
    assert found.entry is None
    assert found.reason.endswith(".")
    assert DirectoryEntry.objects.get().usable


def test_a_link_of_another_workspace_is_not_followed(connected: Connection, slack: Slack) -> None:
    found = look_up(connected, "channel", "https://app.slack.com/client/T999999999/C0000000009")
    assert found.reason == "This link leads to another Slack workspace."
    assert slack.asked == []


def test_a_connection_that_is_switched_off_is_not_asked(connected: Connection, slack: Slack) -> None:
    connected.active = False
    assert look_up(connected, "channel", "C0000000009").reason == "The connection is switched off."
    assert slack.asked == []


def test_only_a_destination_with_such_a_list_is_asked(connected: Connection) -> None:
    with pytest.raises(KeyError):
        look_up(make_connection(connected.workspace), "channel", "C0000000009")
