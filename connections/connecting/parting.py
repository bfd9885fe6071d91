"""Disconnecting: the ciphertext goes at once, then the provider is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from connections import oauth, settling
from connections.courses import follow
from connections.models import Connection, ProviderApp
from connections.provider import Client, Provider
from connections.provider_apps import client_for
from connections.registry import provider
from workspaces.crypto import SealBroken

_log = structlog.get_logger("connections")


def part(connection: Connection, *, forced: bool, actor: str) -> None:
    """Delete a connection, then give its token back. Raises as ``settling.unplug`` does.

    The deletion does not wait for the provider, nor depend on it: our copy is gone whatever it answers.
    Race: the token is being renewed. A pair that was stored since the row was read is the one that is deleted, and so
    the one that is given back; one that comes later is for ``late_pairs``.
    """
    kind = provider(connection.provider)
    client = client_for(connection.workspace, kind.slug) if kind.oauth else None
    deleted = settling.unplug(connection, forced=forced, actor=actor)
    credentials = _opened(deleted) if client else {}
    if client and credentials and not is_shared(connection, kind, client):
        give_back(kind, client, credentials, asked=connection.settings)


def _opened(row: Connection) -> dict[str, str]:
    """Nothing where the secrets cannot be opened: that is the operator's to mend, and keeps nobody here."""
    try:
        return row.unseal_values("credentials")
    except (SealBroken, ValueError) as broken:  # a key is missing from the ring, or the text inside is no JSON
        _log.error("connection.sealed_shut", connection=str(row.id), fault=type(broken).__name__)
        return {}


def is_shared(connection: Connection, kind: Provider, client: Client) -> bool:
    """Whether the same app is still connected to the same account: the token may be one and the same there.

    Slack, for one, has a single bot token for an app in a team, and revoking it takes the app out.
    """
    key = oauth.declaration(kind).account_keys[0]
    apps = ProviderApp.objects.for_organization(connection.organization_id)
    environments = apps.filter(provider=kind.slug, client_id=client.id).values("environment")
    rows = Connection.objects.for_organization(connection.organization_id).filter(
        **{f"settings__{key}": connection.settings.get(key)}
    )
    return bool(rows.filter(provider=kind.slug, workspace__environment__in=environments).exists())


def give_back(kind: Provider, client: Client, credentials: Mapping[str, str], *, asked: Mapping[str, Any]) -> None:
    """Tell the provider that nobody needs these any more. Waits on it, and knows no database."""
    token = credentials.get("refresh_token", "")
    if kind.sign_in(asked).revoke_url and token:
        oauth.revoke(kind, client, token, asked=asked)
    follow(kind.revoke(credentials))
