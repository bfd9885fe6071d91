"""Contacts of an account and the segments they are in."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.resend.accounts import SEGMENTS
from sandbox.resend.errors import ResendError

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_KNOWN = {"email", "first_name", "last_name", "unsubscribed", "properties", "segments", "topics", "audience_id"}


@dataclass(slots=True)
class Contact:
    """One contact."""

    id: str
    email: str
    name: str
    segments: set[str] = field(default_factory=set)


class Contacts:
    """By account and e-mail address."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Contact] = {}

    def of(self, account: str) -> list[Contact]:
        return [contact for (owner, _), contact in self._known.items() if owner == account]

    def create(self, account: str, body: Any) -> dict[str, Any]:
        """A new contact, or the one with that address. Raises ``ResendError``."""
        if not isinstance(body, dict) or set(body) - _KNOWN or not _EMAIL.fullmatch(str(body.get("email", ""))):
            raise ResendError(422, "validation_error", "Invalid `email` field.")
        segments = _segments_in(body)
        name = " ".join(filter(None, (body.get("first_name"), body.get("last_name"))))
        contact = self._known.setdefault((account, body["email"]), Contact(str(uuid.uuid4()), body["email"], name))
        contact.segments |= segments
        return {"object": "contact", "id": contact.id}

    def change(self, account: str, email: str, segment: str, *, inside: bool) -> dict[str, Any]:
        """Into a segment or out of it. Raises ``ResendError``."""
        contact = self._known.get((account, email))
        if contact is None:
            raise ResendError(404, "not_found", "Contact not found")
        _expect_segment(segment)
        (contact.segments.add if inside else contact.segments.discard)(segment)
        told = {"object": "contact_segment", "contact_id": contact.id, "segment_id": segment}
        return told if inside else {**told, "deleted": True}

    def clear(self) -> None:
        self._known.clear()


def _segments_in(body: dict[str, Any]) -> set[str]:
    """The ids of the segments asked for, which come as objects; texts are refused."""
    asked = body.get("segments", [])
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise ResendError(422, "validation_error", "The `segments` field must be a list of objects with an `id`.")
    for one in asked:
        _expect_segment(str(one.get("id", "")))
    return {one["id"] for one in asked}


def _expect_segment(id: str) -> None:
    if id not in [known for known, _ in SEGMENTS]:
        raise ResendError(404, "not_found", "Segment not found")
