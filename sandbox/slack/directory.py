"""The channels of a team, found by id or name and paged by cursor, cheap at 50,000."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from functools import lru_cache
from itertools import islice

from sandbox.seed import Channel, Team
from sandbox.slack.errors import SlackError

SUBJECTS = (
    "alerts",
    "incidents",
    "deploys",
    "billing",
    "support",
    "oncall",
    "releases",
    "metrics",
    "audit",
    "research",
)
PLACES = ("north", "south", "harbour", "keep", "vault", "bridge", "tower", "garden", "market", "mill", "forge", "quay")


class Directory:
    """A team's channels in the order of their ids, which is the order cursors walk them in."""

    def __init__(self, team: Team) -> None:
        self.channels = sorted((*team.channels, *_generated(team.generated_channels)), key=lambda each: each.id)
        self._ids = [channel.id for channel in self.channels]
        self._names = {channel.name: channel for channel in self.channels}

    def find(self, reference: str) -> Channel | None:
        """A channel by id, ``#name`` or name."""
        at = bisect_left(self._ids, reference)
        if at < len(self._ids) and self._ids[at] == reference:
            return self.channels[at]
        return self._names.get(reference.removeprefix("#"))

    def page(self, *, cursor: str, limit: int) -> tuple[list[Channel], str]:
        """``limit`` channels from the cursor on, and the next cursor, empty at the end."""
        start = bisect_left(self._ids, _place(cursor)) if cursor else 0
        following = start + limit
        next_cursor = _cursor(self._ids[following]) if following < len(self._ids) else ""
        return self.channels[start:following], next_cursor

    def search(self, words: str, *, most: int) -> list[Channel]:
        """The first channels whose name holds ``words``."""
        return list(islice((channel for channel in self.channels if words in channel.name), most))


@lru_cache(maxsize=64)
def directory(team: Team) -> Directory:
    """The directory of a team, built once for as long as the seed says the same."""
    return Directory(team)


def _generated(count: int) -> list[Channel]:
    subjects, places = len(SUBJECTS), len(PLACES)
    return [
        Channel(
            id=f"C9{number:08d}",
            name=f"{SUBJECTS[number % subjects]}-{PLACES[number // subjects % places]}-{number:05d}",
            is_archived=number % 20 == 19,
            is_private=number % 50 == 48,
            is_member=number % 100 == 98,
        )
        for number in range(count)
    ]


def _cursor(channel_id: str) -> str:
    return base64.b64encode(f"team:{channel_id}".encode()).decode()


def _place(cursor: str) -> str:
    try:
        kind, _, place = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        kind = ""
    if kind != "team":
        raise SlackError("invalid_cursor")
    return place
