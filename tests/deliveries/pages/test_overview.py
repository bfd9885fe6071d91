"""The overview."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.models import Connection
from deliveries.models import TEST, State
from deliveries.showing import figures
from rules.models import Rule
from tests.connections.vendor import make_slack
from tests.portal import Portal, enter, visit, words
from tests.world import Vendor, make_connection, make_delivery, make_event, make_rule, make_workspace
from workspaces.models import SessionType

PATH = "/workspace/dashboard"


@pytest.fixture(autouse=True)
def _counted_anew() -> None:
    figures.forget()


def broken(vendor: Vendor, reason: str) -> None:
    Connection.objects.filter(id=vendor.connection.id).update(active=False, inactive_reason=reason)


def queries(portal: Portal, path: str) -> int:
    figures.forget()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert portal.get(path).status_code == 200
    return len(captured)


def test_the_first_line_tells_that_all_is_well(acme: Vendor) -> None:
    make_connection(acme.workspace, name="Second")
    make_delivery(make_event(acme.workspace), acme.rule, State.DELIVERED)
    text = words(visit(acme, PATH))
    assert "All 2 connections are healthy 1 alert delivered in the last 7 days, 1 failed." in text


def test_the_first_line_tells_who_needs_somebody_and_what_waits(acme: Vendor) -> None:
    broken(acme, "oauth_authorization_revoked")
    make_delivery(make_event(acme.workspace), acme.rule, State.HELD)
    page = visit(acme, PATH)
    assert "Acme capture needs you The authorization was revoked" in words(page)
    assert "1 alert is waiting, and is kept until it is mended." in words(page)
    assert 'class="button primary"' in page.content.decode()


@pytest.mark.parametrize(
    ("role", "leads_to", "click"), [("owner", "/reconnect", "Reconnect"), ("viewer", "", "See the")]
)
def test_the_one_click_leads_to_the_sign_in_of_whoever_may(acme: Vendor, role: str, leads_to: str, click: str) -> None:
    slack = make_slack(acme.workspace)
    Connection.objects.filter(id=slack.id).update(active=False, inactive_reason="oauth_authorization_revoked")
    page = visit(acme, PATH, role=role).content.decode()
    assert f'<a class="button primary" href="/workspace/connections/{slack.id}{leads_to}">{click}' in page


def test_several_that_need_somebody_are_counted_and_named(acme: Vendor) -> None:
    broken(acme, "authentication_invalid")
    second = make_connection(acme.workspace, name="Second")
    Connection.objects.filter(id=second.id).update(active=False, inactive_reason="endpoint_gone")
    assert "2 connections need you" in words(visit(acme, PATH))


def test_what_was_switched_off_by_hand_needs_nobody(acme: Vendor) -> None:
    make_connection(acme.workspace, name="Second")
    broken(acme, "manually_inactivated")
    assert "1 connection works, 1 switched off" in words(visit(acme, PATH))


def test_a_connection_that_fails_is_told_before_it_is_switched_off(acme: Vendor) -> None:
    Connection.objects.filter(id=acme.connection.id).update(failing_since=acme.event.created_at)
    assert "Acme capture is in trouble" in words(page := visit(acme, PATH))
    assert "See the connection</a>" in page.content.decode()


def test_a_connection_without_rules_says_what_is_missing(acme: Vendor) -> None:
    Rule.objects.for_workspace(acme.workspace.id).update(active=False)
    assert "Nothing is sent yet" in words(visit(acme, PATH))


def test_a_fresh_workspace_leads_to_its_first_connection(acme: Vendor) -> None:
    fresh = make_workspace(acme.organization, "Fresh one")
    page = visit(fresh, PATH)
    assert "Nothing is connected yet" in words(page)
    assert 'href="/workspace/connections"' in page.content.decode()
    assert "The last 7 days" not in words(page)


def test_what_happened_last_is_shown_in_a_line_each(acme: Vendor) -> None:
    make_event(acme.workspace, "user.created", kind=TEST)
    text = words(visit(acme, PATH))
    assert "user.created Test" in text
    assert "Acme capture failed" in text


def test_every_role_sees_it(acme: Vendor) -> None:
    for role in ("viewer", "member", "admin", "owner"):
        assert visit(acme, PATH, role=role).status_code == 200


def test_a_dashboard_session_gets_no_links_to_what_it_may_not_open(acme: Vendor) -> None:
    broken(acme, "oauth_authorization_revoked")
    text = visit(acme, PATH, session_type=SessionType.DASHBOARD).content.decode()
    assert "/workspace/events/" not in text
    assert "/workspace/connections" not in text


def test_a_session_of_one_resource_is_told_of_nothing_else(acme: Vendor) -> None:
    own = make_event(acme.workspace, "disk.full", resource="part", resource_id="disk")
    make_delivery(own, acme.rule, State.DELIVERED)
    page = visit(acme, PATH, session_type=SessionType.RESOURCE, resource="part", resource_id="disk")
    assert "Alerts about part disk 1 alert delivered" in words(page)
    assert "Acme-disk" not in words(page)


def test_it_asks_again_and_hears_nothing_while_nothing_changes(acme: Vendor, monkeypatch: Any) -> None:
    monkeypatch.setattr("deliveries.pages.overview.timezone.now", lambda moment=acme.event.created_at: moment)
    portal = enter(acme)
    poll = poll_of(portal.get(PATH).content.decode())
    assert portal.get(poll, target="now").status_code == 204
    make_event(acme.workspace)
    news = portal.get(poll, target="now")
    assert news.status_code == 200
    assert news.content.decode().strip().startswith('<div id="now"')


def poll_of(text: str, *, target: str = "now") -> str:
    """Where a page asks again by itself."""
    for part in text.split('hx-get="')[1:]:
        path, _, rest = part.partition('"')
        if f'hx-target="#{target}"' in rest.partition(">")[0]:
            return path.replace("&amp;", "&")
    raise AssertionError(f"Nothing asks for #{target}.")


def test_it_asks_the_database_no_more_often_for_more(acme: Vendor) -> None:
    portal = enter(acme)
    few = queries(portal, PATH)
    for number in range(20):
        more = make_connection(acme.workspace, name=f"More {number}")
        make_delivery(make_event(acme.workspace), make_rule(more), State.HELD)
        Connection.objects.filter(id=more.id).update(active=False)
    assert queries(portal, PATH) <= few + 1  # how much waits is asked only when something is off
