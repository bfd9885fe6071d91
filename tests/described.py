"""Holds every answer of the API against its own OpenAPI description."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from typing import Any

from django.http import HttpResponse
from jsonschema_rs import Draft202012Validator

from config.api import description

_BODILESS = {204}
_UNDESCRIBED = {405}  # of a method that the path does not have, so nothing can describe it


def expect_described(method: str, path: str, response: HttpResponse) -> None:
    """Fails when the answer is not one that the description of its route promises."""
    if method in ("OPTIONS", "HEAD") or response.status_code in _BODILESS:
        return
    assert "json" in response["Content-Type"], (response["Content-Type"], response.content[:200])
    found = json.loads(response.content)
    schema = _promised(method, path, response.status_code)
    faults = [f"{fault.instance_path}: {fault.message}" for fault in _validator(json.dumps(schema)).iter_errors(found)]
    assert not faults, f"{method} {path} answers {response.status_code} otherwise than described: {faults[:5]}"


def _promised(method: str, path: str, status: int) -> dict[str, Any]:
    error = {"$ref": "#/components/schemas/ErrorAnswer"}
    operations = _operations(path)
    if not operations or status in _UNDESCRIBED or method.lower() not in operations:
        assert status in (400, 404, 405) or path.endswith("/openapi.json"), f"{method} {path} is not described"
        return {} if status == 200 else error
    answers = operations[method.lower()]["responses"]
    assert str(status) in answers, f"{method} {path} may not answer {status}"
    found: dict[str, Any] = answers[str(status)]["content"]["application/json"]["schema"]
    return found


@cache
def document() -> dict[str, Any]:
    """The published description."""
    found: dict[str, Any] = json.loads(description())
    return found


def _operations(path: str) -> dict[str, Any]:
    for pattern, operations in _paths():
        if pattern.fullmatch(path):
            return operations
    return {}


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Those without parameters first: ``/events/bulk`` is no event's id."""
    paths = sorted(document()["paths"].items(), key=lambda found: found[0].count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), operations) for path, operations in paths]


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": _strict_components()}
    return Draft202012Validator(whole, validate_formats=True)


@cache
def _strict_components() -> dict[str, Any]:
    """The described shapes, with nothing beside what they name: a field that nobody described is a fault, too."""
    components: dict[str, Any] = copy.deepcopy(document()["components"])
    for shape in components["schemas"].values():
        if "properties" in shape:
            shape.setdefault("additionalProperties", False)
    return components
