"""Tokens that say themselves whose they are: an app stays installed when the simulator is started anew."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

KEY = b"sandbox-hubspot"  # no secret: it tells the simulator's own tokens from made-up ones
SIGNATURE_BYTES = 16


def write(prefix: str, said: Mapping[str, Any]) -> str:
    """A token that starts as HubSpot's do, and holds what is said."""
    body = json.dumps(said, separators=(",", ":")).encode()
    return prefix + base64.urlsafe_b64encode(_sign(prefix, body) + body).rstrip(b"=").decode()


def read(prefix: str, token: str) -> dict[str, Any] | None:
    """What a token holds; None for one that was not written here with this prefix."""
    text = token.removeprefix(prefix)
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    body = found[SIGNATURE_BYTES:]
    if not token.startswith(prefix) or not hmac.compare_digest(found[:SIGNATURE_BYTES], _sign(prefix, body)):
        return None
    said: dict[str, Any] = json.loads(body)
    return said


def _sign(prefix: str, body: bytes) -> bytes:
    return hmac.digest(KEY, prefix.encode() + body, "sha256")[:SIGNATURE_BYTES]
