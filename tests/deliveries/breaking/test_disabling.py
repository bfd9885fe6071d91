"""Five days in which everything failed switch a connection off, with a warning half way; an outage does not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from connections.models import Connection, Outage
from connections.provider import Inactive
from deliveries.breaking import disabling, outages
from deliveries.draining import drain
from deliveries.models import Delivery, State
from tests.deliveries.making import Tenant, make_slack, make_tenant
from tests.elsewhere import in_the_middle_of
from tests.world import make_delivery
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def failing(tenant: Tenant, *, since: timedelta, last: timedelta = timedelta(minutes=1), **columns: object) -> Tenant:
    """As its attempts have left it: the first failure was so long ago, and the last one so."""
    now = timezone.now()
    told = {"failing_since": now - since, "failed_at": now - last, **columns}
    Connection.objects.filter(id=tenant.connection.id).update(**told)
    return tenant


def warned(tenant: Tenant, *, ago: timedelta = 2.5 * DAY) -> Tenant:
    Connection.objects.filter(id=tenant.connection.id).update(warned_at=timezone.now() - ago)
    return tenant


def now(tenant: Tenant) -> Connection:
    tenant.connection.refresh_from_db()
    return tenant.connection


def deliver(tenant: Tenant, *, ago: timedelta) -> Delivery:
    return make_delivery(tenant.emit(), tenant.rule, State.DELIVERED, finished_at=timezone.now() - ago)


# --------------------------------------------------------------------------- by itself


def test_half_way_there_is_a_warning_and_it_stays_on() -> None:
    tenant = failing(make_tenant(), since=2.5 * DAY + HOUR)
    assert disabling.sweep() == 0
    row = now(tenant)
    assert row.warned_at is not None
    assert (row.active, row.inactive_reason) == (True, "")


def test_before_that_nothing_happens() -> None:
    tenant = failing(make_tenant(), since=2.5 * DAY - HOUR)
    assert disabling.sweep() == 0
    assert now(tenant).warned_at is None


def test_after_five_days_it_is_switched_off_with_the_reason() -> None:
    tenant = warned(failing(make_tenant(), since=5 * DAY + HOUR))
    assert disabling.sweep() == 1
    row = now(tenant)
    assert (row.active, row.inactive_reason) == (False, Inactive.FAILING_FOR_DAYS)
    assert AuditEntry.objects.filter(verb="connection.switched_off", actor="Jackfield").count() == 1
    assert disabling.sweep() == 0


def test_what_waits_for_it_is_held() -> None:
    tenant = warned(failing(make_tenant(), since=5 * DAY + HOUR))
    delivery = make_delivery(tenant.emit(), tenant.rule, State.RETRYING, due_at=timezone.now() + DAY, ready=False)
    disabling.sweep()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at) == ("held", None)


def test_silence_switches_nothing_off() -> None:
    """What failed once on Monday, and was not asked for since, has not failed for five days."""
    tenant = warned(failing(make_tenant(), since=6 * DAY, last=6 * DAY - HOUR))
    assert disabling.sweep() == 0
    assert now(tenant).active


def test_however_late_the_warning_there_is_a_day_to_act_on_it() -> None:
    tenant = failing(make_tenant(), since=9 * DAY)
    assert disabling.sweep() == 0  # the warning
    assert disabling.sweep() == 0
    warned(tenant, ago=DAY + HOUR)
    assert disabling.sweep() == 1


def test_one_success_resets_it_all() -> None:
    """The capture destination takes whatever is sent."""
    tenant = warned(failing(make_tenant(provider="capture"), since=5 * DAY + HOUR))
    deliver(tenant, ago=DAY)
    assert disabling.sweep() == 0
    row = now(tenant)
    assert (row.active, row.failing_since, row.warned_at) == (True, None, None)


def test_a_success_that_crossed_with_the_first_failure_is_found() -> None:
    tenant = failing(make_tenant(), since=timedelta(minutes=2))
    disabling.sweep()
    assert now(tenant).failing_since is not None
    deliver(tenant, ago=timedelta(minutes=1))
    disabling.sweep()
    assert now(tenant).failing_since is None


def test_what_arrived_before_the_first_failure_resets_nothing() -> None:
    tenant = warned(failing(make_tenant(), since=5 * DAY + HOUR))
    deliver(tenant, ago=6 * DAY)
    assert disabling.sweep() == 1


def test_what_arrived_at_another_connection_resets_nothing() -> None:
    acme, globex = warned(failing(make_tenant("Acme"), since=5 * DAY + HOUR)), make_tenant("Globex")
    deliver(globex, ago=HOUR)
    assert disabling.sweep() == 1
    assert not now(acme).active
    assert now(globex).active


def test_one_that_is_off_by_hand_keeps_that_reason() -> None:
    tenant = warned(failing(make_tenant(), since=5 * DAY + HOUR, active=False, inactive_reason="manually_inactivated"))
    assert disabling.sweep() == 0
    assert now(tenant).inactive_reason == "manually_inactivated"


# --------------------------------------------------------------------------- outages


def slacks(count: int, *, since: timedelta = 5 * DAY + HOUR) -> list[Tenant]:
    return [warned(failing(make_slack(f"S{n}")[0], since=since)) for n in range(count)]


def test_when_many_workspaces_fail_at_once_nobody_is_switched_off_or_warned() -> None:
    tenants = slacks(5)
    Connection.objects.filter(id=tenants[0].connection.id).update(warned_at=None)
    assert disabling.sweep() == 0
    assert Outage.objects.get().provider == "slack"
    assert all(now(tenant).active for tenant in tenants)
    assert now(tenants[0]).warned_at is None


def test_four_are_not_many() -> None:
    slacks(4)
    assert disabling.sweep() == 4
    assert not Outage.objects.exists()


def test_five_connections_of_one_workspace_are_that_workspaces_trouble() -> None:
    first = make_slack("One")[0]
    for n in range(4):
        row = Connection(
            organization_id=first.workspace.organization_id,
            workspace=first.workspace,
            provider="slack",
            name=f"More {n}",
            created_by="test",
        )
        row.save()
    Connection.objects.update(failing_since=timezone.now() - HOUR, failed_at=timezone.now())
    assert outages.spot() == set()


@pytest.mark.parametrize(("working", "out"), [(5, True), (6, False)])
def test_it_is_an_outage_when_at_least_half_of_those_that_were_used_fail(working: int, out: bool) -> None:
    slacks(5, since=HOUR / 2)
    for n in range(working):
        deliver(make_slack(f"Well {n}")[0], ago=timedelta(minutes=5))
    make_slack("Unused")
    assert (outages.spot() == {"slack"}) is out


def test_customers_own_receivers_are_each_their_own() -> None:
    tenants = [warned(failing(make_tenant(f"W{n}", "webhook"), since=5 * DAY + HOUR)) for n in range(6)]
    assert disabling.sweep() == 6
    assert not any(now(tenant).active for tenant in tenants)


def test_failures_of_yesterday_are_no_outage_of_today() -> None:
    for tenant in slacks(5):
        failing(tenant, since=5 * DAY + HOUR, last=2 * HOUR)
    assert outages.spot() == set()


def test_after_an_outage_the_five_days_begin_anew() -> None:
    (tenant, *_) = slacks(5)
    disabling.sweep()
    Connection.objects.exclude(id=tenant.connection.id).update(failing_since=None)
    assert disabling.sweep() == 0
    ended = Outage.objects.get().ended_at
    assert ended is not None
    assert now(tenant).active
    Outage.objects.update(ended_at=ended - 5 * DAY - HOUR / 2)
    assert disabling.sweep() == 1


def test_an_outage_that_returns_is_told_of_anew() -> None:
    tenants = slacks(5)
    outages.spot()
    Connection.objects.update(failing_since=None)
    outages.spot()
    for tenant in tenants:
        failing(tenant, since=HOUR / 2)
    Outage.objects.update(began_at=timezone.now() - 30 * DAY)
    outages.spot()
    row = Outage.objects.get()
    assert row.ended_at is None
    assert row.began_at > timezone.now() - HOUR


# --------------------------------------------------------------------------- races


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_switch_it_off_once() -> None:
    """The other one has the row: this one leaves it alone instead of waiting for it."""
    tenant = warned(failing(make_tenant(), since=5 * DAY + HOUR))
    row = Connection.objects.select_for_update().filter(id=tenant.connection.id)
    with in_the_middle_of(row.get):
        found = disabling.sweep()
    assert found == 0
    assert (disabling.sweep(), disabling.sweep()) == (1, 0)
    assert not now(tenant).active
    assert AuditEntry.objects.filter(verb="connection.switched_off").count() == 1


def test_after_the_switch_nothing_is_sent_there() -> None:
    tenant = warned(failing(make_tenant(), since=5 * DAY + HOUR))
    disabling.sweep()
    tenant.emit()
    assert drain() == 0
    assert Delivery.objects.get().state == "held"


def test_the_time_of_the_switch_is_kept_for_those_who_are_told() -> None:
    tenant = warned(failing(make_tenant(), since=5 * DAY + HOUR))
    before = tenant.connection.updated_at
    disabling.sweep()
    assert isinstance(now(tenant).failing_since, datetime)
    assert now(tenant).updated_at > before
