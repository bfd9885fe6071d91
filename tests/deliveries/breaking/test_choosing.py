"""What was held for a connection goes as its customer says; little and young things go by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from connections import switching
from connections.models import Choice, Connection
from deliveries.breaking import choosing, holding, superseding
from deliveries.breaking.choosing import choose, offer, send_failed_again
from deliveries.draining import drain
from deliveries.models import Delivery, Event, State
from tests.calling import fault, read
from tests.deliveries.making import Tenant, claim_all, make_backlog, make_tenant
from tests.world import Vendor, make_delivery, make_rule
from workspaces.errors import ApiError
from workspaces.models import AuditEntry, Notice

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hold(tenant: Tenant, about: Sequence[tuple[str, str, str]], *, ago: timedelta = 2 * HOUR) -> list[Delivery]:
    """One held delivery for each (event type, resource, resource id), the oldest first."""
    rows = []
    for event, resource, resource_id in about:
        told = tenant.emit(event=event, resource=resource, resource_id=resource_id)
        rows.append(make_delivery(told, tenant.rule, State.HELD, ready=False))
    Delivery.objects.filter(id__in=[row.id for row in rows]).update(created_at=timezone.now() - ago)
    return rows


def disks(count: int) -> list[tuple[str, str, str]]:
    return [("alert.triggered", "disk", str(n)) for n in range(count)]


def states(tenant: Tenant) -> dict[str, int]:
    found = Delivery.objects.filter(connection_id=tenant.connection.id).values_list("state", flat=True)
    return {state: list(found).count(state) for state in set(found)}


def row_of(tenant: Tenant) -> Connection:
    tenant.connection.refresh_from_db()
    return tenant.connection


# --------------------------------------------------------------------------- when nobody says anything


def test_ten_go_by_themselves_however_old() -> None:
    tenant = make_tenant()
    hold(tenant, disks(10), ago=3 * DAY)
    assert holding.release() == 10


def test_many_go_by_themselves_while_they_are_news() -> None:
    tenant = make_tenant()
    hold(tenant, disks(12), ago=HOUR / 2)
    assert holding.release() == 12


def test_many_and_old_wait_for_a_word() -> None:
    tenant = make_tenant()
    hold(tenant, disks(11))
    assert holding.release() == 0
    assert states(tenant) == {"held": 11}
    assert row_of(tenant).held_choice == Choice.ASKED
    told = offer(tenant.connection)
    assert (told.held.count, told.newest, told.until is not None) == (11, 11, True)


def test_what_comes_in_meanwhile_is_sent_at_once() -> None:
    tenant = make_tenant()
    hold(tenant, disks(11))
    holding.release()
    tenant.emit()
    assert drain() == 1
    assert states(tenant) == {"held": 11, "delivered": 1}


def test_whoever_does_not_choose_within_a_day_gets_everything() -> None:
    tenant = make_tenant()
    hold(tenant, disks(11))
    holding.release()
    Connection.objects.update(asked_at=timezone.now() - DAY + HOUR)
    assert holding.release() == 0
    Connection.objects.update(asked_at=timezone.now() - DAY)
    assert holding.release() == 11


def test_a_connection_that_is_off_is_asked_nothing() -> None:
    tenant = make_tenant()
    hold(tenant, disks(11))
    Connection.objects.update(active=False)
    assert holding.release() == 0
    assert row_of(tenant).held_choice == ""
    assert offer(tenant.connection).until is None


def test_the_question_ends_when_it_goes_off_again_and_is_asked_anew() -> None:
    tenant = make_tenant()
    hold(tenant, disks(11))
    holding.release()
    Connection.objects.update(active=False)
    holding.release()
    assert (row_of(tenant).held_choice, row_of(tenant).asked_at) == ("", None)
    Connection.objects.update(active=True)
    holding.release()
    assert row_of(tenant).held_choice == Choice.ASKED


# --------------------------------------------------------------------------- the three choices


def asked(about: Sequence[tuple[str, str, str]], name: str = "Acme") -> Tenant:
    tenant = make_tenant(name)
    hold(tenant, about)
    holding.release()
    assert row_of(tenant).held_choice == Choice.ASKED
    return tenant


def test_all_are_sent() -> None:
    tenant = asked(disks(12))
    choose(tenant.connection, Choice.ALL, actor="ann")
    assert holding.release() == 12
    assert drain() == 12
    assert states(tenant) == {"delivered": 12}
    holding.release()
    assert row_of(tenant).held_choice == ""
    entry = AuditEntry.objects.get(verb="held.all")
    assert (entry.actor, entry.detail["count"]) == ("ann", 12)


def test_only_the_newest_about_each_thing_are_sent() -> None:
    tenant = asked([*disks(4), *disks(4), *disks(4)])
    latest = set(Delivery.objects.order_by("-event_id").values_list("id", flat=True)[:4])
    choose(tenant.connection, Choice.NEWEST, actor="ann")
    for _ in range(3):
        holding.release()
    drain()
    assert states(tenant) == {"delivered": 4, "superseded": 8}
    assert set(Delivery.objects.filter(state="delivered").values_list("id", flat=True)) == latest
    left = Delivery.objects.filter(state="superseded").first()
    assert left is not None
    assert "a newer one about the same thing was sent instead" in left.last_error
    assert (left.due_at, left.finished_at is not None) == (None, True)


def test_their_events_are_canceled_on_the_wire(acme: Vendor) -> None:
    tenant = Tenant(acme.workspace, acme.connection, acme.rule)
    hold(tenant, disks(1) * 11)
    holding.release()
    choose(acme.connection, Choice.NEWEST, actor="ann")
    holding.release()
    delivery = Delivery.objects.filter(state="superseded").earliest("id")
    shown = read(acme.machine.get(f"/events/{delivery.event_id}"))
    (told,) = shown["rule_events"]
    assert (told["status"], told["state"]) == ("canceled", "superseded")
    event = Event.objects.get(id=delivery.event_id)
    assert (event.status, event.canceled_count, event.completed_at is not None) == ("canceled", 1, True)


def test_without_a_resource_the_newest_of_each_type_goes() -> None:
    tenant = asked([("a", "global", "")] * 6 + [("b", "global", "")] * 5 + [("b", "disk", "1")])
    choose(tenant.connection, Choice.NEWEST, actor="ann")
    assert offer(tenant.connection).held.count == 12
    holding.release()
    holding.release()
    drain()
    assert states(tenant) == {"delivered": 3, "superseded": 9}


def test_each_rule_tells_its_own_newest() -> None:
    """Two rules may lead to two channels."""
    tenant = make_tenant()
    other = Tenant(tenant.workspace, tenant.connection, make_rule(tenant.connection, "*", name="other"))
    hold(tenant, disks(1) * 6)
    hold(other, disks(1) * 6)
    holding.release()
    choose(tenant.connection, Choice.NEWEST, actor="ann")
    holding.release()
    holding.release()
    left = Delivery.objects.exclude(state="superseded").values_list("rule_id", flat=True)
    assert sorted(left) == sorted([tenant.rule.id, other.rule.id])


def test_what_carries_others_in_its_message_always_goes() -> None:
    tenant = asked(disks(1) * 12)
    oldest = Delivery.objects.earliest("event_id")
    Delivery.objects.filter(id=oldest.id).update(carrier_id=oldest.id)
    choose(tenant.connection, Choice.NEWEST, actor="ann")
    holding.release()
    holding.release()
    assert states(tenant) == {"pending": 2, "superseded": 10}


def test_none_is_sent() -> None:
    tenant = asked(disks(12))
    choose(tenant.connection, Choice.NONE, actor="ann")
    assert holding.release() == 0
    assert drain() == 0
    assert states(tenant) == {"canceled": 12}
    assert "somebody chose not to send" in Delivery.objects.earliest("id").last_error
    assert set(Event.objects.values_list("status", "canceled_count")) == {("canceled", 1)}


def test_what_was_left_out_can_still_be_sent_by_hand(acme: Vendor) -> None:
    tenant = Tenant(acme.workspace, acme.connection, acme.rule)
    (row,) = hold(tenant, disks(1))
    Delivery.objects.filter(id=row.id).update(state="superseded")
    Event.objects.filter(id=row.event_id).update(canceled_count=1, status="canceled")
    read(acme.machine.post(f"/events/{row.event_id}/rules/{row.rule_id}/retry"))
    row.refresh_from_db()
    assert row.state == "retrying"


def test_the_last_word_counts() -> None:
    tenant = asked(disks(12))
    choose(tenant.connection, Choice.ALL, actor="ann")
    choose(tenant.connection, Choice.NONE, actor="bob")
    holding.release()
    assert states(tenant) == {"canceled": 12}


def test_there_is_nothing_to_choose_for_one_that_is_off_or_has_nothing() -> None:
    tenant = make_tenant()
    with pytest.raises(ApiError, match="Nothing waits"):
        choose(tenant.connection, Choice.ALL, actor="ann")
    hold(tenant, disks(11))
    Connection.objects.update(active=False)
    with pytest.raises(ApiError, match="switched off"):
        choose(tenant.connection, Choice.ALL, actor="ann")


def test_another_tenants_are_never_touched() -> None:
    acme, globex = asked(disks(12)), asked(disks(12), "Globex")
    choose(acme.connection, Choice.NONE, actor="ann")
    holding.release()
    assert states(globex) == {"held": 12}
    assert row_of(globex).held_choice == Choice.ASKED


# --------------------------------------------------------------------------- in batches, through every death


def test_a_killed_worker_loses_nothing_of_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies after each batch: what is left is found by the next sweep, and nothing goes that was not to."""
    tenant = asked([*disks(4), *disks(4), *disks(4)])
    choose(tenant.connection, Choice.NEWEST, actor="ann")
    monkeypatch.setattr(superseding, "AT_ONCE", 3)
    seen = []
    for _ in range(4):
        holding.release()
        seen.append(states(tenant))
    assert seen[0] == {"held": 9, "superseded": 3}
    assert seen[1] == {"held": 6, "superseded": 6}
    assert seen[3] == {"pending": 4, "superseded": 8}


def test_a_batch_that_fails_in_the_middle_is_not_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = asked(disks(12))
    choose(tenant.connection, Choice.NONE, actor="ann")

    def dies(*_: object) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(superseding, "count_events", dies)
        with pytest.raises(OperationalError):
            holding.release()
    assert states(tenant) == {"held": 12}
    holding.release()
    assert states(tenant) == {"canceled": 12}


def test_what_is_released_goes_in_batches_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = asked(disks(12))
    choose(tenant.connection, Choice.ALL, actor="ann")
    monkeypatch.setattr(holding, "RELEASED_AT_ONCE", 5)
    assert [holding.release() for _ in range(4)] == [5, 5, 2, 0]


def test_the_drain_keeps_to_the_cap_of_the_connection() -> None:
    """A destination that is back is not met by everything at once."""
    tenant = make_tenant()
    make_backlog(tenant, 200, state="held", due_at=None, ready=False)
    assert holding.release() == 200
    assert len(claim_all()) == 10
    assert len(claim_all()) == 0


# --------------------------------------------------------------------------- what failed meanwhile


def broke(tenant: Tenant, *, ago: timedelta, mended: timedelta | None = None) -> None:
    """As it was told."""
    for kind, when in ((Notice.Kind.INACTIVE, ago), (Notice.Kind.RECOVERED, mended)):
        if when is not None:
            Notice.objects.create(
                organization_id=tenant.workspace.organization_id,
                workspace=tenant.workspace,
                kind=kind,
                subject=tenant.connection.id,
                occurred_at=timezone.now() - when,
            )


def failed(tenant: Tenant, *, ago: timedelta, **columns: object) -> Delivery:
    return make_delivery(tenant.emit(), tenant.rule, State.FAILED, finished_at=timezone.now() - ago, **columns)


def test_what_failed_while_it_was_broken_is_sent_again_with_one_click() -> None:
    tenant = make_tenant()
    broke(tenant, ago=5 * HOUR, mended=HOUR)
    during = failed(tenant, ago=3 * HOUR)
    before, after = failed(tenant, ago=6 * HOUR), failed(tenant, ago=HOUR / 2)
    mapping = failed(tenant, ago=3 * HOUR, last_code="mapping_error")
    assert offer(tenant.connection).failed == 1
    assert send_failed_again(tenant.connection, actor="ann") == 1
    event = Event.objects.get(id=during.event_id)
    assert (event.status, event.failed_count, event.completed_at) == ("retrying", 0, None)
    holding.release()
    drain()
    rows = [during, before, after, mapping]
    for row in rows:
        row.refresh_from_db()
    assert [row.state for row in rows] == ["delivered", "failed", "failed", "failed"]
    event.refresh_from_db()
    assert (event.status, event.completed_count, event.failed_count) == ("completed", 1, 0)
    assert offer(tenant.connection).failed == 0


def test_it_joins_what_somebody_is_asked_about() -> None:
    tenant = asked(disks(11))
    broke(tenant, ago=5 * HOUR)
    failed(tenant, ago=HOUR)
    send_failed_again(tenant.connection, actor="ann")
    assert row_of(tenant).held_choice == Choice.ASKED
    assert offer(tenant.connection).held.count == 12


def test_many_old_failures_go_at_once_since_somebody_asked_for_them() -> None:
    tenant = make_tenant()
    broke(tenant, ago=5 * HOUR)
    for _ in range(12):
        failed(tenant, ago=3 * HOUR)
    Delivery.objects.update(created_at=timezone.now() - 3 * HOUR)
    assert send_failed_again(tenant.connection, actor="ann") == 12
    assert holding.release() == 12


def test_a_long_gone_outage_is_not_offered_for_ever() -> None:
    tenant = make_tenant()
    broke(tenant, ago=20 * DAY, mended=8 * DAY)
    failed(tenant, ago=10 * DAY)
    assert offer(tenant.connection).failed == 0


def test_another_connections_failures_are_not_sent_again(acme: Vendor, globex: Vendor) -> None:
    tenant = Tenant(acme.workspace, acme.connection, acme.rule)
    broke(tenant, ago=timedelta(days=1))
    Delivery.objects.update(finished_at=timezone.now() - HOUR)
    assert send_failed_again(acme.connection, actor="ann") == 1
    globex.delivery.refresh_from_db()
    assert globex.delivery.state == "failed"


def test_pressed_twice_it_is_sent_once() -> None:
    tenant = make_tenant()
    broke(tenant, ago=5 * HOUR)
    failed(tenant, ago=HOUR)
    assert send_failed_again(tenant.connection, actor="ann") == 1
    assert send_failed_again(tenant.connection, actor="ann") == 0
    assert choosing.AGAIN_MOST == 5_000


# --------------------------------------------------------------------------- over the API, and by the switch


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ({}, {"pending": 12}),
        ({"held": "newest"}, {"pending": 1, "superseded": 11}),
        ({"held": "none"}, {"canceled": 12}),
    ],
    ids=str,
)
def test_whoever_switches_it_on_over_the_api_says_it_there(
    acme: Vendor, sent: dict[str, str], left: dict[str, int]
) -> None:
    Delivery.objects.all().delete()
    tenant = Tenant(acme.workspace, acme.connection, acme.rule)
    hold(tenant, disks(1) * 12)
    switching.switch(acme.connection, active=False, actor="ann")
    body = {"name": "Acme", "metadata": {}, "active": True, **sent}
    read(acme.machine.put(f"/connections/{acme.connection.id}", body))
    for _ in range(2):
        holding.release()
    assert states(tenant) == left


def test_an_unknown_word_is_refused(acme: Vendor) -> None:
    body = {"name": "Acme", "metadata": {}, "active": True, "held": "ask"}
    fault(acme.machine.put(f"/connections/{acme.connection.id}", body), 400)


def test_an_old_choice_does_not_count_for_the_next_time() -> None:
    tenant = asked(disks(12))
    choose(tenant.connection, Choice.NONE, actor="ann")
    switching.switch(tenant.connection, active=False, actor="ann")
    switching.switch(tenant.connection, active=True, actor="ann")
    holding.release()
    assert states(tenant) == {"held": 12}
    assert row_of(tenant).held_choice == Choice.ASKED
