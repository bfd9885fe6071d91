"""What a provider asks to be done, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to be made. ``secrets`` are strings that must never be stored or logged with it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message through the operator's relay. ``message_id`` is stable over retries."""

    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """Nothing leaves the house: keep what would have been sent."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Step = Request | Mail | Record


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` is capped; ``truncated`` says that there was more."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    truncated: bool = False
    elapsed_ms: int = 0


class Trouble(StrEnum):
    """Why there was no answer; each is its own recorded reason."""

    TIMEOUT = "timeout"
    NAME_NOT_FOUND = "name_not_found"
    REFUSED = "connection_refused"
    RESET = "connection_closed"
    UNREACHABLE = "unreachable"
    TLS = "tls_failed"
    MALFORMED = "malformed_answer"
    HEADERS_TOO_LARGE = "headers_too_large"
    FORBIDDEN_ADDRESS = "forbidden_address"
    FORBIDDEN_URL = "forbidden_url"
    FORBIDDEN_HEADER = "forbidden_header"
    MAIL_REJECTED = "mail_rejected"
    MAIL_DEFERRED = "mail_deferred"
    NO_RELAY = "no_mail_relay"


@dataclass(frozen=True, slots=True)
class Failure:
    """There was no answer. ``detail`` is plain words for a person; it never holds a credential.

    ``begun`` is the status of an answer that had begun and did not come to its end; 0 when none had.
    """

    trouble: Trouble
    detail: str = ""
    elapsed_ms: int = 0
    begun: int = 0


Reply = Answer | Failure
