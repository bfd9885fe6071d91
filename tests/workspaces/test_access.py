from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.calling import Caller, bearer, fault, machine_token, read
from tests.world import Vendor, make_machine_key
from workspaces import access
from workspaces.api import issue_key
from workspaces.keys import new_machine_key
from workspaces.models import MachineKey, PublishableKey, Workspace

EVENT = {"event": "a.b", "payload": {}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The clock by which keys are kept; move it on by hand."""
    now = {"seconds": 1_000.0}
    monkeypatch.setattr(access, "monotonic", lambda: now["seconds"])
    return now


# --------------------------------------------------------------------------- machine tokens


def test_a_machine_sees_its_own_organization(acme: Vendor, globex: Vendor) -> None:
    for vendor in (acme, globex):
        names = {record["name"] for record in read(vendor.machine.get("/workspaces"))["records"]}
        assert names == {vendor.workspace.name, vendor.staging.name}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "\xff\xfe"},
        {"Authorization": "Bearer " + "x" * 20_000},
        {"X-Meshes-Publishable-Key": ""},
    ],
)
def test_no_credentials_and_bad_ones_are_401(acme: Vendor, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/workspaces"), ("POST", "/events"), ("DELETE", f"/rules/{acme.rule.id}")):
        answer = Caller(headers).send(method, path, EVENT)
        assert fault(answer, 401)["name"] == "Unauthorized"
        assert answer["WWW-Authenticate"] == "Bearer"


def test_who_emits_without_credentials_is_told_of_both_ways(acme: Vendor) -> None:
    message = fault(Caller().post("/events", EVENT), 401)["message"]
    assert "Authorization: Bearer" in message
    assert "X-Meshes-Publishable-Key" in message


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(acme: Vendor, scheme: str) -> None:
    token = machine_token(acme.machine_key)
    assert Caller({"Authorization": f"{scheme} {token}"}).get("/workspaces").status_code == 200


def test_a_token_must_be_young_and_its_own_keys(acme: Vendor, globex: Vendor) -> None:
    key, other = acme.machine_key, globex.machine_key
    for token in (
        machine_token(key, lived=40),
        machine_token(key, life=61),
        machine_token(key, lived=-60),
        machine_token(key, secret=other.unseal("secret")),
        machine_token(key, org=str(globex.organization.id)),
        machine_token(key, iss=f"urn:meshes:m2m:{other.access_key}"),
        machine_token(key, aud="another-api"),
    ):
        assert fault(bearer(token).get("/workspaces"), 401)


def test_a_token_of_an_unknown_key_is_401(acme: Vendor) -> None:
    stranger = MachineKey(organization=acme.organization, access_key=new_machine_key().access_key)
    assert fault(bearer(machine_token(stranger, secret="s" * 43)).get("/workspaces"), 401)


def test_a_refusal_says_which_check_failed_and_shows_nothing_of_the_token(acme: Vendor) -> None:
    token = machine_token(acme.machine_key, lived=100)
    detail = fault(bearer(token).get("/workspaces"), 401)
    assert "expired" in detail["message"]
    assert token not in str(detail)


def test_a_revoked_machine_key_stops_within_two_seconds(acme: Vendor, clock: dict[str, float]) -> None:
    caller = acme.machine
    assert caller.get("/workspaces").status_code == 200
    MachineKey.objects.filter(id=acme.machine_key.id).update(revoked_at=datetime.now(UTC))
    clock["seconds"] += access.KEY_SECONDS
    assert caller.get("/workspaces").status_code == 401
    assert access.KEY_SECONDS <= 2


def test_a_second_machine_key_works_beside_the_first(acme: Vendor) -> None:
    second = make_machine_key(acme.organization)
    MachineKey.objects.filter(id=acme.machine_key.id).update(revoked_at=datetime.now(UTC))
    assert bearer(machine_token(second)).get("/workspaces").status_code == 200


# --------------------------------------------------------------------------- publishable keys


def test_a_publishable_key_may_emit_and_nothing_else(acme: Vendor) -> None:
    assert acme.emitter.post("/events", EVENT).status_code == 201
    for method, path in (("GET", "/events"), ("GET", "/workspaces"), ("GET", "/events/bulk/"), ("POST", "/rules")):
        answer = acme.emitter.send(method, path)
        assert answer.status_code == (404 if path.endswith("/") else 403)


@pytest.mark.parametrize(
    "key", ["x", "mesh_pub_production_a_b", "mesh_pub___", "pk_live_abc", "mesh_pub_a_b_c_d", "\xe9"]
)
def test_a_publishable_key_that_is_none_is_401_everywhere(acme: Vendor, key: str) -> None:
    stranger = Caller({"X-Meshes-Publishable-Key": key})
    assert fault(stranger.post("/events", EVENT), 401)
    assert fault(stranger.get("/workspaces"), 401)


def test_a_publishable_key_is_no_bearer_token(acme: Vendor) -> None:
    assert fault(bearer(acme.publishable_key).post("/events", EVENT), 401)


def test_a_bad_publishable_key_is_not_mended_by_a_good_token(acme: Vendor) -> None:
    both = Caller({**acme.machine.headers, "X-Meshes-Publishable-Key": "mesh_pub_production_a_b"})
    assert fault(both.post("/events", {**EVENT, "workspace": str(acme.workspace.id)}), 401)


def test_an_expired_publishable_key_stops_within_two_seconds(acme: Vendor, clock: dict[str, float]) -> None:
    emitter = acme.emitter
    assert emitter.post("/events", EVENT).status_code == 201
    PublishableKey.objects.update(expires_at=datetime.now(UTC))
    clock["seconds"] += access.KEY_SECONDS
    assert fault(emitter.post("/events", EVENT), 401)


def test_two_publishable_keys_work_side_by_side_until_the_old_one_expires(acme: Vendor) -> None:
    old = acme.emitter
    PublishableKey.objects.update(expires_at=datetime.now(UTC) + timedelta(hours=24))
    new = Caller({"X-Meshes-Publishable-Key": issue_key(acme.workspace).text})
    assert [caller.post("/events", EVENT).status_code for caller in (old, new)] == [201, 201]


def test_a_changed_list_of_origins_takes_effect_within_two_seconds(acme: Vendor, clock: dict[str, float]) -> None:
    assert acme.emitter.post("/events", EVENT, Origin="https://a.example").status_code == 201
    Workspace.objects.filter(id=acme.workspace.id).update(allowed_origins=["https://b.example"])
    clock["seconds"] += access.KEY_SECONDS
    assert acme.emitter.post("/events", EVENT, Origin="https://a.example").status_code == 403


# --------------------------------------------------------------------------- the memory of keys


def test_a_key_is_looked_up_once_in_two_seconds(
    acme: Vendor, clock: dict[str, float], django_assert_num_queries: Any
) -> None:
    emitter = acme.emitter
    for seconds, queries in ((0.0, 3), (1.9, 1), (2.0, 2)):  # the event itself is one, the key's first use another
        clock["seconds"] = 1_000.0 + seconds
        with django_assert_num_queries(queries):
            emitter.post("/events", EVENT)


def test_what_is_unknown_is_not_remembered(acme: Vendor, clock: dict[str, float]) -> None:
    """Else a key would not work for its first seconds, and strangers could fill the memory."""
    before = dict(access._kept)
    for number in range(50):
        Caller({"X-Meshes-Publishable-Key": f"mesh_pub_production_{number}_x"}).post("/events", EVENT)
    assert access._kept == before


def test_the_memory_of_keys_has_an_end(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_KEPT_MOST", 3)
    access.forget_keys()
    for _ in range(10):
        Caller({"X-Meshes-Publishable-Key": issue_key(acme.workspace).text}).post("/events", EVENT)
        assert len(access._kept) <= 5


def test_when_a_key_was_last_used_is_noted_once_a_minute(acme: Vendor, clock: dict[str, float]) -> None:
    def noted() -> datetime:
        clock["seconds"] += access.KEY_SECONDS
        acme.emitter.post("/events", EVENT)
        found = PublishableKey.objects.get(workspace=acme.workspace).last_used_at
        assert found is not None
        return found

    first = noted()
    assert noted() == first
    long_ago = first - access.USED_EVERY - timedelta(seconds=1)
    PublishableKey.objects.filter(workspace=acme.workspace).update(last_used_at=long_ago)
    assert noted() > first
