"""Holds a request against a vendor's description of its API, and says in plain sentences what is wrong with it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

from connections.provider import Request
from tests.published.described import Description, Operation

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_JUDGED_APART = {"authorization", "content-type", "accept"}


def faults_of(request: Request, description: Description) -> list[str]:
    """What the vendor would have to say against a request; nothing when it is as described."""
    place = request.url.partition("?")[0]
    if not place.startswith(f"{description.server}/"):
        return [f"{request.method} {place}: is not on {description.server}."]
    path = place.removeprefix(description.server)
    operation = description.find(request.method, path)
    if operation is None:
        return [f"{request.method} {path}: is not described."]
    return [f"{operation.name}: {fault}" for fault in _faults(request, operation, path)]


def operation_of(request: Request, description: Description) -> str:
    """The name of the operation that a request is for; empty for none."""
    path = request.url.partition("?")[0].removeprefix(description.server)
    found = description.find(request.method, path)
    return found.name if found else ""


def _faults(request: Request, operation: Operation, path: str) -> Iterator[str]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    yield from _in_path(operation, path)
    yield from _in_place("query", operation, parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    yield from _in_place("header", operation, [pair for pair in headers.items() if pair[0] not in _JUDGED_APART])
    yield from _in_authorization(operation, headers.get("authorization"))
    yield from _in_body(request.body, operation, headers.get("content-type", "").partition(";")[0].strip().lower())


def _in_path(operation: Operation, path: str) -> Iterator[str]:
    match = operation.path.fullmatch(path)
    for name, value in match.groupdict().items() if match else ():
        validator = operation.at("path")[name].validator
        yield from _against(validator, _typed(unquote(value), validator), f"path {name}")


def _in_place(place: str, operation: Operation, pairs: list[tuple[str, str]]) -> Iterator[str]:
    known, said = operation.at(place), dict(pairs)
    yield from (f"{place} {name} comes twice." for name in _twice(pairs))
    yield from (f"{place} {name} is unknown." for name in said if name not in known)
    yield from (f"{place} {name} is missing." for name, one in known.items() if one.required and name not in said)
    for name in known.keys() & said.keys():
        validator = known[name].validator
        yield from _against(validator, _typed(said[name], validator), f"{place} {name}")


def _in_authorization(operation: Operation, value: str | None) -> Iterator[str]:
    if operation.bearer and not re.fullmatch(r"Bearer [!-~]+", value or ""):
        yield "the header Authorization has no bearer token."
    if not operation.bearer and value is not None:
        yield "a token comes along that is not asked for."


def _in_body(body: bytes, operation: Operation, kind: str) -> Iterator[str]:
    if not operation.bodies:
        yield from ["a body comes where none is described."] if body else []
    elif kind not in operation.bodies:
        yield f"a body of the kind {kind or '(none)'} is not described."
    elif kind == FORM:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body))
        yield from (f"body {name} comes twice." for name in _twice(pairs))
        yield from _against(operation.bodies[kind], _form(pairs, operation.bodies[kind]), "body")
    else:
        try:
            yield from _against(operation.bodies[kind], strict_json(body), "body")
        except ValueError as fault:
            yield f"the body is no JSON: {fault}."


def strict_json(body: bytes) -> Any:
    """A JSON text as RFC 8259 has it. Raises ``ValueError``, for Python's NaN and Infinity, too."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no number")

    return json.loads(body, parse_constant=refuse)


def _form(pairs: list[tuple[str, str]], validator: Draft202012Validator) -> dict[str, Any]:
    fields: Mapping[str, Any] = validator.schema["properties"]  # type: ignore[index]  # an object, not a boolean
    return {name: _read(value, fields.get(name, {}).get("type")) for name, value in pairs}


def _typed(text: str, validator: Draft202012Validator) -> Any:
    schema = validator.schema
    return _read(text, schema.get("type") if isinstance(schema, Mapping) else None)


def _read(text: str, kind: object) -> Any:
    """What a text stands for where all are texts; one that is nothing of the kind stays a text, and is a fault."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind in ("integer", "number") and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return text


def _against(validator: Draft202012Validator, value: Any, place: str) -> Iterator[str]:
    for fault in validator.iter_errors(value):
        yield f"{place}{fault.json_path.removeprefix('$')}: {fault.message[:300]}."


def _twice(pairs: list[tuple[str, str]]) -> list[str]:
    return [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
