"""Resend's errors (resend.com/docs/api-reference/errors)."""

from __future__ import annotations

from aiohttp import web


class ResendError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, name: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status, self.name, self.message, self.retry_after = status, name, message, retry_after

    def answer(self) -> web.Response:
        body = {"statusCode": self.status, "name": self.name, "message": self.message}
        headers = {"retry-after": str(self.retry_after)} if self.retry_after else {}
        return web.json_response(body, status=self.status, headers=headers)


DIALLED = {
    "invalid_api_key": (403, "API key is invalid"),
    "domain_not_verified": (403, "The domain is not verified. Please, add and verify your domain"),
    "daily_quota_exceeded": (429, "You have reached your daily email sending quota."),
    "monthly_quota_exceeded": (429, "You have reached your monthly email sending quota."),
    "rate_limit_exceeded": (429, "Too many requests. You can only make 2 requests per second."),
    "concurrent_idempotent_requests": (409, "Same idempotency key used while original request is still in progress."),
    "internal_server_error": (500, "An unexpected error occurred."),
}


def dialled(fault: str, retry_after: int) -> ResendError:
    """The error of that dial."""
    status, message = DIALLED[fault]
    name = "validation_error" if fault == "domain_not_verified" else fault
    return ResendError(status, name, message, retry_after=retry_after if status == 429 else 0)
