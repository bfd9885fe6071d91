"""The four big tables are cut by week: made ahead, dropped whole, and whatever the clock says finds a place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
from django.db import connection as database
from django.db import connections
from django.utils import timezone

from deliveries import partitions
from deliveries.models import Event
from deliveries.partitions import TABLES, WEEK, bounds, drop_before, ensure, monday
from tests.elsewhere import in_parallel
from tests.world import make_event, make_workspace
from workspaces.ids import uuid7
from workspaces.models import Organization, Workspace

pytestmark = pytest.mark.django_db

THURSDAY = datetime(2031, 7, 10, 15, 30, tzinfo=UTC)  # a week that no migration has made
MONDAY = datetime(2031, 7, 7, tzinfo=UTC)


def weeks(table: str = "deliveries_event") -> set[datetime]:
    return {start for name, start in partitions._weeks() if name == table}


def place_of(id: UUID, table: str = "deliveries_event") -> str:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT tableoid::regclass::text FROM {table} WHERE id = %s", [id])  # noqa: S608
        name: str = cursor.fetchone()[0]
    return name


def workspace() -> Workspace:
    return make_workspace(Organization.objects.create(name="Acme"), "Acme")


def event_of(at: datetime, owner: Workspace | None = None, *, over: bool = True) -> Event:
    return make_event(owner or workspace(), id=uuid7(at), completed_at=at if over else None)


# --------------------------------------------------------------------------- weeks


@pytest.mark.parametrize("at", [MONDAY, THURSDAY, MONDAY + WEEK - timedelta(microseconds=1)])
def test_a_week_begins_on_monday_in_utc(at: datetime) -> None:
    assert monday(at) == MONDAY
    assert monday(at.astimezone(timezone.get_fixed_timezone(600))) == MONDAY


def test_weeks_are_made_ahead_and_one_behind() -> None:
    ensure(now=THURSDAY)
    made = {start for start in weeks() if start >= MONDAY - WEEK}
    assert made == {MONDAY + offset * WEEK for offset in range(-1, 5)}
    for table in TABLES:
        assert made <= weeks(table)


def test_the_migration_has_made_the_weeks_of_now() -> None:
    assert place_of(event_of(timezone.now()).id) == f"deliveries_event_{monday(timezone.now()):%Y%m%d}"


def test_making_them_again_changes_nothing() -> None:
    ensure(now=THURSDAY)
    before = set(partitions._weeks())
    ensure(now=THURSDAY)
    assert set(partitions._weeks()) == before


def test_an_hour_later_nothing_is_to_be_made() -> None:
    ensure(now=THURSDAY)
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(database) as asked:
        ensure(now=THURSDAY + timedelta(hours=1))
    assert len(asked) == 1


@pytest.mark.parametrize("at", [MONDAY, THURSDAY, MONDAY + WEEK - timedelta(milliseconds=1)])
def test_a_row_lands_in_the_week_of_its_id(at: datetime) -> None:
    ensure(now=THURSDAY)
    assert place_of(event_of(at).id) == "deliveries_event_20310707"


@pytest.mark.parametrize("at", [datetime(1990, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)])
def test_a_row_of_a_clock_far_off_is_not_refused(at: datetime) -> None:
    event = event_of(at)
    assert place_of(event.id) == "deliveries_event_default"
    assert Event.objects.get(id=event.id) == event


def test_a_week_that_rows_fell_into_before_it_was_made_stays_in_the_default() -> None:
    event = event_of(THURSDAY)
    ensure(now=THURSDAY)
    assert MONDAY not in weeks()
    assert MONDAY + WEEK in weeks()
    assert MONDAY in weeks("deliveries_delivery")
    assert place_of(event.id) == "deliveries_event_default"


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_make_the_weeks_together() -> None:
    start = Barrier(2)

    def run() -> None:
        start.wait()
        ensure(now=THURSDAY)

    try:
        with in_parallel(run, times=2):
            pass
        assert MONDAY in weeks()
    finally:
        for offset in range(-1, 5):
            partitions._drop(MONDAY + offset * WEEK)


# --------------------------------------------------------------------------- dropping


def test_weeks_that_are_over_are_dropped_from_all_four_tables() -> None:
    ensure(now=THURSDAY)
    event_of(THURSDAY)
    assert MONDAY in drop_before(MONDAY + WEEK)
    for table in TABLES:
        assert MONDAY not in weeks(table)
        assert MONDAY + WEEK in weeks(table)
    assert not Event.objects.filter(id__gte=bounds(MONDAY)[0]).exists()


def test_a_week_that_is_not_over_stays() -> None:
    ensure(now=THURSDAY)
    drop_before(MONDAY + WEEK - timedelta(milliseconds=1))
    assert MONDAY in weeks()


def test_a_week_in_which_something_is_still_open_stays_whole() -> None:
    ensure(now=THURSDAY)
    owner = workspace()
    event_of(THURSDAY, owner)
    still = event_of(THURSDAY, owner, over=False)
    assert MONDAY not in drop_before(MONDAY + WEEK)
    assert all(MONDAY in weeks(table) for table in TABLES)
    Event.objects.filter(id=still.id).update(completed_at=THURSDAY)
    assert MONDAY in drop_before(MONDAY + WEEK)


def test_a_week_that_only_some_tables_have_is_dropped_from_those() -> None:
    event = event_of(THURSDAY)
    ensure(now=THURSDAY)  # the event's own week stayed in the default partition
    assert MONDAY in drop_before(MONDAY + WEEK)
    assert all(MONDAY not in weeks(table) for table in TABLES)
    assert Event.objects.get(id=event.id) == event


@contextmanager
def somebody_reads() -> Iterator[None]:
    """A long transaction, such as a report or a backup."""
    ready, done = Barrier(2), Barrier(2)

    def read() -> None:
        with database.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM deliveries_event")
            ready.wait()
            done.wait()
            cursor.execute("ROLLBACK")
        connections.close_all()

    reader = Thread(target=read)
    reader.start()
    ready.wait()
    yield
    done.wait()
    reader.join()


@pytest.mark.django_db(transaction=True)
def test_tables_that_somebody_is_reading_are_left_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "LOCK_SECONDS", 0.2)
    with somebody_reads():
        partitions._create("deliveries_event", MONDAY)
    assert MONDAY not in weeks()
    ensure(now=THURSDAY)
    with somebody_reads():
        assert not partitions._drop(MONDAY)
    assert all(MONDAY in weeks(table) for table in TABLES)
    for offset in range(-1, 5):
        assert partitions._drop(MONDAY + offset * WEEK)
