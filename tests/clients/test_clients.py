"""Run with ``MESHES_CLIENTS`` naming a directory whose ``node_modules`` has @mesheshq/events and @mesheshq/api."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deliveries.models import Event
from tests.calling import STRANGE_ID
from tests.live import Server
from tests.world import Vendor, make_connection, make_vendor
from workspaces.access import forget_keys

TALK = Path(__file__).with_name("talk.mjs")
EVENT = {"event": "user.created", "payload": {"email": "ann@acme.example", "n": 1.5}}


def needs(package: str) -> pytest.MarkDecorator:
    home = Path(os.environ.get("MESHES_CLIENTS", "")) / "node_modules" / package
    missing = "node" if shutil.which("node") is None else "" if (home / "package.json").exists() else package
    return pytest.mark.skipif(
        bool(missing), reason=f"{missing} is not here; MESHES_CLIENTS names where it is installed"
    )


@pytest.fixture
def acme(server: Server) -> Vendor:
    forget_keys()
    return make_vendor("Acme")


def talk(package: str, client: str, arguments: list[Any], calls: list[list[Any]]) -> dict[str, Any]:
    script = json.dumps({"client": client, "arguments": arguments, "calls": calls})
    command = ["node", str(TALK), os.environ["MESHES_CLIENTS"], package]
    ended = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


# --------------------------------------------------------------------------- @mesheshq/events


def emit(server: Server, key: str, *calls: list[Any], **options: Any) -> list[dict[str, Any]]:
    told = talk(
        "@mesheshq/events", "MeshesEventsClient", [key, {"apiBaseUrl": f"{server.url}/api/v1", **options}], list(calls)
    )
    assert told["made"] == ""
    return list(told["results"])


@needs("@mesheshq/events")
def test_the_events_client_takes_our_keys_and_emits(server: Server, acme: Vendor) -> None:
    (told,) = emit(server, acme.publishable_key, ["emit", {**EVENT, "resource": "disk", "resource_id": "d-1"}])
    event = told["ok"]["event"]
    row = Event.objects.get(id=event["id"])
    assert (event["workspace"], event["resource"], event["resource_id"]) == (str(acme.workspace.id), "disk", "d-1")
    assert json.loads(row.payload) == EVENT["payload"]


@needs("@mesheshq/events")
def test_the_events_client_emits_a_batch(server: Server, acme: Vendor) -> None:
    (whole, mixed) = emit(
        server,
        acme.publishable_key,
        ["emitBatch", [EVENT] * 100],
        ["emitBatch", [EVENT, {**EVENT, "event": "a*b"}, EVENT]],
    )
    assert (whole["ok"]["count"], len({record["id"] for record in whole["ok"]["records"]})) == (100, 100)
    assert (mixed["ok"]["count"], mixed["ok"]["error_count"]) == (3, 1)
    assert [record.get("type") for record in mixed["ok"]["records"]] == ["event", None, "event"]
    assert mixed["ok"]["records"][1]["message"] == "Bad Request"
    assert Event.objects.filter(event="user.created").count() == 102


@needs("@mesheshq/events")
def test_the_events_client_may_send_headers_of_its_own(server: Server, acme: Vendor) -> None:
    headers = {"headers": {"Idempotency-Key": "once", "X-Request-Id": "r-1"}}
    first, again, other = emit(
        server,
        acme.publishable_key,
        ["emit", EVENT, headers],
        ["emit", EVENT, headers],
        ["emit", {**EVENT, "resource": "x"}, headers],
    )
    assert first["ok"] == again["ok"]
    assert other["data"]["status"] == 409
    assert Event.objects.filter(event="user.created").count() == 1


@needs("@mesheshq/events")
def test_the_events_client_tells_our_errors(server: Server, acme: Vendor) -> None:
    (refused,) = emit(server, acme.publishable_key, ["emit", {**EVENT, "event": "a*b"}])
    assert refused["error"] == "Meshes API request failed"
    assert refused["data"]["status"] == 400
    assert refused["data"]["data"]["error"]["data"][0]["param"] == "event"
    (unknown,) = emit(server, "mesh_pub_production_nobody_secret", ["emit", EVENT])
    assert unknown["data"]["status"] == 401


# --------------------------------------------------------------------------- @mesheshq/api


def manage(server: Server, vendor: Vendor, *calls: list[Any], secret: str = "") -> list[dict[str, Any]]:
    arguments = [
        str(vendor.organization.id),
        vendor.machine_key.access_key,
        secret or vendor.machine_key.unseal("secret"),
        {"apiBaseUrl": f"{server.url}/api/v1"},
    ]
    told = talk("@mesheshq/api", "MeshesApiClient", arguments, list(calls))
    assert told["made"] == ""
    return list(told["results"])


@needs("@mesheshq/api")
def test_the_api_client_reads_everything(server: Server, acme: Vendor) -> None:
    place = f"/workspaces/{acme.workspace.id}"
    paths = ["/workspaces", place, f"{place}/connections", f"{place}/rules", f"{place}/events", "/integrations"]
    paths += [f"{place}/event-types", f"{place}/resources", "/connections", "/rules", "/events", "workspaces"]
    event = f"/events/{acme.event.id}"
    paths += [f"/connections/{acme.connection.id}", f"/rules/{acme.rule.id}", event, f"{event}/payload"]
    paths += [f"{event}/rules/{acme.rule.id}/attempts"]
    results = dict(zip(paths, manage(server, acme, *(["get", path] for path in paths)), strict=True))
    assert not [(path, result) for path, result in results.items() if "ok" not in result]
    assert results[place]["ok"]["publishable_key"]["public_key"] == acme.publishable_key
    assert isinstance(results[f"{place}/event-types"]["ok"], list)
    assert results[f"{event}/payload"]["ok"]["payload"] == {"value": 1, "of": "Acme"}


@needs("@mesheshq/api")
def test_the_api_client_pages_and_filters(server: Server, acme: Vendor) -> None:
    for number in range(3):
        make_connection(acme.workspace, name=f"C{number}")
    (first,) = manage(server, acme, ["get", "/connections", {"query": {"limit": 2}}])
    cursor = first["ok"]["next_cursor"]
    second, rest = manage(
        server,
        acme,
        ["get", "/connections", {"query": {"limit": 2, "cursor": cursor}}],
        ["get", f"/workspaces/{acme.workspace.id}/events", {"query": {"limit": 50, "status": "failed"}}],
    )
    assert len({record["id"] for page in (first, second) for record in page["ok"]["records"]}) == 4
    assert second["ok"]["next_cursor"] is None
    assert [record["id"] for record in rest["ok"]["records"]] == [str(acme.event.id)]


@needs("@mesheshq/api")
def test_the_api_client_makes_changes_and_deletes(server: Server, acme: Vendor) -> None:
    (made,) = manage(server, acme, ["post", "/workspaces", {"name": "By the client", "description": None}])
    workspace = made["ok"]["workspace"]["id"]
    connection = {"workspace": workspace, "type": "capture", "name": "C", "metadata": {}}
    renamed, plugged = manage(
        server,
        acme,
        ["put", f"/workspaces/{workspace}", {"name": "Renamed", "description": None}],
        ["post", "/connections", connection],
    )
    assert renamed["ok"]["name"] == "Renamed"
    id = plugged["ok"]["connection"]["id"]
    rule = {"workspace": workspace, "connection": id, "event": "a.b", "metadata": {"action": "record"}}
    ruled, emitted, kept, forced = manage(
        server,
        acme,
        ["post", "/rules", rule],
        ["post", "/events", {**EVENT, "workspace": workspace}],
        ["delete", f"/connections/{id}"],
        ["delete", f"/connections/{id}", {"body": {"force_delete": True}}],
    )
    assert ruled["ok"]["rule"]["type"] == "capture"
    assert emitted["ok"]["event"]["id"]
    assert kept["data"]["status"] == 409
    assert forced["ok"] == {"id": id, "type": "capture"}


@needs("@mesheshq/api")
def test_the_api_client_retries_without_a_body(server: Server, acme: Vendor) -> None:
    path = f"/events/{acme.event.id}/rules/{acme.rule.id}/retry"
    first, again = manage(server, acme, ["post", path], ["post", path])
    assert first["ok"]["status"] == "retrying"
    assert again["data"]["status"] == 425


@needs("@mesheshq/api")
def test_the_api_client_tells_our_errors(server: Server, acme: Vendor) -> None:
    missing, wrong = manage(server, acme, ["get", f"/workspaces/{STRANGE_ID}"], ["post", "/workspaces", {"name": "x"}])
    assert (missing["data"]["status"], missing["data"]["data"]["message"]) == (404, "Not Found")
    assert wrong["data"]["data"]["error"]["data"] == [
        {"param": "name", "msg": "must be 3 to 50 letters, digits, spaces, _ or -."}
    ]
    (stranger,) = manage(server, acme, ["get", "/workspaces"], secret="s" * 43)
    assert stranger["data"]["status"] == 401
