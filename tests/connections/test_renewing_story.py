"""Through the real door to the simulators: Slack's tokens that rotate, HubSpot's that live for half an hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from connections import credentials
from connections.courses import follow
from connections.models import Connection, ProviderApp
from connections.provider import Client
from connections.registry import provider
from connections.renewing import ask, claim, keep
from tests.connections.doors import Permit
from tests.sandbox.hubspot.test_oauth import code_for, details, exchange
from tests.sandbox.running import Running, started
from tests.sandbox.slack.test_rotation import installed, posted
from tests.tokens import due, expiring, fresh, now
from tests.world import Vendor, make_app

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(simulators: Running, permit: Permit) -> Iterator[Running]:
    """Reached as the vendors are."""
    places = {"slack.com": simulators.slack, "api.hubapi.com": simulators.hubspot}
    simulated = {host: urlsplit(url).netloc for host, url in places.items()}
    permit(*simulated.values(), simulated=simulated)
    yield simulators
    simulators.reset()


def signed_in(vendor: Vendor, slug: str, client: Client, token: dict[str, Any]) -> Connection:
    """As a sign-in leaves it."""
    ProviderApp.objects.filter(organization=vendor.organization, provider=slug).delete()
    make_app(vendor.organization, slug, client_id=client.id, client_secret=client.secret)
    row = expiring(vendor.workspace, slug)
    ends = int(now().timestamp()) + token["expires_in"]
    account = follow(provider(slug).identify({**token, "expires_at": ends}, client))
    credentials.store(row, account.credentials, now=now())  # type: ignore[union-attr]
    row.save()
    return due(row)


def renew() -> None:
    for renewal in claim(10):
        assert keep(renewal, ask(renewal))


def test_slacks_pair_is_exchanged_again_and_again(acme: Vendor, sandbox: Running) -> None:
    sandbox.dial(sandbox.slack, target="T0ACME", fault="rotation")
    row = signed_in(acme, "slack", Client("1.2", "hush"), installed(sandbox))
    seen = [fresh(row).unseal_values("credentials")]
    for _ in range(3):
        requests.delete(f"{sandbox.slack}/_sandbox/access-tokens", timeout=5)
        assert posted(sandbox, seen[-1]["bot_token"]) == "token_expired"
        renew()
        seen.append(fresh(row).unseal_values("credentials"))
        assert posted(sandbox, seen[-1]["bot_token"]) is True
        due(row)
    assert len({pair["refresh_token"] for pair in seen}) == 4
    assert fresh(row).active


def test_hubspots_refresh_token_stays_and_opens_the_account_again(acme: Vendor, sandbox: Running) -> None:
    row = signed_in(acme, "hubspot", Client("hub-app", "hush"), exchange(sandbox, code_for(sandbox)))
    before = fresh(row).unseal_values("credentials")
    requests.delete(f"{sandbox.hubspot}/_sandbox/access-tokens", timeout=5)
    assert details(sandbox, before["access_token"]).status_code == 401
    renew()
    after = fresh(row).unseal_values("credentials")
    assert details(sandbox, after["access_token"]).status_code == 200
    assert after["refresh_token"] == before["refresh_token"]


def test_an_app_that_was_removed_there_is_told_apart_from_a_fault_there(acme: Vendor, sandbox: Running) -> None:
    row = signed_in(acme, "hubspot", Client("hub-app", "hush"), exchange(sandbox, code_for(sandbox)))
    sandbox.dial(sandbox.hubspot, fault="502", times=1)
    renew()
    assert (fresh(row).active, fresh(row).renew_failures) == (True, 1)
    sandbox.dial(sandbox.hubspot, fault="invalid_grant")
    due(row)
    renew()
    assert (fresh(row).active, fresh(row).inactive_reason) == (False, "oauth_reauthorization_required")
