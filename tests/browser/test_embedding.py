"""The portal in a frame on another site, in a browser that blocks third-party cookies and partitions storage."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import FrameLocator, expect

from tests.browser.chromium import disabled_features
from tests.browser.conftest import Browser
from tests.browser.stage import Demo


@pytest.mark.usefixtures("old")
def test_the_browser_really_partitions_storage(browser: Browser, demo: Demo) -> None:
    """Playwright switches that off by default, which would make every test here a false green."""
    lines = [path.read_bytes().split(b"\0") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    ours = [line for line in lines if line and b"chrom" in line[0] and b"--type=" not in b" ".join(line)]
    assert ours, "no browser process was found to look at"
    assert all(disabled_features().encode() not in line for line in ours)
    # And what it means: a channel of the portal's origin does not reach from its own tab into the frame.
    frame = browser.embed(demo)
    frame.evaluate(
        "() => { window.heard = []; window.ear = new BroadcastChannel('x'); ear.onmessage = (m) => heard.push(m.data) }"
    )
    tab = browser.page.context.new_page()
    tab.goto(f"{demo.portal}/livez")
    tab.evaluate("() => { new BroadcastChannel('x').postMessage('crossed'); }")
    browser.page.wait_for_timeout(500)
    tab.close()
    assert frame.evaluate("window.heard") == []


def test_the_two_pages_are_two_sites_and_the_frame_has_no_cookie(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo)
    assert frame.url.startswith(demo.portal)
    assert browser.page.url.startswith(demo.vendor)
    assert frame.evaluate("document.cookie") == ""
    assert [each for each in browser.page.context.cookies() if "127.0.0.1" in each["domain"]] == []


def test_the_launch_token_leaves_the_address_and_the_public_id_stays(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo)
    assert "launch=" not in frame.url
    assert "s=sess_" in frame.url


def test_pages_follow_each_other_and_the_hosts_back_button_leaves(browser: Browser, demo: Demo) -> None:
    browser.page.goto(f"{demo.vendor}/")
    frame = browser.embed(demo)
    for name in ("Rules", "Activity", "Overview"):
        frame.get_by_role("link", name=name, exact=True).first.click()
        expect(frame.get_by_role("navigation", name="Portal").locator("[aria-current=page]")).to_have_text(name)
    browser.page.go_back()
    assert browser.page.url == f"{demo.vendor}/"


def test_the_host_hears_the_contracts_messages(browser: Browser, demo: Demo) -> None:
    browser.page.add_init_script(
        "window.said = []; addEventListener('message', ({data, origin}) => data?.type && said.push([data, origin]))"
    )
    frame = browser.embed(demo)
    frame.get_by_role("link", name="Rules", exact=True).click()
    frame.wait_for_selector("[aria-current=page]:has-text('Rules')")
    said: list[tuple[dict[str, Any], str]] = browser.page.evaluate("said")
    assert {origin for _, origin in said} == {demo.portal}
    kinds = [message["type"] for message, _ in said]
    assert kinds[0] == "meshes:ready"
    assert "meshes:navigate" in kinds
    heights = [message["height"] for message, _ in said if message["type"] == "meshes:resize"]
    assert heights
    assert all(isinstance(height, int) and height > 0 for height in heights)
    assert next(m["path"] for m, _ in reversed(said) if m["type"] == "meshes:navigate") == "/workspace/rules"


def test_the_frame_is_as_high_as_its_page(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo, "/workspace/rules")
    frame.wait_for_timeout(300)
    content = frame.evaluate("Math.ceil(document.getElementById('portal').getBoundingClientRect().height)")
    high = browser.page.locator("#portal iframe").bounding_box()
    assert high is not None
    assert high["height"] >= max(480, content)


def test_a_reload_of_the_frame_and_of_the_host_keeps_the_page(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo, "/workspace/rules")
    frame.evaluate("location.reload()")
    shown = browser.page.frame_locator("#portal iframe").get_by_role("heading", level=1)
    expect(shown).to_have_text("Rules")
    browser.page.reload()
    expect(shown).to_have_text("Rules")


def test_a_path_with_a_query_opens_that_page_and_nothing_of_another_origin(browser: Browser, demo: Demo) -> None:
    def opened(path: str) -> FrameLocator:
        browser.page.goto(f"{demo.vendor}/integrations?{urlencode({'path': path})}")
        return browser.page.frame_locator("#portal iframe")

    expect(opened("/workspace/rules?text=a+b&s=sess_other").get_by_label("Search the rules")).to_have_value("a b")
    expect(opened("https://stranger.example/workspace/rules").locator(".tabs [aria-current]")).to_have_text("Overview")


def test_a_session_that_cannot_be_renewed_says_what_is_still_there(browser: Browser, demo: Demo) -> None:
    typed = "x" * 300  # too long to be saved: what is looked at is how often it is asked for
    frame = browser.embed(demo, "/workspace/rules/new")
    frame.get_by_label("Event type or pattern").fill(typed)
    browser.page.route("**/integrations/session*", lambda route: route.abort())
    revoke(demo, frame.evaluate("new URLSearchParams(location.search).get('s')"))
    frame.locator("#rule").evaluate("(form) => form.requestSubmit()")
    expect(frame.get_by_role("alert")).to_have_text(
        "Your session has ended. What you have typed is still here: save again in a moment.", timeout=10_000
    )
    expect(frame.get_by_label("Event type or pattern")).to_have_value(typed)
    browser.page.unroute("**/integrations/session*")
    asked: list[str] = []
    browser.page.on("request", lambda sent: asked.append(sent.url) if sent.method == "POST" else None)
    frame.locator("#rule").evaluate("(form) => form.requestSubmit()")
    expect(frame.get_by_text("This cannot be saved yet")).to_be_visible()
    assert sum("/workspace/rules/new" in url for url in asked) == 2  # refused, and once again: not the first one, too


def test_a_session_that_was_revoked_is_replaced_without_a_word(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo)
    before = frame.evaluate("new URLSearchParams(location.search).get('s')")
    revoke(demo, before)
    frame.get_by_role("link", name="Rules", exact=True).click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Rules")


def test_a_theme_is_worn_live(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo)
    here, amber = frame.locator(".tabs a[aria-current]"), "rgb(154, 74, 0)"
    expect(here).not_to_have_css("border-block-end-color", amber)
    browser.page.get_by_label("Look").select_option("amber")
    expect(here).to_have_css("border-block-end-color", amber)


# --------------------------------------------------------------------------- without the loader


def mint(demo: Demo, **query: str) -> dict[str, Any]:
    """As the vendor's back-end does it."""
    wanted = {"tenant": "casterly", "environment": "production", "role": "owner", **query}
    answer = requests.post(f"{demo.vendor}/integrations/session", params=wanted, timeout=10)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def revoke(demo: Demo, session_id: str) -> None:
    from tests.browser.machine import token

    headers = {"Authorization": f"Bearer {token(demo.facts)}"}
    requests.delete(f"{demo.portal}/api/v1/sessions/{session_id}", headers=headers, timeout=10).raise_for_status()


def framed(browser: Browser, site: str, launch_url: str) -> FrameLocator:
    """A plain frame, with no script around it, on a page of that site."""
    browser.page.goto(f"{site}/integrations/plain?{urlencode({'src': launch_url})}")
    return browser.page.frame_locator("iframe")


def test_a_plain_frame_without_a_script_opens_by_itself(browser: Browser, demo: Demo) -> None:
    frame = framed(browser, demo.vendor, mint(demo)["launch_url"])
    expect(frame.get_by_role("navigation", name="Portal")).to_be_visible()


def test_a_launch_url_that_was_spent_says_so_in_words(browser: Browser, demo: Demo) -> None:
    url = mint(demo)["launch_url"]
    expect(framed(browser, demo.vendor, url).get_by_role("navigation", name="Portal")).to_be_visible()
    browser.page.goto("about:blank")
    shown = framed(browser, demo.vendor, url).get_by_role("heading", level=1)
    expect(shown).to_have_text("This view has expired", timeout=10_000)


@pytest.fixture(scope="module")
def old(demo: Demo) -> tuple[str, float]:
    """A launch URL that lives as short as one may, and until when; minted before the other tests."""
    return mint(demo, launch_ttl_seconds="15")["launch_url"], time.monotonic() + 16


def test_a_launch_url_that_is_too_old_says_so_in_words(browser: Browser, demo: Demo, old: tuple[str, float]) -> None:
    url, over = old
    browser.page.wait_for_timeout(max(0.0, over - time.monotonic()) * 1000)
    shown = framed(browser, demo.vendor, url).get_by_role("heading", level=1)
    expect(shown).to_have_text("This view has expired", timeout=10_000)


def test_the_launch_url_is_a_whole_page_outside_of_a_frame(browser: Browser, demo: Demo) -> None:
    browser.page.goto(mint(demo)["launch_url"])
    expect(browser.page.get_by_role("navigation", name="Portal")).to_be_visible()
    browser.page.get_by_role("link", name="Rules", exact=True).click()
    expect(browser.page.get_by_role("heading", level=1)).to_have_text("Rules")
    browser.page.go_back()
    expect(browser.page.locator(".tabs [aria-current=page]")).to_have_text("Overview")


def test_a_whole_page_that_is_opened_twice_says_where_to_open_it_again(browser: Browser, demo: Demo) -> None:
    url = mint(demo)["launch_url"]
    browser.page.goto(url)
    expect(browser.page.get_by_role("navigation", name="Portal")).to_be_visible()
    browser.page.reload()
    expect(browser.page.locator("#main")).to_contain_text("Open it again from the product that you came from.")


def test_a_stranger_who_frames_the_launch_url_sees_nothing_and_cannot_spend_it(browser: Browser, demo: Demo) -> None:
    url = mint(demo)["launch_url"]
    stranger = demo.vendor.replace("//localhost", "//stranger.localhost")
    frame = framed(browser, stranger, url)
    browser.page.wait_for_timeout(1500)
    assert frame.locator("#portal").count() == 0
    assert any("frame-ancestors" in words for words in browser.complaints)
    browser.complaints.clear()  # as it should
    expect(framed(browser, demo.vendor, url).get_by_role("navigation", name="Portal")).to_be_visible()


def test_a_message_from_anybody_but_the_host_is_not_heard(browser: Browser, demo: Demo) -> None:
    frame = browser.embed(demo)
    frame.evaluate("window.postMessage({type: 'meshes:auth', token: 'evil'}, location.origin)")
    frame.evaluate("window.postMessage({type: 'jackfield:navigate', path: '/workspace/events'}, location.origin)")
    frame.get_by_role("link", name="Rules", exact=True).click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Rules")
