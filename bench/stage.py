"""The whole of Jackfield for a measurement: durable PostgreSQL, Valkey, portal, worker, sweeper, and the sink.

Nothing of it leaves loopback, and all of it ends with the block, Ctrl-C included.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg
import redis

from bench import world
from bench.world import Group, Tenant
from config.children import Child
from config.stack import Stack, StackError, free_port, running

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # seconds until a part must answer
WORKERS = 2  # processes that drain, on two cores
BROKEN = (StackError, psycopg.Error, redis.RedisError)  # a part is not what it should be: no result, but a reason
WORKING = ("worker", "sweeper", "beat")  # the parts that ``start_workers`` starts
GRANIAN = ("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws", "--workers", "1")


@contextmanager
def staged(name: str, *, slow: tuple[float, float] = (0.0, 0.0)) -> Iterator[Stage]:
    """A stage in ``var/<name>`` with an empty database; ``slow`` is the sink's delay in milliseconds, from and to."""
    _forget_settings()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill cleans up, too
    with running(ROOT / "var" / name, durable=True) as stack:
        stage = Stage(stack)
        stage.empty_database()
        stage.start_sink(slow)
        try:
            yield stage
        finally:
            stage.thaw()


class Stage:
    """The parts that are running, by name."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.directory = stack.directory
        self.portal, self._sink = free_port(), free_port()
        self.sink = f"http://127.0.0.1:{self._sink}"
        self.notes = self.directory / "sink.notes"
        self._parts: dict[str, Child] = {}
        self.environment = {
            **stack.environment(),
            "JACKFIELD_MODE": "sandbox",
            "JACKFIELD_URL": f"http://127.0.0.1:{self.portal}",
            "SANDBOX_TARGETS": f"127.0.0.1:{self._sink}",
            "PYTHONUNBUFFERED": "1",
        }

    # ----------------------------------------------------------------- the parts

    def start_sink(self, slow: tuple[float, float]) -> None:
        """The destination of every delivery; its notes begin anew."""
        self.notes.write_bytes(b"")
        delays = ("--slow", str(slow[0]), str(slow[1]))
        self._spawn("sink", "bench.sink", "--port", str(self._sink), "--notes", str(self.notes), *delays)
        self._wait("sink", lambda: _listens(self._sink))

    def fill(self, groups: Sequence[Group]) -> list[Tenant]:
        """Migrate, and make the tenants."""
        facts = self.directory / "facts.json"
        self.run("bench.world", "--sink", self.sink, "--facts", str(facts), *map(world.spec, groups))
        return world.read(facts)

    def start_portal(self) -> None:
        self.start_web("portal", self.portal)

    def start_web(self, name: str, port: int, **environment: str) -> None:
        """A granian with one process on Django's settings, or those that the environment names."""
        web = (*GRANIAN, "--port", str(port), "--blocking-threads", "4", "config.wsgi:application")
        self._spawn(name, *web, **environment)
        self._wait(name, lambda: _listens(port))

    def start_workers(self) -> None:
        """The worker that drains, the sweeper that keeps house, and the beat that wakes both."""
        celery = ("celery", "-A", "config.celery")
        self.spawn_celery("worker", *celery, "worker", "-Q", "drain", "-c", str(WORKERS), "-n", "drain@%h")
        self.spawn_celery("sweeper", *celery, "worker", "-Q", "housekeeping", "-P", "solo", "-n", "sweeper@%h")
        self.spawn_celery("beat", *celery, "beat")
        self.wait_for_celery("worker", "sweeper")

    def spawn_celery(self, name: str, *arguments: str) -> None:
        """A process of Celery's."""
        self._spawn(name, *arguments, "-l", "INFO")

    def wait_for_celery(self, *names: str) -> None:
        """Until they are ready to take messages."""
        for name in names:
            self._wait(name, lambda name=name: b" ready." in self._log(name).read_bytes())  # type: ignore[misc]

    def _spawn(self, name: str, *arguments: str, **environment: str) -> None:
        self._log(name).unlink(missing_ok=True)
        everything = {**self.environment, **environment}
        command = [sys.executable, "-m", *arguments]
        starts = sum(child.name.startswith(name) for child in self.stack.spawned)
        self.stack.spawn(command, name=f"{name} {starts + 1}", environment=everything, log=self._log(name))
        self._parts[name] = self.stack.spawned[-1]

    def run(self, *module: str) -> str:
        """A Python module, to its end. Returns what it printed; raises ``StackError`` with its last line."""
        command = [sys.executable, "-m", *module]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise StackError(f"{module[0]} failed: {last}")
        return done.stdout

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if not self._parts[name].alive or time.monotonic() > deadline:
                raise StackError(f"The {name} did not start: see {self._log(name)}.")
            time.sleep(0.02)

    # ----------------------------------------------------------------- what is done to them

    def signal(self, number: signal.Signals, *names: str) -> None:
        """Send a signal to the parts, to all processes of each: each leads a group of its own."""
        for name in names:
            if self._parts[name].alive:
                os.killpg(self._parts[name].process.pid, number)

    def kill(self, *names: str) -> None:
        """``kill -9``, and wait until the kernel has taken them away."""
        self.signal(signal.SIGKILL, *names)
        for name in names:
            self._parts[name].process.wait()

    def crash_postgres(self) -> None:
        """PostgreSQL's "immediate" shutdown, which leaves the files as a crash would."""
        os.kill(self.stack.pids["PostgreSQL"], signal.SIGQUIT)

    def freeze(self, *names: str) -> None:
        """Nothing of these parts moves until the next ``thaw``."""
        self.signal(signal.SIGSTOP, *names)

    def thaw(self) -> None:
        """Whatever was frozen goes on. What is frozen could not end, either."""
        self.signal(signal.SIGCONT, *self._parts)

    # ----------------------------------------------------------------- the database

    def empty_database(self) -> None:
        """An empty one, whatever the last run left behind."""
        with self._connected("postgres") as database:
            database.execute("DROP DATABASE IF EXISTS jackfield WITH (FORCE)")
            database.execute("CREATE DATABASE jackfield")

    def ask(self, query: str, *values: Any) -> Any:
        """The first value of a query's answer."""
        with self._connected("jackfield") as database:
            row = database.execute(query.encode(), values).fetchone()
        return row[0] if row else None

    def wait_for(self, query: str, value: int, *, seconds: float = 120.0) -> None:
        """Until a query's answer is this number. Raises ``StackError`` when it takes too long."""
        deadline = time.monotonic() + seconds
        with self._connected("jackfield") as database:
            while (row := database.execute(query.encode()).fetchone()) != (value,):
                if time.monotonic() > deadline:
                    raise StackError(f"After {seconds:.0f} s the answer is {row}, not {value}: {query}")
                time.sleep(0.02)

    def command(self, statement: str) -> None:
        """A statement without an answer."""
        with self._connected("jackfield") as database:
            database.execute(statement.encode())

    def _connected(self, name: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.stack.database_url, dbname=name, autocommit=True)


def _forget_settings() -> None:
    """A measurement means the same on every machine, whatever its owner has exported. No server but ours is touched."""
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        name, separator, _ = line.partition("=")
        if separator:
            os.environ.pop(name, None)
            os.environ.pop(f"{name}_FILE", None)


def _listens(port: int) -> bool:
    with suppress(OSError, HTTPException):
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        finally:
            connection.close()
    return False
