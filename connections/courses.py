"""Follows a provider's course through the doors, outside of any delivery: who signed in, what a token is worth."""

from __future__ import annotations

from collections.abc import Generator

from connections import http
from connections.lines import BODY_MOST
from connections.provider import Reply, Request, Step

STEP_SECONDS = 10.0
STEPS_MOST = 5


def follow[Result](
    course: Generator[Step, Reply, Result], *, seconds: float = STEP_SECONDS, most: int = BODY_MOST
) -> Result:
    """Make each request that it describes, and return what it makes of the replies.

    ``seconds`` are for each request, and ``most`` bytes of each answer are kept.
    Raises ``TypeError`` for a course that wants more than requests, ``ValueError`` for one that wants too many of them:
    both are faults of its provider.
    """
    try:
        step = next(course)
        for _ in range(STEPS_MOST):
            if not isinstance(step, Request):
                raise TypeError(f"A course outside of a delivery makes requests, not {type(step).__name__}.")
            step = course.send(http.send(step, seconds=seconds, most=most))
    except StopIteration as end:
        result: Result = end.value
        return result
    raise ValueError(f"The course takes more than {STEPS_MOST} requests.")
