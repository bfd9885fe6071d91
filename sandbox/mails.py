"""A mail message, taken apart for reading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from sandbox.pages import now

PLAIN_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


@dataclass(frozen=True, slots=True)
class Mail:
    """One message: ``sender`` and ``recipients`` are those of the envelope, in lower case."""

    number: int
    received_at: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    links: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "received_at": self.received_at,
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": {name.lower(): value for name, value in self.headers},
            "links": list(self.links),
        }


def parse(content: bytes, *, number: int, sender: str, recipients: tuple[str, ...]) -> Mail:
    """Decode a message as it came over SMTP."""
    message = message_from_bytes(content, policy=policy.default)
    text, html = _body(message, "plain"), _body(message, "html")
    return Mail(
        number=number,
        received_at=now(),
        sender=sender,
        recipients=recipients,
        subject=str(message.get("Subject", "")),
        text=text,
        html=html,
        headers=tuple((name, str(value)) for name, value in message.items()),
        links=_links(text=text, html=html),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""


def _links(*, text: str, html: str) -> tuple[str, ...]:
    """Every link once, in the order of the HTML, then those that only the text has."""
    reader = _Anchors()
    reader.feed(html)
    return tuple(dict.fromkeys((*reader.found, *PLAIN_LINK.findall(text))))


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.found.append(href)
