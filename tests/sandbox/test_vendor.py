"""The pretend product."""

from __future__ import annotations

import json

import requests

from sandbox.vendor import THEMES
from tests.sandbox.running import Running
from workspaces.embed import theme


def test_it_shows_the_chosen_tenant_and_environment_with_its_key(sandbox: Running) -> None:
    page = requests.get(f"{sandbox.vendor}/?tenant=acme&environment=staging", timeout=5).text
    assert 'value="mesh_pub_s_2_b"' in page
    assert 'data-account="acc_acme"' in page
    assert 'data-environment="staging"' in page


def test_it_falls_back_to_an_environment_that_the_tenant_has(sandbox: Running) -> None:
    page = requests.get(f"{sandbox.vendor}/?tenant=globex&environment=staging", timeout=5).text
    assert 'data-environment="production"' in page
    assert 'data-account="acc_globex"' in page


def test_it_emits_to_the_portal_and_may_connect_nowhere_else(sandbox: Running) -> None:
    page = requests.get(sandbox.vendor, timeout=5)
    assert 'data-endpoint="http://127.0.0.1:8000/api/v1/events"' in page.text
    assert "connect-src 'self' http://127.0.0.1:8000;" in page.headers["Content-Security-Policy"]
    assert "frame-src 'self' http://127.0.0.1:8000" in page.headers["Content-Security-Policy"]


def test_it_links_to_what_arrives_elsewhere(sandbox: Running) -> None:
    page = requests.get(f"{sandbox.vendor}/integrations", timeout=5).text
    places = (sandbox.slack, sandbox.webhooks, sandbox.mailbox, sandbox.hubspot)
    assert all(f'href="{address}/"' in page for address in places)


def test_an_alert_can_be_triggered_beside_the_portal(sandbox: Running) -> None:
    page = requests.get(f"{sandbox.vendor}/integrations?tenant=acme&environment=staging", timeout=5).text
    assert 'id="trigger"' in page
    assert 'data-key="mesh_pub_s_2_b"' in page
    assert 'data-endpoint="http://127.0.0.1:8000/api/v1/events"' in page


def test_every_look_is_one_that_the_portal_takes() -> None:
    assert {name: theme.check(tokens) for name, tokens in THEMES.items() if theme.check(tokens)} == {}


def test_it_follows_the_seed_file(sandbox: Running) -> None:
    before = sandbox.seed.read_text(encoding="utf-8")
    try:
        sandbox.seed.write_text(json.dumps({"vendor_workspaces": []}), encoding="utf-8")
        assert "No customers yet" in requests.get(sandbox.vendor, timeout=5).text
    finally:
        sandbox.seed.write_text(before, encoding="utf-8")
    assert "Acme" in requests.get(sandbox.vendor, timeout=5).text


def test_its_pages_load_nothing_from_elsewhere_but_the_portals_loader(sandbox: Running) -> None:
    loader = 'src="http://127.0.0.1:8000/static/embed.js"'
    for page in ("/", "/integrations"):
        text = requests.get(f"{sandbox.vendor}{page}", timeout=5).text
        assert 'src="http' not in text.replace(loader, "")
        assert '<link rel="stylesheet" href="/_sandbox/static/sandbox.css">' in text
    for name in ("sandbox.css", "sandbox.js", "vendor.js", "embedding.js"):
        assert requests.get(f"{sandbox.vendor}/_sandbox/static/{name}", timeout=5).status_code == 200
