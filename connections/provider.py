"""The provider contract: what a destination declares, and the values it exchanges with the pipeline.

A provider *declares* (who it is, what it asks for, what it can do, how fast) and *describes* what to do.
It performs nothing: ``deliver(job)`` is a generator that yields a step, is sent the reply to it, and returns
an ``Outcome``. So find-or-create is two yields, and a provider is tested without a socket.

Everything here is a plain value. Nothing in this module, nor in ``providers/``, imports Django, Celery or requests.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

# --------------------------------------------------------------------------- what a provider declares


class Auth(StrEnum):
    """How an account is authorised; the first four are the wire contract's words, the last asks for nothing at all."""

    OAUTH = "oauth"
    API_KEY = "api_key"
    BASIC = "basic"
    NONE = "none"


class Kind(StrEnum):
    """What a field holds; it decides the form control and the check."""

    TEXT = "text"
    TEXTAREA = "textarea"
    PASSWORD = "password"  # noqa: S105  a kind of field, not a password
    SELECT = "select"
    URL = "url"
    EMAILS = "emails"
    HEADERS = "headers"  # an object of header name -> value
    TEMPLATE = "template"  # Liquid; the pipeline renders it before the provider sees it


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked of the customer: in a connection's settings or in a rule's inputs.

    ``secret`` fields are sealed when stored, never shown again, and reach the provider in ``job.credentials``;
    all others live in ``job.settings`` (of a connection) or ``job.inputs`` (of a rule).
    """

    key: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    secret: bool = False
    default: str = ""
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()  # (value, label)
    max_length: int = 2_000
    depends_on: tuple[str, str] | None = None  # (field, value): asked only when that field has that value


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a vendor lets us go: ``per_second`` for each distinct value of the named inputs."""

    per_second: float
    by: tuple[str, ...] = ()  # input keys, for example ("channel",); empty: the whole connection


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a provider can do, such as ``send_message``."""

    key: str
    label: str
    description: str = ""
    fields: tuple[Field, ...] = ()
    pace: Pace | None = None
    max_requests: int = 1  # the most steps one delivery may take


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was typed: which field, and how to mend it. ``warning`` does not stop the save."""

    field: str
    message: str
    warning: bool = False


# --------------------------------------------------------------------------- what it exchanges with the pipeline


@dataclass(frozen=True, slots=True)
class EventFacts:
    """The event as a provider may see it."""

    id: UUID
    type: str
    resource: str
    resource_id: str
    payload: Mapping[str, Any]
    payload_text: str  # exactly as received: order and numbers intact
    severity: str  # "" when the event has none
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """Whose event it is."""

    id: UUID
    name: str
    tenant: str
    environment: str


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one delivery. ``inputs`` are already rendered; ``now`` is the only clock there is.

    ``first_sent_at`` is the time of the first attempt, the same on every retry, so that a body can stay
    the same byte for byte. ``recipients`` are the connection's *confirmed* mail addresses.
    """

    delivery_id: UUID
    action: str
    inputs: Mapping[str, str]
    event: EventFacts
    workspace: WorkspaceFacts
    connection_id: UUID
    settings: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)
    now: datetime
    first_sent_at: datetime
    attempt: int = 1
    test: bool = False
    recipients: tuple[str, ...] = ()


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
    """There was no answer. ``detail`` is plain words for a person; it never holds a credential."""

    trouble: Trouble
    detail: str = ""
    elapsed_ms: int = 0


Reply = Answer | Failure


class Code(StrEnum):
    """The wire contract's outcome codes."""

    DELIVERED = "delivered"
    REJECTED_CLIENT_ERROR = "rejected_client_error"
    REJECTED_SERVER_ERROR = "rejected_server_error"
    RATE_LIMITED = "rate_limited"
    AUTH_FAILED = "auth_failed"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    MAPPING_ERROR = "mapping_error"
    INTERNAL_ERROR = "internal_error"


class Culprit(StrEnum):
    """Who has to act before trying again can help."""

    NOBODY = "nobody"
    DELIVERY = "delivery"  # this one message: its payload, its size
    RULE = "rule"  # the channel is gone, the list was deleted
    CONNECTION = "connection"  # the token was revoked, the password is wrong
    PROVIDER = "provider"  # the destination is down, slow or throttling
    US = "us"


class Inactive(StrEnum):
    """Why a connection is switched off: the contract's reasons, and two of ours."""

    AUTHENTICATION_INVALID = "authentication_invalid"
    AUTHORIZATION_REVOKED = "oauth_authorization_revoked"
    REAUTHORIZATION_REQUIRED = "oauth_reauthorization_required"
    MANUALLY_INACTIVATED = "manually_inactivated"
    ENDPOINT_GONE = "endpoint_gone"  # ours: the receiver answered 410
    FAILING_FOR_DAYS = "failing_for_days"  # ours: everything failed for five days


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: a value, never an exception.

    ``reason`` says what happened and ``fix`` what a person can do, both in plain sentences.
    ``retry`` says whether sending the same again can help, once the culprit has acted. ``retry_after`` is in seconds.
    ``inactive`` switches the connection off; the delivery is then held for it (``retry``), or failed.
    ``reference`` is the vendor's own id for what it created; ``notes`` are things worth knowing that did not stop it.
    """

    code: Code
    reason: str
    culprit: Culprit = Culprit.NOBODY
    retry: bool = False
    retry_after: float | None = None
    fix: str = ""
    inactive: Inactive | None = None
    reference: str = ""
    notes: tuple[str, ...] = ()

    @property
    def delivered(self) -> bool:
        return self.code is Code.DELIVERED


Course = Generator[Step, Reply, Outcome]
"""The course of one delivery: yields steps, is sent replies, returns the outcome."""


class Provider:
    """A kind of destination, subclassed in ``<slug>/provider.py``; the folder's ``__init__`` names ``PROVIDER``."""

    slug: ClassVar[str]
    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()  # other names that the API accepts for the slug
    auth: ClassVar[Auth] = Auth.NONE
    description: ClassVar[str] = ""
    fields: ClassVar[tuple[Field, ...]] = ()
    actions: ClassVar[tuple[Action, ...]] = ()

    def action(self, key: str) -> Action:
        """The action of that key. Raises ``KeyError`` when the provider has none."""
        for action in self.actions:
            if action.key == key:
                return action
        raise KeyError(key)

    def check_settings(self, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
        """What the field declarations cannot say. Addresses are checked by the door, not here."""
        return []

    def check_inputs(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        """What the field declarations cannot say about a rule's inputs."""
        return []

    def new_credentials(self, settings: Mapping[str, Any], random: bytes) -> dict[str, str]:
        """Secrets that we make for the customer (a signing secret), from 32 random bytes; shown once."""
        return {}

    def deliver(self, job: Job) -> Course:
        """Describe the sending of one delivery."""
        raise NotImplementedError
