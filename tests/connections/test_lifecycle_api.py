"""Lifecycle webhooks over the API."""

from __future__ import annotations

from typing import Any

import pytest

from connections import lifecycle_api
from tests.calling import fault, params, read
from tests.world import Vendor
from workspaces.models import AuditEntry, LifecycleWebhook

URL = "https://hooks.example.com/lifecycle"
PATH = "/lifecycle-webhooks"


def test_one_is_made_seen_and_deleted(acme: Vendor) -> None:
    made = read(acme.machine.post(PATH, {"url": URL, "event_types": ["connection.inactive"]}), 201)
    shown = made["lifecycle_webhook"]
    assert (shown["url"], shown["event_types"], shown["active"]) == (URL, ["connection.inactive"], True)
    assert read(acme.machine.get(PATH))["records"] == [shown]
    assert read(acme.machine.delete(f"{PATH}/{shown['id']}")) == {"id": shown["id"]}
    assert read(acme.machine.get(PATH))["records"] == []
    fault(acme.machine.delete(f"{PATH}/{shown['id']}"), 404)
    verbs = list(AuditEntry.objects.filter(verb__startswith="lifecycle").order_by("id").values_list("verb", flat=True))
    assert verbs == ["lifecycle_webhook.created", "lifecycle_webhook.deleted"]


def test_its_secret_is_shown_once_and_stored_sealed(acme: Vendor) -> None:
    made = read(acme.machine.post(PATH, {"url": URL}), 201)
    secret = made["secret"]
    assert secret.startswith("whsec_")
    row = LifecycleWebhook.objects.get()
    assert row.unseal("secret") == secret
    assert secret.encode() not in bytes(row.secret)
    assert secret not in acme.machine.get(PATH).content.decode()
    assert secret not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "url"),
        ({"url": "http://hooks.example.com/"}, 422, "url"),
        ({"url": "https://127.0.0.1/"}, 422, "url"),
        ({"url": "https://[::ffff:169.254.169.254]/"}, 422, "url"),
        ({"url": "https://user:pass@hooks.example.com/"}, 422, "url"),
        ({"url": "nothing"}, 422, "url"),
        ({"url": URL, "event_types": ["connection.exploded"]}, 400, "event_types.0"),
        ({"url": "https://hooks.example.com/" + "x" * 2_000}, 400, "url"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(acme: Vendor, body: dict[str, Any], status: int, param: str) -> None:
    assert params(acme.machine.post(PATH, body), status) == [param]
    assert not LifecycleWebhook.objects.exists()


def test_there_may_be_ten(acme: Vendor, globex: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle_api, "MOST", 1)
    read(acme.machine.post(PATH, {"url": URL}), 201)
    assert "There may be 1" in fault(acme.machine.post(PATH, {"url": URL}), 409)["message"]
    read(globex.machine.post(PATH, {"url": URL}), 201)


def test_a_publishable_key_does_not_open_it(acme: Vendor) -> None:
    fault(acme.emitter.get(PATH), 403)
