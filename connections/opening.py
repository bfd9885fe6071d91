"""What opens an account, for whoever asks it something outside of a delivery."""

from __future__ import annotations

import structlog
from django.db.models.functions import Now

from connections.models import Connection
from connections.provider import Unread
from workspaces.crypto import SealBroken

_OFF = Unread("The connection is switched off.", fix="Switch it on, or reconnect it.")
_SHUT = Unread("The connection's secrets cannot be opened at the moment: the operator has to mend this.", retry=True)
_RENEWING = Unread("The sign-in is being renewed.", fix="Try again in a moment.", retry=True, retry_after=2.0)
_log = structlog.get_logger("connections")


def credentials_of(connection: Connection) -> dict[str, str] | Unread:
    """The credentials, or why there are none to use. An access token that has run out is not used, nor waited for."""
    if not connection.active:
        return _OFF
    if connection.token_until and not _is_good(connection):
        return _RENEWING
    try:
        return connection.unseal_values("credentials")
    except (SealBroken, ValueError) as broken:  # a key is missing from the ring, or the text inside is no JSON
        _log.error("connection.sealed_shut", connection=str(connection.id), fault=type(broken).__name__)
        return _SHUT


def _is_good(connection: Connection) -> bool:
    """By the database's clock, and as of now: it may have been renewed since the row was read."""
    rows = Connection.objects.filter(id=connection.id).exclude(token_until__lte=Now())
    sealed = rows.values_list("credentials", flat=True).first()
    connection.credentials = sealed or b""
    return sealed is not None
