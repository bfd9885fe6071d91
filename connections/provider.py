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
    directory: str = ""  # the kind of directory that its value is picked from
    fits: int = 0  # of a template: the most characters of what it comes to that arrive; 0: nothing is cut
    by_line: bool = False  # of a template: each line is filled in by itself, and stays one line
    bound_to: str = ""  # of a secret: the setting with the address that it is sent to; another origin never gets it

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether it is asked for, among the values of the other fields."""
        return self.depends_on is None or values.get(self.depends_on[0]) == self.depends_on[1]


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
    does: (
        str  # in a rule's sentence: "put the contact on {place} in {connection}"; place: what ``id`` names, if anything
    )
    description: str = ""
    fields: tuple[Field, ...] = ()
    pace: Pace | None = None
    max_requests: int = 1  # the most steps one delivery may take
    digest: bool = False  # whether one message can tell of many events (``job.digest``); else each is sent by itself
    record: str = ""  # the directory of the fields that it writes; the connection's mapping fills ``job.record``


@dataclass(frozen=True, slots=True)
class DirectoryKind:
    """One sort of thing that an account holds and a field picks from: Slack's channels, HubSpot's lists."""

    key: str
    label: str  # one of them, in the middle of a sentence: "channel"
    label_plural: str
    one_page_limit: int  # the most entries that one page brings
    max_requests: int = 1  # the most steps that one page, or one look-up, may take
    mark: str = ""  # what people write before its names: "#"

    def called(self, name: str) -> str:
        """A name as people write it, however it was given: "#alerts"."""
        return self.mark + name.removeprefix(self.mark)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was typed: which field, and how to mend it. ``warning`` does not stop the save."""

    field: str
    message: str
    warning: bool = False


class ClientAuth(StrEnum):
    """How we prove at the token endpoint that we are the vendor's app (RFC 6749, section 2.3.1)."""

    BODY = "client_secret_post"
    BASIC = "client_secret_basic"


@dataclass(frozen=True, slots=True)
class OAuth2:
    """How an account is signed in to with OAuth 2.0, by the authorization code.

    ``account_keys`` name the settings of a connection that hold the account's id and its name. ``asks`` says in plain
    words what will be asked for, ``installer`` who may grant it. ``revoke_url`` is an RFC 7009 endpoint; a provider
    with another way describes it in ``Provider.revoke``. ``pkce`` is a decision for each vendor, with its reason.
    ``asked`` are settings that are asked for before signing in, such as the host; see ``Provider.sign_in``.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    account_keys: tuple[str, str]
    pkce: bool
    asks: tuple[str, ...]
    installer: str
    optional_scopes: tuple[str, ...] = ()
    separator: str = " "
    client_auth: ClientAuth = ClientAuth.BODY
    authorize_params: tuple[tuple[str, str], ...] = ()
    revoke_url: str = ""
    issuer: str = ""  # what RFC 9207's ``iss`` must be when it is given; "": the origin of ``authorize_url``
    asked: tuple[Field, ...] = ()


# --------------------------------------------------------------------------- what it exchanges with whoever signs in


@dataclass(frozen=True, slots=True)
class Client:
    """The vendor's own app at the provider."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Who signed in. ``settings`` may be seen, ``credentials`` are sealed; times in them are seconds since 1970.

    ``settings["account_type"]``, where a provider has kinds of accounts: production, sandbox, test or developer.
    """

    id: str
    name: str
    settings: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an account was not connected, and what a person can do, both in plain sentences."""

    reason: str
    fix: str


# --------------------------------------------------------------------------- what it is told afterwards


class Afterwards(StrEnum):
    """What can become of a message after its vendor had taken it."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that a vendor told us of a delivery, in a call to our hook whose signature was right.

    ``id`` names the call and is the same when the vendor repeats it. ``words`` is one plain sentence of ours.
    """

    id: str
    delivery_id: UUID
    kind: Afterwards
    words: str
    at: datetime


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
class DigestLine:
    """One event of a digest, by its title."""

    title: str
    severity: str  # "" when the event has none
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """Many events in one message, the job's own among them."""

    count: int
    by_severity: Mapping[str, int]  # the worst first; "" counts those without one
    first: tuple[DigestLine, ...]  # the first few
    began_at: datetime  # when the first of them was created, and the last
    ended_at: datetime
    event_ids: tuple[UUID, ...]  # of the first thousand


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one delivery. ``inputs`` are already rendered; ``now`` is the only clock there is.

    ``first_sent_at`` is the time of the first attempt, the same on every retry, so that a body can stay
    the same byte for byte. ``recipients`` are the connection's *confirmed* mail addresses. With a ``digest``, the
    message is that, and not the alert of the one event. ``record`` is what the connection's mapping made of the event,
    for an action that has one: the field's id -> a text, number, boolean or None.
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
    digest: Digest | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


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
    ``renew`` says that the access token is no longer good: a new one is asked for, and it is sent again; ``inactive``
    counts only when there is none to be had.
    ``reference`` is the vendor's own id for what it created; ``notes`` are things worth knowing that did not stop it.
    """

    code: Code
    reason: str
    culprit: Culprit = Culprit.NOBODY
    retry: bool = False
    retry_after: float | None = None
    fix: str = ""
    inactive: Inactive | None = None
    renew: bool = False
    reference: str = ""
    notes: tuple[str, ...] = ()

    @property
    def delivered(self) -> bool:
        return self.code is Code.DELIVERED


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory. ``facts`` are plain JSON; ``is_archived`` is the one that every kind understands."""

    id: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """One page. ``next_cursor`` is empty on the last; ``gaps`` say in plain sentences what no page will hold."""

    entries: tuple[Entry, ...]
    next_cursor: str = ""
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """There is no page, or no such entry: why, and what a person can do, both in plain sentences.

    ``retry`` says whether asking again by itself can help, ``retry_after`` (seconds) when. ``anew`` says that the
    cursor is no longer good, so that the reading has to begin again.
    """

    reason: str
    fix: str = ""
    retry: bool = False
    retry_after: float | None = None
    anew: bool = False


Course = Generator[Step, Reply, Outcome]
"""The course of one delivery: yields steps, is sent replies, returns the outcome."""

Identification = Generator[Step, Reply, Account | Refusal]
"""The course that finds out who signed in."""

Revocation = Generator[Step, Reply, None]
"""The course that tells a provider that its token is not needed any more; whatever it answers is taken for a yes."""

Listing = Generator[Step, Reply, DirectoryPage | Unread]
"""The course of one page of a directory."""

Lookup = Generator[Step, Reply, Entry | Unread]
"""The course of one look-up in a directory."""


class Provider:
    """A kind of destination, subclassed in ``<slug>/provider.py``; the folder's ``__init__`` names ``PROVIDER``."""

    slug: ClassVar[str]
    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()  # other names that the API accepts for the slug
    auth: ClassVar[Auth] = Auth.NONE
    oauth: ClassVar[OAuth2 | None] = None  # declared exactly by those whose ``auth`` is OAUTH
    description: ClassVar[str] = ""
    fields: ClassVar[tuple[Field, ...]] = ()
    actions: ClassVar[tuple[Action, ...]] = ()
    directories: ClassVar[tuple[DirectoryKind, ...]] = ()
    # For the first mapping of a connection: a field's id -> the payload paths that usually hold its value, best first.
    usual_paths: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    hears: ClassVar[bool] = False  # the vendor calls back about deliveries, and ``read_hook`` reads it
    signs: ClassVar[bool] = False  # with a ``signing_secret`` that ``new_credentials`` makes, and that can be rotated

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

    def check_rendered(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        """What is wrong with a rule's inputs once they are filled in, as a save does with a sample."""
        return []

    def new_credentials(self, settings: Mapping[str, Any], random: bytes) -> dict[str, str]:
        """Secrets that we make for the customer (a signing secret), from 32 random bytes; shown once."""
        return {}

    def deliver(self, job: Job) -> Course:
        """Describe the sending of one delivery."""
        raise NotImplementedError

    def seen_as(self, step: Step) -> Step:
        """The step as whoever it is for would see it: a call that sends a mail is that mail. For previews alone."""
        return step

    def directory_kind(self, key: str) -> DirectoryKind:
        """The directory of that key. Raises ``KeyError`` when the provider has none."""
        for kind in self.directories:
            if kind.key == key:
                return kind
        raise KeyError(key)

    def directory(
        self, kind: str, cursor: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Listing:
        """Describe the reading of one page; ``cursor`` is empty for the first."""
        raise NotImplementedError

    def entry_id(self, kind: str, text: str) -> str:
        """The id that a pasted text holds: the id itself, a link, a mention. Empty when it holds none."""
        return ""

    def find_entry(
        self, kind: str, text: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Lookup:
        """Describe the look-up of one entry, from a pasted id or link."""
        raise NotImplementedError

    def sign_in(self, settings: Mapping[str, Any]) -> OAuth2:
        """How it is signed in to, where what was ``asked`` decides on the host. Raises ``ValueError`` for a wrong one.

        ``settings`` are the connection's on a reconnect or a renewal, and what was asked before the first sign-in.
        """
        if self.oauth is None:
            raise ValueError(f"{self.name} is not signed in to.")
        return self.oauth

    def renewed(self, token: Mapping[str, Any], credentials: Mapping[str, str]) -> dict[str, str]:
        """The credentials after a renewal: what stays, and what the token endpoint's answer replaces.

        A vendor that rotates refresh tokens sends a new one; where none comes, the old one stays good.
        """
        fresh = {key: str(token[key]) for key in ("access_token", "refresh_token", "expires_at") if token.get(key)}
        kept = {key: value for key, value in credentials.items() if key != "expires_at"}
        return {**kept, **fresh}

    def identify(self, token: Mapping[str, Any], client: Client) -> Identification:
        """Describe how to find out whose account a fresh token opens.

        ``token`` is the token endpoint's answer; it has an ``access_token``, and ``expires_at`` when it runs out.
        """
        raise NotImplementedError

    def read_hook(
        self, headers: Mapping[str, str], body: bytes, *, credentials: Mapping[str, str], now: datetime
    ) -> Heard | Refusal | None:
        """What a call of the vendor's tells: None when it is nothing we keep, a refusal when it is not proven.

        ``headers`` have names in lower case. The signature is compared in constant time, and old calls are refused.
        """
        raise NotImplementedError

    def revoke(self, credentials: Mapping[str, str]) -> Revocation:
        """Describe how to give the credentials back, for a provider without a ``revoke_url``."""
        yield from ()
