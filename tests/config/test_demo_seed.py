"""What the demo plugs in: HubSpot through the very steps of a person's sign-in, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pytest_django import Settings
from urllib3 import Retry

from config.demo import seed as demo_seed
from config.demo import signing_in
from config.demo.signing_in import SignInError
from config.demo.tenants import sandbox_seed
from connections.models import Connection
from rules.authoring import Wording
from rules.models import Mapping, Rule
from sandbox import registry
from tests.sandbox.running import free_ports, launched
from workspaces.models import Organization, Workspace

NOTHING_YET: dict[str, Any] = {"workspaces": [], "organization_id": "", "access_key": "", "secret_key": ""}
HOSTS = ("app.hubspot.com", "api.hubapi.com")
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The simulator's address, in a sandbox with the demo's own seed."""
    seed, port = tmp_path_factory.mktemp("demo") / "sandbox.json", free_ports()
    seed.write_text(json.dumps(sandbox_seed(NOTHING_YET)))
    with launched("--port", str(port), "--seed", str(seed)) as process:
        assert process.stdout is not None
        assert "sandbox ready" in process.stdout.readline()
        yield registry.addresses(port=port, portal="").of("hubspot")


@pytest.fixture(autouse=True)
def _sandbox(settings: Settings, hubspot: str) -> None:
    place = hubspot.removeprefix("http://")
    settings.MODE, settings.SIMULATED_HOSTS = "sandbox", dict.fromkeys(HOSTS, place)
    settings.SANDBOX_TARGETS = frozenset([place])


def seed() -> dict[str, Any]:
    return demo_seed.seed(catcher="http://127.0.0.1:8003", vendor="http://localhost:8001")


def accounts() -> dict[tuple[str, str], Connection]:
    """The HubSpot accounts that are plugged in, by tenant and environment."""
    rows = Connection.objects.filter(provider="hubspot").select_related("workspace")
    return {(row.workspace.tenant, row.workspace.environment): row for row in rows}


def test_casterly_has_signed_in_to_two_accounts_of_hubspot(hubspot: str) -> None:
    seed()
    found = {place: (row.settings["hub_id"], row.settings["account_type"]) for place, row in accounts().items()}
    assert found == {
        ("casterly", "production"): ("40100200", "production"),
        ("casterly", "staging"): ("40100201", "sandbox"),
    }
    for row in accounts().values():
        token = row.unseal_values("credentials")["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(f"{hubspot}/account-info/2026-03/details", headers=headers, timeout=5)
        assert str(answer.json()["portalId"]) == row.settings["hub_id"]
        assert row.renew_at is not None


def test_its_rules_write_contacts_a_list_and_notes() -> None:
    seed()
    account = accounts()["casterly", "production"]
    rules = Rule.objects.filter(connection=account).select_related("version")
    assert {(said.event, said.action) for said in (Wording.of(rule.version) for rule in rules)} == {
        ("user.created", "upsert_contact"),
        ("user.created", "add_to_list"),
        ("alert.triggered", "add_note"),
    }


def test_seeding_again_signs_in_to_nothing_and_keeps_what_somebody_has_changed() -> None:
    seed()
    before = {row.id: bytes(row.credentials) for row in accounts().values()}
    Mapping.objects.filter(connection__in=before).update(name="Ours")
    seed()
    assert {row.id: bytes(row.credentials) for row in accounts().values()} == before
    assert set(Mapping.objects.values_list("number", "name")) == {(1, "Ours")}


def test_an_account_that_is_not_there_is_told_of(acme_app: Workspace) -> None:
    with pytest.raises(SignInError, match="account 7 answered 400"):
        signing_in.sign_in(acme_app, account="7", actor="test")
    assert accounts() == {}


def test_it_waits_for_the_simulator_and_not_for_ever(
    acme_app: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SIMULATED_HOSTS = dict.fromkeys(HOSTS, f"127.0.0.1:{free_ports()}")
    monkeypatch.setattr(signing_in, "_PATIENCE", Retry(connect=2))
    with pytest.raises(requests.ConnectionError):
        signing_in.sign_in(acme_app, account="40100200", actor="test")


@pytest.fixture
def acme_app() -> Workspace:
    """A workspace for which the simulator's app is set up."""
    organization = Organization.objects.create(name="Acme")
    demo_seed._apps(organization)
    return Workspace.objects.create(organization=organization, name="Acme", environment="production", tenant="acme")
