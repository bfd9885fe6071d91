"""Errors of the API: one exception, one shape on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, JsonResponse


class ApiError(Exception):
    """An answer other than success: raised by verbs and endpoints, written once, in the wire contract's shape.

    ``faults`` name each wrong field and how to mend it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        faults: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.faults = faults
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """``{"message": …, "error": {"name", "message", "data": [{"param", "msg"}]}}``."""
        phrase = HTTPStatus(self.status).phrase
        error: dict[str, Any] = {"name": phrase.title().replace(" ", ""), "message": self.message}
        if self.faults:
            error["data"] = [{"param": param, "msg": message} for param, message in self.faults]
        return {"message": phrase, "error": error}

    def answer(self) -> HttpResponse:
        """The error as a response."""
        return JsonResponse(self.body(), status=self.status, headers=self.headers)


def bad_request(param: str, message: str) -> ApiError:
    """One field is wrong."""
    return ApiError(400, f"{param}: {message}", faults=[(param, message)])


def not_found(param: str = "") -> ApiError:
    """The same bytes for what never existed and for what is somebody else's. ``param``: the field that named it."""
    faults = [(param, "names nothing that is here: check the id.")] if param else []
    return ApiError(404, "There is nothing here.", faults=faults)
