"""How HubSpot says no: RFC 6749 errors at the token endpoints, its own envelope everywhere else."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web


class OAuthError(Exception):
    """Ends a call at a token endpoint."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def answer(self) -> web.Response:
        return web.json_response({"error": self.error, "error_description": self.description}, status=self.status)


def envelope(status: int) -> dict[str, Any]:
    """The body of an error of the APIs."""
    words = {401: "INVALID_AUTHENTICATION", 403: "MISSING_SCOPES", 429: "RATE_LIMITS"}
    return {
        "status": "error",
        "message": f"The simulator was told to answer {status}." if status not in words else words[status].title(),
        "correlationId": secrets.token_hex(16),
        "category": words.get(status, "INTERNAL_ERROR" if status >= 500 else "VALIDATION_ERROR"),
    }
