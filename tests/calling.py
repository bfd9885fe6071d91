"""Callers of the API, as the published clients are: a JSON content type on every method, short-lived tokens.

Every answer that a ``Caller`` gets is held against the OpenAPI description.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import jwt
from django.http import HttpResponse
from django.test import Client

from tests.described import expect_described
from workspaces.models import MachineKey

V1 = "/api/v1"
STRANGE_ID = UUID("0190f5fe-7c00-7a00-8000-00000000dead")  # well-formed, and nobody's
# One for all, since it keeps nothing between requests but cookies, which the API never sets.
_client = Client(enforce_csrf_checks=True)


@dataclass(frozen=True)
class Caller:
    """Somebody at the API's door, with the headers that say who."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, headers=headers)

    def put(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("PATCH", path, body)

    def delete(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("DELETE", path, body)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        environ: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        """Send text or bytes as they are, anything else as JSON; the answer must be as the description says."""
        raw = b"" if body is None else body if isinstance(body, bytes) else _text(body).encode()
        spoken = {**self.headers, **{name.replace("_", "-"): value for name, value in (headers or {}).items()}}
        response = _client.generic(
            method,
            V1 + path,
            raw,
            content_type=content_type,
            query_params=dict(query or {}),
            headers=spoken,
            **{"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(raw)), **(environ or {})},
        )
        found = cast("HttpResponse", response)
        expect_described(method, V1 + path, found)
        return found


def read(response: HttpResponse, status: int = 200) -> Any:
    """The JSON of an answer that has the status."""
    assert response.status_code == status, response.content
    return json.loads(response.content)


def fault(response: HttpResponse, status: int) -> dict[str, Any]:
    """The detail of an error that has the status."""
    body = read(response, status)
    assert set(body) == {"message", "error"}
    assert set(body["error"]) <= {"name", "message", "data"}
    return dict(body["error"])


def params(response: HttpResponse, status: int) -> list[str]:
    """The fields that an error names."""
    return [wrong["param"] for wrong in fault(response, status)["data"]]


def walk(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every record of a list, page by page."""
    records: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = read(caller.get(path, **query, **({"cursor": cursor} if cursor else {})))
        assert page["count"] == len(page["records"]) <= page["limit"]
        records += page["records"]
        cursor = page["next_cursor"]
        if cursor is None:
            return records


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


# --------------------------------------------------------------------------- tokens


def machine_token(key: MachineKey, *, secret: str = "", lived: int = 0, life: int = 30, **claims: Any) -> str:
    """A token as the published clients sign it; ``lived`` seconds ago."""
    issued = int(time.time()) - lived
    said = {
        "iss": f"urn:meshes:m2m:{key.access_key}",
        "aud": "meshes-api",
        "org": str(key.organization_id),
        "iat": issued,
        "exp": issued + life,
        **claims,
    }
    return jwt.encode(said, secret or key.unseal("secret"), algorithm="HS256", headers={"kid": key.access_key})


def bearer(token: str) -> Caller:
    return Caller({"Authorization": f"Bearer {token}"})
