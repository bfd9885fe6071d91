"""What is wrong with a page for people who see, point or read differently: axe, and what sticks out of a narrow one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
from playwright.sync_api import Frame, Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_ALL = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# A page in other colours is the same page: then only what looks at colours is asked again.
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def judge(page: Page, frame: Frame) -> dict[str, list[str]]:
    """What axe says against what the frame shows, in each colour scheme."""
    frame.evaluate(f"() => {{ {AXE} }}")
    rules = dict.fromkeys(SCHEMES, _COLOURS) | {SCHEMES[0]: _ALL}
    return {scheme: _judged(page, frame, scheme, rules[scheme]) for scheme in SCHEMES}


def _judged(page: Page, frame: Frame, scheme: Literal["light", "dark"], rules: dict[str, Any]) -> list[str]:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # or colours would be on their way
    found = frame.evaluate("(rules) => axe.run(document, rules)", rules)
    return [_told(violation) for violation in found["violations"]]


def _told(violation: dict[str, Any]) -> str:
    places = "; ".join(f"{node['html'][:160]} ({node['failureSummary'][:200]})" for node in violation["nodes"][:4])
    return f"{violation['id']}: {violation['help']}: {places}"


def over_the_edge(page: Page, frame: Frame, width: int) -> list[str]:
    """What sticks out of a frame of that width, in pixels."""
    page.locator("#portal iframe").evaluate("(frame, width) => (frame.style.width = width + 'px')", width)
    frame.wait_for_timeout(100)
    assert frame.evaluate("innerWidth") == width
    return sticking_out(frame, width, of="#portal")


def sticking_out(frame: Frame, width: int, *, of: str) -> list[str]:
    """What of an element and in it is beyond that edge, as far as it is to be seen."""
    found: list[str] = frame.evaluate(
        """(of) => [...document.querySelectorAll(`${of} *`)]
             .filter((each) => !each.closest('pre, .scroll, .visually-hidden, .skip, svg, dialog, [hidden]'))
             .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
             .map((each) => each.outerHTML.slice(0, 120))""",
        of,
    )
    return found + ["the page scrolls sideways"] * (frame.evaluate("document.documentElement.scrollWidth") > width)
