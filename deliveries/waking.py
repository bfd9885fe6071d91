"""Wake the workers: a hint, never the truth. A lost wake-up costs one sweep, a second at most. While Redis is away
every event waits for a sweep, which the beat then does by itself.

One wake-up is under way at a time, however many events arrive: a flag in Redis stands for it until a worker takes
it, and a thread of this process sends at most one in ten milliseconds. Callers only set a mark, in a microsecond.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from functools import cache

import redis
import structlog
from celery import current_app
from django.conf import settings

DRAIN = "deliveries.drain"
PAUSE_SECONDS = 0.01
AWAY_SECONDS = 1.0  # the pause when Redis did not answer: the sweep is as soon as that
TIMEOUTS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}  # seconds
_FLAG = "jackfield:awake"
_FLAG_MS = 1000
_log = structlog.get_logger("deliveries")


def wake() -> None:
    """Somebody should look at the database. Call it after the commit; it never fails and never waits."""
    with suppress(RuntimeError):  # no thread can be started any more: the sweep finds the work
        _waker(os.getpid()).mark.set()


def awake() -> None:
    """A worker is about to look: the next wake-up is a new one."""
    try:
        _redis(os.getpid()).delete(_FLAG)
    except redis.RedisError:
        return  # the flag expires by itself


class _Waker(threading.Thread):
    """Turns marks into wake-ups."""

    def __init__(self) -> None:
        super().__init__(name="waker", daemon=True)
        self.mark = threading.Event()

    def run(self) -> None:
        while True:
            self.mark.wait()
            self.mark.clear()
            time.sleep(PAUSE_SECONDS if self._ring() else AWAY_SECONDS)

    def _ring(self) -> bool:
        """Send a wake-up unless one is under way. Returns whether Redis was there."""
        try:
            if _redis(os.getpid()).set(_FLAG, 1, nx=True, px=_FLAG_MS):
                current_app.send_task(DRAIN)
        except Exception as error:  # noqa: BLE001  Redis is away: the sweep finds the work
            _log.warning("wake.failed", error=str(error))
            return False
        return True


@cache
def _waker(_process: int) -> _Waker:
    waker = _Waker()
    waker.start()
    return waker


@cache
def _redis(_process: int) -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, **TIMEOUTS)
