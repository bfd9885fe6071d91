"""Finds a Chromium, and starts it as a person's: third-party cookies blocked, storage really partitioned.

python -m tests.browser.chromium    prints where it is; exits with 1 when there is none
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import playwright
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PARTITIONING = "ThirdPartyStoragePartitioning"
# Nothing may leave for the outside, and a container has no sandbox of its own to give.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-extensions",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> str | None:
    """The path of a Chromium: the system's, else Playwright's own, else None."""
    if found := next(filter(None, map(shutil.which, _NAMES)), None):
        return found
    with sync_playwright() as driver:
        own = driver.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def started(profile: Path) -> Iterator[tuple[Playwright, BrowserContext]]:
    """A browser with a fresh profile that blocks third-party cookies."""
    preferences = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            profile,
            executable_path=find(),
            args=_ARGUMENTS,
            ignore_default_args=[disabled_features()],
            viewport={"width": 1200, "height": 900},
            locale="en-GB",
        )
        try:
            yield driver, context
        finally:
            context.close()


def disabled_features() -> str:
    """Playwright's own ``--disable-features``: it switches storage partitioning off, which would make false greens.

    It is read from the driver, so that an upgrade cannot bring it back unnoticed. Raises ``LookupError`` when the
    driver no longer says it in this way.
    """
    text = (Path(playwright.__file__).parent / "driver" / "package" / "lib" / "coreBundle.js").read_text()
    listed = re.search(r"\bdisabledFeatures = \[(.*?)\]\.filter", text, re.DOTALL)
    features = re.findall(r"^\s*\"(\w+)\",?$", listed[1], re.MULTILINE) if listed else []
    if _PARTITIONING not in features:
        raise LookupError("Playwright's driver does not name the features that it disables any more: look at it again.")
    return f"--disable-features={','.join(features)}"


if __name__ == "__main__":
    place = find()
    print(place or "There is no Chromium.", file=sys.stdout if place else sys.stderr)
    sys.exit(0 if place else 1)
