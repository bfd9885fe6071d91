"""A pair that a provider hands out when its connection is gone: nobody will use it, so the provider is told at once.

It is never stored. What a killed process held of it is lost, and good at the provider until it runs out there.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from connections.connecting import parting
from connections.models import Connection
from connections.registry import all_providers
from connections.renewing import Renewal

_log = structlog.get_logger("connections")


def is_nobodys(renewal: Renewal) -> bool:
    """Whether its connection was disconnected meanwhile, and no other one has the same token at the provider.

    One that was signed in to anew is still there, and may have got this very token.
    """
    row, client = renewal.connection, renewal.client
    if client is None or Connection.objects.filter(id=row.id).exists():
        return False
    return not parting.is_shared(row, all_providers()[row.provider], client)


def give_back(renewal: Renewal, pair: Mapping[str, str]) -> None:
    """Tell the provider. Waits on it, and knows no database. Never raises."""
    row, client = renewal.connection, renewal.client
    if client is None:
        return
    facts = {"connection": str(row.id), "workspace": str(row.workspace_id), "provider": row.provider}
    try:
        parting.give_back(all_providers()[row.provider], client, pair, asked=row.settings)
    except Exception as fault:  # noqa: BLE001  a provider's fault must not end the worker, nor its words hold a token
        _log.error("renewal.not_given_back", fault=type(fault).__name__, **facts)
    else:
        _log.info("renewal.given_back", **facts)
