"""The judge of requests, judged: made-up descriptions of a small vendor, once in each of the two forms."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connections.provider import Request
from tests.published.corrections import Correction, corrected
from tests.published.described import closed, describe, server_of
from tests.published.judging import faults_of, operation_of

ROOM = {"name": "room", "in": "path", "required": True}
SWAGGER = {
    "swagger": "2.0",
    "schemes": ["https"],
    "host": "bell.example",
    "basePath": "/api",
    "securityDefinitions": {"signedIn": {"type": "oauth2"}},
    "paths": {
        "/rooms/{room}/ring": {
            "post": {
                "consumes": ["application/x-www-form-urlencoded", "application/json"],
                "security": [{"signedIn": ["ring"]}],
                "parameters": [
                    {**ROOM, "type": "string", "maxLength": 5},
                    {"name": "X-Once", "in": "header", "type": "string", "maxLength": 8},
                    {"name": "text", "in": "formData", "type": "string", "required": True},
                    {"name": "times", "in": "formData", "type": "integer", "maximum": 9},
                    {"name": "loud", "in": "formData", "type": "boolean"},
                    {"name": "to", "in": "formData", "type": "array"},
                ],
            }
        },
        "/rooms": {
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "type": "integer", "required": True},
                    {"name": "open", "in": "query", "type": "boolean"},
                ]
            }
        },
    },
}
OPENAPI = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://bell.example/api"}],
    "security": [{"key": []}],
    "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "parameters": {"limit": {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}}},
        "schemas": {
            "Ring": {
                "type": "object",
                "required": ["text"],
                "properties": {
                    "text": {"type": "string"},
                    "times": {"type": "integer", "maximum": 9},
                    "loud": {"type": "boolean"},
                    "to": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
                },
            },
            "Person": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        },
    },
    "paths": {
        "/rooms/{room}/ring": {
            "parameters": [{**ROOM, "schema": {"type": "string", "maxLength": 5}}],
            "post": {
                "parameters": [{"name": "X-Once", "in": "header", "schema": {"type": "string", "maxLength": 8}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ring"}}}},
            },
        },
        "/rooms": {
            "get": {
                "security": [],
                "parameters": [
                    {"$ref": "#/components/parameters/limit"},
                    {"name": "open", "in": "query", "schema": {"type": "boolean"}},
                ],
            }
        },
    },
}

RINGING = {"text": "Hello", "times": 3, "loud": True, "to": [{"id": "ann"}]}
HEADERS = {"Authorization": "Bearer hush", "Content-Type": "application/json; charset=utf-8", "X-Once": "12345678"}
RING = Request("POST", "https://bell.example/api/rooms/blue/ring", HEADERS, json.dumps(RINGING).encode())
FORM = replace(
    RING,
    headers={**HEADERS, "Content-Type": "application/x-www-form-urlencoded"},
    body=b"text=Hello+%26+good+day&times=3&loud=true",
)
LIST = Request("GET", "https://bell.example/api/rooms?limit=7&open=false", {"Accept": "application/json"})

both_forms = pytest.mark.parametrize("document", [SWAGGER, OPENAPI], ids=["Swagger 2", "OpenAPI 3"])


def faults(document: dict[str, Any], request: Request) -> list[str]:
    return faults_of(request, describe(closed(document)))


def headers(**changes: str | None) -> dict[str, str]:
    changed = {**HEADERS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return {name: value for name, value in changed.items() if value is not None}


def ringing(**changes: Any) -> Request:
    return replace(RING, body=json.dumps({**RINGING, **changes}).encode())


@both_forms
@pytest.mark.parametrize("request_", [RING, LIST], ids=["POST", "GET"])
def test_a_request_as_described_has_no_fault(document: dict[str, Any], request_: Request) -> None:
    assert faults(document, request_) == []


def test_a_form_as_described_has_no_fault() -> None:
    assert faults(SWAGGER, FORM) == []


@both_forms
@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (replace(RING, url="https://bell.evil.example/api/rooms/blue/ring"), "is not on https://bell.example/api"),
        (replace(RING, url="http://bell.example/api/rooms/blue/ring"), "is not on https://bell.example/api"),
        (replace(RING, url="https://bell.example/rooms/blue/ring"), "is not on https://bell.example/api"),
        (replace(RING, url="https://bell.example/api/rooms/blue/knock"), "POST /rooms/blue/knock: is not described"),
        (replace(RING, url="https://bell.example/api/rooms//ring"), "is not described"),
        (replace(RING, method="PUT"), "PUT /rooms/blue/ring: is not described"),
        (replace(RING, url="https://bell.example/api/rooms/violet/ring"), "path room: 'violet' is too long"),
        (replace(RING, url=f"{RING.url}?text=Hello"), "query text is unknown"),
        (replace(LIST, url=f"{LIST.url}&limit=8"), "query limit comes twice"),
        (replace(LIST, url=LIST.url.replace("limit", "Limit")), "query limit is missing"),
        (replace(LIST, url=LIST.url.replace("7", "")), "query limit: '' is not of type 'integer'"),
        (replace(LIST, url=LIST.url.replace("7", "7.5")), "query limit: '7.5' is not of type 'integer'"),
        (replace(LIST, url=LIST.url.replace("false", "no")), "query open: 'no' is not of type 'boolean'"),
        (replace(LIST, headers={"Authorization": "Bearer hush"}), "a token comes along"),
        (replace(LIST, body=b"{}"), "a body comes where none is described"),
        (replace(RING, headers=headers(Authorization=None)), "has no bearer token"),
        (replace(RING, headers=headers(Authorization="hush")), "has no bearer token"),
        (replace(RING, headers=headers(X_Once="123456789")), "header x-once: '123456789' is too long"),
        (replace(RING, headers=headers(X_Twice="1")), "header x-twice is unknown"),
        (replace(RING, headers=headers(Content_Type="text/plain")), "a body of the kind text/plain is not described"),
        (replace(RING, headers=headers(Content_Type=None)), "a body of the kind (none) is not described"),
        (replace(RING, body=b""), "the body is no JSON"),
        (replace(RING, body=b'{"text": "a", "times": NaN}'), "the body is no JSON: NaN is no number"),
        (replace(RING, body=b"[]"), "body: [] is not of type 'object'"),
        (replace(RING, body=b"{}"), "body: 'text' is a required property"),
        (ringing(txet="Hello"), "'txet' was unexpected"),
        (ringing(text=7), "body.text: 7 is not of type 'string'"),
        (ringing(times="3"), "body.times: '3' is not of type 'integer'"),
        (ringing(times=10), "body.times: 10 is greater than the maximum of 9"),
        (ringing(loud="true"), "body.loud: 'true' is not of type 'boolean'"),
        (ringing(to="ann"), "body.to: 'ann' is not of type 'array'"),
    ],
)
def test_a_fault_is_told(document: dict[str, Any], request_: Request, fault: str) -> None:
    assert fault in " ".join(faults(document, request_))


@pytest.mark.parametrize(
    ("to", "fault"),
    [
        (["ann"], "body.to[0]: 'ann' is not of type 'object'"),
        ([{"name": "Ann", "id": "ann"}], "'name' was unexpected"),
        ([{}], "body.to[0]: 'id' is a required property"),
    ],
)
def test_a_fault_inside_a_shared_shape_is_told(to: list[Any], fault: str) -> None:
    [found] = faults(OPENAPI, ringing(to=to))
    assert fault in found


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"times=3", "'text' is a required property"),
        (b"", "'text' is a required property"),
        (b"text=a&text=b", "body text comes twice"),
        (b"text=a&txet=b", "'txet' was unexpected"),
        (b"text=a&times=three", "'three' is not of type 'integer'"),
        (b"text=a&loud=yes", "'yes' is not of type 'boolean'"),
    ],
)
def test_a_fault_in_a_form_is_told(body: bytes, fault: str) -> None:
    assert fault in " ".join(faults(SWAGGER, replace(FORM, body=body)))


@both_forms
def test_a_document_says_which_server_it_describes(document: dict[str, Any]) -> None:
    assert server_of(document) == "https://bell.example/api"
    assert server_of({"name": "bell", "servers": []}) == ""


@both_forms
def test_an_operation_has_a_name(document: dict[str, Any]) -> None:
    assert operation_of(RING, describe(document)) == "POST /rooms/{room}/ring"
    assert operation_of(replace(RING, method="PUT"), describe(document)) == ""


# --------------------------------------------------------------------------- corrections


def correct(document: dict[str, Any], at: tuple[str, ...], put: dict[str, Any] | None) -> dict[str, Any]:
    return corrected(document, [Correction("bell", at, put, "It is wrong.", "https://bell.example")])


def test_a_parameter_is_added_changed_and_taken_away() -> None:
    at = ("paths", "/rooms", "get", "parameters")
    asked = replace(LIST, url=f"{LIST.url}&floor=2")
    assert faults(SWAGGER, asked)
    assert not faults(correct(SWAGGER, (*at, "floor"), {"in": "query", "type": "integer"}), asked)
    assert not faults(correct(SWAGGER, (*at, "limit"), {"maximum": 7}), LIST)
    assert faults(correct(SWAGGER, (*at, "limit"), {"maximum": 6}), LIST)
    assert faults(correct(SWAGGER, (*at, "limit"), None), LIST) == ["GET /rooms: query limit is unknown."]


def test_a_shape_is_changed_and_the_document_stays_as_it_was() -> None:
    before = json.dumps(OPENAPI)
    at = ("components", "schemas", "Ring")
    assert faults(correct(OPENAPI, at, {"required": ["text", "floor"]}), RING)
    assert not faults(correct(OPENAPI, (*at, "properties", "times"), {"maximum": 99}), ringing(times=98))
    assert json.dumps(OPENAPI) == before


def test_an_operation_is_added() -> None:
    added = correct(SWAGGER, ("paths", "/rooms", "delete"), {"parameters": []})
    assert not faults(added, Request("DELETE", "https://bell.example/api/rooms", {}))
