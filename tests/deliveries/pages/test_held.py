"""What waits for a connection and what becomes of it, as its page and the page after a sign-in show it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connections.models import Connection, Outage
from connections.provider import Inactive
from deliveries import retention
from deliveries.backoff import STANDARD_DELAYS
from deliveries.breaking import holding
from deliveries.draining import drain
from deliveries.models import Delivery, Event, State
from tests.calling import STRANGE_ID
from tests.connections.vendor import make_slack
from tests.deliveries.breaking.test_choosing import broke, disks, failed, hold, states
from tests.deliveries.making import Tenant, pass_time
from tests.portal import enter, visit, words
from tests.world import Vendor, make_connection, make_delivery, make_event, make_rule

ALL = "/workspace/connections"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def tenant(acme: Vendor) -> Tenant:
    """Nothing has happened there yet."""
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    return Tenant(acme.workspace, acme.connection, acme.rule)


def off(tenant: Tenant) -> None:
    Connection.objects.filter(id=tenant.connection.id).update(
        active=False, inactive_reason=Inactive.AUTHORIZATION_REVOKED
    )


def path(tenant: Tenant, more: str = "held") -> str:
    return f"{ALL}/{tenant.connection.id}/{more}"


def asked(tenant: Tenant, count: int = 12) -> None:
    hold(tenant, disks(count))
    holding.release()


@pytest.mark.parametrize("fragment", ["held", "lately"])
def test_what_waits_is_counted_and_told_since_when(acme: Vendor, tenant: Tenant, fragment: str) -> None:
    hold(tenant, disks(37), ago=3 * HOUR)
    off(tenant)
    text = words(visit(acme, path(tenant, fragment)))
    assert "37 deliveries are waiting. The oldest came 3 hours ago . Nothing is lost: it is all kept" in text
    assert "Send all" not in text


def test_after_it_is_on_again_the_three_ways_are_offered_with_counts(acme: Vendor, tenant: Tenant) -> None:
    hold(tenant, [*disks(6), *disks(6)])
    page = visit(acme, path(tenant, "lately"))  # before the sweep has come by
    holding.release()
    for answer in (page, visit(acme, path(tenant, "lately")), visit(acme, path(tenant))):
        text = words(answer)
        assert "12 deliveries are waiting." in text
        assert "It works again, so say what shall become of them." in text
        assert "Send all Only the newest about each thing (6) Send none" in text


@pytest.mark.parametrize(
    ("what", "left", "toast"),
    [
        ("all", {"pending": 12}, "All of it is sent now"),
        ("newest", {"pending": 12}, "The newest are sent now"),
        ("none", {"canceled": 12}, "Nothing of it is sent."),
    ],
)
def test_one_click_is_enough(acme: Vendor, tenant: Tenant, what: str, left: dict[str, int], toast: str) -> None:
    asked(tenant)
    answer = enter(acme, role="member").post(path(tenant, "held/choose"), {"what": what})
    assert toast in answer["HX-Trigger"]
    assert "Send all" not in words(answer)
    holding.release()
    assert states(tenant) == left


def test_a_second_click_when_all_is_gone_says_so(acme: Vendor, tenant: Tenant) -> None:
    asked(tenant)
    Delivery.objects.update(state="delivered")
    answer = enter(acme).post(path(tenant, "held/choose"), {"what": "all"})
    assert "Nothing waits for it any more." in answer["HX-Trigger"]


def test_an_unknown_word_changes_nothing(acme: Vendor, tenant: Tenant) -> None:
    asked(tenant)
    assert enter(acme).post(path(tenant, "held/choose"), {"what": "ask"}).status_code == 422
    assert Connection.objects.get().held_choice == "ask"


def test_a_viewer_sees_the_question_and_cannot_answer_it(acme: Vendor, tenant: Tenant) -> None:
    asked(tenant)
    text = words(visit(acme, path(tenant), role="viewer"))
    assert "12 deliveries are waiting." in text
    assert "Send all" not in text
    assert enter(acme, role="viewer").post(path(tenant, "held/choose"), {"what": "none"}).status_code == 403
    assert states(tenant) == {"held": 12}


def test_a_stranger_can_neither_see_nor_choose(acme: Vendor, globex: Vendor, tenant: Tenant) -> None:
    asked(tenant)
    never = enter(globex).get(f"{ALL}/{STRANGE_ID}/held")
    assert (never.status_code, visit(globex, path(tenant)).content) == (404, never.content)
    assert enter(globex).post(path(tenant, "held/choose"), {"what": "none"}).status_code == 404
    assert states(tenant) == {"held": 12}


def test_mended_and_sent_again_in_two_clicks(acme: Vendor, tenant: Tenant) -> None:
    broke(tenant, ago=5 * HOUR)
    for _ in range(3):
        failed(tenant, ago=2 * HOUR)
    off(tenant)
    assert "Send them again" not in words(visit(acme, path(tenant)))
    portal = enter(acme)
    portal.post(path(tenant, "switch"), {"active": "true"})
    assert "3 deliveries failed while it was broken. Send them again" in words(portal.get(path(tenant)))
    answer = portal.post(path(tenant, "held/choose"), {"what": "again"})
    assert "3 deliveries are sent again." in answer["HX-Trigger"]
    holding.release()
    drain()
    assert states(tenant) == {"delivered": 3}


def test_after_a_sign_in_the_page_asks_at_once(acme: Vendor) -> None:
    from connections.connecting import tickets
    from connections.models import PendingAuthorization
    from workspaces.models import EmbedSession

    slack = make_slack(acme.workspace)
    session = EmbedSession.objects.for_workspace(acme.workspace.id).earliest("id")
    pending = tickets.begin(session=session, provider_slug="slack", actor="test", connection=slack).pending
    PendingAuthorization.objects.filter(id=pending.id).update(status="connected")
    page = visit(acme, f"{ALL}/sign-ins/{pending.id}").content.decode()
    assert f'hx-get="{ALL}/{slack.id}/held"' in page


# --------------------------------------------------------------------------- the overview


def overview(vendor: Vendor) -> str:
    return words(visit(vendor, "/workspace/dashboard"))


def test_the_first_line_asks_when_somebody_has_to_choose(acme: Vendor, tenant: Tenant) -> None:
    asked(tenant)
    text = overview(acme)
    assert "Acme capture works again 12 alerts have waited for it. Say what shall become of them. Choose" in text


def test_a_connection_whose_deliveries_fail_is_not_called_healthy(acme: Vendor, tenant: Tenant) -> None:
    now = timezone.now()
    Connection.objects.update(failing_since=now - HOUR, failed_at=now)
    text = overview(acme)
    assert "Acme capture is in trouble Nothing has arrived there lately ( 1 hour ago )." in text
    assert "healthy" not in text


def test_who_was_warned_reads_what_follows(acme: Vendor, tenant: Tenant) -> None:
    now = timezone.now()
    Connection.objects.update(failing_since=now - 3 * DAY, failed_at=now, warned_at=now)
    text = words(visit(acme, f"{ALL}/{tenant.connection.id}"))
    assert "Failing for days. Nothing has arrived there lately." in text
    assert "If that lasts for five days, it is switched off. One success is enough to keep it on." in text


@pytest.mark.parametrize("place", ["/workspace/dashboard", ALL, "own"])
def test_in_an_outage_there_is_nothing_to_do(acme: Vendor, place: str) -> None:
    slack = make_slack(acme.workspace)
    make_rule(slack, inputs={"id": "C0123456789"})
    now = timezone.now()
    Connection.objects.filter(id=slack.id).update(failing_since=now - 3 * DAY, failed_at=now, warned_at=now)
    Outage.objects.create(provider="slack")
    text = words(visit(acme, f"{ALL}/{slack.id}" if place == "own" else place))
    assert "Slack has trouble at the moment, for many of its customers at once" in text
    assert "switched off" not in text
    Outage.objects.update(ended_at=now)
    assert "Slack has trouble" not in words(visit(acme, place if place != "own" else ALL))


# --------------------------------------------------------------------------- kept as long as it takes


def test_what_is_held_outlasts_the_retry_schedule_and_the_retention(acme: Vendor, tenant: Tenant) -> None:
    event = make_event(acme.workspace)
    delivery = make_delivery(event, tenant.rule, State.HELD, ready=False, attempt_count=2)
    off(tenant)
    pass_time(sum(STANDARD_DELAYS) * 2)
    holding.release()
    assert drain() == 0
    retention.run(now=timezone.now() + 400 * DAY)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at, delivery.attempt_count) == ("held", None, 2)
    assert Event.objects.filter(id=event.id).exists()
    Connection.objects.update(active=True)
    holding.release()
    assert drain() == 1
    assert states(tenant) == {"delivered": 1}


def test_the_settings_of_one_that_is_on_do_not_offer_to_switch_it_on(acme: Vendor, tenant: Tenant) -> None:
    hook = make_connection(acme.workspace, "webhook")
    now = timezone.now()
    columns = {"failing_since": now - 3 * DAY, "failed_at": now, "warned_at": now}
    Connection.objects.filter(id=hook.id).update(**columns)
    portal = enter(acme)
    assert "Check its settings" in words(portal.get(f"{ALL}/{hook.id}"))
    assert "switch_on" not in portal.get(f"{ALL}/{hook.id}/settings").content.decode()
    Connection.objects.filter(id=hook.id).update(active=False, inactive_reason=Inactive.FAILING_FOR_DAYS)
    assert "switch_on" in portal.get(f"{ALL}/{hook.id}/settings").content.decode()
