"""When to try again. Pure: the caller brings the random number, the database brings the time."""

from __future__ import annotations

from collections.abc import Sequence

SECOND, MINUTE, HOUR = 1, 60, 3600

# Nine waits between ten attempts, 72.6 h together. Each is stretched by up to a tenth, so that a crowd that failed
# together does not come back together, and the whole stays between 72 and 80 h however the dice fall.
STANDARD_DELAYS: tuple[int, ...] = (
    5 * SECOND,
    1 * MINUTE,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    22 * HOUR,
    30 * HOUR,
)
JITTER = 0.1
RETRY_AFTER_MOST = 24 * HOUR


def next_delay(
    *, attempts: int, delays: Sequence[int] | None, retry_after: float | None, chance: float
) -> float | None:
    """Seconds until the next attempt, or None when the schedule is used up.

    ``attempts`` have been made so far. ``delays`` is a connection's own schedule; None means the standard one.
    A destination's ``Retry-After`` can lengthen a wait, up to a day, and never shortens one.
    ``chance`` is a random number in [0, 1).
    """
    schedule = STANDARD_DELAYS if delays is None else delays
    if attempts > len(schedule):
        return None
    wait = max(float(schedule[attempts - 1]), min(retry_after or 0.0, RETRY_AFTER_MOST))
    return wait * (1 + JITTER * chance)
