"""The API's doors: which credentials a route asks for, and what it then knows of its caller."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from workspaces.access import Emitter, Machine, emitter, machine


class MachineToken(HttpBearer):
    """A JWT signed with a machine key: HS256, at most 60 seconds of life."""

    openapi_bearerFormat = "JWT"  # noqa: N815  the description's own name
    openapi_description = (
        "A JWT that your back-end signs for every call with a machine key's secret: HS256 with the secret's own bytes;"
        " header `kid` = access key; claims `iss` = `urn:meshes:m2m:<access key>`, `aud` = `meshes-api`, `org` ="
        " organization id, `iat` and `exp` at most 60 seconds apart. It may do everything in its organization."
    )

    def __call__(self, request: HttpRequest) -> Machine:
        return machine(request)

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        raise NotImplementedError  # __call__ does all of it


class PublishableKeyHeader(APIKeyHeader):
    """A workspace's publishable key. It may emit, and nothing else."""

    param_name = "X-Meshes-Publishable-Key"
    openapi_description = (
        "`mesh_pub_<environment>_<key id>_<secret>`: may emit into its own workspace, and nothing else, so it may stand"
        " in a browser."
    )

    def __call__(self, request: HttpRequest) -> Emitter | None:
        return emitter(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        raise NotImplementedError


class Call(HttpRequest):
    """A request whose machine token was verified."""

    auth: Machine


class EmitCall(HttpRequest):
    """A request whose publishable key or machine token was verified."""

    auth: Emitter | Machine
