"""The beat: asks the workers for what is due, and does it itself while Redis is away.

PostgreSQL is the schedule; Redis only carries the asking. So when nobody can be asked, the one process that knows what
is due does it. Workers that are still busy do not mind: claims are made and fenced in PostgreSQL.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery.beat import ScheduleEntry, Scheduler, SchedulingError

from config.standing_in import StandIn
from deliveries import shutdown

PAUSE_SECONDS = 1.0  # until Redis is tried again: where it hangs instead of refusing, a try takes a second
_log = structlog.get_logger("beat")


class Beat(Scheduler):  # type: ignore[misc]  # Celery has no types
    """Celery's clock in memory, which goes on without Redis."""

    producer = None  # Celery's own would first wait until Redis is there; each message takes one from the app's pool

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._stand_in = StandIn()
        self._away = False
        self._try_again_at = 0.0
        super().__init__(*arguments, **options)

    def apply_entry(self, entry: ScheduleEntry, producer: None = None) -> None:
        """Have what is due done, by a worker or by this process."""
        if not self._asked(entry):
            self._stand_in.run(self.app.tasks[entry.task])

    def close(self) -> None:
        """This process ends: what is being sent is finished, and nothing new is begun."""
        shutdown.ask()
        self._stand_in.finish()
        super().close()

    def _asked(self, entry: ScheduleEntry) -> bool:
        if time.monotonic() < self._try_again_at:
            return False
        try:
            self.apply_async(entry, advance=False)
        except SchedulingError as error:
            self._try_again_at = time.monotonic() + PAUSE_SECONDS
            self._note(away=True, reason=str(error))
            return False
        self._note(away=False)
        return True

    def _note(self, *, away: bool, **facts: str) -> None:
        """One line in the log when Redis goes, and one when it is back."""
        if away is not self._away:
            _log.warning("redis.away" if away else "redis.back", **facts)
        self._away = away
