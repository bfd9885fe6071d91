"""What a connection's page tells of its rules and deliveries, and the test that is sent from there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.models import Connection, DirectoryEntry
from connections.provider import Inactive
from deliveries.models import TEST, Delivery, Event, State
from deliveries.showing import lately
from tests.calling import STRANGE_ID
from tests.connections.vendor import make_slack
from tests.portal import enter, visit, words
from tests.world import Vendor, make_delivery, make_event, make_rule

ALL = "/workspace/connections"


def lately_of(vendor: Vendor, connection: Connection, **session: Any) -> str:
    return words(visit(vendor, f"{ALL}/{connection.id}/lately", **session))


def test_it_tells_the_rules_and_the_last_deliveries(acme: Vendor) -> None:
    text = lately_of(acme, acme.connection)
    assert "Acme capture rule When any alert event happens, keep it in Acme capture" in text
    assert "Sent there lately All of it alert.triggered" in text
    assert "failed" in text


def test_only_the_last_five_are_told(acme: Vendor) -> None:
    for number in range(6):
        make_delivery(make_event(acme.workspace, f"numbered.{number}"), acme.rule, State.DELIVERED)
    text = lately_of(acme, acme.connection)
    assert "numbered.5" in text
    assert "numbered.1" in text
    assert "numbered.0" not in text


def test_what_went_elsewhere_is_not_told(acme: Vendor, globex: Vendor) -> None:
    other = make_slack(acme.workspace)
    text = lately_of(acme, other)
    assert "No rule uses it yet, so nothing is sent there." in text
    assert "Nothing was sent there lately." in text
    assert "Globex" not in text


def test_what_lies_further_back_is_not_looked_for(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "LOOKED_AT_MOST", 2)
    rule = make_rule(make_slack(acme.workspace), inputs={"id": "C0123456789"})
    for _ in range(3):
        make_delivery(make_event(acme.workspace), rule, State.DELIVERED, finished_at=timezone.now())
    assert "Nothing was sent there lately." in lately_of(acme, acme.connection)
    assert lately.last_delivered(workspace_id=acme.workspace.id, connections=[acme.connection.id]) == {}


def test_what_waits_is_counted_and_told_what_becomes_of_it(acme: Vendor) -> None:
    make_delivery(make_event(acme.workspace), acme.rule, State.RETRYING)
    make_delivery(make_event(acme.workspace), acme.rule, State.HELD)
    text = lately_of(acme, acme.connection)
    assert "1 delivery is waiting. The oldest came just now . All of it is sent now" in text
    assert "1 delivery is on its way there, or is tried again by itself." in text
    assert "2 deliveries that wait for it are called off." in text
    Connection.objects.update(active=False, inactive_reason=Inactive.ENDPOINT_GONE)
    assert "Nothing is lost: it is all kept until the connection is on again." in lately_of(acme, acme.connection)


def test_very_many_are_not_counted_to_the_end(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "WAITING_MOST", 1)
    for _ in range(3):
        make_delivery(make_event(acme.workspace), acme.rule, State.PENDING)
    assert "More than 1 deliveries are on their way there" in lately_of(acme, acme.connection)


def test_it_asks_again_by_itself(acme: Vendor) -> None:
    page = visit(acme, f"{ALL}/{acme.connection.id}/lately").content.decode()
    path = page.partition('<span hidden hx-get="')[2].partition('"')[0]
    assert visit(acme, path).status_code in (200, 204)  # 200 when a minute has just begun
    make_delivery(make_event(acme.workspace), acme.rule, State.PENDING)
    assert visit(acme, path).status_code == 200


def test_there_are_as_many_questions_for_many_rules_as_for_few(acme: Vendor) -> None:
    portal, counts = enter(acme), []
    for more in (1, 15):
        for _ in range(more):
            make_delivery(make_event(acme.workspace), make_rule(acme.connection), State.DELIVERED)
        with CaptureQueriesContext(database) as captured:
            portal.get(f"{ALL}/{acme.connection.id}/lately")
        counts.append(len(captured))
    assert counts[0] == counts[1]


# --------------------------------------------------------------------------- a test


def send(vendor: Vendor, connection: Connection, **form: str) -> Any:
    typed = {key.replace("__", "-"): value for key, value in form.items()}
    return enter(vendor).post(f"{ALL}/{connection.id}/test", typed, target="tested")


def test_a_test_goes_the_way_that_real_ones_go(acme: Vendor) -> None:
    page = send(acme, acme.connection)
    event = Event.objects.get(kind=TEST)
    assert "The test is being sent" in words(page)
    assert f"/workspace/rules/tests/{event.id}?mark=" in page.content.decode()
    assert Delivery.objects.get(event_id=event.id).connection_id == acme.connection.id


def test_it_asks_for_what_a_test_needs_and_for_nothing_else(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    page = visit(acme, f"{ALL}/{slack.id}/test").content.decode()
    assert 'name="in-id"' in page
    assert 'name="in-title"' not in page
    assert 'name="in-' not in visit(acme, f"{ALL}/{acme.connection.id}/test").content.decode()


def test_what_is_missing_is_named(acme: Vendor) -> None:
    page = send(acme, make_slack(acme.workspace))
    assert "No test was sent. Channel is missing." in words(page)
    assert not Event.objects.filter(kind=TEST).exists()


def test_a_channel_may_be_typed_by_its_name(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    DirectoryEntry.objects.create(
        organization=acme.organization, workspace=acme.workspace, connection=slack, kind="channel",
        external_id="C0123456789", name="alerts", folded="alerts", seen_in=1,
    )  # fmt: skip
    send(acme, slack, find__id="#alerts")
    assert Event.objects.filter(kind=TEST).count() == 1


def test_what_is_off_sends_no_test(acme: Vendor) -> None:
    Connection.objects.update(active=False)
    assert "The connection is switched off" in words(send(acme, acme.connection))


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_connect_sends_no_test(acme: Vendor, role: str) -> None:
    portal, path = enter(acme, role=role), f"{ALL}/{acme.connection.id}/test"
    assert portal.get(path).status_code == 403
    assert portal.post(path).status_code == 403


def test_strangers_connections_are_neither_told_of_nor_tested(acme: Vendor, globex: Vendor) -> None:
    for id in (globex.connection.id, STRANGE_ID):
        for path in ("lately", "test"):
            assert visit(acme, f"{ALL}/{id}/{path}").status_code == 404
        assert enter(acme).post(f"{ALL}/{id}/test").status_code == 404
    assert not Event.objects.filter(kind=TEST).exists()


def test_hubspot_can_be_tried_like_any_other(acme: Vendor) -> None:
    row = Connection.objects.create(
        organization=acme.organization, workspace=acme.workspace, provider="hubspot", name="H", created_by="test"
    )
    assert visit(acme, f"{ALL}/{row.id}/test").status_code == 200
    assert "follows soon" not in lately_of(acme, row)
