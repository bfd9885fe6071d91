"""The vendor's apps at the providers, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from connections.models import ProviderApp
from connections.provider_apps import client_for
from tests.calling import fault, params, read
from tests.world import Vendor
from workspaces.models import AuditEntry

APP = {"type": "hubspot", "environment": "staging", "client_id": "the-app", "client_secret": "canary-of-the-app"}


def test_an_app_is_set_up_seen_and_taken_away(acme: Vendor) -> None:
    shown = read(acme.machine.put("/provider-apps", APP))
    assert shown["redirect_uri"] == "http://127.0.0.1:8000/oauth/callback/hubspot"
    assert read(acme.machine.get(f"/provider-apps/{shown['id']}")) == shown
    assert shown in read(acme.machine.get("/provider-apps"))["records"]
    assert read(acme.machine.delete(f"/provider-apps/{shown['id']}"))["type"] == "hubspot"
    fault(acme.machine.get(f"/provider-apps/{shown['id']}"), 404)


def test_its_secret_is_never_shown_and_stored_sealed(acme: Vendor) -> None:
    answers = [acme.machine.put("/provider-apps", APP), acme.machine.get("/provider-apps")]
    assert not [answer for answer in answers if b"canary" in answer.content]
    row = ProviderApp.objects.get(client_id="the-app")
    assert b"canary" not in bytes(row.client_secret)
    assert row.unseal("client_secret") == APP["client_secret"]
    assert "canary" not in str(list(AuditEntry.objects.values()))


def test_a_second_call_changes_the_same_app(acme: Vendor) -> None:
    first = read(acme.machine.put("/provider-apps", APP))
    second = read(acme.machine.put("/provider-apps", {**APP, "client_id": "new", "client_secret": "new-secret"}))
    assert (second["id"], second["client_id"]) == (first["id"], "new")
    client = client_for(acme.staging, "hubspot")
    assert client is not None
    assert (client.id, client.secret) == ("new", "new-secret")
    assert client_for(acme.workspace, "hubspot") is None


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"type": "webhook"}, "type"),
        ({"type": "nothing"}, "type"),
        ({"environment": "moon"}, "environment"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "two words"}, "client_id"),
        ({"client_secret": "a\nb"}, "client_secret"),
        ({"client_secret": "x" * 1_001}, "client_secret"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(acme: Vendor, wrong: dict[str, Any], param: str) -> None:
    assert params(acme.machine.put("/provider-apps", {**APP, **wrong}), 400) == [param]
    assert not ProviderApp.objects.filter(provider="hubspot").exists()


def test_two_vendors_have_apps_of_their_own(acme: Vendor, globex: Vendor) -> None:
    read(acme.machine.put("/provider-apps", APP))
    read(globex.machine.put("/provider-apps", {**APP, "client_id": "globex-app"}))
    client = client_for(acme.staging, "hubspot")
    assert client is not None
    assert client.id == "the-app"
