"""The renewals that this process is at: claimed, asked in threads of their own, and kept as soon as an answer is there.

One thread calls this, the one that speaks to the database. The others only wait on the providers.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from connections import late_pairs, renewing
from connections.renewing import Renewal
from connections.tokens import Unrenewed

AT_ONCE = 8  # in one process
EVERY_SECONDS = 0.5  # how often it asks what is due


class Renewals:
    """None at first; ``begin`` takes what is due, ``keep`` stores what has come back."""

    def __init__(self) -> None:
        self._under_way: dict[Future[dict[str, str] | Unrenewed], Renewal] = {}
        self._given_back: set[Future[None]] = set()
        self._asked_at = -EVERY_SECONDS

    @property
    def under_way(self) -> Iterable[Future[Any]]:
        """To be waited for, until the last of them is kept, or has been given back."""
        return [*self._under_way, *self._given_back]

    def begin(self) -> int:
        """Claim what is due, as far as threads are free, and ask. Returns how many."""
        free = AT_ONCE - len(self._under_way)
        if not free or time.monotonic() < self._asked_at + EVERY_SECONDS:
            return 0
        self._asked_at = time.monotonic()
        claimed = renewing.claim(free)
        for renewal in claimed:
            self._under_way[_threads().submit(renewing.ask, renewal)] = renewal
        return len(claimed)

    def keep(self) -> None:
        """Store each answer that is there. What cannot be stored is dropped: the lease ends, and it is due again."""
        self._given_back = {future for future in self._given_back if not future.done()}
        for future in [future for future in self._under_way if future.done()]:
            self._keep(self._under_way.pop(future), future.result())

    def _keep(self, renewal: Renewal, found: dict[str, str] | Unrenewed) -> None:
        if renewing.keep(renewal, found) or isinstance(found, Unrenewed):
            return
        if late_pairs.is_nobodys(renewal):
            self._given_back.add(_threads().submit(late_pairs.give_back, renewal, found))


_pool: list[ThreadPoolExecutor] = []


def _threads() -> ThreadPoolExecutor:
    """This process's threads, made on first use: a fork does not carry threads along."""
    if not _pool:
        _pool.append(ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="renew"))
    return _pool[0]
