"""The editor of a rule, as a person uses it: by keyboard, in the middle of typing, and for a channel without us."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import Browser
from tests.browser.picking import pick_first
from tests.browser.places import places
from tests.browser.stage import Demo

OPTION = ".popup [role=option]"
PRIVATE = "C0CASTERLYBOARD"  # in the simulator's Slack, without the app


@pytest.fixture
def editor(browser: Browser, demo: Demo) -> Frame:
    frame = browser.embed(demo, places(demo.facts)["rule-new"], tenant="casterly", environment="production")
    frame.locator("#preview .message").wait_for()
    return frame


def test_a_channel_is_picked_by_keyboard_alone(editor: Frame) -> None:
    box = editor.get_by_role("combobox", name="Channel")
    box.focus()
    box.press_sequentially("alerts")
    expect(editor.locator(OPTION).first).to_be_visible(timeout=30_000)  # the list may be being read still
    expect(box).to_have_attribute("aria-expanded", "true")
    pick_first(box)
    expect(box).to_have_value(re.compile("alerts"))
    assert re.fullmatch("C[A-Z0-9]+", editor.locator("#in-id").input_value())
    box.press_sequentially("x")  # another name: what was picked is taken back
    expect(editor.locator("#in-id")).to_have_value("")
    box.press("Escape")
    expect(editor.locator(".popup")).to_be_hidden()


def test_a_private_channel_says_how_to_invite_us(editor: Frame) -> None:
    box = editor.get_by_role("combobox", name="Channel")
    box.fill(PRIVATE)
    ours = editor.locator(OPTION, has_text="invite us")
    expect(ours).to_be_visible()
    ours.click()
    expect(editor.locator("#invitation")).to_contain_text("/invite @")


def test_what_is_typed_while_a_row_changes_is_not_lost(editor: Frame) -> None:
    editor.locator("#event").fill("alert.triggered")
    editor.locator("#add-condition").click()
    expect(editor.locator("#c-1-field")).to_be_focused()
    editor.locator("#c-1-field").fill("value")
    editor.locator("#c-1-value").fill("99")  # the field's change is under way meanwhile
    expect(editor.locator('#row-1 [name="c-1-form"]')).to_have_value("number")
    expect(editor.locator("#c-1-value")).to_have_value("99")
    editor.locator("#add-group").click()
    expect(editor.locator("#c-3-field")).to_be_focused()
    expect(editor.locator("#c-1-value")).to_have_value("99")
    editor.locator("#remove-3").click()
    expect(editor.locator("#add-condition")).to_be_focused()


def test_the_preview_follows_and_a_fault_stands_beside_its_text(editor: Frame) -> None:
    editor.locator("#in-title").fill("It burns")
    expect(editor.locator("#preview .block-header")).to_have_text("It burns")
    editor.locator("#in-title").fill("{{ value")
    expect(editor.locator("#note-title")).to_contain_text("not closed")


def test_the_first_fault_gets_the_focus(editor: Frame) -> None:
    editor.get_by_role("button", name="Save and switch on").click()
    expect(editor.get_by_role("alert")).to_be_focused()
    expect(editor.locator("#error-event")).to_be_visible()
