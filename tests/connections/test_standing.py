"""An access that cannot be renewed is told of before anything fails, in the portal and over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from connections import http, shapes
from connections import standing as standings
from connections.models import Connection
from connections.provider import Inactive
from connections.renewing import ask, claim, keep
from connections.standing import Standing, standing
from tests.calling import read
from tests.portal import visit, words
from tests.tokens import HUBSPOT_NEW, Endpoint, due, expiring, fresh, says
from tests.world import Vendor, make_app

NOON = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
SAID = "HubSpot could not renew the permission and said: internal_error."


@pytest.fixture
def hubspot(acme: Vendor) -> Connection:
    make_app(acme.organization, "hubspot")
    return expiring(acme.workspace)


def unrenewed(row: Connection, since: datetime, until: datetime, **columns: Any) -> Standing:
    """How it is told of at 16:00."""
    columns = {"renew_trouble": SAID, **columns}
    Connection.objects.filter(id=row.id).update(renew_failing_since=since, token_until=until, **columns)
    return standing(fresh(row))


@pytest.fixture(autouse=True)
def _at_four(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (standings, shapes):
        monkeypatch.setattr(place, "timezone", SimpleNamespace(now=lambda: NOON))


def test_it_says_since_when_and_how_long_messages_still_go_out(hubspot: Connection) -> None:
    told = unrenewed(hubspot, NOON.replace(hour=14, minute=2), NOON.replace(minute=30))
    assert told.what == (
        "Renewing the access at HubSpot has failed since 14:02 UTC; messages still go out until 16:30 UTC."
    )
    assert told.next == f"It is tried again by itself, and what waits goes then. Last time: {SAID}"
    assert (told.tone, told.good) == ("wait", False)


def test_once_they_do_not_it_says_that_they_wait(hubspot: Connection) -> None:
    told = unrenewed(hubspot, NOON - timedelta(days=1), NOON.replace(hour=15))
    assert told.what.endswith("since 21 Nov 2026, 16:00 UTC; messages have waited since 15:00 UTC.")


def test_what_passes_in_a_moment_is_nobodys_business(hubspot: Connection) -> None:
    soon = NOON + timedelta(minutes=30)
    assert unrenewed(hubspot, NOON - timedelta(seconds=50), soon).good
    assert not unrenewed(hubspot, NOON - timedelta(seconds=70), soon).good
    assert not unrenewed(hubspot, NOON - timedelta(seconds=5), NOON).good


def test_what_fails_already_or_is_off_is_told_as_such(hubspot: Connection) -> None:
    since, soon = NOON - timedelta(hours=1), NOON + timedelta(minutes=30)
    assert "Nothing has arrived there lately." in unrenewed(hubspot, since, soon, failing_since=since).what
    assert "Renewing the access" in unrenewed(hubspot, since, NOON, failing_since=since).what
    off = {"active": False, "inactive_reason": Inactive.AUTHORIZATION_REVOKED}
    assert "revoked at HubSpot" in unrenewed(hubspot, since, NOON, **off).what


def test_the_pages_say_so(acme: Vendor, hubspot: Connection) -> None:
    unrenewed(hubspot, NOON.replace(hour=14, minute=2), NOON.replace(minute=30))
    for path in (f"/workspace/connections/{hubspot.id}", "/workspace/connections", "/workspace/dashboard"):
        assert "messages still go out until 16:30 UTC" in words(visit(acme, path)), path


def test_the_api_says_so(acme: Vendor, globex: Vendor, hubspot: Connection) -> None:
    path = f"/connections/{hubspot.id}"
    assert read(acme.machine.get(path)).get("renewal_trouble") is None
    unrenewed(hubspot, NOON.replace(hour=14), NOON.replace(minute=30))
    assert read(acme.machine.get(path))["renewal_trouble"] == {
        "failing_since": "2026-11-22T14:00:00.000Z",
        "sends_until": "2026-11-22T16:30:00.000Z",
        "reason": SAID,
    }
    assert globex.machine.get(path).status_code == 404


def test_the_first_failure_counts_and_a_new_token_ends_it(hubspot: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint(says({"error": "server_error"}, 400), says({"error": "server_error"}, 400), says(HUBSPOT_NEW))
    monkeypatch.setattr(http, "send", endpoint.send)
    seen = []
    for _ in range(3):
        due(hubspot)
        [renewal] = claim(1)
        keep(renewal, ask(renewal))
        seen.append(fresh(hubspot).renew_failing_since)
    assert seen[0] is not None
    assert seen == [seen[0], seen[0], None]
