"""Whether a call is signed as Standard Webhooks asks, judged by the library that receivers use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from standardwebhooks import Webhook, WebhookVerificationError

NEEDED = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``verified`` is None when there is no secret to judge by; ``reason`` says why in plain words."""

    verified: bool | None
    reason: str


def judge(*, secret: str, headers: Mapping[str, str], body: bytes) -> Verdict:
    """The verdict on one call under a receiver's ``whsec_`` secret."""
    if not secret.removeprefix("whsec_"):
        return Verdict(None, "No secret is known for this path, so the signature was not checked.")
    present = {name.lower() for name, value in headers.items() if value}
    missing = [name for name in NEEDED if name not in present]
    if missing:
        return Verdict(verified=False, reason=f"Missing: {', '.join(missing)}.")
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        return Verdict(verified=False, reason=_plain(str(error)))
    except ValueError:  # the library lets these through: no base64, no comma, no UTF-8
        return Verdict(
            verified=False, reason="The secret is not base64, or webhook-signature is not of the form v1,<base64>."
        )
    return Verdict(verified=True, reason="The signature matches this receiver's secret.")


def _plain(words: str) -> str:
    if "timestamp too" in words:
        return f"{words}: webhook-timestamp must be within five minutes of now."
    if "Signature Headers" in words:
        return "webhook-timestamp is not a number of seconds."
    return "No signature matches this receiver's secret: signed with another one, or the body was changed on the way."
