"""What the sweeper does for this room."""

from __future__ import annotations

from celery import shared_task

from connections import directory, reading_on, rotating_secrets
from connections.connecting.forgetting import forget
from connections.recipients import ask_all


@shared_task(name="housekeeping.ask_recipients")
def ask_recipients() -> None:
    """Every address that nobody has been asked about yet gets its question."""
    ask_all()


@shared_task(name="housekeeping.begin_directories")
def begin_directories() -> None:
    """What was just connected gets its list of channels, whoever connected it."""
    directory.begin_missing()


@shared_task(name="housekeeping.read_directories")
def read_directories() -> None:
    """A page of every list that is being read, for a second or two."""
    reading_on.read_on()


@shared_task(name="housekeeping.forget_sign_ins")
def forget_sign_ins() -> None:
    """What a sign-in has left lying loses its secrets."""
    forget()


@shared_task(name="housekeeping.end_old_secrets")
def end_old_secrets() -> None:
    """A signing secret that was replaced a day ago is destroyed."""
    rotating_secrets.end_all_that_are_over()
