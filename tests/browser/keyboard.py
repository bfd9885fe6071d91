"""A person who has a keyboard and no mouse, and who must see at every moment where they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import ElementHandle, Frame, Locator, Mouse, Page, Touchscreen, expect

MOST_STOPS = 150  # of one page, and of the vendor's around it
TRIES, PAUSE = 20, 50  # ms
LINE = 20  # px: so much of a high thing must be in the window; a browser is content with its line of text
# What drives a page in another way than by keys: by pointing at it, or by reaching into it.
BY_HAND = {
    *("blur", "clear", "fill", "focus", "press", "press_sequentially", "select_option", "select_text", "type"),
    *("check", "click", "dblclick", "dispatch_event", "drag_and_drop", "drag_to", "hover", "set_checked", "tap"),
    *("down", "move", "scroll_into_view_if_needed", "uncheck", "up", "wheel"),
}


def refuse_all_but_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on whatever is not a key pressed fails."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("Only keys: this person has no mouse.")

    for kind in (ElementHandle, Frame, Locator, Mouse, Page, Touchscreen):
        for name in BY_HAND & set(dir(kind)):
            monkeypatch.setattr(kind, name, refuse)


class Keyboard:
    """The keys of one window. Every press that moves the focus is followed by a look at where it came to."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Instead of what stands in the field that has the focus."""
        self.press("Control+a")
        self.type(text)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)

    def go_to(self, target: Locator, *, by: str = "Tab") -> None:
        """One stop after the other until the target has the focus; each of them must show that it has it."""
        expect(target).to_be_visible()
        for _ in range(MOST_STOPS):
            self.press(by)
            self.look()
            if _has_focus(target):
                return
        raise AssertionError(f"{by} does not come to {target}.")

    def use(self, target: Locator, *, by: str = "Tab") -> None:
        """Go there and press Enter."""
        self.go_to(target, by=by)
        self.press("Enter")

    @contextmanager
    def opens_window(self) -> Iterator[list[Page]]:
        """What the keys pressed inside open."""
        found: list[Page] = []
        with self._page.context.expect_page() as opened:
            yield found
        found.append(opened.value)

    def look(self) -> None:
        """The focus is somewhere, in the window, and to be seen; a page may need a moment to come to that."""
        for _ in range(TRIES):
            if not (trouble := self._trouble()):
                return
            self._page.wait_for_timeout(PAUSE)
        raise AssertionError(trouble)

    def _trouble(self) -> str:
        offset = self._page.evaluate(FRAME)
        if offset is None:
            return ""  # in the vendor's page, which is not ours to judge
        found = self._page.frames[-1].evaluate(FOCUSED)
        if found is None:
            return "The focus is lost."
        top, bottom = offset + found["top"], offset + found["top"] + min(found["height"], LINE)
        if not found["marked"]:
            return f"Nothing shows that the focus is here: {found['html']}"
        if top < -1 or bottom > self._page.evaluate("innerHeight") + 1:
            return f"The focus is outside of the window, at {top:.0f} px: {found['html']}"
        return ""


def _has_focus(target: Locator) -> bool:
    return bool(target.evaluate("(each) => each === document.activeElement"))


# Where the portal's frame begins in the window, when the focus is in it.
FRAME = """() => {
  const each = document.activeElement;
  return each?.tagName === 'IFRAME' ? each.getBoundingClientRect().top : null;
}"""
# What only a script can focus (a heading after a page came) needs no mark: keys can do nothing there.
FOCUSED = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return null;
  const label = each.closest('label');  // a hidden radio button shows it there; a link over a whole card, behind it
  const around = label ? [getComputedStyle(label)] : [];
  const styles = [getComputedStyle(each), getComputedStyle(each, '::after'), ...around];
  const outlined = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  const {top, height} = each.getBoundingClientRect();
  return {top, height, marked: each.tabIndex < 0 || styles.some(outlined), html: each.outerHTML.slice(0, 160)};
}"""
