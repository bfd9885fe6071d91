from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config import children
from config.children import Child, StackError
from tests.config.processes import alive, until

ROOT = Path(__file__).parents[2]
STUBBORN = "trap '' TERM; sleep 600 & echo $!; wait; wait"
ORPHAN = "import signal; from config.children import die_with; die_with(1_000_000_000, signal.SIGTERM)()"


def test_it_explains_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"The clock cannot be run .*: run bin/setup again\."):
        child("no-such-program", log=tmp_path / "log")


def test_it_quotes_the_last_thing_a_failed_program_said_this_time(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("FATAL: last week's trouble\n")
    failing = child("sh", "-c", "echo one; echo two; exit 3", log=tmp_path / "log")
    with pytest.raises(StackError, match=rf"The clock failed: two \(everything it said is in {tmp_path}/log\)."):
        failing.finish()


def test_it_prefers_a_fatal_line_to_the_last_one(tmp_path: Path) -> None:
    failing = child("sh", "-c", "echo FATAL: no hands; echo goodbye; exit 3", log=tmp_path / "log")
    with pytest.raises(StackError, match="The clock failed: FATAL: no hands "):
        failing.finish()


def test_it_gives_up_on_a_program_that_never_gets_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "PATIENCE", 0.0)
    slow = child("sleep", "600", log=tmp_path / "log")
    with pytest.raises(StackError, match="The clock was not ready within 0 seconds: it said nothing"):
        slow.wait_until(lambda: False)
    slow.stop()


def test_it_does_not_take_a_dead_program_for_a_ready_one(tmp_path: Path) -> None:
    dead = child("true", log=tmp_path / "log")
    dead.process.wait()
    with pytest.raises(StackError, match="The clock did not start"):
        dead.wait_until(lambda: True)


def test_it_ends_a_program_that_does_not_listen_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn = child("sh", "-c", STUBBORN, log=tmp_path / "log")
    stubborn.wait_until(lambda: (tmp_path / "log").read_text().endswith("\n"))
    monkeypatch.setattr(children, "PATIENCE", 0.01)
    stubborn.stop()
    assert stubborn.process.returncode == -signal.SIGKILL
    until(lambda: not alive(int((tmp_path / "log").read_text())))


def test_it_leaves_the_pid_of_a_program_that_has_ended_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = child("true", log=tmp_path / "log")
    ended.process.wait()
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("that pid may by now be another's"))
    ended.stop()


def test_it_does_not_hear_the_keyboard(tmp_path: Path) -> None:
    away = child("sleep", "600", log=tmp_path / "log")
    assert os.getpgid(away.process.pid) == away.process.pid != os.getpgid(0)
    away.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent has died")
def test_a_child_whose_parent_died_before_it_asked_to_be_told_ends_at_once() -> None:
    ended = subprocess.run([sys.executable, "-c", ORPHAN], cwd=ROOT, check=False)
    assert ended.returncode == 1


def child(*arguments: str, log: Path) -> Child:
    return Child("The clock", arguments, log=log, environment=os.environ)
