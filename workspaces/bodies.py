"""Request bodies: measured before they are read, and read as strict JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from workspaces.errors import ApiError, bad_request
from workspaces.strict import read_json

MOST = 1024 * 1024  # bytes, wherever a route does not say otherwise


class StrictParser(Parser):
    """What the framework reads bodies and queries with."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The members of the body. Raises ApiError 400, 415 or 422. No Content-Type at all passes for JSON.

        The framework would read attributes off anything, so that a list would pass for an object without members.
        """
        if request.content_type not in ("", "application/json"):
            raise ApiError(415, "Send `Content-Type: application/json`.")
        found = read_json(whole(request))
        if not isinstance(found, dict):
            raise bad_request("body", "must be a JSON object.")
        return found

    def parse_querydict(
        self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """The query's values. Raises ApiError 400 for U+0000, which PostgreSQL takes in no text."""
        for name, values in data.lists():
            if any("\0" in value for value in values):
                raise bad_request(name.replace("\0", ""), "must not hold the character U+0000.")
        found: dict[str, Any] = super().parse_querydict(data, list_fields, request)
        return found


def measured(request: HttpRequest, *, most: int) -> int:
    """The body's length in bytes, from its header alone. Raises ApiError 411 when it is not told, 413 over ``most``."""
    told = request.META.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in request.META or not (told.isascii() and told.isdecimal()):
        raise ApiError(411, "Send a Content-Length.")
    if len(told) > 18 or int(told) > most:
        raise ApiError(413, f"The body may have at most {most} bytes; this one has {told[:18]}.")
    return int(told)


def whole(request: HttpRequest) -> bytes:
    """The body. Raises ApiError 400 when its sender hung up in the middle: what has come may be JSON all the same."""
    if len(request.body) < int(request.META.get("CONTENT_LENGTH") or 0):
        raise ended_too_soon()
    return request.body


def ended_too_soon() -> ApiError:
    """Its sender hung up in the middle."""
    return bad_request("body", "ended before its Content-Length.")


def modest(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view decorator: nothing of a body over ``MOST`` is read, nor of one whose length is not told."""

    @wraps(view)
    def measuring(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        try:
            if request.META.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in request.META:
                measured(request, most=MOST)
        except ApiError as error:
            return error.answer()
        return view(request, *arguments, **named)

    return measuring
