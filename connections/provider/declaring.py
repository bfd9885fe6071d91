"""What a provider declares: who it is, what it asks for, what it can do, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
