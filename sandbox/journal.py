"""What has arrived at a simulator, kept in memory, with a version that pages can ask about."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator

KEPT = 2_000


class Journal[Entry]:
    """The last arrivals, oldest first. The version changes whenever they do, and differs between two processes."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._process = secrets.token_hex(4)
        self._changes = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @property
    def version(self) -> str:
        return f"{self._process}-{self._changes}"

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._changes += 1

    def clear(self, *, where: Callable[[Entry], bool]) -> None:
        """Forget the entries for which ``where`` is true."""
        self._entries = deque((entry for entry in self._entries if not where(entry)), maxlen=KEPT)
        self._changes += 1
