"""Gather what the sending of claimed deliveries needs, so that no waiting thread ever asks the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.db import connection

from connections.models import Connection, Recipient
from connections.provider import WorkspaceFacts
from connections.registry import all_providers
from deliveries.claiming import Claimed
from deliveries.holding import hold
from deliveries.sending import Prepared
from rules.models import RuleVersion
from workspaces.crypto import SealBroken
from workspaces.models import Workspace

_log = structlog.get_logger("deliveries")

_VERSIONS_KEPT = 10_000
_versions: dict[UUID, RuleVersion] = {}  # immutable rows, so they may be kept as long as there is room


def prepare(claims: Sequence[Claimed]) -> list[Prepared]:
    """The claims that can be sent, each with fresh credentials; those whose connection cannot be used are held."""
    opened = _open_connections({claim.connection_id for claim in claims})
    versions = _rule_versions({claim.rule_version_id for claim in claims})
    workspaces = Workspace.objects.in_bulk({claim.workspace_id for claim in claims})
    with connection.cursor() as cursor:
        hold(cursor, [claim.id for claim in claims if claim.connection_id not in opened])
    return [
        _prepared(claim, opened[claim.connection_id], versions[claim.rule_version_id], workspaces[claim.workspace_id])
        for claim in claims
        if claim.connection_id in opened
    ]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A connection that may be used now, with its secrets."""

    row: Connection
    credentials: dict[str, str] = field(repr=False)
    recipients: tuple[str, ...]


def _prepared(claim: Claimed, opened: _Opened, version: RuleVersion, workspace: Workspace) -> Prepared:
    return Prepared(
        claimed=claim,
        provider=all_providers()[claim.provider],
        action=version.action,
        inputs=version.inputs,
        workspace=WorkspaceFacts(
            id=workspace.id, name=workspace.name, tenant=workspace.tenant, environment=workspace.environment
        ),
        settings=opened.row.settings,
        credentials=opened.credentials,
        recipients=opened.recipients,
        retry_delays=tuple(opened.row.retry_delays) if opened.row.retry_delays is not None else None,
        capture_only=workspace.capture_only,
    )


def _open_connections(ids: Collection[UUID]) -> dict[UUID, _Opened]:
    rows = Connection.objects.filter(id__in=ids, active=True)
    confirmed = _confirmed_recipients(ids)
    found: dict[UUID, _Opened] = {}
    for row in rows:
        try:
            found[row.id] = _Opened(row, row.unseal_values("credentials"), confirmed.get(row.id, ()))
        except SealBroken as broken:  # a key is missing from the ring: the deliveries wait until it is back
            _log.error("connection.sealed_shut", connection=str(row.id), reason=str(broken))
    return found


def _confirmed_recipients(connection_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    found: dict[UUID, tuple[str, ...]] = {}
    rows = Recipient.objects.filter(connection_id__in=connection_ids, confirmed_at__isnull=False).order_by("id")
    for connection_id, address in rows.values_list("connection_id", "address"):
        found[connection_id] = (*found.get(connection_id, ()), address)
    return found


def _rule_versions(ids: Collection[UUID]) -> dict[UUID, RuleVersion]:
    missing = [id for id in ids if id not in _versions]
    if len(_versions) + len(missing) > _VERSIONS_KEPT:
        _versions.clear()
        missing = list(ids)
    if missing:
        _versions.update(RuleVersion.objects.in_bulk(missing))
    return {id: _versions[id] for id in ids}
