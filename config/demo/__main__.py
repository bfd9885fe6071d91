"""``make demo``: the whole of Jackfield on one machine, with simulators of everything outside.

Starts PostgreSQL, Redis, the portal, a worker, the sweeper and the simulators; emits the sample events with
publishable keys as any product would; prints what became of each; stays until Ctrl-C and leaves no process behind.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import requests

from config.demo.story import Story
from config.stack import InUse, Stack, StackError, running
from config.watching import watch
from sandbox import registry
from sandbox.addresses import Addresses

ROOT = Path(__file__).resolve().parents[2]
VAR = (ROOT / os.environ.get("JACKFIELD_VAR", "var")).resolve()
HERE = VAR / "demo"
FACTS = VAR / "demo.json"
MADE = HERE / "made"  # what the database was made from
PATIENCE = 60.0  # seconds until a part must answer; a cold, busy laptop needs a few


@dataclass(frozen=True)
class Ports:
    """The portal's, and upward from there those of the sandbox."""

    portal: int

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.portal}"

    @property
    def sandbox(self) -> Addresses:
        return registry.addresses(port=self.portal + 1, portal=self.portal_url)

    def check(self) -> None:
        """Raises ``StackError`` naming the first port that somebody else has."""
        names = self.sandbox.names
        for name, port in {"portal": self.portal, **{names[key]: at for key, at in self.sandbox.ports.items()}}.items():
            with closing(socket.socket()) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    raise StackError(
                        f"Port {port} ({name}) is taken: stop what listens there, "
                        f"or choose others with `JACKFIELD_PORT={self.portal + 100} make demo`."
                    ) from None


def main() -> int:
    """Run the demo until Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # also where a shell had Ctrl-C ignored
        signal.signal(number, _leave)
    try:
        ports = Ports(_port())
        with running(HERE, durable=False) as stack, _facts_of_ours():
            ports.check()
            _run(stack, ports)
    except InUse:
        sys.stderr.write(_beside(_port() + 100))
        return 1
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
    return 0


@contextmanager
def _facts_of_ours() -> Iterator[None]:
    """The facts belong to whoever holds the stack: a second demo must not take the first one's away."""
    FACTS.unlink(missing_ok=True)
    try:
        yield
    finally:
        FACTS.unlink(missing_ok=True)


def _beside(port: int) -> str:
    return (
        f"A demo is running in {_shown(HERE)} already: {_shown(FACTS)} says where. Stop it with Ctrl-C, or start"
        f" another beside it with `JACKFIELD_VAR=var/{port} JACKFIELD_PORT={port} make demo`.\n"
    )


def _run(stack: Stack, ports: Ports) -> None:
    began = time.monotonic()
    environment = _environment(stack, ports)
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)  # nothing is collected: the files are found in place
    start = _Starter(stack, environment, ports)
    start.simulators()
    if stack.postgres is None or not _is_made(ports):  # else it is all there from the last time
        _step("Making the database and its contents")
        _prepare(environment, ports)
    _step("Starting the portal and the workers")
    start.portal_and_workers()
    start.wait()
    facts = _facts(ports)
    _step("Emitting the sample events")
    print()
    Story(facts).tell()
    _write(facts)
    print(_where(facts, ports.sandbox, seconds=time.monotonic() - began))
    watch(stack, shown=_shown)


def _environment(stack: Stack, ports: Ports) -> dict[str, str]:
    return {
        **os.environ,
        **stack.environment(),
        "JACKFIELD_MODE": "sandbox",
        "JACKFIELD_URL": ports.portal_url,
        "SIMULATED_HOSTS": ",".join(f"{host}={where}" for host, where in ports.sandbox.simulated_hosts.items()),
        "SANDBOX_TARGETS": f"127.0.0.1:{ports.sandbox.ports['webhooks']}",
        "EMAIL_URL": ports.sandbox.of("smtp"),
        "PYTHONUNBUFFERED": "1",
    }


def _prepare(environment: dict[str, str], ports: Ports) -> None:
    """One process migrates and seeds: each start of Django costs a second."""
    command = [sys.executable, "manage.py", "seed_demo", "--migrate", "--facts", str(HERE / "facts.json")]
    files = ["--sandbox", str(HERE / "sandbox.json"), "--catcher", ports.sandbox.of("webhooks")]
    files += ["--vendor", ports.sandbox.of("vendor")]
    done = subprocess.run([*command, *files], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise StackError(f"The database could not be prepared: {_reason(done.stderr)} (`make clean` starts afresh).")
    MADE.write_text(_recipe(ports))


def _reason(told: str) -> str:
    """The line of a traceback that names the fault; PostgreSQL's are followed by the statement and a caret."""
    lines = told.strip().splitlines() or ["no reason given"]
    return next((line for line in reversed(lines) if re.match(r"[\w.]+: ", line)), lines[-1])


def _is_made(ports: Ports) -> bool:
    """Whether the last demo left just what this one would make."""
    return MADE.exists() and MADE.read_text() == _recipe(ports)


def _recipe(ports: Ports) -> str:
    """All that goes into the demo's database: the migrations, the seed, the simulators' apps, and the addresses."""
    found = [*sorted(ROOT.glob("*/migrations/0*.py")), *sorted(ROOT.glob("config/demo/*.py"))]
    hashes = [f"{path.relative_to(ROOT)} {sha256(path.read_bytes()).hexdigest()}" for path in found]
    apps = [f"{each.slug} {each.client}" for each in ports.sandbox.simulators]
    return "\n".join([f"portal {ports.portal}", *apps, *hashes])


@dataclass(frozen=True)
class _Starter:
    """Starts the processes and waits until each answers."""

    stack: Stack
    environment: dict[str, str]
    ports: Ports

    def simulators(self) -> None:
        """They need no database, and so they start while it is made."""
        arguments = ["--port", str(self.ports.sandbox.port), "--portal", self.ports.portal_url]
        self._spawn("simulators", "sandbox", *arguments, "--seed", str(HERE / "sandbox.json"))

    def portal_and_workers(self) -> None:
        """Side by side."""
        web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.ports.portal), "--no-ws"]
        self._spawn("portal", *web, "--workers", "1", "--blocking-threads", "16", "config.wsgi:application")
        celery = ["celery", "-A", "config.celery"]
        self._spawn("worker", *celery, "worker", "-Q", "drain,housekeeping", "-c", "3", "-l", "INFO")

    def wait(self) -> None:
        """Everything must answer."""
        _wait(self.stack, "the sandbox", lambda: "sandbox ready" in _log("simulators"))
        _wait(self.stack, "the portal", lambda: _answers(f"{self.ports.portal_url}/livez"))
        _wait(self.stack, "the worker", lambda: " ready." in _log("worker"))
        self._spawn("sweeper", "celery", "-A", "config.celery", "beat", "-l", "INFO")  # needed a second later only

    def _spawn(self, name: str, *arguments: str) -> None:
        log = HERE / f"{name}.log"
        log.unlink(missing_ok=True)
        self.stack.spawn([sys.executable, "-m", *arguments], name=name, environment=self.environment, log=log)


def _wait(stack: Stack, what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if stack.ended:
            dead = stack.ended[0]
            raise StackError(f"{dead.name} could not start: {_last_line(dead.log)} (see {_shown(dead.log)}).")
        if time.monotonic() > deadline:
            raise StackError(f"After {PATIENCE:.0f} seconds {what} does not answer: see {_shown(HERE)}/*.log.")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=2).ok
    return False


def _log(name: str) -> str:
    path = HERE / f"{name}.log"
    return path.read_text(errors="replace") if path.exists() else ""


def _last_line(log: Path) -> str:
    return (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]


def _facts(ports: Ports) -> dict[str, Any]:
    facts = json.loads((HERE / "facts.json").read_text())
    staff = {"url": f"{ports.portal_url}/admin/", **facts.pop("staff")}
    return {
        "portal_url": ports.portal_url,
        "vendor_url": ports.sandbox.of("vendor"),
        **facts,
        "simulators": {key: ports.sandbox.of(key) for key in ports.sandbox.ports if key != "smtp"},
        "staff": staff,
    }


def _write(facts: dict[str, Any]) -> None:
    """Whole or not at all: others wait for this file."""
    draft = FACTS.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(facts, indent=2) + "\n")
    draft.rename(FACTS)


def _where(facts: dict[str, Any], sandbox: Addresses, *, seconds: float) -> str:
    rows = {
        "Portal": facts["portal_url"],
        "Your product": f"{facts['vendor_url']}  (a pretend one: trigger an alert there)",
        **{each.name: sandbox.of(each.slug) for each in sandbox.simulators},
        "Webhooks": sandbox.of("webhooks"),
        "Mailbox": sandbox.of("mailbox"),
        "Staff": f"{facts['staff']['url']}  ({facts['staff']['username']} / {facts['staff']['password']})",
        "Keys and ids": _shown(FACTS),
    }
    width = max(map(len, rows)) + 2
    lines = [f"  {name:<{width}}{where}" for name, where in rows.items()]
    return "\n".join([f"Ready after {seconds:.1f} s. Ctrl-C stops all of it.\n", *lines, ""])


def _port() -> int:
    text = os.environ.get("JACKFIELD_PORT", "8000")
    if not text.isdigit() or not 1024 <= int(text) <= 65_000:
        raise StackError(f"JACKFIELD_PORT must be a port from 1024 to 65000, not {text!r}.")
    return int(text)


def _shown(path: Path) -> str:
    """A path as a person in this directory would type it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _step(words: str) -> None:
    print(f"{words} ...", flush=True)


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
