"""Every page, as axe judges it, in both schemes, at every width, without motion, and without a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import Browser
from tests.browser.judging import SCHEMES, judge, over_the_edge, sticking_out
from tests.browser.places import ALONE, NAMES, places
from tests.browser.stage import Demo

WIDTHS = (320, 640)  # the narrowest frame; and 1,280 px at a zoom of 200 %


@pytest.fixture(scope="module")
def paths(demo: Demo) -> dict[str, str]:
    return places(demo.facts)


@pytest.fixture
def opened(browser: Browser, demo: Demo, paths: dict[str, str]) -> Iterator[Any]:
    def open_(name: str, **query: str) -> Frame:
        frame = browser.embed(demo, paths[name], **query)
        expect(frame.locator("main .skeleton, main .htmx-request")).to_have_count(0)
        return frame

    yield open_
    browser.page.set_viewport_size({"width": 1200, "height": 900})
    browser.page.emulate_media(color_scheme="light", reduced_motion="no-preference")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_for_everybody(opened: Any, browser: Browser, name: str) -> None:
    """One visit, since a visit is what takes long: axe in both schemes, narrow frames, and the keyboard."""
    frame = opened(name)
    assert judge(browser.page, frame) == {scheme: [] for scheme in SCHEMES}
    assert _unreached(browser, frame) == ([], [])
    assert {width: over_the_edge(browser.page, frame, width) for width in WIDTHS} == {width: [] for width in WIDTHS}


@pytest.mark.parametrize("name", ALONE)
def test_a_page_that_stands_alone_is_for_everybody(browser: Browser, demo: Demo, name: str) -> None:
    look_at_alone(browser, f"{demo.portal}{ALONE[name]}")


def test_the_window_of_a_sign_in_is_for_everybody(opened: Any, browser: Browser, demo: Demo) -> None:
    way = opened("reconnect").locator("a[href^='/oauth/start']").get_attribute("href")
    look_at_alone(browser, f"{demo.portal}{way}")


def look_at_alone(browser: Browser, url: str) -> None:
    page = browser.page
    page.goto(url)
    assert judge(page, page.main_frame) == {scheme: [] for scheme in SCHEMES}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert sticking_out(page.main_frame, width, of="body") == []
    page.set_viewport_size({"width": 1200, "height": 900})


def test_nothing_moves_for_those_who_asked_for_that(opened: Any, browser: Browser) -> None:
    browser.page.emulate_media(reduced_motion="reduce")
    frame = opened("rule-new")
    moving = frame.evaluate(
        """() => [...document.querySelectorAll('*')].map((each) => getComputedStyle(each))
             .flatMap((style) => [style.transitionDuration, style.animationName !== 'none' && style.animationDuration])
             .filter((lasts) => lasts && lasts.split(',').some((one) => parseFloat(one) > 0)).length"""
    )
    assert moving == 0


def _unreached(browser: Browser, frame: Frame) -> tuple[list[str], list[str]]:
    """Controls that Tab does not come to, and those that do not show that it has."""
    wanted: list[str] = frame.evaluate(REACHABLE)
    frame.locator("a.skip").focus()
    reached = []
    for _ in range(len(wanted) + 5):
        reached.append(frame.evaluate(FOCUSED))
        browser.page.keyboard.press("Tab")
    places = {each["place"] for each in reached if each}
    missed = [html for place, html in enumerate(wanted) if str(place) not in places]
    return missed, [each["html"] for each in reached if each and not each["visible"]]


# One of a group of radio buttons is a stop; what is inside a closed <details> is none.
REACHABLE = """() => {
  const shown = (each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0;
  const found = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter(shown).filter((each) => each.type !== 'radio' || each.checked);
  found.forEach((each, place) => (each.dataset.place = place));
  return found.map((each) => each.outerHTML.slice(0, 120));
}"""
FOCUSED = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return null;
  const outlined = (one) => one && one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) > 0;
  const label = each.closest('label');  // a hidden radio button shows it there; a link over a whole card, behind it
  const styles = [getComputedStyle(each), getComputedStyle(each, '::after'), label && getComputedStyle(label)];
  return {place: each.dataset.place, visible: styles.some(outlined), html: each.outerHTML.slice(0, 120)};
}"""
