"""How Salesforce says no everywhere but at its token endpoint, where it speaks RFC 6749: a list with one error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web


class ApiError(Exception):
    """Ends a call of the API."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status
        self.fields = list(fields)

    def answer(self) -> web.Response:
        return web.json_response(
            [{"message": self.message, "errorCode": self.code, "fields": self.fields}], status=self.status
        )


# Dialled errors: the status, the message, and the fields that it names. Those of WRITES come with a write only.
ANYWHERE: dict[str, tuple[int, str]] = {
    "INVALID_SESSION_ID": (401, "Session expired or invalid"),
    "REQUEST_LIMIT_EXCEEDED": (403, "TotalRequests Limit exceeded."),
    "API_DISABLED_FOR_ORG": (403, "The REST API is not enabled for this Organization."),
    "INACTIVE_OWNER_OR_USER": (403, "user is inactive"),
    "SERVER_UNAVAILABLE": (503, "Server is down for maintenance"),
    "INVALID_FIELD": (400, "No such column 'Email' on entity 'Contact'."),
}
WRITES: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (400, "A contact needs a phone number before it can be saved.", ("Phone",)),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        400,
        "Unable to create/update fields: Title. Please check the security settings of this field.",
        ("Title",),
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": (403, "insufficient access rights on object id", ()),
    "UNABLE_TO_LOCK_ROW": (400, "unable to obtain exclusive access to this record", ()),
    "ENTITY_IS_DELETED": (404, "entity is deleted", ()),
    "DUPLICATES_DETECTED": (400, "Use one of these records?", ()),
    "STRING_TOO_LONG": (400, "Title: data value too large: xxx (max length=128)", ("Title",)),
    "REQUIRED_FIELD_MISSING": (400, "Required fields are missing: [Level__c]", ("Level__c",)),
    "CANNOT_EXECUTE_FLOW_TRIGGER": (400, "We can't save this record because the “Score” process failed.", ()),
}


def dialled(code: str) -> ApiError:
    """The error that a dial asks for."""
    if code in WRITES:
        status, message, fields = WRITES[code]
        return ApiError(code, message, status=status, fields=fields)
    status, message = ANYWHERE[code]
    return ApiError(code, message, status=status)


def envelope(status: int) -> list[dict[str, Any]]:
    """The body of a status that a dial asks for."""
    code = "SERVER_UNAVAILABLE" if status == 503 else "UNKNOWN_EXCEPTION"
    return [{"message": f"The simulator was told to answer {status}.", "errorCode": code}]
