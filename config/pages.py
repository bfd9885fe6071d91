"""The front door, and the two questions that an orchestrator asks."""

from __future__ import annotations

from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.samples import samples
from deliveries import pulse

# A sweep is due every two seconds. Workers that are started anew must not take the API out of service with them.
SWEEP_SECONDS = 900


def home(request: HttpRequest) -> HttpResponse:
    """What this is, and where to go on."""
    return render(request, "home.html", {"url": settings.PUBLIC_URL})


@require_safe
def patterns(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for whoever builds pages; see config/urls.py for where it is."""
    return render(request, "patterns.html", samples())


def livez(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """It can accept events, and somebody will send them: PostgreSQL answers, and the sweeper was here lately.

    Redis is reported but not required: it carries only wake-ups, and without it the beat sends by itself. Only Redis
    knows the age of the last sweep, so nobody is told one while it is away, nor before the first sweep.
    """
    database, sweep = _postgresql(), _sweep()
    faults = [words for words in (_database_fault(database), sweep.fault) if words]
    told = {
        "status": "unavailable" if faults else "ok",
        "postgresql": database,
        "redis": sweep.redis,
        "sweep_age_seconds": sweep.age,
        "message": " ".join(faults) or sweep.told,
    }
    return JsonResponse(told, status=503 if faults else 200)


@dataclass(frozen=True)
class _Sweep:
    """Whether Redis answered, and how long ago it was told of a sweep."""

    redis: bool
    age: float | None = None

    @property
    def told(self) -> str:
        """What is true as long as there is no fault."""
        if self.redis:
            return "Events are accepted and sent."
        return (
            "Events are accepted. Redis does not answer (see REDIS_URL), so nobody wakes the workers: the beat sends by"
            " itself, every second or two, as long as it runs. When it last swept, only Redis could tell."
        )

    @property
    def fault(self) -> str:
        """What is wrong, and how to mend it; empty when nothing is."""
        if self.age is None or self.age <= SWEEP_SECONDS:
            return ""
        return (
            f"The last sweep was {self.age:.0f} seconds ago, and one is due every two: start the beat and the worker of"
            " the queue housekeeping."
        )


def _sweep() -> _Sweep:
    try:
        return _Sweep(redis=True, age=pulse.age())
    except redis.RedisError:
        return _Sweep(redis=False)


def _database_fault(answers: bool) -> str:  # noqa: FBT001
    return "" if answers else "PostgreSQL does not answer, so no event can be accepted: see DATABASE_URL."


def _postgresql() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return False
    return True
