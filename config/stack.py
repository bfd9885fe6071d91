"""PostgreSQL and Valkey for the demo, the tests and the benchmarks, and the processes beside them.

``python -m config.stack <command>`` runs a command beside a stack of its own. A real server named by DATABASE_URL or
REDIS_URL is used instead of ours. All this runs before settings are read, so it imports no Django.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from config.children import Child, StackError, die_with
from config.embedded import Postgres, Valkey, free_port

__all__ = ["InUse", "Stack", "StackError", "free_port", "running"]

DEVELOPMENT = Path(__file__).resolve().parent.parent / "var" / "dev"


class InUse(StackError):  # noqa: N818  it says what happened
    """Another stack keeps its files there, and is running."""


@contextmanager
def running(directory: Path, *, durable: bool) -> Iterator[Stack]:
    """A stack that keeps its files in ``directory`` and runs until the block ends, or this process does.

    ``durable=False`` trades for speed what PostgreSQL wrote last before a crash: for the demo and the tests, never for
    a measurement.
    Enter it from a thread that outlives it: Linux ends the children together with the thread that started them.

    Raises ``StackError`` when a part cannot start, and ``InUse`` when another stack is running in the same directory.
    """
    directory = directory.resolve()
    with ExitStack() as closing:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            closing.enter_context(_sole_use(directory))
            stack = Stack(directory, durable=durable)
            closing.callback(stack.stop)
            stack.start()
        except OSError as error:
            raise StackError(f"The stack cannot use {directory} ({error}): make it yours, or delete it.") from error
        yield stack


class Stack:
    """PostgreSQL, Valkey, and whatever was spawned beside them."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.directory = directory
        password = _password(directory / "password")
        self.postgres = None if _given("DATABASE_URL") else Postgres(directory, password=password, durable=durable)
        self.valkey = None if _given("REDIS_URL") else Valkey(directory, password=password)
        self.database_url = self.postgres.url if self.postgres else _given("DATABASE_URL")
        self.redis_url = self.valkey.url if self.valkey else _given("REDIS_URL")
        self.spawned: list[Child] = []

    @property
    def pids(self) -> dict[str, int]:
        """The processes that are alive, by name."""
        return {child.name: child.process.pid for child in self._children() if child.alive}

    @property
    def ended(self) -> list[Child]:
        """What has ended although nobody asked it to; the parts first, since others may have ended for want of them."""
        return [child for child in self._children() if not child.alive]

    def environment(self) -> dict[str, str]:
        """What a process beside the stack must find in its environment."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def start(self) -> None:
        """Start the parts that no URL stands in for."""
        for part in (self.valkey, self.postgres):
            if part:
                part.start()

    def spawn(
        self, arguments: Sequence[str], *, name: str, environment: Mapping[str, str] | None = None, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a process that knows the stack's URLs, writes to ``log``, and ends before the stack does.

        It leads a process group of its own. Names must differ.
        """
        surroundings = {**os.environ, **self.environment(), **(environment or {})}
        self.spawned.append(Child(name, arguments, log=log, environment=surroundings))
        return self.spawned[-1].process

    def restart_postgres(self, *, immediate: bool) -> None:
        """Stop and start PostgreSQL on the same port; ``immediate`` is a crash, which it recovers from as it starts."""
        if self.postgres is None:
            raise StackError("The PostgreSQL that DATABASE_URL names is not ours to restart: unset DATABASE_URL.")
        self.postgres.restart(immediate=immediate)

    def kill_redis(self) -> None:
        """``kill -9`` for Valkey, which forgets everything."""
        if child := self._own_redis().child:
            child.kill()

    def restart_redis(self) -> None:
        """Start Valkey on the same port, with nothing in it; one that still runs is killed."""
        self.kill_redis()
        self._own_redis().start()

    def _own_redis(self) -> Valkey:
        if self.valkey is None:
            raise StackError("The Redis that REDIS_URL names is not ours to kill: unset REDIS_URL.")
        return self.valkey

    def flush_redis(self) -> None:
        """Forget everything in Redis."""
        from redis import Redis

        with Redis.from_url(self.redis_url) as redis:
            redis.flushall()

    def stop(self) -> None:
        """Stop everything, the last started first; what was spawned is told at once, so that it ends side by side."""
        for child in self.spawned:
            child.ask_to_end()
        for child in reversed(self._children()):
            child.stop()

    def _children(self) -> list[Child]:
        parts = [part.child for part in (self.valkey, self.postgres) if part and part.child]
        return [*parts, *self.spawned]


@contextmanager
def _sole_use(directory: Path) -> Iterator[None]:
    """Hold the directory's lock; the kernel lets go of it when this process dies."""
    with (directory / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"Another stack is running in {directory}: stop that one first.") from None
        yield


def _password(path: Path) -> Path:
    """A file with a password, which only we may read: other people may be using this machine."""
    path.touch(mode=0o600)
    if not path.read_text():
        path.write_text(secrets.token_hex(16))
    return path


def _given(name: str) -> str:
    """The variable's value, or its file's, read as ``config.env`` reads it: that one needs Django."""
    path = os.environ.get(f"{name}_FILE", "")
    return Path(path).read_text(encoding="utf-8").strip() if path else os.environ.get(name, "")


def main(arguments: Sequence[str]) -> int:
    """Run a command beside a stack in ``var/dev`` and pass on how it ended."""
    try:
        with running(DEVELOPMENT, durable=False) as stack:
            return _run(arguments, environment={**os.environ, **stack.environment()})
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run(arguments: Sequence[str], *, environment: Mapping[str, str]) -> int:
    """Run it in the foreground: Ctrl-C is its own affair, and we stop the stack when it has ended."""
    farewell = die_with(os.getpid(), signal.SIGTERM)
    try:
        command = subprocess.Popen(arguments, env=environment, preexec_fn=farewell)  # noqa: PLW1509, S603  as in Child
    except OSError as error:
        raise StackError(f"The command cannot be run ({error}): check how it is spelt.") from error

    def pass_on(number: int, _: FrameType | None) -> None:
        if number != signal.SIGINT:  # that one the terminal has already sent to both of us
            command.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    code = command.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else "Usage: python -m config.stack <command> [<argument> ...]")
