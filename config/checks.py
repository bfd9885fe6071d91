"""System checks: what production lacks, told by the name of its variable before anybody meets it.

``manage.py check --tag security`` shows all of it, and every command, server and worker stops at an error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from celery.signals import beat_init, celeryd_init
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

SECRET_LEAST = 50  # characters, as Django makes its own
SECRET_VARIETY = 5  # different ones
_log = structlog.get_logger("config")


@register(Tags.security)
def production_is_complete(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What is missing or weak in production; the sandbox and the tests bring their own."""
    if settings.MODE != "production":
        return []
    return [*_secret_key(), *_database(), *_address(), *_hosts(), *_mail(), *_static()]


def stop_if_incomplete() -> None:
    """Raises ImproperlyConfigured with every error, one a line; warnings go to the log. For whatever runs long."""
    found = run_checks(tags=[Tags.security])
    for message in found:
        _log.warning("config.check", said=message.msg, mend=message.hint, id=message.id)
    if wrong := [f"{message.msg} {message.hint}" for message in found if message.is_serious()]:
        raise ImproperlyConfigured("\n".join(wrong))


@celeryd_init.connect
@beat_init.connect
def _stop_celery(**_: Any) -> None:
    """Celery goes on after an exception in a receiver of its signals; it does not after this one."""
    try:
        stop_if_incomplete()
    except ImproperlyConfigured as fault:
        sys.exit(str(fault))


def _secret_key() -> Iterator[CheckMessage]:
    key = settings.SECRET_KEY
    if len(key) < SECRET_LEAST or len(set(key)) < SECRET_VARIETY:
        yield Warning(
            "SECRET_KEY is easy to guess.", hint=f"Give it {SECRET_LEAST} random characters.", id="config.W001"
        )


def _database() -> Iterator[CheckMessage]:
    engine = settings.DATABASES.get("default", {}).get("ENGINE", "django.db.backends.dummy")
    if engine == "django.db.backends.dummy":
        mend = "Give it postgresql://user:password@host:5432/name."
        yield Error("DATABASE_URL is not set.", hint=mend, id="config.E001")


def _address() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        mend = "Give it the address with its scheme, such as https://jackfield.example.com."
        yield Error("JACKFIELD_URL is no address.", hint=mend, id="config.E002")
    elif parts.scheme == "http":
        mend = "Give it the https address that browsers use: over http, keys and tokens can be read on the way."
        yield Warning("JACKFIELD_URL is not https.", hint=mend, id="config.W002")


def _hosts() -> Iterator[CheckMessage]:
    host = urlsplit(settings.PUBLIC_URL).hostname
    if not settings.ALLOWED_HOSTS:
        mend = "Give it the host names that this installation answers to, such as jackfield.example.com."
        yield Error("ALLOWED_HOSTS is not set, so every request would be refused.", hint=mend, id="config.E003")
    elif "*" in settings.ALLOWED_HOSTS:
        yield Warning("ALLOWED_HOSTS permits every host name.", hint="Name the ones that are yours.", id="config.W003")
    elif host and not validate_host(host, [name.lower() for name in settings.ALLOWED_HOSTS]):
        mend = f"Add {host}, or correct JACKFIELD_URL."
        yield Warning("ALLOWED_HOSTS lacks the host of JACKFIELD_URL.", hint=mend, id="config.W004")


def _mail() -> Iterator[CheckMessage]:
    if not settings.EMAIL_URL:
        mend = "Give it the address of your mail relay, or offer no e-mail destination."
        yield Warning("EMAIL_URL is not set, so no mail is sent.", hint=mend, id="config.W005")


def _static() -> Iterator[CheckMessage]:
    if not any(Path(settings.STATIC_ROOT).glob("*")):
        mend = "Run `python manage.py collectstatic --no-input`: until then the pages have no style."
        yield Warning("The static files are not collected.", hint=mend, id="config.W006")
