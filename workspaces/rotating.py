"""Publishable keys come and go: a new one, one that takes over from another for a while, and one that ends now.

A key is refused two seconds after its end, by every process; see ``access.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from workspaces import audit
from workspaces.errors import ApiError
from workspaces.keys import new_publishable_key
from workspaces.models import PublishableKey, Workspace

OVERLAPS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
_OVER = _("This key has been rotated or revoked already.")


def issue_key(workspace: Workspace, *, name: str = "Default") -> PublishableKey:
    """A fresh publishable key for the workspace."""
    parts = new_publishable_key(workspace.environment)
    key: PublishableKey = PublishableKey.objects.create(
        organization_id=workspace.organization_id,
        workspace=workspace,
        text=parts.text,
        key_id=parts.key_id,
        name=name,
    )
    return key


def rotate(key: PublishableKey, *, overlap: timedelta, actor: str) -> PublishableKey:
    """A new key of the same name; the old one works until the overlap ends. Raises ApiError 409 when it is over.

    Race: two people rotate one key at once. The update finds it without an end only once, so there is one new key.
    """
    ends = timezone.now() + overlap
    with transaction.atomic():
        _end(key, ends, still=Q(expires_at=None))
        fresh = issue_key(key.workspace, name=key.name)
        _trace(key, actor=actor, verb="key.rotated", into=fresh.key_id, ends_at=ends.isoformat(timespec="seconds"))
    return fresh


def revoke(key: PublishableKey, *, actor: str) -> None:
    """End a key now. Raises ApiError 409 when it is over already."""
    now = timezone.now()
    with transaction.atomic():
        _end(key, now, still=Q(expires_at=None) | Q(expires_at__gt=now))
        _trace(key, actor=actor, verb="key.revoked")


def _end(key: PublishableKey, at: datetime, *, still: Q) -> None:
    if not PublishableKey.objects.filter(still, id=key.id).update(expires_at=at):
        raise ApiError(409, gettext(_OVER))


def _trace(key: PublishableKey, *, actor: str, verb: str, **detail: Any) -> None:
    audit.record(
        key,
        actor=actor,
        verb=verb,
        name=key.name,
        key_id=key.key_id,
        **detail,
    )
