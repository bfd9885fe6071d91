"""A sign-in in a real browser: our pages, the simulators' consent pages, and our pages again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from django.db import connection
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from config.children import Child
from config.embedded import free_port
from connections.connecting.tickets import Status
from connections.models import Connection
from connections.provider import Client
from connections.provider_apps import set_app
from tests.connections.signing_in import begin, now_of
from tests.live import ROOT, WEB, Server, request
from tests.sandbox.running import Running, started
from tests.world import ACTOR, Vendor
from workspaces.models import Environment

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
OPENER = '<!doctype html><title>Product</title><a id="go" target="_blank" rel="{rel}" href="{url}">Connect</a>'


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def portal(django_db_setup: None, sandbox: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The portal in front of the test's database, with the simulators in the providers' place."""
    place, port = connection.settings_dict, free_port()
    hosts = {"slack.com": sandbox.slack, "app.hubspot.com": sandbox.hubspot, "api.hubapi.com": sandbox.hubspot}
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}",
        "JACKFIELD_MODE": "sandbox",
        "JACKFIELD_URL": f"http://127.0.0.1:{port}",
        "SIMULATED_HOSTS": ",".join(f"{host}={url.removeprefix('http://')}" for host, url in hosts.items()),
    }
    log = tmp_path_factory.mktemp("portal") / "portal.log"
    command = [sys.executable, "-m", *WEB, "--port", str(port), "config.wsgi:application"]
    child = Child("The portal", command, log=log, environment=environment, directory=ROOT)
    server = Server(port, log, child.process.pid)
    try:
        child.wait_until(lambda: _answers(server))
        yield server
    finally:
        child.stop()


def _answers(server: Server) -> bool:
    try:
        return b" 401 " in server.say(request("GET", "/workspaces"))
    except OSError:
        return False


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserContext]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_context()
        browser.close()


@pytest.fixture
def vendor(transactional_db: None, acme: Vendor) -> Vendor:
    """Acme, whose apps the simulators know."""
    for provider, client in (("slack", Client("1.2", "hush")), ("hubspot", Client("hub-app", "hush"))):
        set_app(
            organization=acme.organization,
            provider=provider,
            environment=Environment.PRODUCTION,
            client=client,
            actor=ACTOR,
        )
    return acme


def open_window(context: BrowserContext, url: str, *, rel: str = "noopener") -> Page:
    """As the portal opens it: a link in a page of another site."""
    context.route(
        "http://product.test/",
        lambda route: route.fulfill(body=OPENER.format(rel=rel, url=url), content_type="text/html"),
    )
    page = context.new_page()
    page.goto("http://product.test/")
    with context.expect_page() as opened:
        page.click("#go")
    return opened.value


@dataclass(frozen=True)
class Case:
    """A provider's consent page: which account to choose, and what its button says."""

    slug: str
    name: str
    account: str
    button: str


CASES = (Case("slack", "Slack", "T0ACME", "Allow"), Case("hubspot", "HubSpot", "12", "Connect app"))


@pytest.mark.parametrize(("case", "coop"), [(CASES[0], False), (CASES[1], True)], ids=["slack", "hubspot, cut off"])
def test_somebody_connects_an_account(
    context: BrowserContext, portal: Server, sandbox: Running, vendor: Vendor, case: Case, coop: bool
) -> None:
    """The story in ``tests/browser`` tries Slack under every opener policy."""
    sandbox.reset()
    if coop:
        sandbox.dial(sandbox.hubspot, fault="coop")
    issued = begin(vendor.workspace, case.slug)
    window = open_window(context, portal.url + issued.path)
    troubles: list[str] = []
    window.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    window.get_by_role("button", name=f"Go on to {case.name}").click()
    window.locator("select").first.select_option(case.account)
    with window.expect_event("close"):
        window.get_by_role("button", name=case.button).click()
        expect(window.get_by_role("heading", level=1)).to_have_text(f"{case.name} is connected")
    assert now_of(issued.pending).status == Status.CONNECTED
    row = Connection.objects.get(provider=case.slug)
    assert (row.workspace_id, row.active) == (vendor.workspace.id, True)
    assert troubles == []


def test_somebody_presses_cancel(context: BrowserContext, portal: Server, sandbox: Running, vendor: Vendor) -> None:
    issued = begin(vendor.workspace)
    window = open_window(context, portal.url + issued.path)
    window.get_by_role("button", name="Go on to Slack").click()
    window.get_by_role("button", name="Cancel").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Slack was not connected")
    assert now_of(issued.pending).status == Status.FAILED
    assert not Connection.objects.filter(provider="slack").exists()


def test_another_browser_cannot_finish_it(
    context: BrowserContext, portal: Server, sandbox: Running, vendor: Vendor
) -> None:
    """Its state and code are taken to another browser before the first comes back with them."""
    issued = begin(vendor.workspace)
    window = open_window(context, portal.url + issued.path)
    window.get_by_role("button", name="Go on to Slack").click()
    names = ("client_id", "scope", "redirect_uri", "state")
    form = {name: window.locator(f"input[name={name}]").get_attribute("value") for name in names}
    form |= {"team": "T0ACME", "decision": "allow"}
    back = requests.post(f"{sandbox.slack}/oauth/v2/authorize", form, allow_redirects=False, timeout=5)
    browser = context.browser
    assert browser is not None
    stranger = browser.new_context().new_page()
    stranger.goto(back.headers["Location"])
    expect(stranger.get_by_role("heading", level=1)).to_have_text("Slack was not connected")
    expect(stranger.get_by_text("begun in another browser")).to_be_visible()
    assert not Connection.objects.filter(provider="slack").exists()
