"""What Resend tells afterwards: that a mail bounced, was complained of, or was never sent.

The calls are signed as Standard Webhooks are, with headers of Svix's names.
Sources: https://resend.com/docs/webhooks/verify-webhooks-requests and https://resend.com/docs/webhooks/emails/bounced
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook as Signer

from connections.answers import object_of, text_of
from connections.provider import Afterwards, Heard, Refusal
from connections.providers.resend.mails import TAG

TOLERANCE = timedelta(minutes=5)  # of the call's own time, either way: a recorded call is no good later

_ID = re.compile(r"[\x21-\x7e]{1,128}")
_NOT_PROVEN = Refusal(
    "The call is not signed as Resend would sign it.", "Enter the signing secret of the webhook again."
)
_LATE = Refusal("The call is older or newer than five minutes.", "Check the clock of this installation.")
_UNREADABLE = Refusal("The call is signed, and not of Resend's form.", "Point only Resend's webhook here.")

_BOUNCES = {
    "MailboxFull": "The mailbox is full.",
    "NoEmail": "There is no such mailbox.",
    "MessageTooLarge": "The mail is larger than the mailbox takes.",
    "ContentRejected": "The receiving server did not like the content.",
    "AttachmentRejected": "The receiving server did not like an attachment.",
}
_SUPPRESSED = {
    "previous_bounce": "Resend did not send it, since an earlier mail to this address bounced.",
    "previous_complaint": "Resend did not send it, since an earlier mail to this address was reported as spam.",
}
_KINDS = {
    "email.bounced": Afterwards.BOUNCED,
    "email.complained": Afterwards.COMPLAINED,
    "email.failed": Afterwards.FAILED,
    "email.suppressed": Afterwards.SUPPRESSED,
    "email.delivery_delayed": Afterwards.DELAYED,
}


def read(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Heard | Refusal | None:
    """What one call tells; None when it is nothing that is kept. ``headers`` have names in lower case."""
    id, said = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    if not _ID.fullmatch(id) or not re.fullmatch("[0-9]{1,10}", said) or not _is_signed(headers, body, secret=secret):
        return _NOT_PROVEN
    if abs(now - datetime.fromtimestamp(int(said), UTC)) > TOLERANCE:
        return _LATE
    told = _parsed(body)
    return _UNREADABLE if told is None else _heard(id, told, now=now)


def is_secret(text: str) -> bool:
    """``whsec_`` and base64."""
    try:
        return text.startswith("whsec_") and bool(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def _is_signed(headers: Mapping[str, str], body: bytes, *, secret: str) -> bool:
    """Whether one of the signatures is right, in a time that tells nothing about how right."""
    moment = datetime.fromtimestamp(int(headers["svix-timestamp"]), UTC)
    if not is_secret(secret):
        return False
    try:
        right = Signer(secret).sign(msg_id=headers["svix-id"], timestamp=moment, data=body.decode())
    except ValueError:  # the body is no text
        return False
    given = headers.get("svix-signature", "").encode(errors="replace").split()[:8]
    return any(hmac.compare_digest(one, right.encode()) for one in given)


def _heard(id: str, told: Mapping[str, Any], *, now: datetime) -> Heard | None:
    kind = _KINDS.get(text_of(told.get("type")))
    about = object_of(told.get("data"))
    delivery = _delivery(about)
    if kind is None or delivery is None:
        return None
    at = _moment(text_of(told.get("created_at"))) or now
    return Heard(id=id, delivery_id=delivery, kind=kind, words=_words(kind, about), at=min(at, now))


def _delivery(about: Mapping[str, Any]) -> UUID | None:
    """Ours, from the tag that the mail was sent with; None for mails that somebody else sends by the same account."""
    try:
        return UUID(text_of(object_of(about.get("tags")).get(TAG)))
    except ValueError:
        return None


def _words(kind: Afterwards, about: Mapping[str, Any]) -> str:
    """One plain sentence. What servers say in free words is not kept: it repeats addresses."""
    match kind:
        case Afterwards.BOUNCED:
            bounce = object_of(about.get("bounce"))
            return _BOUNCES.get(text_of(bounce.get("subType")), "The receiving server refused it and did not say why.")
        case Afterwards.SUPPRESSED:
            reason = text_of(object_of(about.get("suppressed")).get("reason"))
            return _SUPPRESSED.get(reason, "Resend did not send it, since the address is on its suppression list.")
        case Afterwards.COMPLAINED:
            return "The recipient reported it as spam."
        case Afterwards.FAILED:
            return "Resend could not send it."
        case Afterwards.DELAYED:
            return "The receiving server puts it off; Resend goes on trying."


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
