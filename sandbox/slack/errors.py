"""How Slack says no: HTTP 200 with ``ok: false`` and a word, except that a rate limit is HTTP 429."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """Ends a call with an error answer. ``extra`` is added to the answer's JSON."""

    def __init__(self, error: str, *, retry_after: int = 0, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.retry_after = retry_after
        self.extra = extra

    def answer(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.extra}


def invalid_arguments(message: str) -> SlackError:
    """A missing or malformed argument; Slack names it in ``response_metadata.messages``."""
    return SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})


def ratelimited(seconds: int) -> SlackError:
    return SlackError("ratelimited", retry_after=seconds)
