"""The contract: what a kind of destination says of itself, and how it describes what to do."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from connections.provider.accounts import Account, Client, Refusal
from connections.provider.declaring import Action, Auth, DirectoryKind, Fault, Field, OAuth2
from connections.provider.directories import DirectoryPage, Entry, Unread
from connections.provider.hearing import Heard
from connections.provider.jobs import Job
from connections.provider.outcomes import Outcome
from connections.provider.steps import Reply, Step

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
