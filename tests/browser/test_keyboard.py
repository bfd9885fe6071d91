"""The whole story by keyboard alone: not one click, and the focus is seen at every step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.conftest import Browser
from tests.browser.keyboard import Keyboard, refuse_all_but_keys
from tests.browser.stage import Demo

TENANT, TEAM = "springfield", "Springfield Nuclear"
OPTION = ".popup [role=option]"


@pytest.fixture(autouse=True)
def _no_mouse(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_all_but_keys(monkeypatch)


@pytest.fixture
def keys(browser: Browser) -> Keyboard:
    return Keyboard(browser.page)


def title(frame: Frame) -> Locator:
    return frame.get_by_role("heading", level=1)


def test_from_an_empty_hand_to_an_alert_in_slack(browser: Browser, demo: Demo, keys: Keyboard) -> None:
    frame = browser.embed(demo, tenant=TENANT, environment="staging")
    keys.use(frame.get_by_role("link", name="Connections", exact=True))
    expect(title(frame)).to_have_text("Connections")
    keys.look()
    keys.use(frame.get_by_role("listitem").filter(has_text="Slack").get_by_role("link", name="Connect", exact=True))
    keys.look()
    with keys.opens_window() as opened:
        keys.use(frame.get_by_role("link", name=re.compile("Sign in to Slack")))
    consent(opened[0])
    expect(frame.get_by_text("Slack is connected.")).to_be_visible()
    keys.look()
    keys.use(frame.get_by_role("link", name=re.compile("Choose a channel")))
    expect(title(frame)).to_have_text("New rule")
    keys.look()
    keys.go_to(frame.get_by_label("Event type or pattern"))
    keys.write("alert.triggered")
    keys.go_to(frame.locator("[name=min_severity]:checked"))
    keys.press("ArrowRight", "ArrowRight")
    keys.look()
    keys.use(frame.get_by_role("button", name="Add a condition"))
    expect(frame.get_by_label("Field of the event")).to_be_focused()
    keys.write("value")
    keys.use(frame.get_by_role("button", name="Remove this condition"))
    expect(frame.get_by_role("button", name="Add a condition")).to_be_focused()
    box = frame.get_by_role("combobox", name="Channel")
    keys.go_to(box)
    keys.write("alerts")
    expect_only(frame, "alerts")
    keys.press("Escape")
    expect(frame.locator(".popup")).to_be_hidden()
    keys.press("ArrowDown", "ArrowDown", "Enter")
    expect(frame.locator(".popup")).to_be_hidden()
    expect(box).to_have_value(re.compile("alerts"))
    keys.use(frame.get_by_role("button", name="Send a test"))
    expect(frame.get_by_text("The test arrived.")).to_be_visible()
    keys.look()
    keys.use(frame.get_by_role("button", name="Save and switch on"), by="Shift+Tab")
    expect(title(frame)).to_have_text("Rules")
    keys.look()


def test_a_rule_is_muted_and_an_earlier_version_brought_back(browser: Browser, demo: Demo, keys: Keyboard) -> None:
    frame = browser.embed(demo, "/workspace/rules", tenant=TENANT, environment="staging")
    switch = frame.get_by_role("switch").first
    keys.use(switch)
    expect(switch).to_have_attribute("aria-checked", "false")
    keys.look()
    expect(switch).to_be_focused()
    keys.press(" ")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    keys.use(frame.locator(".rule-row .sentence a").first, by="Shift+Tab")
    expect(frame.locator("#mute")).to_be_visible()
    keys.look()
    keys.go_to(frame.locator("[name=min_severity]:checked"))
    keys.press("ArrowRight")
    keys.go_to(frame.get_by_label("Mute"))
    keys.type("For an hour")
    keys.use(frame.get_by_role("button", name="Save the rule"))
    expect(title(frame)).to_have_text("Rules")
    expect(frame.locator(".rule-row").first).to_contain_text("Muted until")
    keys.look()
    keys.use(frame.locator(".rule-row .sentence a").first)
    keys.use(frame.get_by_role("link", name=re.compile("Version")))
    expect(title(frame)).to_have_text("Versions")
    back = frame.get_by_role("button", name="Bring this back").first
    keys.use(back)
    expect(frame.get_by_role("dialog")).to_be_visible()
    keys.look()
    keys.press("Escape")
    expect(frame.get_by_role("dialog")).to_be_hidden()
    expect(back).to_be_focused()
    keys.press("Enter")
    keys.use(frame.get_by_role("dialog").get_by_role("button", name="Leave it"))
    expect(back).to_be_focused()
    keys.press("Enter")
    keys.use(frame.get_by_role("button", name="Bring it back"), by="Shift+Tab")
    expect(frame.get_by_role("dialog")).to_be_hidden()
    keys.look()


def emit(demo: Demo) -> None:
    """As the vendor's back-end does it."""
    headers = {"X-Meshes-Publishable-Key": demo.workspace(TENANT)["publishable_key"]}
    alert = {"event": "alert.triggered", "payload": {"severity": "low", "value": 3, "threshold": 2}}
    requests.post(f"{demo.portal}/api/v1/events", json=alert, headers=headers, timeout=10).raise_for_status()


@pytest.fixture
def retrying(demo: Demo) -> Iterator[None]:
    """An alert that is not getting through at the moment."""
    dials = f"{demo.simulator('webhooks')}/_sandbox/dials"
    requests.put(dials, json={"target": "/springfield/harness", "fault": "500"}, timeout=10).raise_for_status()
    emit(demo)
    yield
    requests.delete(dials, timeout=10).raise_for_status()


@pytest.mark.usefixtures("retrying")
def test_what_does_not_get_through_is_found_tried_and_called_off(browser: Browser, demo: Demo, keys: Keyboard) -> None:
    frame = browser.embed(demo, "/workspace/events", tenant=TENANT, environment="production")
    keys.go_to(frame.get_by_label("Event", exact=True))
    keys.write("alert.triggered")
    keys.go_to(frame.get_by_label("What became of it"))
    keys.type("Waiting")
    keys.use(frame.locator("#more-filters summary"))
    keys.use(frame.get_by_role("button", name="Show", exact=True), by="Shift+Tab")
    expect(frame.get_by_role("link", name="Clear")).to_be_visible()
    keys.look()
    keys.use(frame.locator(".lines .cover").first)
    expect(title(frame)).to_have_text("alert.triggered")
    keys.look()
    keys.use(frame.get_by_role("button", name="Try now"))
    expect(frame.get_by_text("Attempt 2")).to_be_visible()
    keys.look()
    keys.use(frame.get_by_role("button", name="Call off"))
    expect(frame.get_by_role("button", name="Send again")).to_be_visible()
    keys.look()


def test_settings(browser: Browser, demo: Demo, keys: Keyboard) -> None:
    frame = browser.embed(demo, "/workspace/settings", tenant=TENANT, environment="staging")
    rotate = frame.get_by_role("button", name="Rotate…").first
    keys.use(rotate)
    expect(frame.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(rotate).to_be_focused()
    keys.press("Enter")
    keys.go_to(frame.locator("dialog[open] [name=overlap]:checked"))
    keys.press("ArrowUp")
    keys.use(frame.get_by_role("dialog").get_by_role("button", name="Rotate the key"))
    expect(frame.get_by_text("works until").first).to_be_visible()
    keys.look()
    keys.go_to(frame.get_by_role("tab", selected=True))
    keys.press("ArrowRight")
    keys.look()
    keys.go_to(frame.locator("[role=tabpanel]:not([hidden]) .button"))
    keys.go_to(frame.get_by_label("Allowed origins, one on each line"))
    keys.write("nonsense")
    keys.use(frame.get_by_role("button", name="Save origins"))
    expect(frame.locator("#allowed_origins")).to_be_focused()
    keys.look()
    keys.write("https://app.example.com")
    keys.use(frame.get_by_role("button", name="Save origins"))
    expect(frame.locator("#allowed_origins[aria-invalid]")).to_have_count(0)
    keys.look()


def test_the_option_one_stands_on_stays_when_the_list_is_drawn_anew(
    browser: Browser, demo: Demo, keys: Keyboard
) -> None:
    frame = browser.embed(demo, "/workspace/rules/new", tenant=TENANT, environment="staging")
    keys.go_to(frame.get_by_role("combobox", name="Channel"))
    keys.write("alert")
    expect_only(frame, "alert")
    keys.press("ArrowDown", "ArrowDown")
    here = frame.locator(f"{OPTION}[aria-selected=true]")
    name = here.get_attribute("data-name") or ""
    with browser.page.expect_response(re.compile("find-id=alerts")):
        keys.type("s")
    expect(frame.locator(f"{OPTION}.htmx-swapping")).to_have_count(0)
    expect(here).to_have_attribute("data-name", name)
    keys.press("Enter")
    expect(frame.get_by_role("combobox", name="Channel")).to_have_value(name)


def test_a_list_that_comes_late_does_not_open_what_was_closed(browser: Browser, demo: Demo, keys: Keyboard) -> None:
    frame = browser.embed(demo, "/workspace/rules/new", tenant=TENANT, environment="staging")
    keys.go_to(frame.get_by_role("combobox", name="Channel"))
    keys.write("alert")
    expect_only(frame, "alert")
    with browser.page.expect_response(re.compile("find-id=alerts")):
        keys.type("s")
        keys.press("Escape")
    browser.page.wait_for_timeout(300)
    expect(frame.locator(".popup")).to_be_hidden()


def test_what_is_drawn_anew_keeps_the_focus(browser: Browser, demo: Demo, keys: Keyboard) -> None:
    frame = browser.embed(demo, tenant=TENANT, environment="production")
    everything = frame.get_by_role("link", name="All activity")
    keys.go_to(everything)
    everything.evaluate("(each) => each.dataset.before = ''")
    emit(demo)
    expect(frame.locator("[data-before]")).to_have_count(0)  # it has come again by itself
    expect(everything).to_be_focused()
    keys.look()


def test_a_link_for_a_colleague_is_made_copied_and_taken_back(browser: Browser, demo: Demo, keys: Keyboard) -> None:
    frame = browser.embed(demo, "/workspace/connections/new/slack", tenant=TENANT, environment="staging")
    keys.use(frame.get_by_role("button", name="Make a link for a colleague"))
    copy = frame.locator("[data-copy='#link']")
    expect(copy).to_be_visible()
    expect(frame.locator("#links")).to_be_focused()
    keys.use(copy)
    keys.press("Enter")
    expect(copy).to_have_text("Copied")
    expect(copy.locator("svg")).to_be_visible()
    expect(copy).to_have_text("Copy")
    keys.use(frame.get_by_role("button", name="Take it back"))
    expect(frame.get_by_text("You took it back.")).to_be_visible()
    keys.look()


def test_a_private_channel_turns_green_by_itself_once_we_are_invited(
    browser: Browser, demo: Demo, keys: Keyboard
) -> None:
    frame = browser.embed(demo, "/workspace/rules/new", tenant="casterly", environment="development")
    keys.go_to(frame.get_by_role("combobox", name="Channel"))
    keys.write("https://app.slack.com/client/T0CASTERLY/C0CASTERLYBOARD")
    expect(frame.locator(OPTION, has_text="invite us")).to_be_visible()
    keys.press("ArrowDown", "Enter")
    expect(frame.locator("#invitation")).to_contain_text("/invite @")
    copy = frame.locator("[data-copy='#invitation']")
    keys.use(copy)
    expect(copy).to_have_text("Copied")
    with invited(demo, "T0CASTERLY", "C0CASTERLYBOARD"):
        expect(frame.get_by_text("Invited: #board can be posted to.")).to_be_visible()
    keys.look()


@contextmanager
def invited(demo: Demo, team: str, channel: str) -> Iterator[None]:
    """As somebody in that channel does it, with what they were told to type."""
    seed = demo.log.parent / "demo" / "sandbox.json"
    before = seed.read_text()
    facts = json.loads(before)
    teams = {each["team_id"]: each for each in facts["slack_teams"]}
    channels = {each["id"]: each for each in teams[team]["channels"]}
    channels[channel]["is_member"] = True
    seed.write_text(json.dumps(facts))
    try:
        yield
    finally:
        seed.write_text(before)


def expect_only(frame: Frame, text: str) -> None:
    """The list is the one that was asked for, and no earlier one."""
    expect(frame.locator(OPTION).nth(1)).to_contain_text(text)
    expect(frame.locator(OPTION).filter(has_not_text=text)).to_have_count(0)


def consent(pop_up: Page) -> None:
    keys = Keyboard(pop_up)
    expect(pop_up.get_by_role("heading", level=1)).to_contain_text("Connect Slack for")
    keys.use(pop_up.get_by_role("button", name="Go on to Slack"))
    keys.go_to(pop_up.get_by_label("Team"))
    keys.type(TEAM)
    expect(pop_up.get_by_label("Team")).to_have_value("T0SPRINGF")
    keys.use(pop_up.get_by_role("button", name="Allow"))
