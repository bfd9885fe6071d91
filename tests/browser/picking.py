"""Picking from a combobox with the keyboard, as long as its list may still be drawn anew under the fingers."""

from __future__ import annotations

from playwright.sync_api import Locator

TRIES = 40
PAUSE = 250  # ms


def pick_first(box: Locator) -> None:
    """Arrow down and Enter, until the list has closed over what was picked."""
    for _ in range(TRIES):
        box.press("ArrowDown")
        box.press("Enter")
        box.page.wait_for_timeout(PAUSE)
        if box.get_attribute("aria-expanded") == "false":
            return
    raise AssertionError("Nothing could be picked: the list stayed open.")
