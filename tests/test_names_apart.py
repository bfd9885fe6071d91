"""A name that somebody gave turns no words of ours around it, however it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connections.models import Connection
from connections.provider import Inactive
from deliveries.models import Event, State
from rules.models import Rule
from tests.portal import visit
from tests.world import Vendor, make_delivery, make_event
from workspaces.templatetags.portal import apart, around

ROOT = Path(__file__).parents[1]
TURNS = "\u202emoc.live"  # everything after it runs from right to left, up to the end of its paragraph or isolate
PATHS = [
    "dashboard",
    "connections",
    "connections/{connection}",
    "connections/{connection}/lately",
    "rules",
    "rules/new",
    "rules/{rule}",
    "rules/{rule}/versions",
    "events",
    "events/{event}",
]
_NAMED = re.compile(rf"(<[^<>]*>)?([^<>]*){TURNS}[^<>]*(?=<)")
_APART = re.compile(r'^<(bdi|option|title)\b|\bclass="[^"]*\b(wrap|mark-name|token)\b')


@pytest.fixture
def turned(acme: Vendor) -> Event:
    """Everything that may be named bears that name."""
    Connection.objects.filter(id=acme.connection.id).update(name=TURNS)
    Rule.objects.filter(id=acme.rule.id).update(name=TURNS)
    event = make_event(acme.workspace, TURNS, resource=TURNS, resource_id=TURNS)
    make_delivery(event, acme.rule, State.HELD)
    return event


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_every_name_on_a_page_is_set_apart(acme: Vendor, turned: Event, path: str, *, broken: bool) -> None:
    if broken:
        Connection.objects.update(active=False, inactive_reason=Inactive.ENDPOINT_GONE)
    page = path.format(connection=acme.connection.id, rule=acme.rule.id, event=turned.id)
    markup = visit(acme, f"/workspace/{page}").content.decode()
    found = [(tag, before.strip()) for tag, before in _NAMED.findall(re.sub(r'"[^"<>]*\u202e[^"<>]*"', '""', markup))]
    assert found or path == "rules/new"
    assert [one for one in found if not _APART.search(one[0]) or one[1]] == []


def test_the_style_sheet_sets_apart_what_its_classes_name() -> None:
    sheet = (ROOT / "static" / "portal.css").read_text()
    for name in ("wrap", "mark-name"):
        assert re.search(rf"^  \.{name} {{[^}}]*unicode-bidi: isolate;", sheet, re.MULTILINE)


def test_a_name_is_escaped_and_so_are_the_words_around_it() -> None:
    assert apart("<b>") == "<bdi>&lt;b&gt;</bdi>"
    assert around("%(name)s & us", name="<b>") == "<bdi>&lt;b&gt;</bdi> &amp; us"
