"""What an account holds, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
    cursor is no longer good, so that the reading has to begin again. ``no_access`` says that the credentials were not
    accepted, as opposed to their holder not being allowed this.
    """

    reason: str
    fix: str = ""
    retry: bool = False
    retry_after: float | None = None
    anew: bool = False
    no_access: bool = False
