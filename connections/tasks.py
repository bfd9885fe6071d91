"""What the sweeper does for this room."""

from __future__ import annotations

from celery import shared_task

from connections.recipients import ask_all


@shared_task(name="housekeeping.ask_recipients")
def ask_recipients() -> None:
    """Every address that nobody has been asked about yet gets its question."""
    ask_all()
