"""ISO 8601 dates as instants, so that two ways of writing one moment are equal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def instant(value: Any) -> datetime | None:
    """The moment that a text such as ``2026-04-17T16:02:00Z`` names; None when it is not such a text.

    A date without a zone is UTC; one without a time is midnight. The short forms of ISO 8601 (``20260417``,
    ``2026-W16``) are not read, because a text of digits is more often a number or an id.
    """
    if not isinstance(value, str) or value[4:5] != "-" or value[7:8] != "-":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
