"""Wake-ups are hints: cheap, few, and none of them matters."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import redis
import structlog
from celery import current_app
from pytest_django import Settings

from config.stack import free_port
from deliveries import waking
from deliveries.draining import drain
from deliveries.models import Delivery, Event
from tests.deliveries.making import make_tenant, until

FLAG = waking._FLAG


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was put into the queue; nothing really is."""
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", names.append)
    return names


@pytest.fixture
def waker(monkeypatch: pytest.MonkeyPatch) -> waking._Waker:
    """A waker that rings when the test says so."""
    return waking._Waker()


@pytest.fixture
def _without_redis(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    waking._redis.cache_clear()
    yield
    waking._redis.cache_clear()


# --------------------------------------------------------------------------- few


def test_one_wake_up_is_under_way_however_many_events_arrive(
    broker: redis.Redis, sent: list[str], waker: waking._Waker
) -> None:
    for _ in range(100):
        waker._ring()
    assert sent == [waking.DRAIN]


def test_a_worker_that_is_about_to_look_makes_room_for_the_next(
    broker: redis.Redis, sent: list[str], waker: waking._Waker
) -> None:
    waker._ring()
    waking.awake()
    waker._ring()
    assert sent == [waking.DRAIN] * 2


def test_a_wake_up_that_was_lost_stands_in_the_way_for_a_second_at_most(
    broker: redis.Redis, sent: list[str], waker: waking._Waker
) -> None:
    waker._ring()
    assert 0 < broker.pttl(FLAG) <= 1_000


def test_a_process_sends_at_most_one_in_ten_milliseconds_and_one_a_second_while_redis_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("deliveries.waking.time", SimpleNamespace(sleep=pauses.append))
    waker = waking._Waker()
    there = iter([True, True, False, True])
    monkeypatch.setattr(waker, "_ring", lambda: next(there))
    waker.start()
    for number in range(1, 5):
        waker.mark.set()
        until(lambda number=number: len(pauses) == number)  # type: ignore[misc]
    usual = waking.PAUSE_SECONDS
    assert pauses == [usual, usual, waking.AWAY_SECONDS, usual]  # the beat is as quick as that while Redis is away


def test_a_wake_up_reaches_the_queue_of_the_drain(broker: redis.Redis) -> None:
    waking.wake()
    until(lambda: broker.llen("drain"))
    assert broker.llen("drain") == 1


def test_a_process_has_one_waker(broker: redis.Redis, sent: list[str]) -> None:
    for _ in range(50):
        waking.wake()
    until(lambda: sent)
    assert sum(thread.name == "waker" and isinstance(thread, waking._Waker) for thread in threading.enumerate()) >= 1
    assert len(sent) == 1


# --------------------------------------------------------------------------- none of them matters


@pytest.mark.usefixtures("_without_redis")
def test_without_redis_nothing_raises_and_it_is_told(sent: list[str], waker: waking._Waker) -> None:
    waking.wake()
    waking.awake()
    with structlog.testing.capture_logs() as lines:
        assert not waker._ring()
    assert {line["event"] for line in lines} == {"wake.failed"}  # its own, and the other thread's
    assert sent == []


def test_a_redis_that_hangs_keeps_no_caller_waiting(settings: Settings, waker: waking._Waker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        waking._redis.cache_clear()
        began = time.monotonic()
        waking.wake()
        assert time.monotonic() - began < 0.1
        waking.awake()
        assert not waker._ring()
        assert time.monotonic() - began < 2.5
    waking._redis.cache_clear()


def test_a_broker_that_refuses_the_message_ends_no_waker(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch, waker: waking._Waker
) -> None:
    def refused(_: str) -> None:
        raise RuntimeError("no broker")

    monkeypatch.setattr(current_app, "send_task", refused)
    waker._ring()


def test_where_no_thread_can_be_started_nothing_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: int) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(waking, "_waker", refused)
    waking.wake()


@pytest.mark.django_db
def test_what_redis_forgot_the_sweep_finds(broker: redis.Redis) -> None:
    make_tenant().emit()
    waking.wake()
    until(lambda: broker.llen("drain"))
    broker.flushdb()  # FLUSHALL would take the other test processes along
    assert drain() == 1  # what the beat asks for each second
    assert Event.objects.get().status == "completed"
    assert Delivery.objects.get().state == "delivered"
