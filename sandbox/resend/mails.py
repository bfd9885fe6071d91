"""``POST /emails``: what Resend checks before it takes a mail, and the mails that it took."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.journal import Journal
from sandbox.pages import now
from sandbox.resend.accounts import TEMPLATES, Account, Template
from sandbox.resend.errors import ResendError

KNOWN = {
    *("from", "to", "subject", "bcc", "cc", "reply_to", "html", "text", "template", "headers", "scheduled_at"),
    *("attachments", "tags", "topic_id"),
}
DAY = 24 * 3_600
_ADDRESS = re.compile(r"[^@<>\s]+@[^@<>\s]+\.[^@<>\s]+")
_SENDER = re.compile(r"(?:[^<>]*<)?[^@<>\s]+@(?P<domain>[^@<>\s]+?)>?")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it would go out."""

    id: str
    account: str
    sender: str
    to: tuple[str, ...]
    subject: str
    html: str
    text: str
    tags: dict[str, str]
    headers: dict[str, str]
    received_at: str


@dataclass(slots=True)
class Outbox:
    """Takes mails, each idempotency key once in 24 hours."""

    journal: Journal[Mail]
    _taken: dict[tuple[str, str], tuple[str, str, float]] = field(default_factory=dict)

    def send(self, account: Account, body: Any, raw: bytes, key: str) -> tuple[str, Mail | None]:
        """The mail's id, and the mail if it is new. Raises ``ResendError``."""
        if len(key) > 256:
            raise ResendError(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
        content, place = hashlib.sha256(raw).hexdigest(), (account.name, key)
        known = self._taken.get(place) if key else None
        if known and time.monotonic() - known[2] < DAY:
            if known[0] != content:
                raise ResendError(409, "invalid_idempotent_request", "Same key used with a different request payload.")
            return known[1], None
        mail = _mail(account, body)
        if key:
            self._taken[place] = (content, mail.id, time.monotonic())
        self.journal.add(mail)
        return mail.id, mail


def _mail(account: Account, body: Any) -> Mail:
    if not isinstance(body, dict):
        raise _invalid("The body must be a JSON object.")
    if unknown := sorted(set(body) - KNOWN):
        raise _invalid(f"Unknown field `{unknown[0]}`.")
    template, values = _template(body)
    sender = _sender(account, body, template)
    return Mail(
        id=str(uuid.uuid4()),
        account=account.name,
        sender=sender,
        to=_recipients(body.get("to")),
        subject=_filled(_text(body, "subject") or (template.subject if template else ""), values),
        html=_filled(template.html if template else _text(body, "html"), values),
        text=_text(body, "text"),
        tags=_tags(body.get("tags", [])),
        headers=_headers(body.get("headers", {})),
        received_at=now(),
    )


def _sender(account: Account, body: Mapping[str, Any], template: Template | None) -> str:
    sender = _text(body, "from") or (template.sender.format(domain=account.domain) if template else "")
    if not sender:
        raise ResendError(422, "missing_required_field", "Missing `from` field.")
    match = _SENDER.fullmatch(sender)
    if match is None:
        raise ResendError(422, "invalid_from_address", "Invalid `from` field.")
    if match["domain"] != account.domain:
        raise ResendError(403, "validation_error", f"The {match['domain']} domain is not verified.")
    return sender


def _template(body: Mapping[str, Any]) -> tuple[Template | None, dict[str, Any]]:
    wanted = body.get("template")
    if wanted is None:
        for key in ("subject", "to"):
            if not body.get(key):
                raise ResendError(422, "missing_required_field", f"Missing `{key}` field.")
        if not (body.get("html") or body.get("text")):
            raise _invalid("Missing `html` or `text` field.")
        return None, {}
    if not isinstance(wanted, dict) or "html" in body or "text" in body:
        raise _invalid("A template goes without html and text.")
    found = next((one for one in TEMPLATES if one.id == wanted.get("id")), None)
    if found is None or found.status != "published":
        raise ResendError(404, "not_found", "Template not found")
    return found, _values(found, wanted.get("variables", {}))


def _values(template: Template, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(value, str | int | float) for value in given.values()):
        raise _invalid("Variables must be texts or numbers.")
    declared = {name: fallback for name, _, fallback in template.variables}
    for name, kind, fallback in template.variables:
        if name not in given and fallback is None:
            raise _invalid(f"Missing variable {name}.")
        if kind == "number" and isinstance(given.get(name, 0), str):
            raise _invalid(f"Variable {name} must be a number.")
    if any(isinstance(value, str) and len(value) > 2_000 for value in given.values()):
        raise _invalid("A variable has 2000 characters at most.")
    return {**declared, **given}


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"{{{\s*(\w+)\s*}}}", lambda match: str(values.get(match[1], "")), text)


def _recipients(value: Any) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not 1 <= len(found) <= 50:
        raise _invalid("Invalid `to` field.")
    if not all(isinstance(one, str) and _ADDRESS.fullmatch(one) for one in found):
        raise _invalid("Invalid `to` field.")
    return tuple(found)


def _tags(value: Any) -> dict[str, str]:
    if not isinstance(value, list) or not all(isinstance(one, dict) and set(one) == {"name", "value"} for one in value):
        raise _invalid("Invalid `tags` field.")
    if not all(_TAG.fullmatch(str(part)) for one in value for part in one.values()):
        raise _invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes.")
    return {one["name"]: one["value"] for one in value}


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise _invalid("Invalid `headers` field.")
    return value


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise _invalid(f"Invalid `{key}` field.")
    return value


def _invalid(message: str) -> ResendError:
    return ResendError(422, "validation_error", message)
