"""Deliveries whose connection's access token has run out: not sent with it, but put back until it is renewed.

Normally nobody gets here: tokens are renewed ahead of their end (``connections/renewing.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from deliveries import unsent
from deliveries.claiming import Claimed

SECONDS = 1.0  # about what a renewal takes
TROUBLE_SECONDS = 5.0  # once it could not be renewed: it is asked for again, later and later
_WORDS = "The sign-in is being renewed. It is sent then."


def put_back(cursor: CursorWrapper, waiting: Iterable[tuple[Claimed, str]]) -> list[tuple[UUID, float]]:
    """As if they had not been claimed; beside each is why its token could not be renewed yet, "" for no trouble so far.

    Returns how long their lanes shall pause: the whole backlog need not try.
    """
    by_trouble: defaultdict[str, list[Claimed]] = defaultdict(list)
    for claim, trouble in waiting:
        by_trouble[trouble].append(claim)
    for trouble, claims in by_trouble.items():
        unsent.put_back(cursor, claims, seconds=_seconds(trouble), why=f"{_WORDS} {trouble}".strip())
    return [(claim.lane, _seconds(trouble)) for trouble, claims in by_trouble.items() for claim in claims]


def _seconds(trouble: str) -> float:
    return TROUBLE_SECONDS if trouble else SECONDS
