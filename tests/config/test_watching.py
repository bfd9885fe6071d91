"""Whatever part of the demo is killed, one sentence says which, and what that means."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from config import watching
from config.children import Child
from config.stack import Stack, running
from config.watching import watch


@pytest.fixture
def mine(alone: None, tmp_path: Path) -> Iterator[Stack]:
    """A stack with a worker beside it that does nothing."""
    with running(tmp_path, durable=False) as stack:
        stack.spawn(["sleep", "600"], name="worker", log=tmp_path / "worker.log")
        yield stack


def kill(stack: Stack, name: str) -> Child:
    found = next(child for child in stack._children() if child.name == name)
    os.kill(found.process.pid, signal.SIGKILL)
    found.process.wait()
    return found


def watched(stack: Stack) -> None:
    with pytest.raises(SystemExit) as over:
        watch(stack, shown=lambda path: path.name)
    assert over.value.code == 1


@pytest.mark.parametrize(("name", "log"), [("PostgreSQL", "postgres.log"), ("worker", "worker.log")])
def test_a_part_that_nothing_works_without_ends_all(
    mine: Stack, capsys: pytest.CaptureFixture[str], name: str, log: str
) -> None:
    kill(mine, name)
    watched(mine)
    told = capsys.readouterr().err
    assert told.startswith(f"{name} ended unexpectedly, so all of the demo stops now: see {log}.")
    assert "make demo" in told


def test_postgres_is_named_although_others_died_of_it(mine: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    kill(mine, "worker")
    kill(mine, "PostgreSQL")
    kill(mine, "Valkey")
    watched(mine)
    assert capsys.readouterr().err.startswith("PostgreSQL ended")


def test_without_redis_it_goes_on_and_says_so_once(
    mine: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PAUSE_SECONDS", 0.01)
    kill(mine, "Valkey")
    later = Timer(0.5, lambda: kill(mine, "worker"))
    later.start()
    watched(mine)
    later.join()
    said = capsys.readouterr()
    assert said.out.count("Redis (Valkey) ended unexpectedly: see valkey.log. Events are still accepted") == 1
    assert said.err.startswith("worker ended")
