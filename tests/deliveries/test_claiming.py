"""Who gets which deliveries: each once, fairly, within the caps, and without reading what waits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import batched
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection as database
from django.db import transaction
from pytest_django import Settings

from connections.provider import Pace
from deliveries import claiming, turns
from deliveries.claiming import LEASE_SECONDS, Claimed, claim
from deliveries.models import Delivery, Lane
from deliveries.turns import Round
from tests.deliveries.making import (
    Tenant,
    claim_all,
    database_now,
    make_backlog,
    make_tenant,
    pass_time,
    somebody_waits,
    until,
)
from tests.elsewhere import Elsewhere, in_parallel

pytestmark = pytest.mark.django_db


def lanes(count: int) -> list[UUID]:
    return sorted(uuid4() for _ in range(count))


def pause(lane: UUID, seconds: float = 60, pace_ms: int = 0) -> None:
    Lane.objects.create(id=lane, pace_ms=pace_ms, next_at=database_now() + timedelta(seconds=seconds))


def finish(claims: list[Claimed]) -> None:
    """As if all had arrived."""
    Delivery.objects.filter(id__in=[c.id for c in claims]).update(state="delivered", due_at=None)


def another_connection(tenant: Tenant) -> Tenant:
    from tests.world import make_connection, make_rule

    connection = make_connection(tenant.workspace, "capture", name="another")
    return Tenant(tenant.workspace, connection, make_rule(connection, "*"))


# --------------------------------------------------------------------------- once each


@pytest.mark.django_db(transaction=True)
def test_eight_claimers_at_once_never_get_the_same_delivery(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = settings.WORKSPACE_PARALLEL = 10_000
    waiting = [id for n in range(5) for id in make_backlog(make_tenant(f"T{n}"), lanes=lanes(2) * 300)]
    got: list[UUID] = []

    def work() -> None:
        round = Round()
        while claims := claim(40, round=round):
            got.extend(c.id for c in claims)

    with in_parallel(work, times=8):
        pass
    assert Counter(got) == Counter(waiting)


@pytest.mark.django_db(transaction=True)
def test_a_claim_never_waits_for_a_row_that_somebody_else_is_changing() -> None:
    first, *others = make_backlog(make_tenant(), 5)
    taken: list[UUID] = []

    def work() -> None:
        with database.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        taken.extend(c.id for c in claim_all())

    with transaction.atomic():
        Delivery.objects.select_for_update().get(id=first)
        with in_parallel(work, times=1):
            pass
    assert sorted(taken) == others


def test_a_claim_says_what_is_needed_to_send() -> None:
    tenant = make_tenant()
    (id,) = make_backlog(tenant, 1)
    (claimed,) = claim_all()
    assert (claimed.id, claimed.fence, claimed.lost, claimed.attempt_count) == (id, 1, 0, 0)
    assert (claimed.workspace_id, claimed.connection_id) == (tenant.workspace.id, tenant.connection.id)
    assert (claimed.payload, claimed.event) == ('{"value":1}', "alert.triggered")
    assert claimed.payload not in repr(claimed)


@pytest.mark.parametrize("state", ["held", "delivered", "failed", "canceled"])
def test_what_nobody_shall_take_is_not_claimed(state: str) -> None:
    make_backlog(make_tenant(), 1, state=state, due_at=None)
    assert claim_all() == []


# --------------------------------------------------------------------------- time is the database's


def test_a_lease_ends_by_the_clock_of_the_database() -> None:
    make_backlog(make_tenant(), 1)
    (claimed,) = claim_all()
    delivery = Delivery.objects.get()
    assert delivery.due_at == database_now() + timedelta(seconds=LEASE_SECONDS)
    assert claimed.claimed_at == delivery.first_sent_at == database_now()


def test_a_lease_that_ran_out_gives_the_delivery_to_the_next_and_counts_the_loss() -> None:
    make_backlog(make_tenant(), 1)
    (first,) = claim_all()
    pass_time(LEASE_SECONDS - 1)
    assert claim_all() == []
    pass_time(1)
    an_hour_ago = first.first_sent_at - timedelta(hours=1)
    Delivery.objects.update(first_sent_at=an_hour_ago)
    (second,) = claim_all()
    assert (second.id, second.fence, second.lost) == (first.id, first.fence + 1, 1)
    assert second.first_sent_at == an_hour_ago


def test_what_is_planned_for_later_is_taken_when_it_is_due_and_not_before() -> None:
    make_backlog(make_tenant(), 3, state="retrying", ready=False, due_at=database_now() + timedelta(hours=2))
    assert claim_all() == []
    pass_time(7_199)
    assert claim_all() == []
    pass_time(1)
    assert len(claim_all()) == 3


# --------------------------------------------------------------------------- caps


def test_no_more_are_in_flight_to_a_connection_than_its_cap_however_many_claim(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = 4
    tenant = make_tenant()
    make_backlog(tenant, 20)
    first = claim_all()
    assert (len(first), claim_all()) == (4, [])
    finish(first[:1])
    assert len(claim_all()) == 1


def test_the_cap_counts_all_lanes_of_a_connection_together(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = 4
    tenant = make_tenant()
    make_backlog(tenant, lanes=lanes(10) * 3)
    assert len(claim_all()) == 4


def test_no_more_are_in_flight_for_a_workspace_than_its_cap(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL, settings.WORKSPACE_PARALLEL = 10, 12
    tenant = make_tenant()
    other = another_connection(tenant)
    make_backlog(tenant, 20)
    make_backlog(other, 20)
    first = claim_all()
    assert (len(first), claim_all()) == (12, [])
    assert Counter(c.connection_id for c in first) == {tenant.connection.id: 6, other.connection.id: 6}


@pytest.mark.django_db(transaction=True)
def test_claimers_at_once_do_not_overrun_the_caps_together(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = 4
    tenant = make_tenant()
    some, others = batched(lanes(6), 3)
    make_backlog(tenant, lanes=some)
    got: list[Claimed] = []
    further_on = Round(left_off={tenant.workspace.id: some[-1]})  # the second, in its round

    with transaction.atomic():  # the first has claimed and not committed
        got += claim_all()
        with in_parallel(lambda: make_backlog(tenant, lanes=others), times=1):
            pass
        second = Elsewhere(lambda: got.extend(claim(9, round=further_on)))
        until(lambda: not second.is_alive() or somebody_waits())
    second.join()
    got += claim_all()
    assert len(got) == 4


def test_a_dead_workers_deliveries_do_not_fill_the_cap(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = 4
    make_backlog(make_tenant(), 20)
    claim_all()
    pass_time(LEASE_SECONDS)
    assert len(claim_all()) == 4


# --------------------------------------------------------------------------- fairness


def test_one_tenant_with_20_000_waiting_costs_twenty_quiet_ones_nothing() -> None:
    noisy = make_tenant("Noisy")
    make_backlog(noisy, 20_000)
    quiet = {make_backlog(make_tenant(f"Quiet {n}"), 1)[0] for n in range(20)}
    first = claim_all(64)
    assert quiet <= {c.id for c in first}
    assert len(first) == 30  # and ten of the noisy one's: its connection's cap


def test_a_small_claim_takes_the_first_of_each_before_the_second_of_any() -> None:
    noisy = make_tenant("Noisy")
    make_backlog(noisy, 500, due_at=database_now() - timedelta(hours=1))
    for n in range(9):
        make_backlog(make_tenant(f"Quiet {n}"), 1)
    assert max(Counter(c.workspace_id for c in claim_all(10)).values()) == 1


def test_a_tenant_with_thousands_of_lanes_costs_the_others_nothing() -> None:
    noisy = make_tenant("Noisy")
    make_backlog(noisy, lanes=lanes(2_000) * 2)
    quiet = {make_backlog(make_tenant(f"Quiet {n}"), 1)[0] for n in range(20)}
    assert quiet <= {c.id for c in claim_all(64)}


def test_a_connection_at_its_cap_does_not_starve_another_of_its_workspace(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = 4
    slow = make_tenant()
    fast = another_connection(slow)
    make_backlog(slow, 100)
    claim_all()
    mine = make_backlog(fast, 3)
    assert sorted(c.id for c in claim_all()) == mine


def test_lanes_at_their_cap_do_not_hide_the_lanes_behind_them(settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = 4
    slow = make_tenant()
    fast = another_connection(slow)
    make_backlog(slow, lanes=lanes(turns.LANES_A_TENANT * 3))
    claim_all()
    mine = make_backlog(fast, lanes=[UUID(int=2**128 - 2)])
    assert [c.id for c in claim_all()] == mine


def test_paused_lanes_do_not_hide_the_lanes_behind_them() -> None:
    tenant = make_tenant()
    blocked = lanes(turns.LANES_A_TENANT * 3)
    make_backlog(tenant, lanes=blocked)
    for lane in blocked:
        pause(lane)
    mine = make_backlog(tenant, lanes=[UUID(int=2**128 - 2)])
    assert [c.id for c in claim_all()] == mine


@pytest.mark.parametrize(("tenants", "lanes_each"), [(70, 1), (1, 200), (3, 70), (40, 20)])
def test_every_lane_is_served_however_many_there_are(settings: Settings, tenants: int, lanes_each: int) -> None:
    settings.CONNECTION_PARALLEL = settings.WORKSPACE_PARALLEL = 10_000
    waiting: set[UUID] = set()
    for n in range(tenants):
        waiting.update(make_backlog(make_tenant(f"T{n}"), lanes=lanes(lanes_each)))
    round, got = Round(), []
    while claims := claim(64, round=round):
        got += [c.id for c in claims]
        finish(claims)
    assert Counter(got) == Counter(waiting)


def test_a_round_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TENANTS_A_TURN", 4)
    waiting = [make_backlog(make_tenant(f"T{n}"), 30)[0] for n in range(10)]
    round = Round()
    served = [{c.workspace_id for c in claim(4, round=round)} for _ in range(3)]
    assert [len(tenants) for tenants in served] == [4, 4, 2]
    assert len(set.union(*served)) == len(waiting) == 10


# --------------------------------------------------------------------------- pace


def test_a_paced_lane_gives_one_at_a_time_and_the_others_go_on() -> None:
    tenant = make_tenant()
    paced, free = lanes(2)
    pause(paced, seconds=0, pace_ms=round(1_000 / Pace(per_second=1).per_second))
    make_backlog(tenant, lanes=[paced] * 5)
    make_backlog(tenant, lanes=[free] * 5)
    first = claim_all()
    assert Counter(c.lane for c in first) == {paced: 1, free: 5}
    finish(first)
    assert claim_all() == []
    pass_time(0.999)
    assert claim_all() == []
    pass_time(0.001)
    assert Counter(c.lane for c in claim_all()) == {paced: 1}


@pytest.mark.django_db(transaction=True)
def test_claimers_at_once_keep_the_pace_together() -> None:
    tenant = make_tenant()
    (paced,) = lanes(1)
    Lane.objects.create(id=paced, pace_ms=60_000)
    make_backlog(tenant, lanes=[paced] * 20)
    got: list[Claimed] = []
    with in_parallel(lambda: got.extend(claim_all()), times=8):
        pass
    assert len(got) == 1


def test_a_lane_keeps_its_order() -> None:
    tenant = make_tenant()
    (paced,) = lanes(1)
    Lane.objects.create(id=paced, pace_ms=1_000, next_at=database_now())
    waiting = make_backlog(tenant, lanes=[paced] * 3)
    got = []
    for _ in waiting:
        (claimed,) = claim_all()
        got.append(claimed.id)
        finish([claimed])
        pass_time(1)
    assert got == waiting


# --------------------------------------------------------------------------- what a claim reads


def look_at_the_tables() -> None:
    """What PostgreSQL does by itself in a while; else the plan depends on whether it just has."""
    with database.cursor() as cursor:
        cursor.execute("ANALYZE deliveries_delivery")


def pages_read(work: Callable[[], object]) -> int:
    """How many pages of the database its statements touch. What they change is undone."""
    said: list[tuple[str, Any]] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        said.append((sql, params))
        return execute(sql, params, many, context)

    with transaction.atomic():
        with database.execute_wrapper(listen):
            work()
        transaction.set_rollback(True)
    with transaction.atomic(), database.cursor() as cursor:
        pages = 0
        for sql, params in said:
            if "deliveries_" in sql:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                answer = cursor.fetchone()[0]
                plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
                pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        transaction.set_rollback(True)
    assert pages > 0
    return pages


def analyze() -> None:
    with database.cursor() as cursor:
        cursor.execute("ANALYZE deliveries_delivery")


@pytest.mark.parametrize("planned", [False, True])
def test_a_claim_does_not_read_the_whole_backlog(planned: bool) -> None:
    noisy = make_tenant("Noisy")
    later: dict[str, Any] = {}
    if planned:
        later = {"state": "retrying", "ready": False, "due_at": database_now() + timedelta(hours=1)}
    for n in range(20):
        make_backlog(make_tenant(f"Quiet {n}"), 1)
    make_backlog(noisy, 1_000, **later)
    analyze()
    few = pages_read(lambda: claim_all(64))
    make_backlog(noisy, 49_000, **later)
    analyze()
    many = pages_read(lambda: claim_all(64))
    assert many <= 2 * few + 50


def test_lanes_in_which_all_is_planned_for_later_are_not_visited() -> None:
    tenant = make_tenant()
    make_backlog(tenant, lanes=lanes(200), ready=False, state="retrying", due_at=database_now() + timedelta(hours=1))
    mine = make_backlog(tenant, 1)
    assert Round().turn() == [(tenant.workspace.id, tenant.connection.id)]
    assert [c.id for c in claim_all()] == mine
    assert Round().turn() == []  # what is under way is not visited either


def test_a_claim_does_not_visit_all_the_lanes_of_one_tenant() -> None:
    noisy = make_tenant("Noisy")
    make_backlog(noisy, lanes=lanes(100))
    look_at_the_tables()
    few = pages_read(lambda: claim_all(64))
    make_backlog(noisy, lanes=lanes(1_000))
    look_at_the_tables()
    assert pages_read(lambda: claim_all(64)) <= 2 * few


def test_the_advisory_lock_is_nobody_elses() -> None:
    from deliveries import partitions

    assert claiming._CLAIMING != partitions._CHANGING
