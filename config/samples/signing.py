"""A signing secret that is being replaced, and the verdicts about signatures: right, late, and wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from connections.models import Connection
from connections.providers.webhook.diagnosing import Diagnosis, Received, Sent, diagnose
from connections.providers.webhook.signing import new_secret
from connections.providers.webhook.spelling import spell
from deliveries.pages.debugging import told

NEW, OLD, FOREIGN = (new_secret(letter * 32) for letter in (b"n", b"o", b"f"))
MESSAGE = "0190f5fe-7c00-7a00-8000-000000000001"
BODY, REWRITTEN = b'{"event": "alert.triggered"}\n', b'{"event":"alert.triggered"}'


def samples(now: datetime) -> dict[str, Any]:
    """One verdict of each tone, of which the last has everything that can stand beside it."""
    late, until = now - timedelta(hours=2), now + timedelta(hours=17)
    found = [_found(NEW, BODY, now, now), _found(OLD, BODY, late, now), _found(FOREIGN, REWRITTEN, now, now)]
    return {
        "old_until": until,
        "signed_by_two": Connection(provider="webhook", name="On-call bridge", old_secret_until=until),
        "verdicts": [told(one) for verdict in found for one in verdict.findings],
        "verdict": found[-1],
        "signed": spell(found[-1].signed.decode()),
    }


def _found(secret: str, got: bytes, at: datetime, now: datetime) -> Diagnosis:
    """What there is to say of a request that was signed so, when its receiver got that body."""
    signature, timestamp = Webhook(secret).sign(MESSAGE, at, BODY.decode()), str(int(at.timestamp()))
    sent = Sent(MESSAGE, timestamp, signature, BODY, len(BODY))
    received = Received(MESSAGE, timestamp, signature, got)
    return diagnose(received, secrets={"current": NEW, "old": OLD}, sent=[sent], now=now)
