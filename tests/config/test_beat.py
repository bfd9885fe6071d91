"""The beat asks the workers; while Redis is away it does by itself what is due."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from config import beat
from config.beat import Beat
from config.celery import app
from config.embedded import free_port
from config.stack import Stack
from deliveries import shutdown
from deliveries.models import Delivery
from tests.config.celery_parts import celery
from tests.config.processes import until
from tests.deliveries.making import make_backlog, make_tenant

SENDS, KEEPS = "deliveries.pretended", "housekeeping.pretended"


@pytest.fixture
def ran() -> list[str]:
    """What this process did itself."""
    return []


@pytest.fixture(autouse=True)
def _asked_afresh() -> Iterator[None]:
    yield
    shutdown._asked[0] = 0


def clock(url: str, ran: list[str], *, seconds: float = 0.0) -> Beat:
    """A beat on a Redis of its own, with two tasks that are always due; each takes so long."""
    mine = Celery("test", broker=url, set_as_current=False)
    names = (
        "broker_transport_options",
        "task_publish_retry",
        "task_default_queue",
        "task_routes",
        "task_ignore_result",
    )
    mine.conf.update({name: app.conf[name] for name in names})

    @mine.task(name=SENDS, shared=False)  # type: ignore[untyped-decorator]
    def send() -> None:
        ran.append(SENDS)
        time.sleep(seconds)

    @mine.task(name=KEEPS, shared=False)  # type: ignore[untyped-decorator]
    def keep() -> None:
        ran.append(KEEPS)
        time.sleep(seconds)

    mine.conf.beat_schedule = {name: {"task": name, "schedule": 0.01} for name in (SENDS, KEEPS)}
    return Beat(mine)


def tick(clock: Beat, seconds: float) -> float:
    """Let it run so long. Returns the longest that one step took."""
    longest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        pause = clock.tick()
        longest = max(longest, time.monotonic() - began)
        time.sleep(min(max(pause, 0.0), 0.01))
    return longest


def nowhere() -> str:
    return f"redis://127.0.0.1:{free_port()}/0"


# --------------------------------------------------------------------------- away, and back


def test_without_redis_it_does_all_that_is_due(ran: list[str]) -> None:
    mine = clock(nowhere(), ran)
    tick(mine, 0.5)
    mine.close()
    assert min(ran.count(SENDS), ran.count(KEEPS)) > 3


def test_a_redis_that_hangs_holds_it_up_for_a_moment_only(ran: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mine = clock(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", ran)
        longest = tick(mine, 2.5)
        mine.close()
    assert longest < 2
    assert ran.count(SENDS) > 3


def test_it_asks_the_workers_again_as_soon_as_redis_is_back(stack: Stack, ran: list[str]) -> None:
    mine = clock(stack.redis_url, ran)
    tick(mine, 0.2)
    assert ran == []
    stack.kill_redis()
    tick(mine, 0.5)
    assert ran
    stack.restart_redis()
    tick(mine, beat.PAUSE_SECONDS + 0.2)
    alone = len(ran)
    tick(mine, 0.3)
    mine.close()
    assert len(ran) == alone
    with Redis.from_url(stack.redis_url) as redis:
        assert redis.llen("drain")
        assert redis.llen("housekeeping")


def test_a_long_drain_keeps_nobody_from_keeping_house_and_is_not_piled_up(ran: list[str]) -> None:
    mine = clock(nowhere(), ran, seconds=0.4)
    tick(mine, 1.0)
    mine.close()
    assert 2 <= ran.count(SENDS) <= 4
    assert 2 <= ran.count(KEEPS) <= 4


def test_what_it_is_at_is_finished_before_it_ends(ran: list[str]) -> None:
    mine = clock(nowhere(), ran, seconds=0.3)
    tick(mine, 0.05)
    mine.close()
    assert shutdown.asked()
    done = len(ran)
    time.sleep(0.4)
    assert len(ran) == done


# --------------------------------------------------------------------------- the real one


@pytest.mark.django_db(transaction=True)
def test_a_beat_that_starts_without_redis_decides_sends_and_releases(tmp_path: Path) -> None:
    acme, globex = make_tenant("Acme"), make_tenant("Globex")
    make_backlog(globex, 2, state="held", due_at=None)
    acme.emit()
    log = tmp_path / "beat.log"
    with celery("beat", log=log, REDIS_URL=nowhere()) as child:
        until(lambda: Delivery.objects.filter(state="delivered").count() == 3)
        child.process.terminate()
        assert child.process.wait(20) == 0
    told = log.read_text()
    assert told.count("redis.away") == 1
    assert "Traceback" not in told
