from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from workspaces import checks, crypto
from workspaces.management.commands import new_key

ROOT = Path(__file__).parents[2]
PLACE = "connections_connection:019a0000-0000-7000-8000-000000000001:credentials"
OLD = "old:" + base64.b64encode(bytes(32)).decode()
NEW = "new:" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def one_key() -> Iterator[None]:
    with override_settings(ENCRYPTION_KEYS=[OLD]):
        yield


@given(st.text())
def test_it_opens_what_it_sealed(text: str) -> None:
    assert crypto.open_sealed(crypto.seal(text, place=PLACE), place=PLACE) == text


def test_a_seal_hides_the_text() -> None:
    assert b"xoxb-canary" not in crypto.seal("xoxb-canary", place=PLACE)


def test_it_opens_what_an_earlier_release_sealed() -> None:
    sealed = bytes.fromhex(
        "01036f6c64000102030405060708090a0be3ae4326209be08be20137848f70f58d71c6b093c12bcb782b662cd41dae"
    )
    assert crypto.open_sealed(sealed, place="table:1:secret") == "kept for years"


@pytest.mark.parametrize(
    "elsewhere",
    [
        PLACE.replace("connections_connection", "workspaces_machinekey"),
        PLACE.replace("0001:", "0002:"),
        PLACE.replace("credentials", "secret"),
        "",
    ],
)
def test_a_value_that_was_moved_does_not_open(elsewhere: str) -> None:
    sealed = crypto.seal("secret", place=PLACE)
    with pytest.raises(crypto.SealBroken, match="damaged, or sealed for another row or field"):
        crypto.open_sealed(sealed, place=elsewhere)


def test_a_value_with_any_bit_flipped_does_not_open() -> None:
    sealed = crypto.seal("secret", place=PLACE)
    for bit in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(crypto.SealBroken):
            crypto.open_sealed(bytes(flipped), place=PLACE)


def test_a_value_that_was_cut_or_lengthened_does_not_open() -> None:
    sealed = crypto.seal("secret", place=PLACE)
    for length in range(len(sealed)):
        with pytest.raises(crypto.SealBroken):
            crypto.open_sealed(sealed[:length], place=PLACE)
    with pytest.raises(crypto.SealBroken):
        crypto.open_sealed(sealed + b"\0", place=PLACE)


@given(st.binary())
def test_nothing_but_a_sealed_value_opens(garbage: bytes) -> None:
    with pytest.raises(crypto.SealBroken):
        crypto.open_sealed(garbage, place=PLACE)


def test_a_nonce_is_never_used_twice() -> None:
    nonces = {crypto._split(crypto.seal("", place=PLACE))[1] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_the_first_key_seals_and_all_open() -> None:
    old = crypto.seal("secret", place=PLACE)
    with override_settings(ENCRYPTION_KEYS=[NEW, OLD]):
        assert crypto.open_sealed(old, place=PLACE) == "secret"
        assert crypto.key_id_of(crypto.seal("secret", place=PLACE)) == "new"


def test_a_value_is_resealed_under_the_newest_key() -> None:
    old = crypto.seal("secret", place=PLACE)
    assert not crypto.needs_resealing(old)
    with override_settings(ENCRYPTION_KEYS=[NEW, OLD]):
        assert crypto.needs_resealing(old)
        renewed = crypto.reseal(old, place=PLACE)
        assert not crypto.needs_resealing(renewed)
    with override_settings(ENCRYPTION_KEYS=[NEW]):
        assert crypto.open_sealed(renewed, place=PLACE) == "secret"


def test_it_names_the_key_that_is_missing() -> None:
    sealed = crypto.seal("secret", place=PLACE)
    with override_settings(ENCRYPTION_KEYS=[NEW]), pytest.raises(crypto.SealBroken, match="the key 'old', which"):
        crypto.open_sealed(sealed, place=PLACE)


@pytest.mark.parametrize("use", [crypto.key_id_of, crypto.needs_resealing])
def test_it_knows_no_key_of_what_is_not_sealed(use: Callable[[bytes], object]) -> None:
    with pytest.raises(crypto.SealBroken, match="not a sealed value"):
        use(b"plain text that somebody stored by hand")


KEY_TEXT = base64.b64encode(b"canary" + bytes(26)).decode()
SHORT = base64.b64encode(b"canary" + bytes(10)).decode()
MALFORMED = {
    "no key": ([], "ENCRYPTION_KEYS is empty"),
    "no id": ([KEY_TEXT], "entry 1 must be <id>:<base64 of 32 bytes>"),
    "empty id": ([OLD, f":{KEY_TEXT}"], "entry 2 must be"),
    "id too long": ([f"{'k' * 33}:{KEY_TEXT}"], "entry 1 must be"),
    "id in Unicode": ([f"schlüssel:{KEY_TEXT}"], "entry 1 must be"),
    "not base64": ([OLD, "new:canary!"], r"entry 2 \(new\) is not base64"),
    "a stray character": ([f"new:{KEY_TEXT[:8]}!{KEY_TEXT[8:]}"], r"entry 1 \(new\) is not base64"),
    "not ASCII": (["new:cänary"], r"entry 1 \(new\) is not base64"),
    "16 bytes": ([f"new:{SHORT}"], r"entry 1 \(new\) holds 16 bytes instead of 32"),
    "no bytes": (["new:"], r"entry 1 \(new\) holds 0 bytes instead of 32"),
    "the same id twice": ([f"new:{KEY_TEXT}", OLD, NEW], "two keys with the id 'new'"),
}


@pytest.mark.parametrize(("entries", "fault"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_setting_is_named_without_showing_a_key(entries: list[str], fault: str) -> None:
    with override_settings(ENCRYPTION_KEYS=entries):
        with pytest.raises(ImproperlyConfigured, match=fault) as raised:
            crypto.key_ring()
        assert "canary" not in str(raised.value)
        assert KEY_TEXT not in str(raised.value)
        assert [found.msg for found in checks.encryption_keys_are_usable()] == [str(raised.value)]


def test_the_system_check_is_content_with_a_good_ring() -> None:
    assert checks.encryption_keys_are_usable() == []


def test_the_system_check_runs_with_all_others() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "ENCRYPTION_KEYS": "new:canary!"}
    command = [sys.executable, "-m", "django", "check", "--tag", "security"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "(workspaces.E001) ENCRYPTION_KEYS entry 1 (new) is not base64." in done.stderr


def test_the_ring_follows_the_setting_and_is_read_once() -> None:
    ring = crypto.key_ring()
    assert crypto.key_ring() is ring
    with override_settings(ENCRYPTION_KEYS=[NEW]):
        assert crypto.key_ring().newest == "new"


def test_a_printed_ring_shows_no_key() -> None:
    assert repr(crypto.key_ring()) == "KeyRing(newest='old')"


def test_the_command_prints_a_key_that_the_setting_takes() -> None:
    printed = [StringIO(), StringIO()]
    for out in printed:
        call_command("new_key", stdout=out)
    one, other = (out.getvalue().strip() for out in printed)
    assert one != other
    with override_settings(ENCRYPTION_KEYS=[one, other]):
        assert crypto.open_sealed(crypto.seal("secret", place=PLACE), place=PLACE) == "secret"


def test_the_command_runs_before_there_is_a_good_key(capsys: pytest.CaptureFixture[str]) -> None:
    with override_settings(ENCRYPTION_KEYS=["broken"]):
        new_key.Command().run_from_argv(["manage.py", "new_key"])
    assert capsys.readouterr().out.count(":") == 1
