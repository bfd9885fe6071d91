"""The API's doors: which credentials a route asks for, and what it then knows of its caller."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from workspaces.access import Emitter, Machine, emitter, machine
from workspaces.embed.calling import SessionCaller, session_caller
from workspaces.embed.visitor import bearer, find_visitor
from workspaces.errors import ApiError
from workspaces.permissions import Permission

JWT_DOTS = 2


class MachineToken(HttpBearer):
    """A JWT signed with a machine key: HS256, at most 60 seconds of life."""

    openapi_bearerFormat = "JWT"  # noqa: N815  the description's own name
    openapi_description = (
        "A JWT that your back-end signs for every call with a machine key's secret: HS256 with the secret's own bytes;"
        " header `kid` = access key; claims `iss` = `urn:meshes:m2m:<access key>`, `aud` = `meshes-api`, `org` ="
        " organization id, `iat` and `exp` at most 60 seconds apart. It may do everything in its organization."
    )

    def __call__(self, request: HttpRequest) -> Machine:
        if _is_opaque(bearer(request)) and find_visitor(request):
            raise ApiError(403, "A portal session does not open this; use a machine key here.")
        return machine(request)

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        raise NotImplementedError  # __call__ does all of it


class PortalToken(MachineToken):
    """A machine token, or the token of a portal session whose holder has the permission."""

    openapi_bearerFormat = "JWT or opaque"  # noqa: N815  the description's own name
    openapi_description = (
        "A machine token, or the `access_token` of a portal session: that one sees its own workspace, may do what its"
        " role, type and scopes allow, and gets 403 for the rest."
    )

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        self._permission = permission

    def __call__(self, request: HttpRequest) -> Machine | SessionCaller:  # type: ignore[override]
        return session_caller(request, self._permission) if _is_opaque(bearer(request)) else machine(request)


def _is_opaque(token: str) -> bool:
    """Whether it is a session's, which holds no dots; a JWT has three parts."""
    return bool(token) and token.count(".") != JWT_DOTS


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


class PortalCall(HttpRequest):
    """A request whose machine token was verified, or whose portal session has the permission."""

    auth: Machine | SessionCaller


class EmitCall(HttpRequest):
    """A request whose publishable key or machine token was verified."""

    auth: Emitter | Machine
