"""The list of connections: what is plugged in, how it is, and what could be."""

from __future__ import annotations

import re

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.models import Connection, Recipient
from connections.pages import listing
from connections.provider import Inactive
from deliveries.models import State
from tests.calling import STRANGE_ID
from tests.connections.vendor import make_slack
from tests.portal import enter, visit, words
from tests.world import Vendor, make_connection, make_delivery, make_event, make_rule
from workspaces.models import Organization, SessionType, Workspace

PATH = "/workspace/connections"


def is_off(connection: Connection, reason: str) -> None:
    Connection.objects.filter(id=connection.id).update(active=False, inactive_reason=reason)


def test_a_connection_is_told_with_its_health_its_account_and_its_rules(acme: Vendor) -> None:
    make_slack(acme.workspace)
    text = words(visit(acme, PATH))
    assert "Acme Slack Slack · Acme Healthy 0 rules" in text
    assert "Acme capture Capture Healthy 1 rule ·" in text


def test_what_needs_somebody_says_why_and_comes_first(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    make_connection(acme.workspace, name="Newest")
    is_off(slack, Inactive.AUTHORIZATION_REVOKED)
    text = words(visit(acme, PATH))
    assert "Acme Slack Slack · Acme Needs you. The authorization was revoked at Slack." in text
    assert text.index("Acme Slack") < text.index("Newest")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Inactive.MANUALLY_INACTIVATED, "Off. It was switched off by hand."),
        (Inactive.ENDPOINT_GONE, "Needs you. The receiver said that it is gone for good."),
        (Inactive.FAILING_FOR_DAYS, "Needs you. Everything sent there failed for five days"),
        ("something_new", "Needs you. It was switched off."),
    ],
)
def test_every_reason_has_its_words(acme: Vendor, reason: str, said: str) -> None:
    is_off(acme.connection, reason)
    assert said in words(visit(acme, PATH))


def test_it_tells_since_when_nothing_arrives(acme: Vendor) -> None:
    Connection.objects.update(failing_since=timezone.now())
    assert "Failing. Nothing has arrived there lately." in words(visit(acme, PATH))


def test_mail_without_a_yes_waits_for_one(acme: Vendor) -> None:
    make_connection(acme.workspace, "email", recipients="ann@acme.example bob@acme.example")
    assert "Waiting for a yes. None of its recipients has confirmed yet." in words(visit(acme, PATH))
    Recipient.objects.filter(address="ann@acme.example").update(confirmed_at=timezone.now())
    assert "Waiting for a yes" not in words(visit(acme, PATH))


def test_a_hidden_connection_is_not_shown(acme: Vendor) -> None:
    Connection.objects.update(hidden=True)
    text = words(visit(acme, PATH))
    assert "Acme capture" not in text
    assert "Nothing is connected yet" in text


def test_strangers_connections_are_not_shown(acme: Vendor, globex: Vendor) -> None:
    assert "Globex" not in words(visit(acme, PATH))
    assert "Acme capture" not in words(visit(acme.staging, PATH))


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_only_look_is_offered_nothing(acme: Vendor, role: str) -> None:
    page = visit(acme, PATH, role=role)
    assert "connections/new" not in page.content.decode()
    assert "An admin of your team can connect these." in words(page)


@pytest.mark.parametrize("role", ["admin", "owner"])
def test_who_may_connect_is_offered_every_provider(acme: Vendor, role: str) -> None:
    text = visit(acme, PATH, role=role).content.decode()
    for slug in ("capture", "email", "hubspot", "slack", "webhook"):
        assert f'href="{PATH}/new/{slug}"' in text


@pytest.mark.parametrize("kind", [SessionType.RESOURCE, SessionType.DASHBOARD])
def test_narrow_sessions_see_no_connections(acme: Vendor, kind: SessionType) -> None:
    assert visit(acme, PATH, session_type=kind, resource="a", resource_id="b").status_code == 403


def test_there_are_as_many_questions_for_thirty_as_for_three(acme: Vendor) -> None:
    portal = enter(acme)
    counts = []
    for more in (2, 27):
        for number in range(more):
            make_rule(make_connection(acme.workspace, name=f"{more} {number}"))
        with CaptureQueriesContext(database) as captured:
            assert portal.get(PATH).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_long_list_has_a_second_page(acme: Vendor) -> None:
    for number in range(49):
        make_connection(acme.workspace, name=f"Numbered {number}")
    first = visit(acme, PATH)
    assert "Numbered 0 " not in words(first)
    path = first.content.decode().partition('class="button" href="')[2].partition('"')[0]
    assert "Numbered 0 " in words(visit(acme, path))


# --------------------------------------------------------------------------- what arrived last


def last_of(vendor: Vendor, *asked: object) -> str:
    named = {"connections": " ".join(map(str, asked))}
    return enter(vendor).post(f"{PATH}/last", named).content.decode()


def test_it_tells_when_something_last_arrived_at_each_that_is_named(acme: Vendor, globex: Vendor) -> None:
    make_delivery(make_event(acme.workspace), acme.rule, State.DELIVERED, finished_at=timezone.now())
    quiet = make_connection(acme.workspace, name="Quiet")
    text = last_of(acme, acme.connection.id, quiet.id, globex.connection.id, STRANGE_ID, "x")
    assert f'id="last-{acme.connection.id}" hx-swap-oob="true">last delivery <time' in text
    assert f'id="last-{quiet.id}" hx-swap-oob="true">no delivery lately' in text
    assert text.count("hx-swap-oob") == 2


def test_what_failed_has_not_arrived(acme: Vendor) -> None:
    assert "no delivery lately" in last_of(acme, acme.connection.id)


def test_every_page_of_the_list_asks_for_its_own(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 1)
    newest = make_connection(acme.workspace, name="Newest")
    for path, shown in ((PATH, newest), (f"{PATH}?before={newest.id}", acme.connection)):
        page = visit(acme, path).content.decode()
        assert f"""hx-vals='{{"connections": "{shown.id}"}}'""" in page
        assert re.findall('id="last-([^"]+)"', page) == [str(shown.id)]


def test_however_many_are_named_it_is_one_look(acme: Vendor) -> None:
    more, counts = make_connection(acme.workspace, name="More"), []
    for asked in ([more.id], [more.id, acme.connection.id]):
        with CaptureQueriesContext(database) as captured:
            last_of(acme, *asked)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_workspace_of_its_own_starts_empty(acme: Vendor) -> None:
    organization = Organization.objects.create(name="New")
    workspace = Workspace.objects.create(organization=organization, name="New", tenant="new")
    text = words(visit(workspace, PATH))
    assert "Nothing is connected yet Choose below where your team wants to hear of what happens." in text
    assert "What you can connect" in text
