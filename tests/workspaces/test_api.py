from __future__ import annotations

import io
import re
from typing import Any
from uuid import UUID

import pytest

from tests.calling import STRANGE_ID, V1, Caller, fault, params, read, walk
from tests.world import Vendor, make_workspace
from workspaces.models import AuditEntry, PublishableKey, Workspace

# The published client refuses any other before it sends anything.
CLIENTS_KEY = re.compile(r"mesh_pub_([A-Za-z0-9\-.]+)_([A-Za-z0-9\-.]+)_([^_]+)")
SHOWN = {
    "id", "name", "description", "tenant", "environment", "allowed_origins", "capture_only", "retention_days",
    "created_at", "updated_at",
}  # fmt: skip


def create(vendor: Vendor, **body: Any) -> dict[str, Any]:
    return dict(read(vendor.machine.post("/workspaces", body), 201)["workspace"])


# --------------------------------------------------------------------------- create


def test_a_workspace_needs_a_name_only(acme: Vendor) -> None:
    made = create(acme, name="New one")
    assert set(made) == SHOWN
    assert made["tenant"] == made["id"] == str(UUID(made["id"]))
    assert (made["description"], made["environment"], made["allowed_origins"]) == (None, "production", [])
    assert AuditEntry.objects.filter(subject=made["id"], verb="workspace.created").count() == 1


def test_a_workspace_gets_a_key_that_the_published_client_accepts(acme: Vendor) -> None:
    made = create(acme, name="New one", environment="staging")
    shown = read(acme.machine.get(f"/workspaces/{made['id']}"))
    key = shown["publishable_key"]
    assert set(shown) == SHOWN | {"publishable_key"}
    assert set(key) == {"public_key", "name"}
    parts = CLIENTS_KEY.fullmatch(key["public_key"])
    assert parts is not None
    assert parts[1] == "staging"
    emitter = Caller({"X-Meshes-Publishable-Key": key["public_key"]})
    assert read(emitter.post("/events", {"event": "a", "payload": {}}), 201)["event"]["workspace"] == made["id"]


@pytest.mark.parametrize("name", ["abc", "A-1_b c", "x" * 50, "   ", "___"])
def test_a_name_is_3_to_50_of_the_contracts_letters(acme: Vendor, name: str) -> None:
    assert create(acme, name=name)["name"] == name


@pytest.mark.parametrize(
    "name", ["", "ab", "x" * 51, "Ünique", "a.b.c", "a/b/c", "abc\n", "\tabc", "abc\x00", "🙂🙂🙂"]
)
def test_any_other_name_is_refused(acme: Vendor, name: str) -> None:
    answer = acme.machine.post("/workspaces", {"name": name})
    assert answer.status_code in (400, 422)
    assert Workspace.objects.filter(organization=acme.organization).count() == 2


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"name": ["abc"]}, "name"),
        ({"name": "abc", "description": "x" * 1025}, "description"),
        ({"name": "abc", "description": 5}, "description"),
        ({"name": "abc", "tenant": ""}, "tenant"),
        ({"name": "abc", "tenant": "x" * 129}, "tenant"),
        ({"name": "abc", "environment": "test"}, "environment"),
        ({"name": "abc", "retention_days": 0}, "retention_days"),
        ({"name": "abc", "retention_days": 366}, "retention_days"),
        ({"name": "abc", "retention_days": 1e300}, "retention_days"),
        ({"name": "abc", "retention_days": "many"}, "retention_days"),
        ({"name": "abc", "retention_days": "7"}, "retention_days"),
        ({"name": "abc", "retention_days": True}, "retention_days"),
        ({"name": "abc", "capture_only": "perhaps"}, "capture_only"),
        ({"name": "abc", "capture_only": 0}, "capture_only"),
        ({"name": "abc", "allowed_origins": "https://a.example"}, "allowed_origins"),
        ({"name": "abc", "allowed_origins": [5]}, "allowed_origins.0"),
        ({"name": "abc", "allowed_origins": ["https://a.example"] * 51}, "allowed_origins"),
    ],
)
def test_a_wrong_field_is_named(acme: Vendor, body: dict[str, Any], param: str) -> None:
    assert params(acme.machine.post("/workspaces", body), 400) == [param]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"5", b'"abc"', b"{", b'{"name":"abc"}x', b"\xff", b"{name:1}"])
def test_a_body_that_is_no_object_is_400(acme: Vendor, body: bytes) -> None:
    assert acme.machine.post("/workspaces", body).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"abc","name":"def"}',
        rb'{"name":"abc","tenant":"\u0000"}',
        rb'{"name":"abc","description":"a\u0000b"}',
        rb'{"name":"abc","no such":"\u0000"}',
    ],
)
def test_what_cannot_be_kept_is_422(acme: Vendor, body: bytes) -> None:
    assert acme.machine.post("/workspaces", body).status_code == 422


def test_a_name_is_taken_once_in_an_organization(acme: Vendor, globex: Vendor) -> None:
    assert params(acme.machine.post("/workspaces", {"name": "Acme"}), 409) == ["name"]
    assert create(globex, name="Acme")["name"] == "Acme"


def test_a_tenant_has_one_workspace_in_each_environment(acme: Vendor) -> None:
    body = {"name": "The tenant again", "tenant": "Acme-tenant"}
    assert params(acme.machine.post("/workspaces", body), 409) == ["tenant"]
    assert create(acme, **body, environment="development")["environment"] == "development"


def test_a_name_that_speaks_of_tenants_is_told_apart_from_one(acme: Vendor) -> None:
    make_workspace(acme.organization, "workspace_tenant_unique tenant")
    assert params(acme.machine.post("/workspaces", {"name": "workspace_tenant_unique tenant"}), 409) == ["name"]


# --------------------------------------------------------------------------- origins


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://app.example.com:8443", "https://app.example.com:8443"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(acme: Vendor, written: str, kept: str) -> None:
    assert create(acme, name="abc", allowed_origins=[written])["allowed_origins"] == [kept]


@pytest.mark.parametrize(
    "origin",
    ["", "*", "null", "app.example.com", "https://", "https://app.example.com/", "https://app.example.com/x",
     "https://*.example.com", "ftp://a.example", "https://a.example?x", "https://u:p@a.example", "https://a example",
     "https://a.example:0", "https://a.example:443443", "https://a.example:65536", "https://a.example:99999",
     "https://bücher.example", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(acme: Vendor, origin: str) -> None:
    assert params(acme.machine.post("/workspaces", {"name": "abc", "allowed_origins": [origin]}), 400) == [
        "allowed_origins"
    ]


# --------------------------------------------------------------------------- read


def test_workspaces_are_listed_the_newest_first(acme: Vendor, globex: Vendor) -> None:
    records = walk(acme.machine, "/workspaces", limit=1)
    assert [record["id"] for record in records] == [str(acme.staging.id), str(acme.workspace.id)]
    assert all(set(record) == SHOWN for record in records)


def test_the_key_that_is_shown_is_the_one_in_use(acme: Vendor) -> None:
    old = PublishableKey.objects.get(workspace=acme.workspace)
    PublishableKey.objects.filter(id=old.id).update(expires_at=old.created_at)
    assert read(acme.machine.get(f"/workspaces/{acme.workspace.id}"))["publishable_key"] is None


# --------------------------------------------------------------------------- change


def test_a_put_changes_what_is_sent(acme: Vendor) -> None:
    path = f"/workspaces/{acme.workspace.id}"
    body = {"name": "Renamed", "description": None, "retention_days": 7, "allowed_origins": ["https://a.example"]}
    changed = read(acme.machine.put(path, body))
    assert set(changed) == SHOWN  # flat, and without the key
    assert (changed["name"], changed["description"], changed["retention_days"]) == ("Renamed", None, 7)
    assert changed["tenant"] == "Acme-tenant"
    assert changed == {key: value for key, value in read(acme.machine.get(path)).items() if key in SHOWN}
    assert changed["updated_at"] > changed["created_at"]
    assert AuditEntry.objects.filter(subject=str(acme.workspace.id), verb="workspace.changed").count() == 1


def test_what_a_put_leaves_out_stays(acme: Vendor) -> None:
    changed = read(acme.machine.put(f"/workspaces/{acme.workspace.id}", {"name": "Renamed"}))
    assert (changed["description"], changed["tenant"]) == ("All of Acme", "Acme-tenant")


def test_a_put_without_a_name_is_400(acme: Vendor) -> None:
    assert params(acme.machine.put(f"/workspaces/{acme.workspace.id}", {"description": "x"}), 400) == ["name"]


def test_a_put_cannot_take_anothers_name(acme: Vendor) -> None:
    assert params(acme.machine.put(f"/workspaces/{acme.workspace.id}", {"name": "Acme staging"}), 409) == ["name"]
    assert read(acme.machine.get(f"/workspaces/{acme.workspace.id}"))["name"] == "Acme"


def test_a_put_does_not_undo_what_happened_to_the_rules_meanwhile(
    acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule set's version, were it to go back, would bring old rules to life in every worker that kept them."""
    whole = Workspace.save

    def later(self: Workspace, *arguments: Any, **options: Any) -> None:
        Workspace.objects.filter(id=self.id).update(ruleset_version=77)
        whole(self, *arguments, **options)

    monkeypatch.setattr(Workspace, "save", later)
    read(acme.machine.put(f"/workspaces/{acme.workspace.id}", {"name": "Renamed"}))
    acme.workspace.refresh_from_db()
    assert acme.workspace.ruleset_version == 77


# --------------------------------------------------------------------------- the shape of refusals


def test_an_error_has_the_contracts_shape(acme: Vendor) -> None:
    assert read(acme.machine.post("/workspaces", {"name": "x"}), 400) == {
        "message": "Bad Request",
        "error": {
            "name": "BadRequest",
            "message": "name: must be 3 to 50 letters, digits, spaces, _ or -.",
            "data": [{"param": "name", "msg": "must be 3 to 50 letters, digits, spaces, _ or -."}],
        },
    }


def test_every_wrong_field_is_named_at_once(acme: Vendor) -> None:
    body = {"name": 5, "tenant": "", "retention_days": 0}
    assert params(acme.machine.post("/workspaces", body), 400) == ["name", "tenant", "retention_days"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/workspaces/{id}", "GET, HEAD, PUT"),
        ("DELETE", "/workspaces/{id}", "GET, HEAD, PUT"),
        ("OPTIONS", "/workspaces/{id}", "GET, HEAD, PUT"),
        ("GET", "/rules/preview", "POST"),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(acme: Vendor, method: str, path: str, allowed: str) -> None:
    answer = acme.machine.send(method, path.format(id=acme.workspace.id))
    assert fault(answer, 405)["name"] == "MethodNotAllowed"
    assert answer["Allow"] == allowed


def test_a_head_where_nothing_can_be_got_is_405(acme: Vendor) -> None:
    answer = acme.machine.send("HEAD", "/rules/preview")
    assert (answer.status_code, answer["Allow"], answer.content) == (405, "POST", b"")


def test_a_path_that_is_none_is_404_in_json(acme: Vendor) -> None:
    for path in ("", "/", "/nothing", "/workspaces/", f"/workspaces/{STRANGE_ID}/", "/openapi"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = acme.machine.send(method, path)
            assert fault(answer, 404)["message"] == "There is nothing here.", (method, path)


def test_every_answer_says_that_it_is_json(acme: Vendor, nobody: Caller) -> None:
    answers = [
        acme.machine.get("/workspaces"),
        acme.machine.post("/workspaces", {"name": "x"}),
        acme.machine.send("DELETE", "/workspaces"),
        acme.machine.get("/nothing"),
        nobody.get("/workspaces"),
        nobody.get("/openapi.json"),
    ]
    assert {answer["Content-Type"].partition(";")[0] for answer in answers} == {"application/json"}


# --------------------------------------------------------------------------- bodies


def test_a_body_over_a_mebibyte_is_413_and_not_read(acme: Vendor) -> None:
    largest = b'{"name":"abc","description":"' + b"x" * (1024 * 1024 - 31) + b'"}'
    assert len(largest) == 1024 * 1024
    assert params(acme.machine.post("/workspaces", largest), 400) == ["description"]
    assert acme.machine.post("/workspaces", largest + b" ").status_code == 413


def test_a_body_that_ends_too_soon_is_400(acme: Vendor) -> None:
    cut = {"CONTENT_LENGTH": "100", "wsgi.input": io.BytesIO(b'{"name":"abc"}')}
    answer = acme.machine.send("POST", "/workspaces", environ=cut)
    assert "Content-Length" in fault(answer, 400)["message"]


def test_a_chunked_body_is_411(acme: Vendor) -> None:
    assert acme.machine.post("/workspaces", {"name": "abc"}, Transfer_Encoding="chunked").status_code == 411


@pytest.mark.parametrize("kind", ["application/json; charset=utf-16", "application/json; charset=x", "text/plain", ""])
def test_a_request_may_call_its_charset_what_it_likes(acme: Vendor, kind: str) -> None:
    answer = acme.machine.send("GET", "/workspaces", query={"limit": "1"}, content_type=kind)
    assert read(answer)["count"] == 1


def test_a_query_of_more_fields_than_anybody_needs_is_400(acme: Vendor) -> None:
    query = {f"field{number}": "x" for number in range(1_001)}
    assert fault(acme.machine.get("/workspaces", **query), 400)


def test_the_api_lives_where_the_clients_look() -> None:
    assert V1 == "/api/v1"


# --------------------------------------------------------------------------- what is sent, and what is shown


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_a_body_of_another_kind_is_415(acme: Vendor, kind: str) -> None:
    answer = acme.machine.send("POST", "/workspaces", {"name": "Another kind"}, content_type=kind)
    assert "application/json" in fault(answer, 415)["message"]
    assert not Workspace.objects.filter(name="Another kind").exists()


def test_nothing_is_changed_before_it_was_made(acme: Vendor) -> None:
    made = read(acme.machine.post("/workspaces", {"name": "Made just now"}), 201)["workspace"]
    assert made["updated_at"] >= made["created_at"]
    for path in ("/workspaces", "/connections", "/rules", f"/workspaces/{acme.workspace.id}/event-types"):
        found = read(acme.machine.get(path))
        for record in found if isinstance(found, list) else found["records"]:
            assert record["updated_at"] >= record["created_at"], path
