from __future__ import annotations

from typing import Any

import pytest

from connections import addresses, settling
from connections.models import Connection, Recipient
from connections.provider import Fault
from tests.world import ACTOR, Vendor, make_connection
from workspaces.errors import ApiError
from workspaces.models import AuditEntry

HOOK = "https://hooks.example.com/in"


@pytest.fixture(autouse=True)
def _every_address_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "check_for_save", lambda url, field: None)


@pytest.fixture
def webhook(acme: Vendor) -> Connection:
    return make_connection(acme.workspace, "webhook", auth_scheme="bearer", token="first")


def change(connection: Connection, **fields: Any) -> settling.Settled:
    metadata = fields.pop("metadata", {"url": HOOK, "auth_scheme": "bearer"})
    return settling.change(Connection.objects.get(id=connection.id), metadata=metadata, actor=ACTOR, **fields)


def test_settings_and_secrets_are_kept_apart(webhook: Connection) -> None:
    assert "token" not in webhook.settings
    assert webhook.settings == {
        "url": HOOK,
        "auth_scheme": "bearer",
        "http_method": "POST",
        "payload_mode": "wrapped",
        "x_meshes_signature": "off",
    }
    assert webhook.unseal_values("credentials")["token"] == "first"
    assert b"first" not in bytes(webhook.credentials)


def test_what_is_left_empty_falls_back_to_its_default(acme: Vendor) -> None:
    made = make_connection(acme.workspace, "webhook", http_method="", payload_mode=None, headers={})
    assert (made.settings["http_method"], made.settings["payload_mode"], "headers" in made.settings) == (
        "POST",
        "wrapped",
        False,
    )


def test_what_surrounds_a_text_is_cut_off_but_never_of_a_secret(acme: Vendor) -> None:
    made = make_connection(
        acme.workspace, "webhook", url=f" {HOOK}\n", auth_scheme="basic", username=" ann ", password=" p "
    )
    assert (made.settings["url"], made.settings["username"]) == (HOOK, "ann")
    assert made.unseal_values("credentials")["password"] == " p "


@pytest.mark.parametrize("left_out", [{}, {"token": ""}, {"token": None}])
def test_a_secret_that_is_left_out_stays(webhook: Connection, left_out: dict[str, Any]) -> None:
    change(webhook, metadata={"url": HOOK, "auth_scheme": "bearer", **left_out})
    webhook.refresh_from_db()
    assert webhook.unseal_values("credentials")["token"] == "first"


@pytest.mark.parametrize("wrong", [5, True, ["x"], {"a": "b"}, "x\0y", "x" * 2_001])
def test_a_secret_of_another_kind_is_refused_and_takes_nothing_away(webhook: Connection, wrong: Any) -> None:
    with pytest.raises(ApiError) as caught:
        change(webhook, metadata={"url": HOOK, "auth_scheme": "bearer", "token": wrong})
    assert (caught.value.status, [param for param, _ in caught.value.faults]) == (422, ["token"])
    webhook.refresh_from_db()
    assert webhook.unseal_values("credentials")["token"] == "first"


def test_a_fault_shows_no_secret(webhook: Connection) -> None:
    with pytest.raises(ApiError) as caught:
        change(webhook, metadata={"url": HOOK, "auth_scheme": "bearer", "token": "canary\n", "http_method": "GET"})
    assert "canary" not in f"{caught.value.message} {caught.value.faults}"


def test_a_field_that_is_not_asked_for_now_must_still_be_well_formed(acme: Vendor) -> None:
    with pytest.raises(ApiError) as caught:
        make_connection(acme.workspace, "webhook", auth_scheme="none", username=["x"] * 1_000)
    assert [param for param, _ in caught.value.faults] == ["username"]


def test_only_what_was_sent_is_written(webhook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an address is being looked up, a worker switches the connection off and refreshes its token."""

    def meanwhile(url: str, field: str) -> Fault | None:
        row = Connection.objects.get(id=webhook.id)
        row.active, row.inactive_reason = False, "endpoint_gone"
        row.seal_values("credentials", {**row.unseal_values("credentials"), "token": "refreshed"})
        row.save()
        return None

    monkeypatch.setattr(addresses, "check_for_save", meanwhile)
    settled = change(webhook, name="Renamed")
    assert (settled.connection.name, settled.connection.active) == ("Renamed", False)
    assert settled.connection.inactive_reason == "endpoint_gone"
    assert settled.connection.unseal_values("credentials")["token"] == "refreshed"


def test_a_connection_that_was_deleted_meanwhile_is_404(webhook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(url: str, field: str) -> Fault | None:
        Connection.objects.filter(id=webhook.id).delete()
        return None

    monkeypatch.setattr(addresses, "check_for_save", meanwhile)
    with pytest.raises(ApiError) as caught:
        change(webhook, name="Renamed")
    assert caught.value.status == 404
    assert not Connection.objects.filter(id=webhook.id).exists()


def test_what_is_wrong_with_an_address_stops_the_save_and_a_warning_does_not(
    acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for warning in (True, False):
        fault = Fault("url", "It leads nowhere.", warning=warning)
        monkeypatch.setattr(addresses, "check_for_save", lambda url, field, fault=fault: fault)
        if warning:
            settled = settling.plug_in(
                workspace=acme.workspace,
                provider_slug="webhook",
                name="A",
                metadata={"url": HOOK},
                hidden=False,
                actor=ACTOR,
            )
            assert settled.warnings == [fault]
        else:
            with pytest.raises(ApiError, match="leads nowhere"):
                make_connection(acme.workspace, "webhook")


def test_a_refused_connection_leaves_no_trace(acme: Vendor) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(ApiError):
        make_connection(acme.workspace, "email", recipients=["nobody"])
    assert (AuditEntry.objects.count(), Connection.objects.count(), Recipient.objects.count()) == (before, 1, 0)


def test_each_connection_gets_a_secret_of_its_own(acme: Vendor) -> None:
    secrets = {make_connection(acme.workspace, "webhook").unseal_values("credentials")["signing_secret"] for _ in "abc"}
    assert len(secrets) == 3


def test_what_was_revealed_is_not_in_the_texts_of_the_program(acme: Vendor) -> None:
    settled = settling.plug_in(
        workspace=acme.workspace, provider_slug="webhook", name="A", metadata={"url": HOOK}, hidden=False, actor=ACTOR
    )
    (secret,) = settled.revealed.values()
    assert secret not in repr(settled)
