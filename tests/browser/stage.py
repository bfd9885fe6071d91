"""What a browser needs in front of it: the whole demo, in a directory and on ports of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Frame, Page

from config.children import Child
from sandbox import registry
from tests.browser.ports import free_row

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds for the demo to come up beside other work
PORTS = 2 + len(registry.addresses(port=0, portal="").ports)


class StageError(Exception):
    """The demo did not come up; the message is what it said."""


@dataclass(frozen=True)
class Demo:
    """The demo that is running, and what it says of itself."""

    facts: dict[str, Any]
    log: Path

    @property
    def portal(self) -> str:
        return str(self.facts["portal_url"])

    @property
    def vendor(self) -> str:
        return str(self.facts["vendor_url"])

    def simulator(self, name: str) -> str:
        return str(self.facts["simulators"][name])

    def workspace(self, tenant: str, environment: str = "production") -> dict[str, str]:
        found = (
            row for row in self.facts["workspaces"] if (row["tenant"], row["environment"]) == (tenant, environment)
        )
        return next(found)


@contextmanager
def staged(here: Path) -> Iterator[Demo]:
    """``make demo``, with all that it writes in ``here``. Raises ``StageError``."""
    facts = here / "demo.json"
    child = _started(here, facts)
    try:
        yield Demo(json.loads(facts.read_text()), here / "demo.log")
    finally:
        child.stop()


def _started(here: Path, facts: Path, tries: int = 3) -> Child:
    """A demo that is up. Between our look at a port and its start somebody may take it: then on others."""
    child = _start(here, free_row(PORTS))
    try:
        _wait_for(child, facts)
    except StageError as error:
        child.stop()
        if tries > 1 and "is taken" in str(error):
            return _started(here, facts, tries - 1)
        raise
    return child


def _start(here: Path, port: int) -> Child:
    return Child(
        "The demo",
        [sys.executable, "-m", "config.demo"],
        log=here / "demo.log",
        environment={**_outside(), "JACKFIELD_VAR": str(here), "JACKFIELD_PORT": str(port)},
        directory=ROOT,
    )


def _wait_for(child: Child, facts: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not facts.exists():
        if not child.alive or time.monotonic() > deadline:
            raise StageError(f"The demo did not come up:\n{(facts.parent / 'demo.log').read_text()}")
        time.sleep(0.2)


def _outside() -> dict[str, str]:
    """The environment without what the tests themselves have set: the demo has servers of its own."""
    ours = {"JACKFIELD_MODE", "DATABASE_URL", "REDIS_URL", "JACKFIELD_VAR", "SIMULATED_HOSTS", "SANDBOX_TARGETS"}
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("PYTEST_")}


def embed(page: Page, demo: Demo, path: str = "", **query: str) -> Frame:
    """The portal in the vendor's page; ``query`` as that page understands it (tenant, role, theme, coop)."""
    first, asks, _ = path.partition("?")
    wanted = {**query, **({"path": first} if first else {})}
    page.goto(f"{demo.vendor}/integrations?{urlencode(wanted)}")
    frame = page.locator("#portal iframe").element_handle().content_frame()
    assert frame is not None
    frame.wait_for_selector("main h1")
    if asks:
        _navigate(page, frame, path)
    return frame


def _navigate(page: Page, frame: Frame, path: str) -> None:
    """From the page that is there to one with a query, as the vendor's script would."""
    page.evaluate("(path) => document.getElementById('portal').jackfield.navigate(path)", path)
    frame.wait_for_function("(path) => (location.pathname + location.search).startsWith(path)", arg=path)
    frame.wait_for_selector("main h1")
