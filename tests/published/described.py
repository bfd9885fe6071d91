"""A vendor's published description of its API, Swagger 2 or OpenAPI 3, brought into one form.

Sources: https://swagger.io/specification/v2/ and https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

METHODS = ("get", "post", "put", "patch", "delete")
_OF_A_PARAMETER = {"in", "name", "required", "description", "schema"}  # in Swagger 2, all else is its schema


@dataclass(frozen=True, slots=True)
class Parameter:
    """What may stand in a request's ``path``, ``query`` or ``header``."""

    place: str
    name: str
    required: bool
    validator: Draft202012Validator


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path. ``bodies`` are by media type; without any, a request has no body.

    ``bearer`` says whether an access token or a key has to come with it, as RFC 6750 has it.
    """

    name: str
    path: re.Pattern[str]
    parameters: tuple[Parameter, ...]
    bodies: Mapping[str, Draft202012Validator]
    bearer: bool

    def at(self, place: str) -> dict[str, Parameter]:
        """Its parameters of one place, by name; those of headers in lower case."""
        found = [one for one in self.parameters if one.place == place]
        return {one.name.lower() if place == "header" else one.name: one for one in found}


@dataclass(frozen=True, slots=True)
class Description:
    """``server`` is the address below which the paths are; ``operations`` are those without path parameters first."""

    server: str
    operations: tuple[tuple[str, Operation], ...]  # with their methods, in capitals

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request; None when there is none."""
        known = (operation for verb, operation in self.operations if verb == method)
        return next((operation for operation in known if operation.path.fullmatch(path)), None)


def describe(document: Mapping[str, Any]) -> Description:
    """The description in a published document."""
    paths = sorted(document["paths"].items(), key=lambda found: found[0].count("{"))
    verbs = [(method, path, found) for path, found in paths for method in METHODS if method in found]
    operations = [(method.upper(), _operation(document, method, path, found)) for method, path, found in verbs]
    return Description(server=server_of(document), operations=tuple(operations))


def closed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with nothing allowed beside what it names: a field that nobody described is a fault, too."""
    found = copy.deepcopy(dict(document))
    for schema in found.get("components", {}).get("schemas", {}).values():
        _close(schema)
    return found


def server_of(document: Mapping[str, Any]) -> str:
    """The address that a document describes; empty for one that is no description of an API."""
    if "swagger" in document:
        return f"{document['schemes'][0]}://{document['host']}{document.get('basePath', '')}".rstrip("/")
    servers = document.get("servers") if "openapi" in document else None
    return str(servers[0]["url"]).rstrip("/") if servers else ""


def _operation(document: Mapping[str, Any], method: str, path: str, found: Mapping[str, Any]) -> Operation:
    described = found[method]
    parameters = [_resolved(document, one) for one in (*found.get("parameters", ()), *described.get("parameters", ()))]
    return Operation(
        name=f"{method.upper()} {path}",
        path=re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))),
        parameters=tuple(_parameter(document, one) for one in parameters if one["in"] in ("path", "query", "header")),
        bodies=dict(_bodies(document, described, parameters)),
        bearer=_asks_for_a_token(document, described),
    )


def _parameter(document: Mapping[str, Any], described: Mapping[str, Any]) -> Parameter:
    schema = described["schema"] if "schema" in described else _own_schema(described)
    return Parameter(
        place=described["in"],
        name=described["name"],
        required=described.get("required", False),
        validator=_validator(document, schema),
    )


def _own_schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameter.items() if key not in _OF_A_PARAMETER}


def _bodies(
    document: Mapping[str, Any], described: Mapping[str, Any], parameters: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, Draft202012Validator]]:
    for kind, content in described.get("requestBody", {}).get("content", {}).items():
        yield kind, _validator(document, content["schema"])
    fields = [one for one in parameters if one["in"] == "formData"]
    for kind in described.get("consumes", document.get("consumes", ())) if fields else ():
        yield kind, _validator(document, {**_of_fields(fields), **described.get("x-body", {})})


def _of_fields(fields: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A form as the object that it is when it is sent as JSON."""
    return {
        "type": "object",
        "properties": {one["name"]: _own_schema(one) for one in fields},
        "required": [one["name"] for one in fields if one.get("required")],
        "additionalProperties": False,
    }


def _asks_for_a_token(document: Mapping[str, Any], described: Mapping[str, Any]) -> bool:
    known = document.get("securityDefinitions") or document.get("components", {}).get("securitySchemes", {})
    asked = [name for needed in described.get("security", document.get("security", ())) for name in needed]
    kinds = [(known[name]["type"], known[name].get("scheme", "bearer").lower()) for name in asked]
    return bool({("oauth2", "bearer"), ("http", "bearer")} & set(kinds))


def _resolved(document: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = found.get("$ref", "")
    for key in reference.removeprefix("#/").split("/") if reference else ():
        document = document[key]
    return document if reference else found


def _validator(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Draft202012Validator:
    """References in a schema lead to the document's own shapes."""
    shared = {key: document[key] for key in ("components", "definitions") if key in document}
    return Draft202012Validator({**shared, **schema}, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _close(schema: dict[str, Any]) -> None:
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for one in (*inner, *(one for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ()))):
        if isinstance(one, dict):
            _close(one)
