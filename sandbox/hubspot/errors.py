"""How HubSpot says no everywhere but at its token endpoints, where it speaks RFC 6749: an envelope of its own."""

from __future__ import annotations

import json
import uuid
from typing import Any


class HubSpotError(Exception):
    """Ends a call of the APIs. ``more`` is added to the envelope's JSON."""

    def __init__(
        self, status: int, category: str, message: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.headers = headers or {}
        self.more = more

    def body(self) -> dict[str, Any]:
        return {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
            **self.more,
        }


def invalid(message: str, **more: Any) -> HubSpotError:
    """A request that is not of the documented form."""
    return HubSpotError(400, "VALIDATION_ERROR", message, **more)


def invalid_values(refused: list[dict[str, Any]]) -> HubSpotError:
    """Values that a property does not take: HubSpot puts them into the message, as JSON inside of the text."""
    return invalid(f"Property values were not valid: {json.dumps(refused)}")


def expired() -> HubSpotError:
    return HubSpotError(
        401,
        "EXPIRED_AUTHENTICATION",
        "The OAuth token used to make this call expired 5 second(s) ago.",
        context={"expire time": ["2026-01-01T00:00:00.000Z"]},
    )


def unauthenticated() -> HubSpotError:
    return HubSpotError(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")


def lacking(*scopes: str) -> HubSpotError:
    detail = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    words = "This app hasn't been granted all required scopes to make this call."
    return HubSpotError(403, "MISSING_SCOPES", words, errors=[detail])


def not_found(message: str = "resource not found") -> HubSpotError:
    return HubSpotError(404, "OBJECT_NOT_FOUND", message)


def too_many(policy: str, *, retry_after: int = 0) -> HubSpotError:
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    words = f"You have reached your {policy.lower()} limit."
    return HubSpotError(429, "RATE_LIMITS", words, headers=headers, errorType="RATE_LIMIT", policyName=policy)


def envelope(status: int) -> dict[str, Any]:
    """The body of an error of the APIs that a dial asks for."""
    words = {401: "INVALID_AUTHENTICATION", 403: "MISSING_SCOPES", 404: "OBJECT_NOT_FOUND", 409: "CONFLICT"}
    category = words.get(status, "RATE_LIMITS" if status == 429 else "VALIDATION_ERROR")
    told = HubSpotError(
        status,
        "INTERNAL_ERROR" if status >= 500 else category,
        f"The simulator was told to answer {status}.",
    )
    return told.body()
