"""Addresses of mails as rules say them: whom it goes to, and who it is from."""

from __future__ import annotations

import re

from connections import alerts
from connections.provider import Code, Culprit, Outcome

MOST = 50  # of one mail. Source: https://resend.com/docs/api-reference/emails/send-email, "to"

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}")
_SENDER = re.compile(rf"(?:[^<>\"@,;\x00-\x1f]{{1,100}}<(?P<named>{_ADDRESS.pattern})>|(?P<bare>{_ADDRESS.pattern}))")

NOBODY = Outcome(
    code=Code.MAPPING_ERROR,
    culprit=Culprit.DELIVERY,
    reason="The event has no e-mail address where the rule looks for one, so nothing was sent.",
    fix="Look at the event's payload, and say in the rule where the address stands.",
)
NO_SENDER = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.CONNECTION,
    reason="Neither the rule nor the connection says who the mail is from, so nothing was sent.",
    fix="Enter a sender in the connection; then send again.",
)


def split(text: str) -> list[str]:
    """The addresses of a text in which commas, semicolons or white space part them; each once, no others."""
    parts = re.split(r"[\s,;]+", alerts.tidy(text))
    return list(dict.fromkeys(part for part in parts if _ADDRESS.fullmatch(part)))[:MOST]


def only(text: str) -> str:
    """The one address of a text; empty when it is none."""
    found = split(text)
    return found[0] if found else ""


def is_sender(text: str) -> bool:
    """``you@example.com`` or ``Your name <you@example.com>``."""
    return bool(_SENDER.fullmatch(text.strip()))
