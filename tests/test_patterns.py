"""The page of patterns: every component in every state, the real partials, and no style that nothing wears."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import cast

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.portal import expect_proper

ROOT = Path(__file__).resolve().parent.parent
COMPONENTS = (
    *("button", "link-button", "field", "combobox", "severity", "condition-row", "token-chip", "badge"),
    *("provider-card", "row", "rule-sentence", "timeline", "attempt-card", "code", "diff", "chart", "empty"),
    *("banner", "dialog", "toast", "skeleton", "pager", "progress"),
    *("account", "held-choice", "who-is-told", "mapping-row", "secret-rotation", "signature-verdict", "quiet-hours"),
)
HTMX = {"htmx-request"}  # what htmx itself puts on an element that waits


@pytest.fixture
def page() -> HttpResponse:
    return cast("HttpResponse", Client().get("/patterns"))


def text(page: HttpResponse) -> str:
    return page.content.decode()


def test_it_keeps_to_what_every_page_keeps_to(page: HttpResponse) -> None:
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    expect_proper(HttpResponse(re.sub(r"<style nonce=.*?</style>", "", text(page), flags=re.DOTALL)))


def test_every_component_has_its_place(page: HttpResponse) -> None:
    assert [name for name in COMPONENTS if f'id="{name}"' not in text(page)] == []


def test_no_id_is_there_twice(page: HttpResponse) -> None:
    ids = re.findall(r'\sid="([^"]+)"', text(page))
    assert sorted(each for each in set(ids) if ids.count(each) > 1) == []


def test_every_shared_partial_is_shown(page: HttpResponse) -> None:
    shown = {template.name for template in page.templates}  # type: ignore[attr-defined]
    partials = {f"components/{path.name}" for path in (ROOT / "templates/components").glob("_*.html")}
    assert partials - shown == set()


def test_every_class_of_the_style_sheet_is_worn_somewhere(page: HttpResponse) -> None:
    worn = _worn(text(page)) | set().union(*(_worn(path.read_text()) for path in (ROOT / "templates").rglob("*.html")))
    scripts = " ".join(path.read_text() for path in (ROOT / "static").glob("*.js"))
    told = {name for name in _styled() if re.search(rf'"[^"]*\b{re.escape(name)}\b[^"]*"', scripts)}
    assert sorted(_styled() - worn - told - HTMX) == []


def _worn(markup: str) -> set[str]:
    return {name for words in re.findall(r'class="([^"]*)"', markup) for name in re.findall(r"[\w-]+", words)}


def _styled() -> set[str]:
    """The classes that the components layer of portal.css speaks of."""
    sheet = re.sub(r"/\*.*?\*/", "", (ROOT / "static/portal.css").read_text(), flags=re.DOTALL)
    layer = sheet.split("@layer components {")[1].split("@layer utilities")[0]
    selectors = [each for each in re.findall(r"([^{};]+)\{", layer) if not each.strip().startswith("@")]
    return {name for each in selectors for name in re.findall(r"\.([a-z][\w-]*)", each)}


@pytest.mark.parametrize("mode", ["production", "sandbox", "test"])
def test_it_is_not_there_in_production(settings: Settings, mode: str) -> None:
    settings.MODE = mode
    routes = {str(route.pattern) for route in runpy.run_path(str(ROOT / "config/urls.py"))["urlpatterns"]}
    assert "livez" in routes
    assert ("patterns" in routes) is (mode != "production")
