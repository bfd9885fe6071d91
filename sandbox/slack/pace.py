"""How fast Slack lets an app go (docs.slack.dev/apis/web-api/rate-limits)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a burst, then so many a second."""

    burst: int
    per_second: float


POSTING = Rate(burst=5, per_second=1)  # about one message a second and channel; short bursts pass
POSTING_STRICT = Rate(burst=1, per_second=1)
TIER_2 = Rate(burst=20, per_second=20 / 60)


class Pacer:
    """Remembers, for each key, when its allowance is used up to (the generic cell rate algorithm)."""

    def __init__(self) -> None:
        self._used_until: dict[tuple[str, ...], float] = {}

    def wait(self, key: tuple[str, ...], rate: Rate) -> int:
        """0 when the call may go, and is counted; else the whole seconds until it may."""
        now = time.monotonic()
        used_until = max(self._used_until.get(key, now), now)
        excess = (used_until - now) - (rate.burst - 1) / rate.per_second
        if excess > 0:
            return math.ceil(excess)
        self._used_until[key] = used_until + 1 / rate.per_second
        return 0
