"""What vendors tell us by calling back: whose call it is, and whether it is proven. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.urls import reverse

from connections.models import Connection
from connections.provider import Heard, Refusal
from connections.registry import all_providers
from workspaces.crypto import SealBroken

MOST = 64 * 1024  # bytes of a call's body; a bounce has about one thousand

_log = structlog.get_logger("hooks")


@dataclass(frozen=True, slots=True)
class Proven:
    """A call that came from the vendor. ``heard`` is None when it tells nothing that is kept."""

    connection: Connection
    heard: Heard | None


def address(row: Connection) -> str:
    """Where the vendor shall call for this connection; empty for a provider that never does."""
    kind = all_providers().get(row.provider)
    if kind is None or not kind.hears:
        return ""
    return f"{settings.PUBLIC_URL}{reverse('hook', args=[kind.slug, row.id])}"


def hear(slug: str, connection_id: UUID, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Proven | None:
    """The call, once it is proven; None for whatever reason it is not, which the caller is not told.

    A connection that is switched off is heard all the same: what it sent before may bounce now.
    """
    kind = all_providers().get(slug)
    row = Connection.objects.filter(id=connection_id, provider=slug).first()
    if kind is None or not kind.hears or row is None:
        return None
    try:
        credentials = row.unseal_values("credentials")
    except (SealBroken, ValueError):
        credentials = {}
    found = kind.read_hook(headers, body, credentials=credentials, now=now)
    if isinstance(found, Refusal):
        _log.info("hook.refused", connection=str(row.id), provider=slug, reason=found.reason)
        return None
    return Proven(row, found)
