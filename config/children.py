"""Child processes that die with this one, whatever it dies of, and the user they run as."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30.0  # seconds for a start, and for each step of a stop: more than a busy laptop needs
PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal this process gets when its parent dies
NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
_libc = ctypes.CDLL(None)


class StackError(Exception):
    """A part cannot start: one sentence that says which, why, and what to do."""


@dataclass(frozen=True)
class RunAs:
    """The user a child runs as: another one (``uid`` and ``gid``), or one that a wrapping command makes of us."""

    wrapper: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def take_over(self, path: Path) -> None:
        """Give a file, or a directory with all that is in it, to that user."""
        uid, gid = self.uid or os.geteuid(), self.gid or os.getegid()
        if path.stat().st_uid != uid:
            for each in (path, *path.rglob("*")):
                os.chown(each, uid, gid, follow_symlinks=False)


OURSELVES = RunAs()


def unprivileged(*places: Path) -> RunAs:
    """Who may work in ``places`` without being root: ourselves, ``nobody``, or root in a user namespace.

    Raises ``StackError`` when we are root and there is nobody else.
    """
    if os.geteuid() != 0:
        return OURSELVES
    if all(anyone_may_enter(place) for place in places):
        nobody = pwd.getpwnam("nobody")
        return RunAs(uid=nobody.pw_uid, gid=nobody.pw_gid)
    if _namespace_works():
        return RunAs(wrapper=NAMESPACE)
    raise StackError(
        f"PostgreSQL refuses to run as root, and no other user may enter {' or '.join(map(str, places))}: "
        "run this as another user, or move the project to where everyone may go, or set DATABASE_URL."
    )


def anyone_may_enter(place: Path) -> bool:
    place = place.resolve()
    return all(directory.stat().st_mode & 0o001 for directory in (place, *place.parents))


def _namespace_works() -> bool:
    """Containers often forbid it, and only Linux has it."""
    attempt = [*NAMESPACE, "true"]
    return bool(shutil.which("unshare")) and subprocess.run(attempt, capture_output=True, check=False).returncode == 0  # noqa: S603


class Child:
    """A process in a session of its own, so that Ctrl-C reaches only us and we stop it in our order.

    ``farewells`` are the signals that ask it to end, the politest first. On Linux the kernel sends it that one when the
    thread that started it ends, even by ``kill -9``.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str],
        directory: Path | None = None,
        farewells: tuple[signal.Signals, ...] = (signal.SIGTERM,),
        run_as: RunAs = OURSELVES,
        typed: str = "",
    ) -> None:
        self.name, self.log, self.farewells = name, log, farewells
        try:
            with log.open("ab") as output:
                self._said_before = output.tell()
                self.process = subprocess.Popen(  # noqa: S603  the commands are ours
                    [*run_as.wrapper, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                    cwd=directory,
                    env=environment,
                    user=run_as.uid,
                    group=run_as.gid,
                    extra_groups=None if run_as.uid is None else [],
                    start_new_session=True,
                    preexec_fn=die_with(os.getpid(), farewells[0]),  # noqa: PLW1509  only prctl and getppid in it
                )
        except OSError as error:
            raise StackError(f"{name} cannot be run ({error}): run bin/setup again.") from error
        self._type(typed)

    def _type(self, text: str) -> None:
        if self.process.stdin:
            with suppress(BrokenPipeError), self.process.stdin as typed:
                typed.write(text.encode())

    @property
    def alive(self) -> bool:
        """Whether it is still running."""
        return self.process.poll() is None

    def finish(self) -> None:
        """Wait for its end. Raises ``StackError`` when that is not a success."""
        if self.process.wait():
            raise self._failure("failed")

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready. Raises ``StackError`` when it ends before that, or takes too long."""
        deadline = time.monotonic() + PATIENCE
        while self.alive:
            if ready():
                return
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready within {PATIENCE:.0f} seconds")
            time.sleep(0.01)
        raise self._failure("did not start")

    def _failure(self, what: str) -> StackError:
        said = self.log.read_bytes()[self._said_before :].decode(errors="replace")
        lines = said.splitlines() or ["it said nothing"]
        reason = next((line for line in reversed(lines) if "FATAL" in line), lines[-1])
        return StackError(f"{self.name} {what}: {reason.strip()} (everything it said is in {self.log}).")

    def kill(self) -> None:
        """``kill -9`` for it and all that it has started, and wait until the kernel has taken it away."""
        if self.alive:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait."""
        self.process.send_signal(self.farewells[0])

    def stop(self) -> None:
        """Ask it to end, ever less politely; then make it end, and what it has left behind."""
        if not self.alive:
            return  # its pid may by now be another's
        for farewell in self.farewells:
            self.process.send_signal(farewell)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def die_with(parent: int, farewell: signal.Signals) -> Callable[[], None]:
    """Run in the child after it has changed its user, which would undo this, and before it becomes the program."""

    def bind() -> None:
        if sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(farewell))
            if os.getppid() != parent:  # it was already gone: the signal will never come
                os._exit(1)

    return bind
