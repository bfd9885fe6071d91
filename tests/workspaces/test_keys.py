from __future__ import annotations

import re

import pytest

from workspaces import keys

# What the wire contract's clients check in their constructors.
CLIENT_PUBLISHABLE = re.compile(r"^mesh_pub_([A-Za-z0-9\-.]+)_([A-Za-z0-9\-.]+)_([^_]+)$")
CLIENT_ACCESS_KEY = re.compile(r"^mk_[A-Za-z0-9_-]{22,}$")
CLIENT_SECRET = re.compile(r"^[A-Za-z0-9_-]{43,}$")


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_the_client_accepts_a_new_publishable_key_and_we_read_it_back(environment: str) -> None:
    for _ in range(200):
        parts = keys.new_publishable_key(environment)
        found = CLIENT_PUBLISHABLE.fullmatch(parts.text)
        assert found is not None
        assert found.groups() == (environment, parts.key_id, parts.secret)
        assert keys.read_publishable_key(parts.text) == parts


def test_a_publishable_key_has_a_secret_of_at_least_128_bits() -> None:
    made = [keys.new_publishable_key("staging").secret for _ in range(2_000)]
    alphabet = set("".join(made))
    assert len(set(made)) == 2_000
    assert len(alphabet) ** len(made[0]) >= 2**128


def test_key_ids_differ() -> None:
    assert len({keys.new_publishable_key("staging").key_id for _ in range(2_000)}) == 2_000


@pytest.mark.parametrize("environment", ["", "pre_prod", "pre-prod", "prod.eu", "größe", "a" * 33, "staging\n"])
def test_it_refuses_an_environment_that_would_break_the_format(environment: str) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        keys.new_publishable_key(environment)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mesh_pub_",
        "mesh_pub_staging_abc",
        "mesh_pub_staging_abc_",
        "mesh_pub_staging_abc_def_ghi",
        "mesh_pub_staging_abc_def\n",
        " mesh_pub_staging_abc_def",
        "mesh_pub_staging_ab-c_def",
        "mesh_pub_staging_abc_d\0f",
        "mesh_pub_staging_abc_\N{ARABIC-INDIC DIGIT ONE}",
        "mesh_pub_staging_abc_" + "x" * 129,
        "mesh_sec_staging_abc_def",
        "MESH_PUB_staging_abc_def",
    ],
)
def test_it_reads_nothing_that_has_another_form(text: str) -> None:
    assert keys.read_publishable_key(text) is None


def test_the_clients_accept_a_new_machine_key() -> None:
    made = [keys.new_machine_key() for _ in range(500)]
    assert all(CLIENT_ACCESS_KEY.fullmatch(key.access_key) for key in made)
    assert all(CLIENT_SECRET.fullmatch(key.secret) for key in made)
    assert len({key.access_key for key in made}) == len({key.secret for key in made}) == 500


@pytest.mark.parametrize("parts", [keys.new_publishable_key("staging"), keys.new_machine_key()])
def test_a_printed_key_shows_no_secret(parts: keys.PublishableKeyParts | keys.MachineKeyParts) -> None:
    assert parts.secret not in repr(parts)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [("abc", "abc", True), ("abc", "abd", False), ("abc", "ab", False), ("ü", "ü", True), ("\ud800", "ü", False)],
)
def test_it_compares_any_two_texts(one: str, other: str, *, equal: bool) -> None:
    assert keys.same(one, other) is equal
