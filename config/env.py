"""Typed readers for the environment. A wrong value stops the start with one sentence that names it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """The value of a variable, or the content of the file that ``<name>_FILE`` points to (for mounted secrets)."""
    path = os.environ.get(f"{name}_FILE", "")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def number(name: str, default: int) -> int:
    """A whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def one_of(name: str, choices: tuple[str, ...], default: str) -> str:
    """One of a closed list."""
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def pairs(name: str) -> dict[str, str]:
    """``key=value`` pairs separated by commas."""
    found = {}
    for word in words(name):
        key, separator, value = word.partition("=")
        if not separator:
            raise ImproperlyConfigured(f"{name} must hold key=value pairs, but {word!r} has no '='.")
        found[key.strip()] = value.strip()
    return found


def database(name: str) -> dict[str, object] | None:
    """A ``postgresql://user:password@host:port/name`` URL as Django's settings, or None when it is not set."""
    url = text(name)
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must look like postgresql://user:password@host:5432/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": "jackfield",
            # Each connection plans a statement once, not every time: planning a claim takes as long as doing it.
            "server_side_binding": True,
            "prepare_threshold": 2,
        },
    }
