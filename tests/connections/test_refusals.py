"""Credentials that a list was refused for: told where people look, nothing switched off, and over with a new key."""

from __future__ import annotations

import json

import pytest

from connections import http, settling
from connections.directory import refresh
from connections.models import Connection, DirectoryRun
from connections.provider import Answer, Request
from connections.reading_on import read_on
from tests.portal import visit, words
from tests.world import Vendor, make_connection

DEAD, GOOD, SENDS_ONLY = "re_dead_key", "re_good_key", "re_sending_key"
SAID = "Resend did not accept the API key"
ERRORS = {DEAD: (403, "invalid_api_key"), SENDS_ONLY: (401, "restricted_api_key")}


@pytest.fixture(autouse=True)
def _vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    def send(request: Request, **_: object) -> Answer:
        key = request.headers["Authorization"].removeprefix("Bearer ")
        status, name = ERRORS.get(key, (200, ""))
        return Answer(status, {}, json.dumps({"name": name} if name else {"data": [], "has_more": False}).encode())

    monkeypatch.setattr(http, "send", send)


def connected(vendor: Vendor, key: str) -> Connection:
    """An account whose lists were read once."""
    row = make_connection(vendor.workspace, "resend", api_key=key, **{"from": "a@casterly.example"})
    for kind in ("template", "segment"):
        refresh(row, kind)
    while read_on():
        pass
    return row


def pages(vendor: Vendor, row: Connection) -> list[str]:
    paths = (f"/workspace/connections/{row.id}", "/workspace/connections", "/workspace/dashboard")
    return [words(visit(vendor, path)) for path in paths]


def banner(vendor: Vendor, row: Connection) -> str:
    """What the connection's page says first."""
    return words(visit(vendor, f"/workspace/connections/{row.id}")).partition("Templates")[0]


def test_every_page_says_that_the_key_was_not_accepted_and_it_stays_on(acme: Vendor, globex: Vendor) -> None:
    row, other = connected(acme, DEAD), connected(globex, GOOD)
    assert SAID in banner(acme, row)
    assert "Make a new API key at Resend and enter it in the connection." in banner(acme, row)
    assert all(SAID in page for page in pages(acme, row))
    assert not any(SAID in page for page in pages(globex, other))
    row.refresh_from_db()
    assert row.active


def test_a_missing_permission_leaves_it_healthy(acme: Vendor) -> None:
    assert "Everything is in order." in banner(acme, connected(acme, SENDS_ONLY))


def test_reading_again_with_the_same_key_does_not_make_it_healthy_meanwhile(acme: Vendor) -> None:
    row = connected(acme, DEAD)
    DirectoryRun.objects.filter(connection=row).update(finished_at=None)
    for kind in ("template", "segment"):
        refresh(row, kind)
    assert set(DirectoryRun.objects.filter(connection=row).values_list("trouble", flat=True)) == {""}
    assert SAID in banner(acme, row)


def test_a_new_key_is_tried_by_itself(acme: Vendor) -> None:
    row = connected(acme, DEAD)
    metadata = {**row.settings, "api_key": GOOD}
    settling.change(row, metadata=metadata, actor="ann")
    assert "Everything is in order." in banner(acme, row)
    assert read_on() == 2
    assert not DirectoryRun.objects.filter(connection=row, completed_at=None).exists()
    settling.change(row, metadata=row.settings, actor="ann", name="Another name")
    assert read_on() == 0
