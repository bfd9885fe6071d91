"""The whole story in a browser: connect Slack, pick one of 50,000 channels, set a threshold, and see it work."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Frame, expect

from sandbox.slack.directory import PLACES, SUBJECTS
from tests.browser.conftest import Browser
from tests.browser.picking import pick_first
from tests.browser.signing_in import sign_in
from tests.browser.stage import Demo

TENANT, TEAM = "springfield", "Springfield Nuclear"
NUMBER = 40_123  # of 50,000
CHANNEL = f"{SUBJECTS[NUMBER % len(SUBJECTS)]}-{PLACES[NUMBER // len(SUBJECTS) % len(PLACES)]}-{NUMBER:05d}"


@pytest.fixture(autouse=True)
def _nothing_dialled(demo: Demo) -> None:
    requests.delete(f"{demo.simulator('slack')}/_sandbox/dials", timeout=10)


def messages(demo: Demo, channel: str) -> str:
    """What people see in that channel."""
    answer = requests.get(f"{demo.simulator('slack')}/_sandbox/messages", params={"channel": channel}, timeout=10)
    return answer.text


def test_from_an_empty_hand_to_an_alert_in_slack(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo, "/workspace/connections", tenant=TENANT)
    frame.get_by_role("listitem").filter(has_text="Slack").get_by_role("link", name="Connect", exact=True).click()
    sign_in(frame, team=TEAM)
    expect(frame.get_by_text("Slack is connected.")).to_be_visible()

    frame.get_by_role("link", name=re.compile("Choose a channel")).click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("New rule")
    frame.get_by_label("Event type or pattern").fill("alert.triggered")
    frame.get_by_label("high", exact=True).check(force=True)
    frame.get_by_role("button", name="Add a condition").click()
    frame.get_by_label("Field of the event").fill("value")
    frame.get_by_label("Field of the event").blur()
    frame.get_by_label("Comparison").select_option(label="is more than")
    frame.get_by_label("Compared with").select_option(label="the field")
    frame.get_by_label("Other field").fill("threshold")
    channel = pick(frame, CHANNEL)

    expect(frame.locator("#preview")).to_contain_text("Alert triggered")
    frame.get_by_role("button", name="Send a test").click()
    expect(frame.get_by_text("The test arrived.")).to_be_visible(timeout=30_000)
    assert "test" in messages(demo, channel).lower()
    frame.get_by_role("button", name="Save and switch on").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Rules")
    expect(frame.locator("main")).to_contain_text(f"#{CHANNEL}")

    trigger(browser, demo, value="1200", threshold="900")
    frame = browser.embed(demo, "/workspace/events", tenant=TENANT)
    expect(frame.locator("main")).to_contain_text("delivered", timeout=20_000)
    frame.get_by_role("link", name=re.compile("alert.triggered")).first.click()
    expect(frame.locator("main")).to_contain_text(re.compile("1,?200"))
    assert "disk" in messages(demo, channel) or "alert" in messages(demo, channel).lower()


def pick(frame: Frame, name: str) -> str:
    """Choose the channel by typing a part of its name and Enter. Returns its id."""
    box = frame.get_by_role("combobox", name=re.compile("Channel"))
    box.click()
    expect(frame.get_by_role("listbox")).to_be_visible(timeout=30_000)
    for _ in range(30):  # the directory is read in the background, and says how far it is
        box.fill("")
        box.press_sequentially(name)
        found = frame.get_by_role("option").filter(has_text=name)
        try:
            expect(found.first).to_be_visible(timeout=3_000)
        except AssertionError:
            continue
        break
    pick_first(box)
    expect(box).to_have_value(re.compile(name))
    chosen = frame.locator("input[data-picked]").input_value()
    assert chosen.startswith("C")
    return chosen


def trigger(browser: Browser, demo: Demo, *, value: str, threshold: str) -> None:
    """The vendor's own page lets an alert happen."""
    page = browser.page
    page.goto(f"{demo.vendor}/?tenant={TENANT}&environment=production")
    page.get_by_label("Value", exact=True).fill(value)
    page.get_by_label("Threshold", exact=True).fill(threshold)
    page.get_by_role("button", name="Trigger alert").click()
    expect(page.locator("#answers")).to_contain_text("Accepted")


@pytest.mark.parametrize(
    ("vendor", "provider"),
    [("same-origin", ""), ("same-origin-allow-popups", ""), ("", "coop"), ("same-origin", "coop")],
)
def test_the_pop_up_works_under_every_opener_policy(browser: Browser, demo: Demo, vendor: str, provider: str) -> None:
    if provider:
        dial = {"target": "*", "fault": provider}
        requests.put(f"{demo.simulator('slack')}/_sandbox/dials", json=dial, timeout=10).raise_for_status()
    frame = browser.embed(
        demo, "/workspace/connections/new/slack", tenant=TENANT, **({"coop": vendor} if vendor else {})
    )
    sign_in(frame, team=TEAM)
    expect(frame.get_by_text("Slack is connected.")).to_be_visible()


def test_saying_no_at_the_provider_changes_nothing_and_says_so(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo, "/workspace/connections/new/slack", tenant=TENANT)
    pop_up = sign_in(frame, team=TEAM, decision="Cancel")
    expect(frame.get_by_text("Slack was not connected.")).to_be_visible()
    expect(frame.get_by_role("link", name="Try again")).to_be_visible()
    if not pop_up.is_closed():
        pop_up.close()


def test_the_sign_in_sets_its_cookie_in_the_pop_up_only(browser: Browser, demo: Demo) -> None:
    browser.page.context.clear_cookies()
    frame = browser.embed(demo, "/workspace/connections/new/slack", tenant=TENANT)
    assert browser.page.context.cookies(demo.portal) == []
    sign_in(frame, team=TEAM)
    expect(frame.get_by_text("Slack is connected.")).to_be_visible()
    left = browser.page.context.cookies(demo.portal)
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in left)
    assert frame.evaluate("document.cookie") == ""
