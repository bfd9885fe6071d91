"""What may be kept of an exchange: everything but the secrets, and not more of a body than a person will read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from connections.provider import Answer, Failure, Mail, Record, Reply, Request, Step

KEPT_BODY = 16 * 1024  # characters
STRUCK = "••••••"
_ALWAYS_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})
_SHORTEST_SECRET = 4  # characters; striking out shorter ones would garble every text


class Redactor:
    """Strikes the given secrets out of whatever is about to be stored."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, STRUCK)
        return text.replace("\0", "\N{SYMBOL FOR NULL}")

    def exchange(self, step: Step, reply: Reply) -> dict[str, Any]:
        """One step and what came back."""
        return {"request": self.step(step), "response": self.reply(reply)}

    def step(self, step: Step) -> dict[str, Any]:
        """What was sent."""
        match step:
            case Request():
                more = Redactor([*self._secrets, *step.secrets])
                head = {"method": step.method, "url": more(step.url), "headers": more.headers(step.headers)}
                return {**head, **more.body(step.body)}
            case Mail():
                head = {"method": "MAIL", "to": list(step.to), "subject": self(step.subject)}
                return {**head, "message_id": step.message_id, **self.body(step.text.encode())}
            case Record():
                return {"method": "CAPTURE", "headers": self.headers(step.headers), **self.body(step.body)}

    def reply(self, reply: Reply) -> dict[str, Any]:
        """What came back, or why nothing did."""
        match reply:
            case Failure():
                return {"trouble": reply.trouble, "detail": self(reply.detail), "elapsed_ms": reply.elapsed_ms}
            case Answer():
                head = {"status": reply.status, "headers": self.headers(reply.headers)}
                return {**head, **self.body(reply.body), "truncated": reply.truncated, "elapsed_ms": reply.elapsed_ms}

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers with the values that are always secret struck out whole."""
        return {name: STRUCK if name.lower() in _ALWAYS_SECRET else self(value) for name, value in headers.items()}

    def body(self, body: bytes) -> dict[str, Any]:
        """The beginning of a body, its length in bytes, and the hash that proves the rest."""
        text = self(body.decode("utf-8", "replace"))
        kept: dict[str, Any] = {"body": text[:KEPT_BODY], "bytes": len(body)}
        if len(text) > KEPT_BODY:
            kept["sha256"] = hashlib.sha256(body).hexdigest()
        return kept
