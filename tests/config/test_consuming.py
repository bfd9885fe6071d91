"""A worker outlives its Redis, whatever it is at, and is there again when Redis is."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from config.celery import app
from config.stack import Stack
from deliveries import waking
from deliveries.models import Delivery
from tests.config.celery_parts import celery
from tests.config.processes import until
from tests.connections.doors import Permit
from tests.deliveries.making import make_tenant
from tests.sinks import Sink, Visit


@pytest.mark.django_db(transaction=True)
def test_a_worker_in_the_middle_of_sending_outlives_a_killed_redis(
    stack: Stack, permit: Permit, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"

    def slowly(visit: Visit) -> None:
        while visit.read():
            visit.rest(2.0)
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with (
        Sink(slowly) as sink,
        celery(
            "worker", "-Q", "drain", "-c", "2", log=log, REDIS_URL=stack.redis_url, SANDBOX_TARGETS=sink.target
        ) as it,
    ):
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        until(lambda: " ready." in log.read_text())
        for round in range(1, 4):
            tenant.emit()
            wake(stack)
            wake(stack)
            until(lambda round=round: begun() == round)  # type: ignore[misc]
            stack.kill_redis()
            stack.restart_redis()
            until(lambda round=round: delivered() == round)  # type: ignore[misc]
            assert it.alive
    assert "Unrecoverable" not in log.read_text()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_owed_to_a_worker_so_nothing_has_to_be_given_back(stack: Stack, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with celery("worker", "-Q", "drain", "-P", "solo", log=log, REDIS_URL=stack.redis_url):
        until(lambda: " ready." in log.read_text())
        make_tenant().emit()
        wake(stack)
        until(lambda: delivered() == 1)
        with Redis.from_url(stack.redis_url) as redis:
            assert not redis.exists("unacked", "unacked_index")


def test_it_never_gives_up() -> None:
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.broker_connection_retry_on_startup


def wake(stack: Stack) -> None:
    with Celery("test", broker=stack.redis_url, set_as_current=False) as mine:
        mine.conf.update(task_default_queue="drain", broker_transport_options=app.conf.broker_transport_options)
        mine.send_task(waking.DRAIN)


def begun() -> int:
    return Delivery.objects.filter(state__in=["sending", "delivered"]).count()


def delivered() -> int:
    return Delivery.objects.filter(state="delivered").count()
