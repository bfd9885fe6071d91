"""System checks: what is wrong with the configuration, before anything is sealed with it."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from workspaces import crypto


@register(Tags.security)
def encryption_keys_are_usable(**kwargs: Any) -> list[CheckMessage]:
    """``ENCRYPTION_KEYS`` reads as a ring of keys."""
    try:
        crypto.key_ring()
    except ImproperlyConfigured as fault:
        return [Error(str(fault), hint="`manage.py new_key` prints a good one.", id="workspaces.E001")]
    return []
