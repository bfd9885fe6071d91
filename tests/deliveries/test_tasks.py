"""What workers run, and how Celery is set up: a message may be lost, repeated or late, and nobody notices."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator

import pytest
from celery.signals import worker_shutting_down

from config.celery import app
from connections.models import Connection
from deliveries import partitions, retention, shutdown, tasks, waking
from deliveries.draining import drain
from deliveries.models import Delivery, Event
from tests.deliveries.making import make_backlog, make_tenant

OURS = ("deliveries.", "housekeeping.")


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(waking, "wake", lambda: said.append("wake"))
    monkeypatch.setattr(waking, "awake", lambda: said.append("awake"))
    return said


@pytest.fixture
def _asked_afresh() -> Iterator[None]:
    yield
    shutdown._asked[0] = 0


# --------------------------------------------------------------------------- the tasks


@pytest.mark.django_db
def test_the_sweep_decides_and_sends(woken: list[str]) -> None:
    make_tenant().emit()
    tasks.drain_everything()
    assert Event.objects.get().status == "completed"
    assert woken == ["awake"]  # before it looks, so that what comes later rings anew


@pytest.mark.django_db
def test_a_task_that_runs_twice_does_its_work_once() -> None:
    make_tenant().emit()
    tasks.drain_everything()
    tasks.drain_everything()
    assert Delivery.objects.get().attempt_count == 1


@pytest.mark.django_db
def test_what_is_released_is_sent_at_once(woken: list[str]) -> None:
    make_backlog(make_tenant(), 2, state="held", due_at=None)
    tasks.release_held()
    assert woken == ["wake"]
    assert drain() == 2


@pytest.mark.django_db
def testwoken_for_nothing(woken: list[str]) -> None:
    make_backlog(make_tenant(), 2, state="held", due_at=None)
    Connection.objects.update(active=False)
    tasks.release_held()
    assert woken == []


@pytest.mark.parametrize(("task", "verb"), [("ensure_partitions", "partitions.ensure"), ("retain", "retention.run")])
def test_the_sweeper_keeps_house(monkeypatch: pytest.MonkeyPatch, task: str, verb: str) -> None:
    module, _, name = verb.partition(".")
    called: list[object] = []
    monkeypatch.setattr(
        {"partitions": partitions, "retention": retention}[module], name, lambda *, now: called.append(now)
    )
    getattr(tasks, task)()
    assert len(called) == 1


# --------------------------------------------------------------------------- ending


@pytest.mark.usefixtures("_asked_afresh")
def test_a_worker_that_was_asked_to_end_claims_nothing_more() -> None:
    assert not shutdown.asked()
    worker_shutting_down.send(sender="drain@here", sig="SIGTERM", how="Warm", exitcode=0)
    assert shutdown.asked()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.usefixtures("_asked_afresh")
def test_the_processes_that_a_worker_has_forked_hear_of_it() -> None:
    told, done = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(told, 1)
        os._exit(7 if shutdown.asked() else 0)
    worker_shutting_down.send(sender="drain@here", sig="SIGTERM", how="Warm", exitcode=0)
    os.write(done, b".")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.django_db
@pytest.mark.usefixtures("_asked_afresh")
def test_the_sweep_of_an_ending_worker_leaves_the_work_to_others() -> None:
    make_tenant().emit()
    shutdown._asked[0] = 1
    tasks.drain_everything()
    assert Event.objects.get().status == "pending"


# --------------------------------------------------------------------------- the set-up


def test_what_the_beat_asks_for_is_there_and_short_lived() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= entry["schedule"]  # a heap of missed sweeps is worth one


def test_the_sweep_is_the_most_that_a_lost_message_costs() -> None:
    assert app.conf.beat_schedule["sweep"]["task"] == waking.DRAIN
    assert app.conf.beat_schedule["sweep"]["schedule"] <= 5


@pytest.mark.parametrize(("name", "queue"), [("deliveries.drain", "drain"), ("housekeeping.retention", "housekeeping")])
def test_sending_and_housekeeping_do_not_wait_for_each_other(name: str, queue: str) -> None:
    routed = app.amqp.router.route({}, name)
    assert routed["queue"].name == queue


def test_messages_are_hints_and_carry_nothing() -> None:
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if name.startswith(OURS)]
    assert len(ours) >= 4
    for task in ours:
        assert not inspect.signature(task.run).parameters
    assert (app.conf.task_serializer, app.conf.accept_content) == ("json", ["json"])
    assert app.conf.task_ignore_result
    assert (app.conf.task_acks_late, app.conf.broker_transport_options["ack_emulation"]) == (False, False)
    assert app.conf.worker_disable_prefetch
    assert not app.conf.task_publish_retry


def test_no_task_keeps_time_with_the_broker() -> None:
    source = inspect.getsource(tasks) + inspect.getsource(waking)
    for word in ("eta=", "countdown=", ".retry(", "autoretry"):
        assert word not in source
