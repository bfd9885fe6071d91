"""What is held for a connection: how much, since when, and whether somebody is asked what shall become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

COUNTED_MOST = 10_000  # more are told of as "more than"
GOES_BY_ITSELF = 10  # so few are no flood
STILL_NEWS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Backlog:
    """``count`` is one more than ``COUNTED_MOST`` when there are more; ``since`` then is that of those looked at."""

    count: int
    since: datetime | None

    @property
    def many(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > COUNTED_MOST

    @property
    def shown(self) -> int:
        """What a sentence says, after "more than" if there are ``many``."""
        return min(self.count, COUNTED_MOST)

    def is_asked_about(self, now: datetime) -> bool:
        """Much, and old: nobody wants it all at once without having been asked."""
        return self.count > GOES_BY_ITSELF and self.since is not None and self.since <= now - STILL_NEWS


def backlog(connection_id: UUID) -> Backlog:
    """By the index of what is open; what is held beyond ``COUNTED_MOST`` costs nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(created_at) FROM (SELECT created_at FROM deliveries_delivery"
            " WHERE state = 'held' AND connection_id = %s LIMIT %s) AS held",
            [connection_id, COUNTED_MOST + 1],
        )
        count, since = cursor.fetchone()
    return Backlog(count, since)
