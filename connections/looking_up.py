"""Look one entry up at the vendor itself: what was pasted and is not in the list, or what waits for an invitation."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Max

from connections import entries, finding
from connections.courses import follow
from connections.models import Connection, DirectoryEntry, DirectoryRun
from connections.opening import credentials_of
from connections.provider import Entry, Unread
from connections.registry import provider

SECONDS = 5.0  # for one request: somebody is waiting before a page


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The entry, or in plain sentences why there is none and what to do. ``retry_after`` (seconds) is the vendor's."""

    entry: DirectoryEntry | None
    reason: str = ""
    fix: str = ""
    retry_after: float | None = None


def look_up(connection: Connection, kind: str, text: str) -> LookedUp:
    """What a pasted id, link or name means: from the list if it is there, else from the vendor, who is then believed.

    Raises ``KeyError`` when the provider has no directory of that kind.
    """
    provider(connection.provider).directory_kind(kind)
    known = finding.very_one(connection, kind, text)
    return LookedUp(known) if known and known.gone_at is None else _ask(connection, kind, text)


def recheck(connection: Connection, kind: str, external_id: str) -> LookedUp:
    """What the vendor says of it now: an invitation helper asks until the app is a member."""
    provider(connection.provider).directory_kind(kind)
    return _ask(connection, kind, external_id)


def _ask(connection: Connection, kind: str, text: str) -> LookedUp:
    credentials = credentials_of(connection)
    if isinstance(credentials, Unread):
        return _unread(credentials)
    found = provider(connection.provider)
    course = found.find_entry(kind, text, settings=connection.settings, credentials=credentials)
    answer = follow(course, seconds=SECONDS)
    return _unread(answer) if isinstance(answer, Unread) else LookedUp(_stored(connection, kind, answer))


def _stored(connection: Connection, kind: str, entry: Entry) -> DirectoryEntry | None:
    """Kept as seen by the run that is under way, so that its end does not take it for gone."""
    runs = DirectoryRun.objects.filter(connection_id=connection.id, kind=kind)
    entries.store(connection, kind, [entry], seen_in=runs.aggregate(latest=Max("number"))["latest"] or 0)
    return finding.entry_of(connection.id, kind, entry.id)


def _unread(unread: Unread) -> LookedUp:
    return LookedUp(None, reason=unread.reason, fix=unread.fix, retry_after=unread.retry_after)
