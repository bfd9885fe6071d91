"""A token revoked at the provider leads to a held delivery, a plain sentence, one click, and delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Frame, Locator, expect

from tests.browser.conftest import Browser
from tests.browser.judging import SCHEMES, judge, over_the_edge
from tests.browser.revoking import ENVIRONMENT, TEAM, TENANT, Slack
from tests.browser.signing_in import sign_in
from tests.browser.stage import Demo

NAME = "Slack Casterly Rock"
OTHER = "Springfield Nuclear"
WHY = "The authorization was revoked at Slack"


@pytest.fixture
def slack(demo: Demo) -> Iterator[Slack]:
    """The customer's Slack, which works; and works again afterwards."""
    found = Slack(demo)
    found.mend()
    yield found
    found.mend()


@pytest.fixture
def opened(browser: Browser, demo: Demo) -> Iterator[Opening]:
    yield Opening(browser, demo)
    browser.page.emulate_media(color_scheme="light", reduced_motion="no-preference")


class Opening:
    """The customer's portal in the vendor's page."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self._browser, self._demo = browser, demo

    def __call__(self, path: str = "") -> Frame:
        return self._browser.embed(self._demo, path, tenant=TENANT, environment=ENVIRONMENT)

    def alert(self, *, value: int) -> None:
        """The vendor's own page lets an alert happen."""
        page = self._browser.page
        page.goto(f"{self._demo.vendor}/?tenant={TENANT}&environment={ENVIRONMENT}")
        page.get_by_label("Value", exact=True).fill(str(value))
        page.get_by_role("button", name="Trigger alert").click()
        expect(page.locator("#answers")).to_contain_text("Accepted")

    def is_for_everybody(self, frame: Frame) -> None:
        """Axe has nothing against it in either scheme, and nothing sticks out at 320 pixels."""
        expect(frame.locator("main .skeleton, main .htmx-request")).to_have_count(0)
        assert judge(self._browser.page, frame) == {scheme: [] for scheme in SCHEMES}
        assert over_the_edge(self._browser.page, frame, 320) == []
        self._browser.page.locator("#portal iframe").evaluate("(frame) => (frame.style.width = '')")


def test_a_revoked_token_holds_what_comes_until_one_click_sends_it(slack: Slack, opened: Opening) -> None:
    slack.emit("alrt_before", value=4711)
    slack.wait_message("4711")
    slack.revoke()
    opened.alert(value=4712)

    frame = opened()
    expect(frame.locator("#truth")).to_have_text(f"{NAME} needs you")
    expect(frame.locator(".lead")).to_contain_text(WHY)
    expect(frame.locator(".lead")).to_contain_text("1 alert is waiting, and is kept until it is mended.")
    expect(frame.locator(".head").get_by_role("link", name="Reconnect")).to_be_visible()
    opened.is_for_everybody(frame)

    frame.locator(".lines .cover").first.click()
    expect(title(frame)).to_have_text("alert.triggered")
    expect(frame.locator("#story")).to_contain_text(f"It waits for {NAME}. {WHY}.")
    expect(frame.locator("#story")).to_contain_text("on hold")
    opened.is_for_everybody(frame)

    frame.get_by_role("link", name=NAME).click()
    expect(title(frame)).to_have_text(NAME)
    expect(frame.locator("main")).to_contain_text(f"{WHY}.")
    expect(frame.locator("#held")).to_contain_text("1 delivery is waiting.")
    opened.is_for_everybody(frame)

    slack.allow()
    frame = opened()
    frame.locator(".head").get_by_role("link", name="Reconnect").click()
    expect(title(frame)).to_have_text(f"Reconnect {NAME}")
    sign_in(frame, team=TEAM)
    expect(frame.get_by_text("Slack is connected.")).to_be_visible()
    frame.get_by_role("link", name="See the connection").click()
    expect(frame.locator("main")).to_contain_text("Everything is in order.")
    expect(frame.locator("#lately .list").last.get_by_role("listitem").first).to_contain_text("delivered")
    frame.get_by_role("link", name="Activity").click()
    expect(frame.locator(".lines").get_by_role("listitem").first).to_contain_text(f"{NAME} delivered")
    assert (slack.messages("4711"), slack.messages("4712")) == (1, 1)


def test_whoever_has_many_old_ones_is_asked_and_may_want_the_newest_alone(slack: Slack, opened: Opening) -> None:
    slack.revoke()
    events = [slack.emit(f"alrt_{number % 3}", value=5000 + number) for number in range(15)]
    slack.wait(events, ["held"] * 15)
    slack.age(hours=2)
    slack.allow()

    frame = opened(f"/workspace/connections/{slack.connection}/reconnect")
    sign_in(frame, team=TEAM)
    expect(frame.locator("#held")).to_contain_text("15 deliveries are waiting.")
    expect(frame.locator("#held")).to_contain_text("It works again, so say what shall become of them.")
    frame = opened()
    expect(frame.locator("#truth")).to_have_text(f"{NAME} works again")
    frame.get_by_role("link", name="Choose").click()
    expect(frame.locator("#held")).to_contain_text("15 deliveries are waiting.")
    opened.is_for_everybody(frame)

    frame.get_by_role("button", name="Only the newest about each thing (3)").click()
    expect(frame.get_by_text("The newest are sent now; the others are left out.")).to_be_visible()
    slack.wait(events, ["superseded"] * 12 + ["delivered"] * 3)
    expect(frame.locator("#held")).to_be_hidden()
    assert [slack.messages(str(5000 + number)) for number in range(15)] == [0] * 12 + [1] * 3
    frame = opened(f"/workspace/events/{events[0]}")
    expect(frame.locator("#story")).to_contain_text("left out for a newer one")
    expect(frame.locator("#story")).to_contain_text("a newer one about the same thing was sent instead")


def test_signing_in_to_another_account_changes_nothing_unless_that_is_said(slack: Slack, opened: Opening) -> None:
    rules = slack.rules
    slack.revoke()
    events = [slack.emit("alrt_other", value=6001)]
    slack.wait(events, ["held"])
    slack.allow()

    frame = opened(f"/workspace/connections/{slack.connection}/reconnect")
    pop_up = sign_in(frame, team=OTHER)
    expect(frame.get_by_text("That is another account.")).to_be_visible()
    expect(frame.locator("#progress")).to_contain_text(f"you have just signed in to {OTHER}. Nothing was changed.")
    opened.is_for_everybody(frame)
    if not pop_up.is_closed():
        pop_up.close()
    frame.get_by_role("button", name=f"Keep {TEAM}").click()
    expect(title(frame)).to_have_text(NAME)
    expect(frame.locator("main")).to_contain_text(f"{WHY}.")
    assert (slack.states(events), slack.rules) == (["held"], rules)

    frame.get_by_role("link", name=re.compile("^Reconnect")).click()
    sign_in(frame, team=TEAM)
    expect(frame.get_by_text("Slack is connected.")).to_be_visible()
    slack.wait(events, ["delivered"])
    assert slack.rules == rules


def title(frame: Frame) -> Locator:
    return frame.get_by_role("heading", level=1)
