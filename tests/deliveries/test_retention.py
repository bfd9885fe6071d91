"""What may no longer be kept is deleted, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from deliveries import partitions, retention
from deliveries.models import Attempt, Capture, Decision, Delivery, Event, IdempotencyRecord, State
from deliveries.retention import run
from tests.deliveries.making import Tenant, make_tenant
from tests.world import make_attempt, make_delivery
from workspaces.ids import uuid7
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

NOW = datetime(2031, 7, 31, 12, tzinfo=UTC)  # a Thursday


@pytest.fixture(autouse=True)
def _ages(settings: Settings) -> None:
    settings.RETENTION_DAYS, settings.SILENT_RETENTION_DAYS = 30, 3
    for weeks in range(-8, -3):
        for table in partitions.TABLES:
            partitions._create(table, partitions.monday(NOW) + weeks * partitions.WEEK)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def happened(tenant: Tenant, at: datetime, state: State = State.DELIVERED) -> Event:
    """An event with a delivery of two attempts."""
    event = tenant.emit(id=uuid7(at), created_at=at, decided_at=at)
    delivery = make_delivery(event, tenant.rule, state)
    for number in (1, 2):
        make_attempt(delivery, number)
    Capture.objects.create(
        id=delivery.id, organization_id=event.organization_id, workspace_id=event.workspace_id, request={}, body=""
    )
    if state in (State.DELIVERED, State.FAILED, State.CANCELED):
        Event.objects.filter(id=event.id).update(completed_at=at)
    return event


def silent(tenant: Tenant, at: datetime) -> Event:
    """An event that no rule fired on."""
    event = tenant.emit(id=uuid7(at), created_at=at, decided_at=at, completed_at=at, status="completed")
    Decision.objects.create(
        id=event.id,
        organization_id=event.organization_id,
        workspace_id=event.workspace_id,
        ruleset_version=1,
    )
    return event


def left() -> list[int]:
    return [model.objects.count() for model in (Event, Decision, Delivery, Attempt, Capture)]


# --------------------------------------------------------------------------- ages


def test_a_workspace_may_have_an_age_of_its_own() -> None:
    short, usual = make_tenant("Short"), make_tenant("Usual")
    Workspace.objects.filter(id=short.workspace.id).update(retention_days=10)
    for tenant in (short, usual):
        happened(tenant, days_ago(9))
        happened(tenant, days_ago(11))
    assert run(now=NOW) == 1
    assert left() == [3, 3, 3, 6, 3]
    assert Event.objects.filter(workspace_id=short.workspace.id).count() == 1


def test_an_age_of_zero_days_keeps_nothing_that_is_over() -> None:
    tenant, other = make_tenant(), make_tenant("Globex")
    Workspace.objects.filter(id=tenant.workspace.id).update(retention_days=0)
    happened(tenant, NOW - timedelta(minutes=1))
    kept = happened(other, NOW - timedelta(minutes=1))
    run(now=NOW)
    assert Event.objects.get() == kept


def test_the_longest_age_goes_by_the_week() -> None:
    tenant = make_tenant()
    ends = partitions.monday(days_ago(30))
    gone, stays = happened(tenant, ends - timedelta(minutes=1)), happened(tenant, ends + timedelta(minutes=1))
    assert run(now=NOW) == 0  # the week was dropped, nothing was deleted one by one
    assert not Event.objects.filter(id=gone.id).exists()
    assert Event.objects.filter(id=stays.id).exists()
    assert left() == [1, 1, 1, 2, 1]


def test_a_longer_age_of_one_workspace_keeps_the_weeks_and_the_others_go_one_by_one() -> None:
    long, usual = make_tenant("Long"), make_tenant("Usual")
    Workspace.objects.filter(id=long.workspace.id).update(retention_days=365)
    for tenant in (long, usual):
        happened(tenant, days_ago(40))
    assert run(now=NOW) == 1
    assert Event.objects.get().workspace_id == long.workspace.id
    assert left() == [1, 1, 1, 2, 1]


def test_an_event_that_nothing_fired_on_has_a_short_age() -> None:
    tenant = make_tenant()
    silent(tenant, days_ago(4))
    young = silent(tenant, days_ago(2))
    told = happened(tenant, days_ago(4))
    assert run(now=NOW) == 1
    assert set(Event.objects.values_list("id", flat=True)) == {young.id, told.id}
    assert Decision.objects.filter(id=young.id).exists()


def test_rows_of_a_clock_far_off_are_deleted_by_their_age_too() -> None:
    tenant = make_tenant()
    happened(tenant, datetime(1999, 1, 1, tzinfo=UTC))
    assert run(now=NOW) == 1
    assert left() == [0, 0, 0, 0, 0]


# --------------------------------------------------------------------------- what is still open


@pytest.mark.parametrize("state", [State.PENDING, State.SENDING, State.RETRYING, State.HELD])
def test_what_is_still_open_is_kept_whatever_its_age(state: State) -> None:
    tenant = make_tenant()
    still = happened(tenant, days_ago(50), state)
    over = happened(tenant, days_ago(50.1))
    run(now=NOW)
    assert Event.objects.get() == still
    assert left() == [1, 1, 1, 2, 1]
    assert not Event.objects.filter(id=over.id).exists()  # its week could not be dropped, so it went by itself


def test_an_event_that_is_not_even_decided_is_kept() -> None:
    tenant = make_tenant()
    tenant.emit(id=uuid7(days_ago(50)))
    run(now=NOW)
    assert Event.objects.count() == 1


def test_a_short_age_spares_what_is_open_too() -> None:
    tenant, _ = make_tenant(), make_tenant("Globex")
    Workspace.objects.filter(id=tenant.workspace.id).update(retention_days=1)
    happened(tenant, days_ago(5), State.HELD)
    assert run(now=NOW) == 0
    assert left() == [1, 1, 1, 2, 1]


# --------------------------------------------------------------------------- the rest


def test_idempotency_records_live_for_seven_days() -> None:
    for days in (6, 8):
        IdempotencyRecord.objects.create(
            owner_id=uuid7(),
            route="event",
            key="k",
            body_hash=b"",
            status=201,
            answer="",
            created_at=days_ago(days),
        )
    run(now=NOW)
    assert IdempotencyRecord.objects.get().created_at == days_ago(6)


def test_many_are_deleted_in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    tenant = make_tenant()
    for minutes in range(5):
        silent(tenant, days_ago(4) + timedelta(minutes=minutes))
    assert run(now=NOW) == 5
    assert left() == [0, 0, 0, 0, 0]


def test_another_tenants_events_of_the_same_minute_stay() -> None:
    short, usual = make_tenant("Short"), make_tenant("Usual")
    Workspace.objects.filter(id=short.workspace.id).update(retention_days=1)
    for tenant in (short, usual):
        happened(tenant, days_ago(2))
    run(now=NOW)
    assert left() == [1, 1, 1, 2, 1]
    assert Attempt.objects.filter(workspace_id=usual.workspace.id).count() == 2


def test_it_may_be_repeated() -> None:
    tenant = make_tenant()
    happened(tenant, days_ago(50))
    silent(tenant, days_ago(5))
    run(now=NOW)
    assert run(now=NOW) == 0


def test_an_installation_without_workspaces_has_nothing_to_keep_apart() -> None:
    Workspace.objects.all().delete()
    assert run(now=NOW) == 0


def test_the_attempts_of_a_deleted_event_are_found_by_their_ids() -> None:
    tenant, _ = make_tenant(), make_tenant("Globex")
    Workspace.objects.filter(id=tenant.workspace.id).update(retention_days=1)
    event = happened(tenant, days_ago(5))
    Attempt.objects.exclude(number=1).delete()
    Delivery.objects.filter(event_id=event.id).update(attempt_count=1)
    run(now=NOW)
    assert left() == [0, 0, 0, 0, 0]
