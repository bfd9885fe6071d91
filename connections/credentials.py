"""How credentials are stored: sealed, and beside them what has to be known without opening them.

``token_until`` ends before the access token does, so that no attempt that was begun with it meets its end on the way.
``renew_at`` is earlier still, and each connection has its own: what was connected together is not renewed together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from connections.models import Connection

MARGIN = timedelta(seconds=30)  # an attempt takes 15 seconds at most, and waits a moment before it begins
AHEAD_MOST = timedelta(hours=2)  # before jitter, which at most doubles it


def store(row: Connection, credentials: Mapping[str, str], *, now: datetime) -> None:
    """Put credentials into a row and plan their renewal; ``save()`` stores them.

    Whoever is renewing the token that was there before has an old fence from now on, and changes nothing.
    """
    row.seal_values("credentials", credentials)
    row.token_fence += 1
    for name, value in term(row.id, credentials, now=now).items():
        setattr(row, name, value)


def term(connection_id: UUID, credentials: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """The columns that go with a token which was given at ``now``."""
    ends = _ends(credentials)
    until = ends - min(MARGIN, _life(ends, now) / 2) if ends else None
    return {
        "token_at": now,
        "token_until": until,
        "renew_at": _renewal(connection_id, credentials, ends=ends, until=until, now=now),
        "renewing_until": None,
        "renew_failures": 0,
        "renew_trouble": "",
        "renew_failing_since": None,
    }


def _ends(credentials: Mapping[str, str]) -> datetime | None:
    written = str(credentials.get("expires_at", ""))
    return datetime.fromtimestamp(int(written), UTC) if re.fullmatch("[0-9]{1,11}", written) else None


def _life(ends: datetime, now: datetime) -> timedelta:
    return max(ends - now, timedelta(0))


def _renewal(
    connection_id: UUID, credentials: Mapping[str, str], *, ends: datetime | None, until: datetime | None, now: datetime
) -> datetime | None:
    """A quarter to a half of its life ahead. A token that came alone cannot be: it is looked at when it ends."""
    if ends is None or until is None or not credentials.get("refresh_token"):
        return until
    ahead = min(_life(ends, now) / 4, AHEAD_MOST) * (1 + _jitter(connection_id))
    return min(until, ends - ahead)


def _jitter(connection_id: UUID) -> float:
    """Between 0 and 1, and always the same for a connection."""
    return int.from_bytes(hashlib.sha256(connection_id.bytes).digest()[:4]) / 2**32
