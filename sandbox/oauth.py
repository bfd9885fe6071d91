"""What a sign-in has in common at every vendor: an app, codes that are good once, and PKCE (RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass

from aiohttp import web

CODE_SECONDS = 600  # the most that RFC 6749, 4.1.2, recommends


class OAuthError(Exception):
    """Ends a call at a token endpoint, in the words of RFC 6749, 5.2."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def answer(self) -> web.Response:
        return web.json_response({"error": self.error, "error_description": self.description}, status=self.status)


@dataclass(frozen=True, slots=True)
class App:
    """The app that accounts are connected to."""

    client_id: str
    client_secret: str
    name: str = "Jackfield"

    def has_secret(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.client_secret.encode())


@dataclass(frozen=True, slots=True)
class Consent[Account]:
    """What a person agreed to, waiting for its code to be exchanged.

    ``account`` is where, in the vendor's own terms; ``challenge`` is "" when the app asked without PKCE.
    """

    client_id: str
    account: Account
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str = ""

    def is_met_by(self, verifier: str) -> bool:
        """Whether that is the verifier of the challenge (S256), if there is one."""
        digest = hashlib.sha256(verifier.encode()).digest()
        return self.challenge in ("", base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


class Codes[Account]:
    """The codes that wait to be exchanged: each is good once, within ten minutes."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Consent[Account], float]] = {}  # and when it ends

    def issue(self, code: str, consent: Consent[Account]) -> str:
        """Let the code, which has the vendor's form, stand for the consent. Returns the code."""
        self._waiting[code] = consent, time.monotonic() + CODE_SECONDS
        return code

    def find(self, code: str) -> Consent[Account] | None:
        """What the code stands for, without spending it."""
        return self._waiting[code][0] if code in self._waiting else None

    def spend(self, code: str) -> Consent[Account] | None:
        """What the code stands for; None when it is unknown, too old, or comes again."""
        consent, ends = self._waiting.pop(code, (None, 0.0))
        return consent if time.monotonic() <= ends else None


def bearer(authorization: str) -> str:
    """The token of an ``Authorization`` header; "" when it has none (RFC 6750, 2.1)."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
