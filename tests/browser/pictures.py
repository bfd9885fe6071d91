"""Screenshots of every page, in the pretend product: light, dark and narrow.

python -m tests.browser.pictures              takes all of them into var/pictures/
python -m tests.browser.pictures rule event   takes those whose name begins so
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Frame, Page

from tests.browser import chromium
from tests.browser.places import places
from tests.browser.stage import ROOT, Demo, StageError, embed, staged
from tests.browser.story import Story

HERE = ROOT / "var" / "pictures"
SETTLED = 800  # milliseconds for what a page asks for after it is there


class Look(NamedTuple):
    """How a picture is taken; ``width`` is the window's; in the narrow one the frame has all of it."""

    name: str
    scheme: Literal["light", "dark"]
    width: int


LOOKS = (Look("light", "light", 1240), Look("dark", "dark", 1240), Look("narrow", "light", 320))


def main(wanted: list[str]) -> int:
    """Start the demo, tell the story, take the pictures, say where they are."""
    if not chromium.find():
        sys.stderr.write("There is no Chromium: `make browser` installs one.\n")
        return 1
    with tempfile.TemporaryDirectory() as place:
        try:
            with staged(Path(place)) as demo:
                _take(demo, Path(place), wanted)
        except StageError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


def _take(demo: Demo, place: Path, wanted: list[str]) -> None:
    told = Story(demo).tell()
    paths = {**places(demo.facts), **told}
    HERE.mkdir(parents=True, exist_ok=True)
    with chromium.started(place / "profile") as (_, context):
        page = context.new_page()
        for name, visit in _visits(demo, paths).items():
            if not wanted or name.startswith(tuple(wanted)):
                _photograph(page, name, visit)


def _visits(demo: Demo, paths: dict[str, str]) -> dict[str, Callable[[Page], Frame | Page]]:
    framed = {name: partial(embed, demo=demo, path=path) for name, path in paths.items()}
    whole = {"patterns": f"{demo.portal}/patterns", "product": f"{demo.vendor}/"}
    return {**framed, **{name: partial(_open, url=url) for name, url in whole.items()}}


def _open(page: Page, url: str) -> Page:
    page.goto(url)
    return page


def _photograph(page: Page, name: str, visit: Callable[[Page], Frame | Page]) -> None:
    for look in LOOKS:
        page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": look.width, "height": 900})
        visit(page).wait_for_timeout(SETTLED)
        _stretch(page, look)
        path = HERE / f"{name}-{look.name}.png"
        page.screenshot(path=path)
        print(path.relative_to(ROOT), flush=True)


def _stretch(page: Page, look: Look) -> None:
    """The window as high as the page: of a frame a browser paints only what is in the window."""
    page.set_viewport_size({"width": look.width, "height": page.evaluate("document.documentElement.scrollHeight")})
    page.wait_for_timeout(SETTLED / 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
