"""The whole loop in one process, against real receivers: nothing is lost, nothing waits for the slow."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from threading import Event as Flag
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from django.db import InterfaceError, OperationalError, connections
from pytest_django import Settings

from deliveries import draining, fanout
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery, Event
from deliveries.recording import record
from deliveries.sending import Sent, send
from tests.connections.doors import Permit
from tests.deliveries.making import make_backlog, make_tenant
from tests.elsewhere import Elsewhere
from tests.sinks import Sink, Visit, answering
from tests.world import make_rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("woken")]


def ids_at(sink: Sink) -> Counter[bytes]:
    """What arrived, by the delivery's id."""
    lines = (line for request in sink.requests for line in request.split(b"\r\n"))
    return Counter(line.partition(b": ")[2] for line in lines if line.startswith(b"webhook-id"))


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


# --------------------------------------------------------------------------- nothing is lost


def test_everything_that_was_emitted_arrives_once(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        tenants = [make_tenant(f"T{n}", "webhook", url=sink.url()) for n in range(3)]
        for tenant in tenants:
            make_rule(tenant.connection, "*", name="second")
            for _ in range(20):
                tenant.emit()
        assert drain() == 120
        assert ids_at(sink) == {str(id).encode(): 1 for id in Delivery.objects.values_list("id", flat=True)}
    assert states() == {"delivered": 120}
    assert set(Event.objects.values_list("status", "completed_count")) == {("completed", 2)}
    assert drain() == 0


def test_what_is_emitted_while_it_drains_is_sent_too(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        more = iter(range(5))
        decide = fanout.decide_batch

        def meanwhile() -> int:
            for _ in range(1):
                if next(more, None) is not None:
                    tenant.emit()
            return decide()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fanout, "decide_batch", meanwhile)
            assert drain() == 5


def test_more_than_one_process_can_carry_wakes_another(
    woken: list[bool], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONNECTION_PARALLEL = settings.WORKSPACE_PARALLEL = 100
    settings.DRAIN_THREADS = 64
    make_backlog(make_tenant(), settings.DRAIN_THREADS - 1)
    drain()
    assert woken == []
    make_backlog(make_tenant("Globex"), settings.DRAIN_THREADS)
    drain()
    assert len(woken) >= 1
    woken.clear()
    monkeypatch.setattr(fanout, "decide_batch", iter([fanout.EVENTS_A_TENANT - 1, fanout.EVENTS_A_TENANT, 0]).__next__)
    drain()
    assert woken == [True]


# --------------------------------------------------------------------------- stopping


def test_asked_to_stop_it_claims_nothing_more_and_finishes_what_is_under_way(permit: Permit) -> None:
    asked = Flag()

    def slowly(visit: Visit) -> None:
        while visit.read():
            asked.set()
            visit.rest(0.1)
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Sink(slowly) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        for _ in range(30):
            tenant.emit()
        attempts = drain(stopping=asked.is_set)
        assert attempts == sum(ids_at(sink).values())
    assert 1 <= attempts <= 10  # the connection's cap
    assert states() == {"delivered": attempts, "pending": states()["pending"]}
    assert states()["sending"] == 0


def test_asked_before_it_began_it_does_nothing() -> None:
    make_tenant().emit()
    assert drain(stopping=lambda: True) == 0
    assert Event.objects.get().decided_at is None


# --------------------------------------------------------------------------- the slow and the fast


def test_slow_destinations_hold_their_cap_of_threads_and_the_fast_go_on(permit: Permit, settings: Settings) -> None:
    settings.CONNECTION_PARALLEL = 3
    released = Flag()
    at_once: list[int] = []
    inside: Counter[str] = Counter()

    def slowly(visit: Visit) -> None:
        while visit.read():
            inside["now"] += 1
            at_once.append(inside["now"])
            released.wait(10)
            inside["now"] -= 1
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    served: list[bytes] = []

    def quickly(visit: Visit) -> None:
        while request := visit.read():
            served.append(request)
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            if len(served) == 40:
                released.set()  # only once all of the fast ones have arrived

    with Sink(slowly) as slow, Sink(quickly) as fast:
        permit(slow.target, fast.target)
        noisy = make_tenant("Noisy", "webhook", url=slow.url())
        quiet = make_tenant("Quiet", "webhook", url=fast.url())
        for tenant, count in ((noisy, 12), (quiet, 40)):
            for _ in range(count):
                tenant.emit()
        assert drain() == 52
    assert max(at_once) <= 3
    assert states() == {"delivered": 52}


# --------------------------------------------------------------------------- poison


def test_a_job_that_raises_costs_one_attempt_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    bad, good = tenant.emit('{"poison": true}'), [tenant.emit() for _ in range(5)]
    kind = type(__import__("connections.registry", fromlist=["provider"]).provider("capture"))
    deliver = kind.deliver

    def picky(self: Any, job: Any) -> Any:
        if job.event.payload.get("poison"):
            raise ZeroDivisionError
        return deliver(self, job)

    monkeypatch.setattr(kind, "deliver", picky)
    assert drain() == 6
    assert tenant.delivery(bad).state == "retrying"
    assert {tenant.delivery(event).state for event in good} == {"delivered"}
    assert Attempt.objects.get(delivery_id=tenant.delivery(bad).id).code == "internal_error"


def test_a_fault_of_ours_ends_it_only_when_what_is_under_way_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    make_backlog(make_tenant(), 5)
    steps = iter([fanout.decide_batch])

    def faulty() -> int:
        step = next(steps, None)
        if step is None:
            raise RuntimeError("a fault of ours")
        return step()

    monkeypatch.setattr(fanout, "decide_batch", faulty)
    monkeypatch.setattr(draining, "send", lingering(send))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        drain()
    assert states() == {"delivered": 5}


def lingering(work: Callable[..., Sent]) -> Callable[..., Sent]:
    def run(prepared: Any) -> Sent:
        time.sleep(0.05)  # the loop looks again meanwhile
        return work(prepared)

    return run


# --------------------------------------------------------------------------- the database goes away


class Away:
    """Stands in for ``record``: the database is away so many times."""

    def __init__(self, times: int, fault: Exception) -> None:
        self.left, self.fault, self.calls = times, fault, 0

    def __call__(self, results: list[Sent]) -> None:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.fault
        record(results)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "RECORD_PAUSE", 0.0)
    monkeypatch.setattr("django.db.connection.close", lambda: None)  # it holds the test's transaction


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("fault", [OperationalError("closed"), InterfaceError("closed")])
def test_results_are_kept_until_the_database_is_back_and_recorded_once(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    make_backlog(make_tenant(), 3)
    away = Away(4, fault)
    monkeypatch.setattr(draining, "record", away)
    with structlog.testing.capture_logs() as lines:
        assert drain() == 3
    assert [line["event"] for line in lines].count("record.again") == 4
    assert states() == {"delivered": 3}
    assert Attempt.objects.count() == 3
    assert Event.objects.get().completed_count == 3


@pytest.mark.usefixtures("hasty")
def test_a_commit_whose_answer_was_lost_is_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    make_backlog(make_tenant(), 3)
    once = iter([True])

    def half_heard(results: list[Sent]) -> None:
        record(results)
        if next(once, False):
            raise OperationalError("the connection was lost after the commit")

    monkeypatch.setattr(draining, "record", half_heard)
    assert drain() == 3
    assert (Event.objects.get().completed_count, Attempt.objects.count()) == (3, 3)


@pytest.mark.usefixtures("hasty")
def test_an_error_that_is_not_the_connections_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    make_backlog(make_tenant(), 1)
    away = Away(100, ZeroDivisionError())
    monkeypatch.setattr(draining, "record", away)
    with pytest.raises(ZeroDivisionError):
        drain()
    assert away.calls == 1


@pytest.mark.usefixtures("hasty")
def test_it_gives_up_on_a_database_that_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    make_backlog(make_tenant(), 1)
    monkeypatch.setattr(draining, "RECORD_SECONDS", -1)
    away = Away(100, OperationalError("closed"))
    monkeypatch.setattr(draining, "record", away)
    with pytest.raises(OperationalError):
        drain()
    assert away.calls == 1
    assert states() == {"sending": 1}  # and the lease brings it back


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_database_cut_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "RECORD_PAUSE", 0.0)
    make_backlog(make_tenant(), 3)
    cut = iter([True])

    def cut_off(results: list[Sent]) -> None:
        if next(cut, False):
            cut_all_others()
        record(results)

    monkeypatch.setattr(draining, "record", cut_off)
    assert drain() == 3
    assert states() == {"delivered": 3}


def cut_all_others() -> None:
    """As a restart of PostgreSQL does."""

    def run() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )

    Elsewhere(run).join()


@pytest.mark.django_db(transaction=True)
def test_the_next_drain_works_after_the_database_was_away_between_two() -> None:
    tenant = make_tenant()
    make_backlog(tenant, 3)
    cut_all_others()
    with pytest.raises((OperationalError, InterfaceError)):
        drain()
    assert drain() == 3


def test_what_becomes_due_is_asked_for_at_once_and_then_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    clock = SimpleNamespace(now=5.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("deliveries.draining.time", clock)
    monkeypatch.setattr(draining, "make_ready", lambda: asked.append(clock.now))
    loop = draining._Drain(lambda: False)
    for _ in range(100):
        loop._take()
        clock.now += 0.02
    assert asked[0] == 5.0
    assert 7 <= len(asked) <= 8


# --------------------------------------------------------------------------- a thread that dies


def test_a_thread_that_brings_nothing_loses_nobody_elses_result(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = make_backlog(make_tenant(), 4)

    def dying(prepared: Any) -> Sent:
        if prepared.claimed.id == first:
            raise SystemExit
        return send(prepared)

    monkeypatch.setattr(draining, "send", dying)
    with structlog.testing.capture_logs() as lines:
        assert drain() == 3
    assert set(Delivery.objects.filter(id__in=others).values_list("state", flat=True)) == {"delivered"}
    assert Delivery.objects.get(id=first).state == "sending"  # and the lease brings it back
    assert [line["delivery"] for line in lines if line["event"] == "send.fault"] == [str(first)]
