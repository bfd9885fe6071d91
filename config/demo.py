"""``make demo``: the whole of Jackfield on one machine, with simulators of everything outside.

Starts PostgreSQL, Redis, the portal, a worker, the sweeper and the simulators; emits the sample events with
publishable keys as any product would; prints what became of each; stays until Ctrl-C and leaves no process behind.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import requests

from config.demo_story import Story
from config.stack import Stack, StackError, running

ROOT = Path(__file__).resolve().parent.parent
VAR = (ROOT / os.environ.get("JACKFIELD_VAR", "var")).resolve()
HERE = VAR / "demo"
FACTS = VAR / "demo.json"
MADE = HERE / "made"  # what the database was made from
PATIENCE = 60.0  # seconds until a part must answer; a cold, busy laptop needs a few


@dataclass(frozen=True)
class Ports:
    """The portal's, and upward from there everybody else's."""

    portal: int

    NAMES = ("portal", "vendor page", "Slack", "webhook catcher", "mailbox", "mail server", "HubSpot")

    def __getitem__(self, name: str) -> int:
        return self.portal + self.NAMES.index(name)

    def url(self, name: str) -> str:
        """Portal on 127.0.0.1 and vendor page on localhost: to a browser these are two different sites."""
        host = "localhost" if name == "vendor page" else "127.0.0.1"
        return f"http://{host}:{self[name]}"

    def check(self) -> None:
        """Raises ``StackError`` naming the first port that somebody else has."""
        for name in self.NAMES:
            with closing(socket.socket()) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self[name]))
                except OSError:
                    raise StackError(
                        f"Port {self[name]} ({name}) is taken: stop what listens there, "
                        f"or choose others with `JACKFIELD_PORT={self.portal + 100} make demo`."
                    ) from None


def main() -> int:
    """Run the demo until Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # also where a shell had Ctrl-C ignored
        signal.signal(number, _leave)
    FACTS.unlink(missing_ok=True)
    try:
        ports = Ports(_port())
        ports.check()
        with running(HERE, durable=False) as stack:
            _run(stack, ports)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
    finally:
        FACTS.unlink(missing_ok=True)
    return 0


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
    print(_where(facts, seconds=time.monotonic() - began))
    while not (dead := _dead(stack)):
        time.sleep(0.5)
    raise StackError(f"{dead} ended unexpectedly: see {_shown(HERE)}/{dead}.log.")


def _environment(stack: Stack, ports: Ports) -> dict[str, str]:
    return {
        **os.environ,
        **stack.environment(),
        "JACKFIELD_MODE": "sandbox",
        "JACKFIELD_URL": ports.url("portal"),
        "SIMULATED_HOSTS": _simulated(ports),
        "SANDBOX_TARGETS": f"127.0.0.1:{ports['webhook catcher']}",
        "EMAIL_URL": f"smtp://127.0.0.1:{ports['mail server']}",
        "PYTHONUNBUFFERED": "1",
    }


def _simulated(ports: Ports) -> str:
    hosts = {"slack.com": "Slack", "app.hubspot.com": "HubSpot", "api.hubapi.com": "HubSpot"}
    return ",".join(f"{host}=127.0.0.1:{ports[name]}" for host, name in hosts.items())


def _prepare(environment: dict[str, str], ports: Ports) -> None:
    """One process migrates and seeds: each start of Django costs a second."""
    command = [sys.executable, "manage.py", "seed_demo", "--migrate", "--facts", str(HERE / "facts.json")]
    files = ["--sandbox", str(HERE / "sandbox.json"), "--catcher", ports.url("webhook catcher")]
    files += ["--vendor", ports.url("vendor page")]
    done = subprocess.run([*command, *files], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise StackError(f"The database could not be prepared: {last} (`make clean` starts afresh).")
    MADE.write_text(_recipe(ports))


def _is_made(ports: Ports) -> bool:
    """Whether the last demo left just what this one would make."""
    return MADE.exists() and MADE.read_text() == _recipe(ports)


def _recipe(ports: Ports) -> str:
    """All that goes into the demo's database: the migrations, the seed, and the addresses in it."""
    found = [*sorted(ROOT.glob("*/migrations/0*.py")), ROOT / "config" / "demo_seed.py"]
    hashes = [f"{path.relative_to(ROOT)} {sha256(path.read_bytes()).hexdigest()}" for path in found]
    return "\n".join([f"portal {ports.portal}", *hashes])


@dataclass(frozen=True)
class _Starter:
    """Starts the processes and waits until each answers."""

    stack: Stack
    environment: dict[str, str]
    ports: Ports

    def simulators(self) -> None:
        """They need no database, and so they start while it is made."""
        arguments = ["--port", str(self.ports["vendor page"]), "--portal", self.ports.url("portal")]
        self._spawn("simulators", "sandbox", *arguments, "--seed", str(HERE / "sandbox.json"))

    def portal_and_workers(self) -> None:
        """Side by side."""
        web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.ports.portal), "--no-ws"]
        self._spawn("portal", *web, "--workers", "1", "--blocking-threads", "16", "config.wsgi:application")
        celery = ["celery", "-A", "config.celery"]
        self._spawn("worker", *celery, "worker", "-Q", "drain,housekeeping", "-c", "3", "-l", "INFO")

    def wait(self) -> None:
        """Everything must answer."""
        for name in ("vendor page", "Slack", "webhook catcher", "mailbox", "HubSpot"):
            _wait(self.stack, f"the {name}", lambda name=name: _answers(self.ports.url(name)))  # type: ignore[misc]
        _wait(self.stack, "the portal", lambda: _answers(f"{self.ports.url('portal')}/livez"))
        _wait(self.stack, "the worker", lambda: " ready." in _log("worker"))
        self._spawn("sweeper", "celery", "-A", "config.celery", "beat", "-l", "INFO")  # needed a second later only

    def _spawn(self, name: str, *arguments: str) -> None:
        log = HERE / f"{name}.log"
        log.unlink(missing_ok=True)
        self.stack.spawn([sys.executable, "-m", *arguments], name=name, environment=self.environment, log=log)


def _wait(stack: Stack, what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if dead := _dead(stack):
            raise StackError(f"{dead} could not start: {_last_line(dead)} (see {_shown(HERE)}/{dead}.log).")
        if time.monotonic() > deadline:
            raise StackError(f"After {PATIENCE:.0f} seconds {what} does not answer: see {_shown(HERE)}/*.log.")
        time.sleep(0.05)


def _dead(stack: Stack) -> str:
    return next((child.name for child in stack.spawned if not child.alive), "")


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=2).ok
    return False


def _log(name: str) -> str:
    path = HERE / f"{name}.log"
    return path.read_text(errors="replace") if path.exists() else ""


def _last_line(name: str) -> str:
    return (_log(name).strip().splitlines() or ["it said nothing"])[-1]


def _facts(ports: Ports) -> dict[str, Any]:
    facts = json.loads((HERE / "facts.json").read_text())
    staff = {"url": f"{ports.url('portal')}/admin/", **facts.pop("staff")}
    simulators = {
        "slack": "Slack",
        "hubspot": "HubSpot",
        "webhooks": "webhook catcher",
        "mailbox": "mailbox",
        "vendor": "vendor page",
    }
    return {
        "portal_url": ports.url("portal"),
        "vendor_url": ports.url("vendor page"),
        **facts,
        "simulators": {key: ports.url(name) for key, name in simulators.items()},
        "staff": staff,
    }


def _write(facts: dict[str, Any]) -> None:
    """Whole or not at all: others wait for this file."""
    draft = FACTS.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(facts, indent=2) + "\n")
    draft.rename(FACTS)


def _where(facts: dict[str, Any], *, seconds: float) -> str:
    simulators = facts["simulators"]
    rows = {
        "Portal": facts["portal_url"],
        "Your product": f"{facts['vendor_url']}  (a pretend one: trigger an alert there)",
        "Slack": simulators["slack"],
        "HubSpot": simulators["hubspot"],
        "Webhooks": simulators["webhooks"],
        "Mailbox": simulators["mailbox"],
        "Staff": f"{facts['staff']['url']}  ({facts['staff']['username']} / {facts['staff']['password']})",
        "Keys and ids": _shown(FACTS),
    }
    lines = [f"  {name:<14}{where}" for name, where in rows.items()]
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
