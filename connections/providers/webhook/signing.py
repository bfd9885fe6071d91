"""The two signatures of a webhook: Standard Webhooks always, and the older plain one on request."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

from connections.provider import Job


def new_secret(random: bytes) -> str:
    """A signing secret. Source: Standard Webhooks 1.0.0, "Symmetric": ``whsec_`` and 24 to 64 bytes in base64."""
    return f"whsec_{base64.b64encode(random).decode()}"


def live_secrets(credentials: Mapping[str, str], *, now: datetime) -> list[str]:
    """The secrets that receivers may hold at that moment: the current one, then the one that it replaced."""
    current, previous = (credentials.get(key, "") for key in ("signing_secret", "previous_signing_secret"))
    still = previous and now.timestamp() < _seconds(credentials.get("previous_signing_secret_until", ""))
    return [secret for secret in (current, previous if still else "") if secret]


def standard_headers(job: Job, body: bytes, secrets: list[str]) -> dict[str, str]:
    """``webhook-id`` is the delivery's id and the same on every retry; the time is that of this attempt."""
    id, now = str(job.delivery_id), job.now.astimezone(UTC)
    signatures = [Signer(secret).sign(msg_id=id, timestamp=now, data=body.decode()) for secret in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def plain_headers(body: bytes, algorithm: str, secrets: list[str]) -> dict[str, str]:
    """``X-Meshes-Signature``: the HMAC of the body in hexadecimal under the secret's own text, one for each secret."""
    if algorithm not in ("sha256", "sha512"):
        return {}
    digests = [hmac.new(secret.encode(), body, algorithm).hexdigest() for secret in secrets]
    return {"X-Meshes-Signature": ", ".join(digests)}


def _seconds(until: str) -> float:
    """A time as it is kept beside the secrets; an end that cannot be read has come."""
    try:
        return float(until)
    except ValueError:
        return 0.0
