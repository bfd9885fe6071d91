"""Every page from right to left, and in German, whose words are longer: nothing sticks out, overlaps or is cut off."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import Browser
from tests.browser.places import LAID_OUT_ALIKE, NAMES, places
from tests.browser.stage import Demo

WIDE, ZOOMED, NARROW = 1100, 640, 320  # px of the frame; the second is 1,280 px at a zoom of 200 %
FORWARD = (("ltr", NARROW), ("ltr", ZOOMED))
BACKWARD = (("rtl", WIDE), ("rtl", NARROW))


@pytest.fixture(scope="module")
def paths(demo: Demo) -> dict[str, str]:
    return places(demo.facts)


@pytest.fixture
def opened(browser: Browser, demo: Demo, paths: dict[str, str]) -> Any:
    def open_(name: str) -> Frame:
        frame = browser.embed(demo, paths[name], language="de")
        expect(frame.locator("html")).to_have_attribute("lang", "de")
        expect(frame.locator("main .skeleton, main .htmx-request")).to_have_count(0)
        return frame

    return open_


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LAID_OUT_ALIKE])
def test_a_page_has_room_for_long_words_and_for_both_directions(opened: Any, browser: Browser, name: str) -> None:
    """One visit, since a visit is what takes long."""
    frame = opened(name)
    frame.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    looks = (*FORWARD, *BACKWARD)
    assert {look: _wrong(browser, frame, *look) for look in looks} == {look: [] for look in looks}


def _wrong(browser: Browser, frame: Frame, direction: str, width: int) -> list[str]:
    browser.page.locator("#portal iframe").evaluate("(frame, width) => (frame.style.width = width + 'px')", width)
    frame.evaluate("(direction) => (document.documentElement.dir = direction)", direction)
    frame.wait_for_function("(width) => innerWidth === width", arg=width)
    found: list[str] = [each for look in (OUTSIDE, CUT_OFF, OVERLAPPING, IN_DIALOGS) for each in frame.evaluate(look)]
    return found + [f"reads backward: {html}" for html in frame.evaluate(BACKWARD_CODE)]


OUTSIDE = """() => {
  const over = ({left, right}) => right > innerWidth + 1 || left < -1;
  const found = [...document.querySelectorAll('#portal *')]
    .filter((each) => each.checkVisibility() && !each.closest('pre, .scroll, .visually-hidden, svg'))
    .filter((each) => over(each.getBoundingClientRect())).map((each) => 'outside: ' + each.outerHTML.slice(0, 120));
  const {scrollWidth, clientWidth} = document.documentElement;
  return scrollWidth > clientWidth ? ['the page scrolls sideways', ...found] : found;
}"""
CUT_OFF = """() => [...document.querySelectorAll('button, a.button, .tabs a, .badge, .severity label, summary')]
  .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1 && each.clientWidth)
  .map((each) => 'cut off: ' + each.outerHTML.slice(0, 120))"""
IN_DIALOGS = f"""() => [...document.querySelectorAll('dialog')].flatMap((each) => {{
  each.showModal();
  const found = [...({OUTSIDE})(), ...({CUT_OFF})()];
  each.close();
  return found;
}})"""
# By their lines, since a link may go on in the next one; what a card's link covers on purpose has no line of its own.
OVERLAPPING = """() => {
  const shown = (each) => each.checkVisibility({opacityProperty: false}) && !each.closest('.visually-hidden');
  const found = [...document.querySelectorAll('#portal :is(a[href], button, input, select, textarea, summary)')]
    .filter(shown).flatMap((each) => [...each.getClientRects()].map((line) => ({each, line})));
  const before = (a, b) => a.right <= b.left + 1 || a.bottom <= b.top + 1;
  const apart = (a, b) => before(a, b) || before(b, a);
  const within = (a, b) => a.contains(b) || b.contains(a);
  return found.flatMap((one, place) => found.slice(place + 1)
    .filter((other) => !within(one.each, other.each) && !apart(one.line, other.line))
    .map((other) => `overlap: ${one.each.outerHTML.slice(0, 80)} and ${other.each.outerHTML.slice(0, 80)}`));
}"""
BACKWARD_CODE = """() => [...document.querySelectorAll('pre, code, textarea, .token, .code')]
  .filter((each) => each.checkVisibility() && getComputedStyle(each).direction !== 'ltr'
                    && getComputedStyle(each).unicodeBidi !== 'plaintext')
  .map((each) => each.outerHTML.slice(0, 120))"""
