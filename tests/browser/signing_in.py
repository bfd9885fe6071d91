"""Signing in to the pretend Slack, as a person does it: from the portal through the window of its own, and back."""

from __future__ import annotations

import re

from playwright.sync_api import Frame, Page, expect


def sign_in(frame: Frame, *, team: str, decision: str = "Allow") -> Page:
    """From the page that offers it. Returns the pop-up as the provider left it."""
    with frame.page.context.expect_page() as opened:
        frame.get_by_role("link", name=re.compile("Sign in to Slack")).click()
    pop_up = opened.value
    expect(pop_up.get_by_role("heading", level=1)).to_contain_text(re.compile("onnect Slack for"))
    pop_up.get_by_role("button", name="Go on to Slack").click()
    pop_up.get_by_label("Team").select_option(label=team)
    pop_up.get_by_role("button", name=decision).click()
    return pop_up
