"""Consume: how a worker takes its messages, and looks for a Redis that it lost."""

from __future__ import annotations

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer

RETRY_SECONDS = 1.0


class Persistent(Consumer):  # type: ignore[misc]  # Celery has no types
    """Celery's consumer, which tries again every second; its own waits longer and longer, up to half a minute.

    When Redis is back the beat leaves the sending to the workers again: they must be there by then.
    """

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however long it takes (``broker_connection_max_retries`` says so)."""
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=RETRY_SECONDS, interval_step=0, interval_max=RETRY_SECONDS
        )
        return super().ensure_connected(conn)
