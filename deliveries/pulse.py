"""The pulse of the sweeper: each sweep leaves a mark in Redis, whose age tells whether the clock still ticks.

Redis counts the mark's age by its own clock, so that the clocks of two machines need not agree.
"""

from __future__ import annotations

import redis
import structlog
from django.conf import settings

_MARK = "jackfield:swept"
_KEPT_MS = 30 * 24 * 3600 * 1000  # a pulse that stopped longer ago counts as none
_log = structlog.get_logger("deliveries")


def mark() -> None:
    """A sweep has just been made. Never fails: without Redis there is no pulse, and the sweeps go on."""
    try:
        with _redis() as found:
            found.set(_MARK, 1, px=_KEPT_MS)
    except redis.RedisError as error:
        _log.warning("pulse.failed", error=str(error))


def age() -> float | None:
    """Seconds since the last sweep; None when there was none. Raises ``redis.RedisError``."""
    with _redis() as found:
        left = int(found.pttl(_MARK))
    return (_KEPT_MS - left) / 1000 if left >= 0 else None


def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
