"""What opens an account, for whoever asks it something outside of a delivery."""

from __future__ import annotations

import structlog

from connections.models import Connection
from connections.provider import Unread
from workspaces.crypto import SealBroken

_OFF = Unread("The connection is switched off.", fix="Switch it on, or reconnect it.")
_SHUT = Unread("The connection's secrets cannot be opened at the moment: the operator has to mend this.", retry=True)
_log = structlog.get_logger("connections")


def credentials_of(connection: Connection) -> dict[str, str] | Unread:
    """The credentials, or why there are none to use."""
    if not connection.active:
        return _OFF
    try:
        return connection.unseal_values("credentials")
    except (SealBroken, ValueError) as broken:  # a key is missing from the ring, or the text inside is no JSON
        _log.error("connection.sealed_shut", connection=str(connection.id), fault=type(broken).__name__)
        return _SHUT
