"""Who is paced together, and for how long."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.db import connection as database

from connections.provider import Pace
from deliveries.models import Lane
from deliveries.pacing import lane_of, open_lanes, pause
from tests.deliveries.making import database_now

CONNECTION = uuid4()
BY_CHANNEL = Pace(per_second=1, by=("id",))


def lane(pace: Pace | None = BY_CHANNEL, connection: UUID = CONNECTION, **inputs: str) -> UUID:
    return lane_of(connection_id=connection, pace=pace, inputs=inputs)


def test_a_connection_without_a_pace_is_its_own_lane() -> None:
    assert lane(None, id="C1") == CONNECTION
    assert lane(Pace(per_second=5), id="C1") == CONNECTION


def test_a_channel_is_a_lane_of_its_own() -> None:
    assert lane(id="C1") == lane(id="C1", title="other")
    assert len({CONNECTION, lane(id="C1"), lane(id="C2"), lane(), lane(id="C1", connection=uuid4())}) == 5


def test_names_that_run_together_are_not_confused() -> None:
    pace = Pace(per_second=1, by=("a", "b"))
    assert lane(pace, a="xy", b="z") != lane(pace, a="x", b="yz")


@pytest.mark.django_db
def test_a_known_lane_keeps_its_time() -> None:
    one = uuid4()
    with database.cursor() as cursor:
        open_lanes(cursor, {one: Pace(per_second=2)})
        assert Lane.objects.get().pace_ms == 500
        pause(cursor, [(one, 60)])
        open_lanes(cursor, {one: Pace(per_second=2)})
        open_lanes(cursor, {})
    assert (Lane.objects.get().next_at - database_now()).total_seconds() == 60


@pytest.mark.django_db
def test_a_pause_makes_a_lane_where_there_was_none_and_the_longest_wins() -> None:
    one, two = uuid4(), uuid4()
    with database.cursor() as cursor:
        pause(cursor, [(one, 60), (two, 5), (one, 30)])
        pause(cursor, [(one, 10)])
        pause(cursor, [])
    waits = {lane.id: (lane.next_at - database_now()).total_seconds() for lane in Lane.objects.all()}
    assert waits == {one: 60, two: 5}
    assert set(Lane.objects.values_list("pace_ms", flat=True)) == {0}


@pytest.mark.django_db
def test_a_lane_that_was_only_paused_learns_its_pace() -> None:
    one = uuid4()
    with database.cursor() as cursor:
        pause(cursor, [(one, 60)])
        open_lanes(cursor, {one: Pace(per_second=1)})
    found = Lane.objects.get()
    assert (found.pace_ms, (found.next_at - database_now()).total_seconds()) == (1_000, 60)
