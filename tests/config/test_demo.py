"""Two demos on one machine: the second leaves the first alone, and says what works."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import free_port

ROOT = Path(__file__).parents[2]


def demo(var: Path, port: int) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment = {**kept, "JACKFIELD_VAR": str(var), "JACKFIELD_PORT": str(port)}
    command = [sys.executable, "-m", "config.demo"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Where a demo has written how to reach it."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo.json").write_text("{}")
    return tmp_path


def test_a_second_demo_takes_nothing_from_the_first_and_says_how_to_have_two(first: Path) -> None:
    port = free_port()
    with (first / "demo" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = demo(first, port)
    assert told.returncode == 1
    assert (first / "demo.json").read_text() == "{}"
    assert re.search(rf"`JACKFIELD_VAR=var/{port + 100} JACKFIELD_PORT={port + 100} make demo`", told.stderr)
    assert "Traceback" not in told.stderr


def test_a_port_that_somebody_else_has_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        told = demo(tmp_path, port)
    assert told.returncode == 1
    assert f"Port {port} (portal) is taken" in told.stderr
    assert not (tmp_path / "demo.json").exists()


def test_what_a_killed_demo_left_behind_is_taken_away_by_the_next(first: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo(first, int(taken.getsockname()[1]))
    assert not (first / "demo.json").exists()
