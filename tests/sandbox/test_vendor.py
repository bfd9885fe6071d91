"""The pretend product."""

from __future__ import annotations

import json

import requests

from tests.sandbox.running import Running


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
    assert all(f'href="{address}/"' in page for address in (sandbox.slack, sandbox.webhooks, sandbox.mailbox))


def test_it_follows_the_seed_file(sandbox: Running) -> None:
    before = sandbox.seed.read_text(encoding="utf-8")
    try:
        sandbox.seed.write_text(json.dumps({"vendor_workspaces": []}), encoding="utf-8")
        assert "No customers yet" in requests.get(sandbox.vendor, timeout=5).text
    finally:
        sandbox.seed.write_text(before, encoding="utf-8")
    assert "Acme" in requests.get(sandbox.vendor, timeout=5).text


def test_its_pages_load_nothing_from_elsewhere(sandbox: Running) -> None:
    for page in ("/", "/integrations"):
        text = requests.get(f"{sandbox.vendor}{page}", timeout=5).text
        assert 'src="http' not in text
        assert '<link rel="stylesheet" href="/_sandbox/static/sandbox.css">' in text
    for name in ("sandbox.css", "sandbox.js", "vendor.js"):
        assert requests.get(f"{sandbox.vendor}/_sandbox/static/{name}", timeout=5).status_code == 200
