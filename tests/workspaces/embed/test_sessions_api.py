"""The contract of embed sessions: minted, listed, refreshed and revoked by the vendor's back-end."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.calling import fault, params, read, walk
from tests.world import Vendor
from workspaces.embed import sessions
from workspaces.models import AuditEntry, EmbedSession

FOREVER_KEYS = {"session_id", "access_token", "expires_in", "expires_at", "workspace_id", "role", "session_type"}


@pytest.fixture(autouse=True)
def _nobody_else(acme: Vendor, globex: Vendor) -> None:
    """Only the sessions that a test mints."""
    EmbedSession.objects.all().delete()


def mint(vendor: Vendor, **body: Any) -> Any:
    return read(vendor.machine.post("/sessions", {"workspace_id": str(vendor.workspace.id), **body}))


def test_minting_answers_200_with_the_contracts_fields(acme: Vendor) -> None:
    found = mint(acme)
    assert found.keys() >= FOREVER_KEYS | {"launch_token", "launch_expires_at", "launch_url"}
    assert found["session_id"].startswith("sess_")
    assert (found["role"], found["session_type"], found["expires_in"]) == ("member", "workspace", 1800)


def test_the_launch_url_opens_the_page_and_carries_the_token_and_the_public_id(acme: Vendor) -> None:
    found = mint(acme, launch_page="rules")
    url = urlsplit(found["launch_url"])
    assert url.path == "/workspace/rules"
    assert parse_qs(url.query) == {"launch": [found["launch_token"]], "s": [found["session_id"]]}
    assert found["access_token"] not in found["launch_url"]


def test_the_older_launch_path_is_understood(acme: Vendor) -> None:
    assert "/workspace/events?" in mint(acme, launch_path="/workspace/events")["launch_url"]


def test_times_to_live_are_kept(acme: Vendor) -> None:
    before = datetime.now(UTC)
    found = mint(acme, ttl_seconds=300, launch_ttl_seconds=15)
    expires, launch = (datetime.fromisoformat(found[key]) for key in ("expires_at", "launch_expires_at"))
    assert timedelta(seconds=299) < expires - before < timedelta(seconds=360)
    assert timedelta(seconds=14) < launch - before < timedelta(seconds=75)


def test_no_token_is_stored_as_it_is(acme: Vendor) -> None:
    found = mint(acme)
    row = EmbedSession.objects.get()
    assert bytes(row.token_hash) == hashlib.sha256(found["access_token"].encode()).digest()
    kept = " ".join(str(value) for value in vars(row).values())
    assert found["access_token"] not in kept
    assert found["launch_token"] not in kept


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"ttl_seconds": 299}, "ttl_seconds"),
        ({"ttl_seconds": 3601}, "ttl_seconds"),
        ({"launch_ttl_seconds": 14}, "launch_ttl_seconds"),
        ({"launch_ttl_seconds": 61}, "launch_ttl_seconds"),
        ({"role": "king"}, "role"),
        ({"launch_page": "settings"}, "launch_page"),
        ({"external_user_id": "x" * 256}, "external_user_id"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": ["events.payload:read"] * 21}, "scopes"),
        ({"allowed_origins": ["https://app.example.com/path"]}, "allowed_origins"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"allowed_origins": ["https://a.example; script-src *"]}, "allowed_origins"),
        ({"allowed_origins": ["https://a.example"] * 11}, "allowed_origins"),
        ({"session_type": "resource", "resource": "disk"}, "resource"),
        ({"session_type": "resource", "resource_id": "1"}, "resource"),
        (
            {"session_type": "resource", "resource": "d", "resource_id": "1", "launch_page": "connections"},
            "launch_page",
        ),
        ({"session_type": "dashboard", "launch_page": "rules"}, "launch_page"),
        ({"theme": {"accent": "#ffff00"}}, "theme.accent"),
        ({"language": "tlh"}, "language"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_refuses_by_name_what_is_wrong(acme: Vendor, body: dict[str, Any], param: str) -> None:
    answer = acme.machine.post("/sessions", {"workspace_id": str(acme.workspace.id), **body})
    assert any(name.startswith(param) for name in params(answer, 400))
    assert not EmbedSession.objects.exists()


def test_an_unknown_type_is_refused_in_the_contracts_words(acme: Vendor) -> None:
    answer = acme.machine.post("/sessions", {"workspace_id": str(acme.workspace.id), "session_type": "everything"})
    assert fault(answer, 400)["message"] == "invalid session_type"


def test_origins_fall_back_to_the_organizations(acme: Vendor) -> None:
    acme.organization.embed_origins = ["https://app.acme.example"]
    acme.organization.save()
    mint(acme)
    mint(acme, allowed_origins=["HTTPS://Other.example:443"])
    mint(acme, allowed_origins=[])
    found = [row.origins for row in EmbedSession.objects.order_by("id")]
    assert found == [["https://app.acme.example"], ["https://other.example"], []]


def test_a_refresh_keeps_the_session_and_makes_the_old_tokens_stale(acme: Vendor) -> None:
    minted = mint(acme, ttl_seconds=600)
    framed = sessions.exchange(minted["launch_token"])
    fresh = read(acme.machine.post(f"/sessions/{minted['session_id']}/refresh"))
    assert fresh["session_id"] == minted["session_id"]
    assert fresh["expires_in"] == 600
    assert "launch_url" not in fresh
    assert sessions.find_live(fresh["access_token"]) is not None
    assert framed is not None
    assert sessions.find_live(minted["access_token"]) is sessions.find_live(framed.access_token) is None


def test_an_expired_session_can_be_refreshed_for_a_day_and_no_longer(acme: Vendor) -> None:
    minted = mint(acme)
    path = f"/sessions/{minted['session_id']}/refresh"
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    EmbedSession.objects.update(expires_at=hour_ago)
    assert sessions.find_live(minted["access_token"]) is None
    assert sessions.find_live(read(acme.machine.post(path))["access_token"]) is not None
    EmbedSession.objects.update(created_at=datetime.now(UTC) - timedelta(hours=25))
    assert "mint another" in fault(acme.machine.post(path), 409)["message"]


def test_a_revoked_session_is_over_at_once_and_for_good(acme: Vendor) -> None:
    minted = mint(acme)
    path = f"/sessions/{minted['session_id']}"
    assert read(acme.machine.delete(path)) == {"revoked": True}
    assert sessions.find_live(minted["access_token"]) is None
    assert sessions.exchange(minted["launch_token"]) is None
    assert acme.machine.post(f"{path}/refresh").status_code == 409
    assert read(acme.machine.delete(path)) == {"revoked": True}
    assert AuditEntry.objects.filter(verb="session.revoked").count() == 2


def test_the_list_is_of_one_workspace_and_can_be_narrowed(acme: Vendor) -> None:
    kept, over = mint(acme), mint(acme, external_user_id="tyrion")
    disk = mint(acme, session_type="resource", resource="disk", resource_id="1")
    read(acme.machine.post("/sessions", {"workspace_id": str(acme.staging.id)}))
    acme.machine.delete(f"/sessions/{over['session_id']}")
    here = str(acme.workspace.id)

    def listed(**query: Any) -> list[str]:
        return [row["session_id"] for row in walk(acme.machine, "/sessions", workspace_id=here, **query)]

    assert listed() == [disk["session_id"], over["session_id"], kept["session_id"]]
    assert listed(status="revoked") == [over["session_id"]]
    assert listed(status="active", resource="disk", resource_id="1") == [disk["session_id"]]
    assert listed(limit=1) == listed()
    row = walk(acme.machine, "/sessions", workspace_id=here, status="revoked")[0]
    assert (row["status"], row["external_user_id"], row["is_expired"]) == ("revoked", "tyrion", False)
    assert not row.keys() & {"access_token", "launch_token"}


def test_a_status_that_is_none_is_refused(acme: Vendor) -> None:
    answer = acme.machine.get("/sessions", workspace_id=str(acme.workspace.id), status="ended")
    assert params(answer, 400) == ["status"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_strangers_session_is_not_there(acme: Vendor, globex: Vendor, method: str) -> None:
    path = f"/sessions/{mint(acme)['session_id']}"
    answer = globex.machine.send(method, f"{path}/refresh" if method == "POST" else path)
    assert answer.status_code == 404
    assert EmbedSession.objects.get().revoked_at is None


@pytest.mark.parametrize("id", ["sess_", "sess_1", "x", "sess_0190f5fe-7c00-7a00-8000-00000000dead"])
def test_an_id_that_is_none_is_not_there(acme: Vendor, id: str) -> None:
    assert acme.machine.delete(f"/sessions/{id}").status_code == 404


def test_sessions_are_minted_with_a_machine_key_only(acme: Vendor) -> None:
    assert acme.emitter.post("/sessions", {"workspace_id": str(acme.workspace.id)}).status_code == 403
