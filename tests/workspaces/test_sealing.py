from __future__ import annotations

import base64
from collections.abc import Iterator
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import override_settings
from django.test.utils import isolate_apps

from workspaces import crypto, sealing
from workspaces.ids import uuid7
from workspaces.sealing import Sealed, SealsSecrets

OLD = "old:" + base64.b64encode(bytes(32)).decode()
NEW = "new:" + base64.b64encode(bytes(range(32))).decode()

with isolate_apps("workspaces"):

    class Visible(models.Manager["Vault"]):
        def get_queryset(self) -> models.QuerySet[Vault]:
            return super().get_queryset().filter(hidden=False)

    class Vault(SealsSecrets):
        id = models.UUIDField(primary_key=True, default=uuid7)
        token = Sealed()
        credentials = Sealed()
        hidden = models.BooleanField(default=False)

        objects = Visible()

        class Meta:
            app_label = "workspaces"

        def __str__(self) -> str:
            return str(self.id)

    class Numbered(SealsSecrets):
        token = Sealed()

        class Meta:
            app_label = "workspaces"

        def __str__(self) -> str:
            return str(self.pk)


@pytest.fixture(autouse=True)
def one_key() -> Iterator[None]:
    with override_settings(ENCRYPTION_KEYS=[OLD]):
        yield


# --------------------------------------------------------------------------- a row's secrets


def test_a_row_opens_what_it_sealed() -> None:
    row = Vault()
    row.seal("token", "xoxb-canary")
    row.seal_values("credentials", {"user": "ann", "password": "käse \ud800"})
    assert row.unseal("token") == "xoxb-canary"
    assert row.unseal_values("credentials") == {"user": "ann", "password": "käse \ud800"}
    assert b"xoxb-canary" not in row.token


def test_it_opens_bytes_in_whatever_form_a_driver_hands_them_over() -> None:
    row = Vault()
    row.seal("token", "secret")
    row.token = memoryview(row.token)
    assert row.unseal("token") == "secret"


def test_a_row_without_a_secret_has_an_empty_one() -> None:
    row = Vault()
    assert row.unseal("token") == ""
    assert row.unseal_values("credentials") == {}


def test_an_empty_secret_is_sealed_like_any_other() -> None:
    row = Vault()
    row.seal("token", "")
    assert row.token != b""
    assert row.unseal("token") == ""


def test_a_secret_copied_to_another_row_does_not_open() -> None:
    row, other = Vault(), Vault()
    row.seal("token", "secret")
    other.token = row.token
    with pytest.raises(crypto.SealBroken, match="another row or field"):
        other.unseal("token")


def test_a_secret_copied_to_another_field_does_not_open() -> None:
    row = Vault()
    row.seal("token", "secret")
    row.credentials = row.token
    with pytest.raises(crypto.SealBroken, match="another row or field"):
        row.unseal("credentials")


def test_a_secret_copied_to_another_table_does_not_open() -> None:
    row, stranger = Vault(), Numbered()
    row.seal("token", "secret")
    stranger.pk, stranger.token = row.pk, row.token
    with pytest.raises(crypto.SealBroken, match="another row or field"):
        stranger.unseal("token")


def test_it_refuses_to_seal_for_a_row_without_an_id() -> None:
    with pytest.raises(ValueError, match="this Numbered has no id yet"):
        Numbered().seal("token", "secret")


def test_it_refuses_to_seal_into_an_ordinary_field() -> None:
    with pytest.raises(ValueError, match=r"Vault\.hidden is not a Sealed field"):
        Vault().seal("hidden", "secret")


@isolate_apps("workspaces")
def test_the_system_check_finds_a_sealed_field_that_rotation_would_miss() -> None:
    class Loose(models.Model):
        token = Sealed()

        class Meta:
            app_label = "workspaces"

        def __str__(self) -> str:
            return ""

    assert [fault.id for fault in Loose.check(databases=None)] == ["workspaces.E002"]


def test_the_system_check_is_content_with_a_model_that_seals() -> None:
    assert [fault for field in Vault._meta.fields for fault in field.check()] == []


def test_rotation_finds_the_real_models() -> None:
    assert ("MachineKey", "secret") in [(model.__name__, field) for model, field in sealing.sealed_columns()]


# --------------------------------------------------------------------------- rotation


@pytest.fixture
def vaults(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The vaults have a table and are the only model with secrets."""
    monkeypatch.setattr(sealing, "sealed_columns", lambda: [(Vault, "token"), (Vault, "credentials")])
    with connection.schema_editor() as editor:
        editor.create_model(Vault)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Vault)


def stored(token: str, *, hidden: bool = False) -> UUID:
    row = Vault(hidden=hidden)
    row.seal("token", token)
    row.seal_values("credentials", {"password": token})
    row.save()
    return row.id


def fetched(row_id: UUID) -> Vault:
    return Vault._base_manager.get(id=row_id)


def rotate(*, dry_run: bool = False) -> list[str]:
    out = StringIO()
    call_command("rotate_encryption", dry_run=dry_run, stdout=out, stderr=out)
    return out.getvalue().splitlines()


def test_rotation_brings_every_secret_under_the_newest_key(vaults: None) -> None:
    rows = {stored(f"secret {number}", hidden=number == 1): f"secret {number}" for number in range(3)}
    Vault().save()
    with override_settings(ENCRYPTION_KEYS=[NEW, OLD]):
        assert rotate() == ["new (newest): 6"]
    with override_settings(ENCRYPTION_KEYS=[NEW]):
        for row_id, secret in rows.items():
            assert fetched(row_id).unseal("token") == secret
            assert fetched(row_id).unseal_values("credentials") == {"password": secret}


def test_a_dry_run_counts_and_changes_nothing(vaults: None) -> None:
    row_id = stored("secret")
    before = fetched(row_id).token
    with override_settings(ENCRYPTION_KEYS=[NEW, OLD]):
        stored("younger")
        assert rotate(dry_run=True) == ["new (newest): 2", "old: 2"]
    assert fetched(row_id).token == before


def test_rotation_leaves_what_is_already_sealed_with_the_newest_key(vaults: None) -> None:
    row_id = stored("secret")
    before = fetched(row_id).token
    assert rotate() == ["old (newest): 2"]
    assert fetched(row_id).token == before


def test_rotation_does_not_undo_a_secret_that_changes_meanwhile(vaults: None, monkeypatch: pytest.MonkeyPatch) -> None:
    row_id = stored("stale")
    reseal = crypto.reseal

    def refreshed_meanwhile(sealed: bytes, *, place: str) -> bytes:
        row = fetched(row_id)
        row.seal("token", "refreshed")
        row.save()
        return reseal(sealed, place=place)

    with override_settings(ENCRYPTION_KEYS=[NEW, OLD]):
        monkeypatch.setattr(crypto, "reseal", refreshed_meanwhile)
        sealing.reseal_rows(Vault, "token")
        assert fetched(row_id).unseal("token") == "refreshed"


def test_a_secret_that_does_not_open_is_named_and_stops_no_other(vaults: None) -> None:
    broken, whole = stored("broken"), stored("whole")
    Vault._base_manager.filter(id=broken).update(token=fetched(whole).token)
    out = StringIO()
    with override_settings(ENCRYPTION_KEYS=[NEW, OLD]):
        with pytest.raises(CommandError, match="1 secrets are not under the newest key yet"):
            call_command("rotate_encryption", stdout=out, stderr=out)
        assert fetched(whole).unseal("token") == "whole"
    assert f"workspaces_vault:{broken}:token does not open" in out.getvalue()
    assert out.getvalue().splitlines()[1:] == ["new (newest): 3", "old: 1"]


def test_rotation_reports_what_is_no_seal_at_all(vaults: None) -> None:
    Vault(token=b"plain").save()
    with pytest.raises(CommandError):
        rotate()
    assert rotate(dry_run=True) == ["old (newest): 0", "unreadable: 1"]
