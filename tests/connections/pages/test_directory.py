"""The combobox of channels: what fits, how good the list is, and what is wrong with the one that was picked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from connections import http
from connections.directory import refresh
from connections.models import Connection, DirectoryEntry, DirectoryRun
from connections.reading_on import read_on
from tests.calling import STRANGE_ID
from tests.connections.vendor import Slack, channel, error, make_slack
from tests.portal import enter, words
from tests.world import Vendor
from workspaces.models import SessionType


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Slack:
    found = Slack(channels=[channel(1, "alerts"), channel(2, "alerts-old", is_archived=True), channel(3, "general")])
    monkeypatch.setattr(http, "send", found.send)
    return found


@pytest.fixture
def slack(acme: Vendor, vendor: Slack) -> Connection:
    connection = make_slack(acme.workspace)
    refresh(connection, "channel")
    while read_on():
        pass
    vendor.asked.clear()
    return connection


def path(connection_id: object, what: str = "") -> str:
    return f"/workspace/connections/{connection_id}/directory/channel{what}"


def find(acme: Vendor, slack: Connection, text: str, **query: Any) -> HttpResponse:
    return enter(acme).get(path(slack.id), **{"by": "find-id", "find-id": text, "list": "in-id-list", **query})


def entry(acme: Vendor, slack: Connection, id: str, **query: Any) -> HttpResponse:
    return enter(acme).get(path(slack.id, "/entry"), **{"by": "in-id", "in-id": id, **query})


def test_it_lists_what_fits_and_marks_what_cannot_be_used(acme: Vendor, slack: Connection) -> None:
    page = find(acme, slack, "alert").content.decode()
    assert re.search(r'<ul role="listbox" id="in-id-list"', page)
    options = re.findall(r'role="option" id="([^"]*)" data-value="([^"]*)" data-name="([^"]*)"', page)
    assert options == [("in-id-list-1", "C0000000001", "#alerts"), ("in-id-list-2", "C0000000002", "#alerts-old")]
    assert page.count('aria-disabled="true"') == 1
    assert "archived" in page


def test_it_says_how_good_the_list_is(acme: Vendor, slack: Connection) -> None:
    DirectoryRun.objects.update(completed_at=timezone.now() - timedelta(minutes=3, seconds=5))
    said = words(find(acme, slack, ""))
    assert "3 channels, read 3 minutes ago" in said.replace("\xa0", " ")
    assert "Private channels are listed only where the app is a member." in said


def test_while_it_is_read_it_says_how_far_and_asks_again(acme: Vendor, slack: Connection) -> None:
    DirectoryRun.objects.update(reading=True, counted=12_000, completed_at=None)
    answer = find(acme, slack, "")
    assert "Still reading: 12,000 so far" in words(answer)
    assert "load delay:2s" in answer.content.decode()
    assert "Read again" not in words(answer)


def test_what_went_wrong_is_told(acme: Vendor, slack: Connection) -> None:
    DirectoryRun.objects.update(trouble="Slack asked for time.")
    assert "Slack asked for time." in words(find(acme, slack, ""))


def test_an_id_that_the_list_has_not_is_looked_up(acme: Vendor, slack: Connection, vendor: Slack) -> None:
    vendor.channels.append(channel(77, "brand-new"))
    page = find(acme, slack, "https://acme.slack.com/archives/C0000000077").content.decode()
    assert 'data-value="C0000000077"' in page
    assert DirectoryEntry.objects.filter(external_id="C0000000077").exists()


def test_a_name_is_not_asked_of_the_vendor(acme: Vendor, slack: Connection, vendor: Slack) -> None:
    said = words(find(acme, slack, "nowhere"))
    assert "Nothing here is called “nowhere”. Paste its link or its ID, and it is looked up." in said
    assert vendor.asked == []


def test_what_the_vendor_does_not_show_is_explained(acme: Vendor, slack: Connection) -> None:
    answer = find(acme, slack, "https://acme.slack.com/archives/C0000000099")
    assert "/invite @jackfield" in words(answer)
    assert 'data-value="C0000000099"' in answer.content.decode()  # to be picked, and to turn green once we are invited


def test_the_list_is_read_again_on_request(acme: Vendor, slack: Connection) -> None:
    DirectoryRun.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    answer = enter(acme).post(path(slack.id, "/refresh"), {"by": "find-id", "find-id": "alert", "list": "in-id-list"})
    assert answer.status_code == 200
    assert DirectoryRun.objects.get(connection=slack).reading
    assert 'data-name="#alerts"' in answer.content.decode()


def test_names_that_a_browser_sends_are_not_written_into_the_page(acme: Vendor, slack: Connection) -> None:
    page = find(acme, slack, "<b>", list='x" onclick="y').content.decode()
    assert "onclick" not in page
    assert "<b>" not in page


# --------------------------------------------------------------------------- the one that was picked


def test_a_channel_that_can_be_used_needs_no_words(acme: Vendor, slack: Connection, vendor: Slack) -> None:
    assert words(entry(acme, slack, "C0000000001")) == ""
    assert words(entry(acme, slack, "")) == ""
    assert vendor.asked == []


def test_an_archived_channel_is_refused_in_words(acme: Vendor, slack: Connection) -> None:
    assert "#alerts-old is archived" in words(entry(acme, slack, "C0000000002"))


def test_a_channel_that_is_gone_is_refused_in_words(acme: Vendor, slack: Connection) -> None:
    DirectoryEntry.objects.filter(name="general").update(gone_at=timezone.now(), usable=False)
    DirectoryRun.objects.update(reading=False)
    said = words(entry(acme, slack, "C0000000003", checks="1"))
    assert "#general is no longer listed" in said


def test_an_invitation_turns_green_by_itself(acme: Vendor, slack: Connection, vendor: Slack) -> None:
    first = entry(acme, slack, "C0000000099")
    assert re.search(r'<code id="invitation">/invite @jackfield</code>', first.content.decode())
    assert "checks=1" in first.content.decode()
    vendor.channels.append(channel(99, "secret", is_private=True, is_member=True))
    second = entry(acme, slack, "C0000000099", checks="1")
    assert "Invited: #secret can be posted to." in words(second)
    assert "hx-trigger" not in second.content.decode()


def test_it_does_not_ask_for_ever(acme: Vendor, slack: Connection) -> None:
    assert "hx-trigger" not in entry(acme, slack, "C0000000099", checks="200").content.decode()
    assert "checks=1&" not in entry(acme, slack, "C0000000099", checks="many").content.decode()


def test_a_vendor_that_asks_for_time_gets_it(acme: Vendor, slack: Connection, vendor: Slack) -> None:
    vendor.first = [error("ratelimited")]
    assert "load delay:" in entry(acme, slack, "C0000000099").content.decode()


# --------------------------------------------------------------------------- who may


def test_a_stranger_finds_nothing(acme: Vendor, globex: Vendor, slack: Connection, vendor: Slack) -> None:
    portal = enter(globex)
    for id in (slack.id, STRANGE_ID):
        for answer in (
            portal.get(path(id), by="t", t="alerts"),
            portal.get(path(id, "/entry"), by="t", t="C0000000001"),
            portal.post(path(id, "/refresh"), {}),
        ):
            assert answer.status_code == 404
            assert "alerts" not in answer.content.decode()
    assert vendor.asked == []


def test_a_connection_without_such_a_list_is_not_there(acme: Vendor) -> None:
    assert enter(acme).get(path(acme.connection.id)).status_code == 404


@pytest.mark.parametrize("kind", [SessionType.DASHBOARD, SessionType.WORKSPACE])
def test_only_those_who_write_rules_pick_channels(acme: Vendor, slack: Connection, kind: SessionType) -> None:
    portal = enter(acme, role="viewer", session_type=kind)
    assert portal.get(path(slack.id)).status_code == 403
    assert portal.post(path(slack.id, "/refresh")).status_code == 403


def test_the_channels_of_a_hidden_connection_are_nobodys_to_see(acme: Vendor, slack: Connection) -> None:
    Connection.objects.filter(id=slack.id).update(hidden=True)
    assert find(acme, slack, "alerts").status_code == 404
    assert entry(acme, slack, "C1").status_code == 404
