"""What the simulators pretend: teams, accounts, tenants, receivers. Read from a JSON file, again when it changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sandbox.oauth import App
from sandbox.rows import SeedError, build, objects, refuse_unknown, rows

BUILTIN = Path(__file__).with_name("builtin.json")
BOT_SCOPES = "chat:write,chat:write.public,channels:read,groups:read,team:read"

type Stamp = tuple[int, int] | None
type Reader = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """A Slack channel as the bot sees it; ``is_member`` says whether the bot was invited."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = False


@dataclass(frozen=True, slots=True)
class Team:
    """A Slack workspace. ``generated_channels`` adds that many numbered channels without listing them.

    Every 20th of them is archived, every 50th private, and every 100th is private with the bot as a member.
    """

    team_id: str
    team_name: str
    bot_token: str
    channels: tuple[Channel, ...] = ()
    generated_channels: int = 0
    scopes: str = BOT_SCOPES
    active: bool = True


@dataclass(frozen=True, slots=True)
class HubSpotAccount:
    """A HubSpot account. ``account_type`` is HubSpot's own word; ``lacks`` are scopes that it does not have."""

    hub_id: int
    hub_domain: str
    account_type: str = "STANDARD"
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class VendorWorkspace:
    """One tenant of the pretend product in one environment, and the key its pages emit with."""

    id: str
    name: str
    tenant: str
    environment: str
    publishable_key: str


@dataclass(frozen=True, slots=True)
class VendorKey:
    """The machine key that the pretend product's back-end mints portal sessions with."""

    organization_id: str
    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """A webhook endpoint whose signing secret is known; other paths are caught too, but not verified."""

    path: str
    name: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Seed:
    """Everything a seed file may say; each list may be left out.

    ``sections`` is what further simulators have made of the objects under their slugs; a slug may be missing.
    """

    slack_teams: tuple[Team, ...] = ()
    slack_apps: tuple[App, ...] = ()
    hubspot_apps: tuple[App, ...] = ()
    hubspot_accounts: tuple[HubSpotAccount, ...] = ()
    vendor_workspaces: tuple[VendorWorkspace, ...] = ()
    vendor_keys: tuple[VendorKey, ...] = ()
    webhook_receivers: tuple[Receiver, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)


class SeedFile:
    """The seed file, looked at on each use; while there is none, the built-in seed stands in for it."""

    def __init__(self, path: Path | None, *, readers: Mapping[str, Reader] | None = None) -> None:
        self._path = path
        self._readers = readers or {}
        self._stamp: Stamp = _stamp(path)
        self._seed = load(path if self._stamp and path else BUILTIN, readers=self._readers)

    def current(self) -> Seed:
        """The seed as it is now. A change that cannot be read is told once, and the last good seed stays."""
        stamp = _stamp(self._path)
        if stamp != self._stamp and stamp and self._path:
            self._stamp = stamp
            try:
                self._seed = load(self._path, readers=self._readers)
            except SeedError as error:
                print(error, file=sys.stderr, flush=True)
        return self._seed


def load(path: Path, *, readers: Mapping[str, Reader] | None = None) -> Seed:
    """Read a seed file. Raises ``SeedError`` when it is not JSON or a row lacks a field."""
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SeedError(f"The sandbox seed {path} cannot be read: {error}.") from None
    return read(parsed, readers=readers)


def read(parsed: Any, *, readers: Mapping[str, Reader] | None = None) -> Seed:
    """The seed that a parsed JSON document describes; ``readers`` read the objects under the simulators' slugs."""
    if not isinstance(parsed, dict):
        raise SeedError("The sandbox seed must be a JSON object with lists such as slack_teams.")
    readers = readers or {}
    lists = [each.name for each in fields(Seed) if each.name != "sections"]
    refuse_unknown(parsed, known=[*lists, *readers], where="the seed")
    return Seed(
        slack_teams=tuple(_team(row, where=where) for where, row in objects(parsed, "slack_teams")),
        slack_apps=rows(App, parsed, "slack_apps") or load(BUILTIN).slack_apps,
        hubspot_apps=rows(App, parsed, "hubspot_apps") or load(BUILTIN).hubspot_apps,
        hubspot_accounts=rows(HubSpotAccount, parsed, "hubspot_accounts") or load(BUILTIN).hubspot_accounts,
        vendor_workspaces=rows(VendorWorkspace, parsed, "vendor_workspaces"),
        vendor_keys=rows(VendorKey, parsed, "vendor_keys"),
        webhook_receivers=rows(Receiver, parsed, "webhook_receivers"),
        sections={slug: _section(parsed[slug], slug, reader) for slug, reader in readers.items() if slug in parsed},
    )


def _section(found: Any, slug: str, reader: Reader) -> Any:
    if not isinstance(found, dict):
        raise SeedError(f"In the sandbox seed, {slug} must be an object.")
    return reader(found)


def _team(row: Mapping[str, Any], *, where: str) -> Team:
    return build(Team, {**row, "channels": rows(Channel, row, "channels", inside=f"{where}.")}, where=where)


def _stamp(path: Path | None) -> Stamp:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found else None
