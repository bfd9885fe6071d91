"""A delivery that its workers die of is given up, and those beside it get through."""

from __future__ import annotations

from uuid import UUID

import pytest

from deliveries.claiming import LEASE_SECONDS
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery, Event
from deliveries.quarantine import GIVE_UP_AFTER, SUSPECT_AFTER, part
from deliveries.recovery import retry
from deliveries.shapes import delivery_shape
from tests.deliveries.making import Tenant, claim_all, make_backlog, make_tenant, pass_time

pytestmark = pytest.mark.django_db


def crash_all() -> list[UUID]:
    """A worker claims what it can carry, and is never seen again."""
    claims = claim_all()
    pass_time(LEASE_SECONDS)
    return [claim.id for claim in claims]


def one_delivery() -> Tenant:
    tenant = make_tenant()
    make_backlog(tenant, 1)
    return tenant


def test_a_delivery_that_was_lost_too_often_is_failed_with_a_plain_reason() -> None:
    one_delivery()
    for _ in range(GIVE_UP_AFTER):
        assert len(crash_all()) == 1
    assert drain() == 0  # it was not sent once more
    delivery, attempt = Delivery.objects.get(), Attempt.objects.get()
    assert (delivery.state, delivery.due_at, delivery.last_error) == ("failed", None, attempt.reason)
    assert (attempt.code, attempt.culprit, attempt.exchanges) == ("internal_error", "us", [])
    assert "ended abruptly 5 times" in attempt.reason
    assert (Event.objects.get().status, Event.objects.get().failed_count) == ("failed", 1)


def test_a_delivery_that_was_lost_less_often_is_sent() -> None:
    one_delivery()
    for _ in range(GIVE_UP_AFTER - 1):
        crash_all()
    assert drain() == 1
    assert Delivery.objects.get().state == "delivered"


def test_the_next_attempt_keeps_a_note_of_the_one_that_was_lost() -> None:
    one_delivery()
    crash_all()
    began = Delivery.objects.get().first_sent_at
    drain()
    (note,) = Attempt.objects.get().notes
    assert began
    assert f"began at {began:%Y-%m-%d %H:%M:%S} UTC" in note
    assert "may have arrived" in note


def test_a_delivery_tells_of_a_lost_attempt_until_the_next_one_does() -> None:
    one_delivery()
    crash_all()
    claim_all()
    (note,) = delivery_shape(Delivery.objects.get(), Event.objects.get())["notes"]
    assert "may have arrived" in note
    pass_time(LEASE_SECONDS)
    drain()
    assert delivery_shape(Delivery.objects.get(), Event.objects.get())["notes"] == []
    assert "2 attempts" in Attempt.objects.get().notes[0]


def test_a_loss_after_recorded_attempts_names_no_time_that_is_not_its_own() -> None:
    make_backlog(make_tenant(), 1, attempt_count=2)
    crash_all()
    drain()
    (note,) = Attempt.objects.get().notes
    assert "UTC" not in note


def test_what_was_never_lost_has_no_note() -> None:
    one_delivery()
    drain()
    assert Attempt.objects.get().notes == []


def test_a_result_clears_it_of_suspicion() -> None:
    one_delivery()
    crash_all()
    crash_all()
    drain()
    assert Delivery.objects.get().lost == 0


def test_one_that_was_given_up_can_be_sent_again_by_hand() -> None:
    one_delivery()
    for _ in range(GIVE_UP_AFTER):
        crash_all()
    drain()
    retry(Delivery.objects.get(), actor="test")
    pass_time(1)
    assert drain() == 1
    assert Delivery.objects.get().state == "delivered"
    assert sorted(Attempt.objects.values_list("number", flat=True)) == [1, 2]


def test_waiting_for_a_connection_is_not_taken_for_a_crash() -> None:
    from connections.models import Connection
    from deliveries.breaking import holding

    one_delivery()
    for _ in range(GIVE_UP_AFTER * 2):
        Connection.objects.update(active=False)
        assert drain() == 0
        Connection.objects.update(active=True)
        assert holding.release() == 1
    assert drain() == 1


def test_suspects_are_sent_one_at_a_time_beside_the_others() -> None:
    tenant, fine = make_tenant(), make_tenant("Globex")
    make_backlog(tenant, 4)
    for _ in range(SUSPECT_AFTER):
        crash_all()
    mine = make_backlog(fine, 3)
    parted = part(claim_all(), under_way=[])
    assert (len(parted.fit), len(parted.later), parted.given_up) == (4, 3, [])
    assert set(mine) < {claim.id for claim in parted.fit}
    assert part(parted.later, under_way=parted.fit) == ([], parted.later, [])
    assert part(parted.later[:1], under_way=[c for c in parted.fit if c.id in mine]).fit == parted.later[:1]


def test_the_innocent_beside_the_culprit_get_through() -> None:
    """Whoever sends the culprit dies, with all that it has claimed at that moment."""
    tenant = make_tenant()
    culprit, *innocent = make_backlog(tenant, 8)
    for _ in range(60):
        parted = part(claim_all(), under_way=[])
        put_back = [claim.id for claim in parted.later]
        Delivery.objects.filter(id__in=put_back).update(state="pending")
        given_up = [claim.id for claim in parted.given_up]
        Delivery.objects.filter(id__in=given_up).update(state="failed", due_at=None)
        fit = [claim.id for claim in parted.fit]
        if culprit not in fit:
            Delivery.objects.filter(id__in=fit).update(state="delivered", due_at=None)
        pass_time(LEASE_SECONDS)
    assert Delivery.objects.get(id=culprit).state == "failed"
    assert set(Delivery.objects.filter(id__in=innocent).values_list("state", flat=True)) == {"delivered"}


def test_those_who_wait_for_another_suspect_are_taken_up_again() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 4)
    for _ in range(SUSPECT_AFTER):
        crash_all()
    sent = 0
    for _ in range(4):
        sent += drain()
        pass_time(1)
    assert sent == 4
    assert set(Delivery.objects.values_list("state", "lost")) == {("delivered", 0)}
