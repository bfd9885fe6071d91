"""A real browser in front of the whole demo: portal, workers and simulators, on two sites."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.browser import chromium
from tests.browser.stage import Demo, StageError, embed, staged

expect.set_options(timeout=20_000)  # ms: a portal, workers and a browser share two cores with the other tests
REQUIRED = os.environ.get("JACKFIELD_BROWSER") == "required"


@pytest.fixture(scope="session")
def _chromium() -> None:
    if chromium.find():
        return
    words = "NO CHROMIUM: the portal was not tried in a browser. `make browser` installs one."
    if REQUIRED:
        pytest.fail(words, pytrace=False)
    warnings.warn(words, stacklevel=1)
    pytest.skip(words)


@pytest.fixture(scope="session")
def demo(_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`make demo`, in a directory and on ports of its own."""
    try:
        with staged(tmp_path_factory.mktemp("demo")) as found:
            yield found
    except StageError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(
    scope="module"
)  # while Playwright runs, so does its event loop, in which Django would not speak to the database
def _context(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with chromium.started(tmp_path_factory.mktemp("profile") / "profile") as (_, context):
        context.set_default_timeout(30_000)
        yield context


@dataclass
class Browser:
    """A browser window, and what it complained of."""

    page: Page
    complaints: list[str]

    def embed(self, demo: Demo, path: str = "", **query: str) -> Frame:
        """The portal in the vendor's page; ``query`` as that page understands it (tenant, role, theme, coop)."""
        return embed(self.page, demo, path, **query)


@pytest.fixture
def browser(_context: BrowserContext) -> Iterator[Browser]:
    """A fresh window. Whatever the page itself gets wrong in it fails the test."""
    page = _context.new_page()
    window = Browser(page, [])
    page.on("pageerror", lambda error: window.complaints.append(str(error)))
    page.on("console", lambda line: _complain(window, line.type, line.text))
    yield window
    complaints = window.complaints
    page.close()
    assert complaints == []


# What htmx says when a newer request took the place of one that was under way, as hx-sync tells it to.
_OUTDATED = ("htmx:afterRequest,", "htmx:sendAbort,")


def _complain(window: Browser, kind: str, text: str) -> None:
    """Violations of our own policy and errors of our own scripts; a refused request is the test's to judge."""
    if kind == "error" and "Failed to load resource" not in text and not text.startswith(_OUTDATED):
        window.complaints.append(text)
