"""What an orchestrator is told."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from config import pages
from config.stack import free_port
from deliveries import pulse, tasks
from deliveries.breaking import holding

pytestmark = pytest.mark.usefixtures("broker")


def told(status: int) -> dict[str, Any]:
    answer = Client().get("/readyz")
    assert answer.status_code == status
    return dict(answer.json())


@pytest.mark.django_db
def test_it_is_ready_before_the_first_sweep() -> None:
    assert told(200)["sweep_age_seconds"] is None


@pytest.mark.django_db
def test_it_tells_how_long_ago_the_last_sweep_was(broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "release", lambda: 0)
    tasks.release_held()
    broker.pexpire(pulse._MARK, pulse._KEPT_MS - 60_000)
    assert 60 <= told(200)["sweep_age_seconds"] < 90


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status"), [(pages.SWEEP_SECONDS - 60, 200), (pages.SWEEP_SECONDS + 60, 503)])
def test_it_is_not_ready_when_nobody_has_swept_for_far_too_long(broker: redis.Redis, seconds: int, status: int) -> None:
    broker.set(pulse._MARK, 1, px=pulse._KEPT_MS - seconds * 1000)
    found = told(status)
    assert (found["status"] == "unavailable") is (status == 503)
    assert ("start the beat" in found["message"]) is (status == 503)


@pytest.mark.django_db
def test_a_lost_redis_is_told_and_stops_nobody(settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    pulse.mark()
    found = told(200)
    assert (found["redis"], found["sweep_age_seconds"]) == (False, None)
    assert "Redis does not answer" in found["message"]
    assert "are accepted and sent" not in found["message"]  # nobody could know


@pytest.mark.django_db
def test_a_lost_database_is_503_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(connection, "cursor", lost)
    found = told(503)
    assert found["postgresql"] is False
    assert "DATABASE_URL" in found["message"]
