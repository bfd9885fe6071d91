"""How fast HubSpot lets an app go (developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines)."""

from __future__ import annotations

import time
from collections import deque

INTERVAL_SECONDS = 10
MOST, MOST_STRICT = 110, 10


class Pacer:
    """The calls of the last ten seconds, for each app in each account."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, int], deque[float]] = {}

    def remaining(self, key: tuple[str, int], *, most: int) -> int:
        """How many calls are left; the one that asks is counted. -1 when it may not go."""
        now, calls = time.monotonic(), self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - INTERVAL_SECONDS:
            calls.popleft()
        if len(calls) >= most:
            return -1
        calls.append(now)
        return most - len(calls)

    def forget(self) -> None:
        self._calls.clear()
