"""The activity."""

from __future__ import annotations

import pytest
from django.utils.html import escape

from deliveries.models import TEST, Event, State
from deliveries.showing import searching
from tests.deliveries.pages.test_overview import poll_of, queries
from tests.portal import enter, visit, words
from tests.world import Vendor, make_connection, make_delivery, make_event, make_rule, make_workspace
from workspaces.models import SessionType

PATH = "/workspace/events"


def test_each_event_is_a_line_with_a_word_for_every_destination(acme: Vendor) -> None:
    event = make_event(acme.workspace, "disk.full", severity=5)
    make_delivery(event, acme.rule, State.DELIVERED)
    make_delivery(event, make_rule(make_connection(acme.workspace, name="Second")), State.HELD)
    make_event(acme.workspace, "user.created", kind=TEST)
    text = words(visit(acme, PATH))
    assert "disk.full critical Second on hold Acme capture delivered just now" in text
    assert "user.created Test waiting to be looked at" in text
    assert "Acme-disk Acme capture failed" in text


def test_an_event_that_no_rule_fired_on_says_so(acme: Vendor) -> None:
    event = make_event(acme.workspace, "quiet.event", status="completed")
    Event.objects.filter(id=event.id).update(decided_at=event.created_at)
    assert "quiet.event silent: no rule fired" in words(visit(acme, PATH))


def test_destinations_that_are_alike_are_told_once_and_many_are_counted(acme: Vendor) -> None:
    event = make_event(acme.workspace, "disk.full")
    for _ in range(3):
        make_delivery(event, make_rule(acme.connection), State.DELIVERED)
    for number in range(5):
        make_delivery(event, make_rule(make_connection(acme.workspace, name=f"More {number}")), State.DELIVERED)
    text = words(visit(acme, PATH))
    assert "Acme capture delivered \N{MULTIPLICATION SIGN}3" in text
    assert "and 2 more" in text


@pytest.mark.parametrize("role", ["viewer", "member", "admin", "owner"])
def test_every_role_sees_it(acme: Vendor, role: str) -> None:
    assert visit(acme, PATH, role=role).status_code == 200


def test_a_dashboard_session_does_not(acme: Vendor) -> None:
    assert visit(acme, PATH, session_type=SessionType.DASHBOARD).status_code == 403


def test_filters_stand_in_the_form_and_in_the_links(acme: Vendor) -> None:
    for _ in range(searching.PAGE + 1):
        make_event(acme.workspace, "a.b", resource="x")
    text = enter(acme).get(PATH, type="a.b", resource="x", rule="").content.decode()
    assert 'value="a.b"' in text
    assert f'href="{escape("/workspace/events?type=a.b&resource=x&before=")}' in text
    assert "Acme-disk" not in text


def test_what_is_asked_for_cannot_break_out_of_the_page(acme: Vendor) -> None:
    hostile = '"><script>alert(1)</script>'
    for name in ("q", "type", "resource", "status", "connection", "rule", "since"):
        assert "<script>alert" not in enter(acme).get(PATH, **{name: hostile}).content.decode()


def test_nonsense_in_the_url_is_no_fault(acme: Vendor) -> None:
    nonsense = [
        *(
            ("before", id)
            for id in ("x", "8b5f4c1e-4f5e-4d8e-9f5e-4f5e4d8e9f5e", "ffffffff-ffff-7fff-bfff-ffffffffffff")
        ),
        *(("since", day) for day in ("2026-99-99", "0001-01-01", "9999-12-31")),
        *(("until", day) for day in ("yesterday", "0001-01-01", "9999-12-31")),
        *(("q", text) for text in ("\0", "ffffffff-ffff-7fff-bfff-ffffffffffff", "x" * 5_000)),
    ]
    for name, value in nonsense:
        assert enter(acme).get(PATH, **{name: value, "connection": str(acme.connection.id)}).status_code == 200, (
            name,
            value,
        )


def test_nothing_found_is_not_nothing_there(acme: Vendor) -> None:
    assert "Nothing like that" in words(enter(acme).get(PATH, type="never.seen"))
    fresh = make_workspace(acme.organization, "Fresh one")
    page = visit(fresh, PATH)
    assert "Nothing has happened yet" in words(page)
    assert 'href="/workspace/settings"' in page.content.decode()
    assert 'href="/workspace/settings"' not in visit(fresh, PATH, role="viewer").content.decode()


def test_news_are_announced_once(acme: Vendor) -> None:
    portal = enter(acme)
    poll = poll_of(portal.get(PATH).content.decode(), target="news")
    assert portal.get(poll, target="news").status_code == 204
    make_event(acme.workspace)
    make_event(acme.workspace)
    news = portal.get(poll, target="news")
    assert "2 new events: show them" in words(news)
    assert portal.get(poll_of(news.content.decode(), target="news"), target="news").status_code == 204


def test_news_of_another_kind_than_asked_for_are_none(acme: Vendor) -> None:
    portal = enter(acme)
    poll = poll_of(portal.get(PATH, type="alert.triggered").content.decode(), target="news")
    make_event(acme.workspace, "user.created")
    assert portal.get(poll, target="news").status_code == 204


def test_the_lines_ask_again_while_one_is_open_and_then_stop(acme: Vendor) -> None:
    portal = enter(acme)
    assert 'hx-target="#rows"' not in portal.get(PATH).content.decode()
    delivery = make_delivery(make_event(acme.workspace), acme.rule, State.RETRYING)
    poll = poll_of(portal.get(PATH).content.decode(), target="rows")
    assert portal.get(poll, target="rows").status_code == 204
    delivery.state = State.DELIVERED
    delivery.save()
    Event.objects.filter(id=delivery.event_id).update(status="completed")
    rows = portal.get(poll, target="rows").content.decode()
    assert rows.strip().startswith('<div id="rows"')
    assert 'hx-target="#rows"' not in rows


def test_a_session_of_one_resource_sees_that_one_only(acme: Vendor) -> None:
    make_event(acme.workspace, "disk.full", resource="part", resource_id="disk")
    page = visit(acme, PATH, session_type=SessionType.RESOURCE, resource="part", resource_id="disk")
    assert "disk.full" in words(page)
    assert "Acme-disk" not in words(page)
    assert "Acme capture" not in words(page)  # neither its connections nor other rules are offered


def test_it_asks_the_database_no_more_often_for_more(acme: Vendor) -> None:
    portal = enter(acme)
    few = queries(portal, PATH)
    for _ in range(searching.PAGE):
        make_delivery(make_event(acme.workspace), make_rule(acme.connection), State.DELIVERED)
    assert queries(portal, PATH) == few
