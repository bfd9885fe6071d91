"""The published description: valid, complete, and what the answers are held against in every other test."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import Client
from jsonschema import Draft202012Validator

from tests.calling import V1, Caller, read
from tests.described import document, expect_described
from tests.permitted import ASKED
from tests.test_isolation import EMIT, MACHINE, PORTAL, PUBLIC, TABLE
from tests.world import Vendor

OPERATIONS = [(method, path) for path, methods in document()["paths"].items() for method in methods]
ANSWER: dict[str, Any] = {
    "id": "0190f5fe-7c00-7a00-8000-00000000dead",
    "name": "Acme",
    "description": None,
    "tenant": "t",
    "environment": "production",
    "allowed_origins": [],
    "capture_only": False,
    "retention_days": None,
    "created_at": "2026-01-01T00:00:00.000Z",
    "updated_at": "2026-01-01T00:00:00.000Z",
}


def operation(method: str, path: str) -> dict[str, Any]:
    return dict(document()["paths"][path][method])


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


# --------------------------------------------------------------------------- the document


def test_it_is_openapi_3_1_and_public(nobody: Caller, db: None) -> None:
    published = read(nobody.get("/openapi.json"))
    assert published == document()
    assert published["openapi"].startswith("3.1")
    assert {"title", "version"} <= set(published["info"])


def test_every_reference_leads_somewhere() -> None:
    components = document()["components"]["schemas"]
    assert references(document()) == {f"#/components/schemas/{name}" for name in components}


def test_every_shape_is_a_valid_schema() -> None:
    for shape in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)
    for method, path in OPERATIONS:
        for answer in operation(method, path)["responses"].values():
            Draft202012Validator.check_schema(answer["content"]["application/json"]["schema"])


def test_every_operation_has_its_own_id_and_says_what_it_does() -> None:
    found = [operation(method, path) for method, path in OPERATIONS]
    assert len({one["operationId"] for one in found}) == len(found)
    assert all(one["summary"] and one["description"] for one in found)


def test_every_parameter_of_a_path_is_described_and_required() -> None:
    for method, path in OPERATIONS:
        told = {
            parameter["name"]
            for parameter in operation(method, path)["parameters"]
            if parameter["in"] == "path" and parameter["required"]
        }
        assert told == set(re.findall(r"\{(\w+)\}", path)), path


# --------------------------------------------------------------------------- it is complete


def test_every_route_of_the_api_is_described() -> None:
    routes = {
        (route.method.lower(), "/" + re.sub(r"<(\w+)>", r"{\1}", route.path))
        for route in TABLE
        if route.path.startswith("api/v1/") and route.method != "OPTIONS" and not route.path.endswith("openapi.json")
    }
    assert set(OPERATIONS) == routes


@pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")
def test_a_description_says_who_may_call(route: Any) -> None:
    path = "/" + re.sub(r"<(\w+)>", r"{\1}", route.path)
    security = document()["paths"].get(path, {}).get(route.method.lower(), {}).get("security", [])
    machine = {"PortalToken"} if (route.method, route.path.removeprefix("api/v1/")) in ASKED else {"MachineToken"}
    expected = {MACHINE: machine, EMIT: {"MachineToken", "PublishableKeyHeader"}, PUBLIC: set(), PORTAL: set()}
    assert {name for one in security for name in one} == expected[route.kind]


def test_every_operation_tells_its_errors() -> None:
    for method, path in OPERATIONS:
        if operation(method, path).get("security"):
            answers = operation(method, path)["responses"]
            assert {"400", "401", "403", "404", "500", "503"} <= set(answers), path
            errors = [answer for status, answer in answers.items() if int(status) >= 400]
            assert all(
                answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}
                for answer in errors
            )


def test_what_takes_a_body_describes_it() -> None:
    with_body = {(method, path) for method, path in OPERATIONS if "requestBody" in operation(method, path)}
    assert with_body == {
        ("post", f"{V1}/events"),
        ("post", f"{V1}/events/bulk"),
        ("put", f"{V1}/provider-apps"),
        ("post", f"{V1}/lifecycle-webhooks"),
        ("post", f"{V1}/workspaces"),
        ("put", f"{V1}/workspaces/{{workspace_id}}"),
        ("post", f"{V1}/connections"),
        ("put", f"{V1}/connections/{{connection_id}}"),
        ("delete", f"{V1}/connections/{{connection_id}}"),
        ("post", f"{V1}/connections/{{connection_id}}/signing-secret/rotate"),
        ("put", f"{V1}/connections/{{connection_id}}/mappings/default"),
        ("post", f"{V1}/rules"),
        ("patch", f"{V1}/rules/{{rule_id}}"),
        ("post", f"{V1}/rules/{{rule_id}}/revert"),
        ("post", f"{V1}/rules/{{rule_id}}/test"),
        ("post", f"{V1}/rules/backtest"),
        ("post", f"{V1}/rules/preview"),
        ("post", f"{V1}/sessions"),
    }


@pytest.mark.parametrize("path", ["/events", "/workspaces", "/connections", "/rules"])
def test_lists_describe_their_pages(path: str) -> None:
    found = operation("get", V1 + path)
    (limit,) = [parameter["schema"] for parameter in found["parameters"] if parameter["name"] == "limit"]
    assert (limit["minimum"], limit["maximum"]) == (1, 200)
    shape = found["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    page = document()["components"]["schemas"][shape]
    assert set(page["required"]) == {"count", "limit", "next_cursor", "records"}


def test_the_emit_routes_describe_the_key_and_the_event() -> None:
    for path in ("/events", "/events/bulk"):
        found = operation("post", V1 + path)
        assert [parameter["name"] for parameter in found["parameters"]] == ["Idempotency-Key"]
        schema = found["requestBody"]["content"]["application/json"]["schema"]
        event = schema if path == "/events" else schema["items"]
        Draft202012Validator.check_schema(schema)
        assert event["required"] == ["event", "payload"]
    assert (schema["minItems"], schema["maxItems"]) == (1, 100)


def test_what_the_description_takes_is_taken(acme: Vendor) -> None:
    """The described shape of an event judges as the reader does, as far as a schema can."""
    schema = operation("post", f"{V1}/events")["requestBody"]["content"]["application/json"]["schema"]
    base: dict[str, Any] = {"event": "a", "payload": {}}
    tried: list[dict[str, Any]] = [{}, {"type": None}, {"type": "x" * 33}, {"resource": 5}, {"payload": []}]
    for more in tried:
        body = {**base, **more}
        accepted = acme.emitter.post("/events", body).status_code == 201
        assert accepted is Draft202012Validator(schema).is_valid(body), body


# --------------------------------------------------------------------------- the judge has teeth


def judged(body: Any, *, status: int = 200, path: str = "/workspaces/1", **headers: str) -> None:
    expect_described("GET", V1 + path, JsonResponse(body, status=status, safe=False, headers=headers))


def test_the_judge_passes_what_is_described() -> None:
    judged({**ANSWER, "publishable_key": None})
    judged({"message": "Not Found", "error": {"name": "NotFound", "message": "No."}}, status=404)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {**ANSWER},
        {**ANSWER, "publishable_key": None, "secret": "x"},
        {**ANSWER, "publishable_key": {"public_key": 5, "name": "x"}},
        {**ANSWER, "publishable_key": None, "id": "not one"},
        {**ANSWER, "publishable_key": None, "allowed_origins": "any"},
        [],
        None,
    ],
)
def test_the_judge_notices_every_other_shape(wrong: Any) -> None:
    with pytest.raises(AssertionError):
        judged(wrong)


@pytest.mark.parametrize("status", [200, 201, 409, 418])
def test_the_judge_notices_a_status_or_an_error_that_is_not_described(status: int) -> None:
    with pytest.raises(AssertionError):
        judged({"message": "x", "detail": "y"}, status=status)


def test_the_judge_notices_a_route_that_is_not_described() -> None:
    with pytest.raises(AssertionError, match="not described"):
        judged({}, path="/secrets")


def test_the_judge_notices_what_is_not_json() -> None:
    with pytest.raises(AssertionError):
        expect_described("GET", f"{V1}/workspaces", HttpResponse("<h1>No</h1>"))


def test_no_answer_leaves_the_house_unjudged(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every caller of these tests asks the judge."""
    asked: list[str] = []
    monkeypatch.setattr("tests.calling.expect_described", lambda method, path, response: asked.append(path))
    acme.machine.get("/workspaces")
    assert asked == [f"{V1}/workspaces"]


def test_the_description_is_json_for_machines(db: None) -> None:
    answer = Client().get(f"{V1}/openapi.json")
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.content)["paths"]


def test_both_credentials_are_explained() -> None:
    schemes = document()["components"]["securitySchemes"]
    token, key = schemes["MachineToken"], schemes["PublishableKeyHeader"]
    assert token["bearerFormat"] == "JWT"
    assert all(
        word in token["description"] for word in ("HS256", "kid", "urn:meshes:m2m:", "meshes-api", "org", "60 s")
    )
    assert "mesh_pub_" in key["description"]
