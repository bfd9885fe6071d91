"""Gather what the sending of claimed deliveries needs, so that no waiting thread ever asks the database.

What cannot be sent is put aside here, with its reason: held while the connection is off, canceled when what it
belongs to is gone, put back for a minute when our own keys do not open the secrets, and for a moment while its access
token is being renewed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.db import connection, transaction

from connections.models import Connection
from connections.provider import WorkspaceFacts
from deliveries import bulk, digests, pacing, unsent
from deliveries.breaking import awaiting
from deliveries.claiming import Claimed
from deliveries.digests import Folded
from deliveries.jobs import Prepared
from rules import mapping_loading
from rules.mapping_loading import InForce
from rules.models import RuleVersion
from workspaces.crypto import SealBroken, open_sealed

SHUT_SECONDS = 60
_SHUT = "The connection's secrets cannot be opened at the moment: the operator has to mend this. It is sent then."
_log = structlog.get_logger("deliveries")

_VERSIONS_KEPT = 10_000
_versions: dict[UUID, RuleVersion] = {}  # immutable rows, so they may be kept as long as there is room


class _Fate(StrEnum):
    """What happens to a claim; those after ``RENEW`` are canceled, and the text is the reason."""

    SEND = "send"
    HOLD = "hold"
    SHUT = "shut"
    RENEW = "renew"
    NO_WORKSPACE = "The workspace was deleted."
    NO_CONNECTION = "The connection was deleted."
    NO_VERSION = "What the rule said at that time is no longer there."


_ENDS = (_Fate.NO_WORKSPACE, _Fate.NO_CONNECTION, _Fate.NO_VERSION)


class _Plugged(NamedTuple):
    """What of a connection a sending needs."""

    id: UUID
    active: bool
    settings: dict[str, Any]
    retry_delays: tuple[int, ...] | None
    sealed: bytes
    failing: bool
    token_fence: int
    unrenewed: str | None  # why its access token, which has run out, could not be renewed yet; None: it is good


class _Workspace(NamedTuple):
    """What of a workspace a sending needs."""

    facts: WorkspaceFacts
    capture_only: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows behind the claims, by their ids."""

    workspaces: Mapping[UUID, _Workspace]
    versions: Mapping[UUID, RuleVersion]
    connections: Mapping[UUID, _Plugged]
    recipients: Mapping[UUID, tuple[str, ...]]
    folded: Mapping[UUID, Folded]
    mappings: Mapping[UUID, InForce]  # of the connections into which records are written
    credentials: Mapping[UUID, dict[str, str]] = field(repr=False)  # of those that are on and can be opened


def prepare(claims: Sequence[Claimed]) -> list[Prepared]:
    """The claims that can be sent, each with fresh credentials."""
    found = _look_up(claims)
    by_fate: defaultdict[_Fate, list[Claimed]] = defaultdict(list)
    for claim in claims:
        by_fate[_fate(claim, found)].append(claim)
    if len(by_fate[_Fate.SEND]) < len(claims):
        _put_aside(by_fate, found)
    return [_prepared(claim, found) for claim in by_fate[_Fate.SEND]]


def _fate(claim: Claimed, found: _Found) -> _Fate:
    if claim.workspace_id not in found.workspaces:
        return _Fate.NO_WORKSPACE
    if claim.connection_id not in found.connections:
        return _Fate.NO_CONNECTION
    if claim.rule_version_id not in found.versions:
        return _Fate.NO_VERSION
    if not found.connections[claim.connection_id].active:
        return _Fate.HOLD
    if claim.connection_id not in found.credentials:
        return _Fate.SHUT
    return _Fate.SEND if found.connections[claim.connection_id].unrenewed is None else _Fate.RENEW


def _put_aside(by_fate: Mapping[_Fate, list[Claimed]], found: _Found) -> None:
    shut = by_fate.get(_Fate.SHUT, [])
    waiting = [
        (claim, found.connections[claim.connection_id].unrenewed or "") for claim in by_fate.get(_Fate.RENEW, [])
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        unsent.hold(cursor, by_fate.get(_Fate.HOLD, []))
        unsent.put_back(cursor, shut, seconds=SHUT_SECONDS, why=_SHUT)
        pauses = awaiting.put_back(cursor, waiting)
        for end in _ENDS:
            unsent.cancel(cursor, by_fate.get(end, []), why=end)
        # The whole backlog need not try.
        pacing.pause(cursor, [*pauses, *((claim.lane, SHUT_SECONDS) for claim in shut)])


def _prepared(claim: Claimed, found: _Found) -> Prepared:
    row, version = found.connections[claim.connection_id], found.versions[claim.rule_version_id]
    workspace = found.workspaces[claim.workspace_id]
    return Prepared(
        claimed=claim,
        action=version.action,
        inputs=version.inputs,
        workspace=workspace.facts,
        settings=row.settings,
        credentials=found.credentials[row.id],
        recipients=found.recipients.get(row.id, ()),
        folded=found.folded.get(claim.id),
        retry_delays=row.retry_delays,
        failing=row.failing,
        token_fence=row.token_fence,
        capture_only=workspace.capture_only,
        mapping=found.mappings.get(row.id) if mapping_loading.writes_records(claim.provider, version.action) else None,
    )


# --------------------------------------------------------------------------- the rows

# By cursor: these run for every batch, and to make models of the rows would take most of the time.
_WORKSPACES = "SELECT id, name, tenant, environment, capture_only FROM workspaces_workspace WHERE id = ANY(%s::uuid[])"
_CONNECTIONS = (
    "SELECT id, active, settings, retry_delays, credentials, failing_since IS NOT NULL, token_fence,"
    " CASE WHEN token_until <= now() THEN renew_trouble END FROM connections_connection WHERE id = ANY(%s::uuid[])"
)
_VERSIONS = "SELECT * FROM rules_ruleversion WHERE id = ANY(%s::uuid[])"
_RECIPIENTS = (
    "SELECT connection_id, address FROM connections_recipient"
    " WHERE connection_id = ANY(%s::uuid[]) AND confirmed_at IS NOT NULL ORDER BY id"
)


def _look_up(claims: Sequence[Claimed]) -> _Found:
    connections = _connections({claim.connection_id for claim in claims})
    versions = _rule_versions({claim.rule_version_id for claim in claims})
    return _Found(
        workspaces=_workspaces({claim.workspace_id for claim in claims}),
        versions=versions,
        connections=connections,
        mappings=_mappings(claims, versions),
        recipients=_confirmed_recipients(connections),
        folded=digests.gather([claim.id for claim in claims if claim.carries]),
        credentials={
            row.id: opened for row in connections.values() if row.active and (opened := _open(row)) is not None
        },
    )


def _open(row: _Plugged) -> dict[str, str] | None:
    try:
        text = open_sealed(row.sealed, place=Connection.place_of(row.id, "credentials")) if row.sealed else "{}"
        return dict(json.loads(text))
    except (SealBroken, ValueError) as broken:  # a key is missing from the ring, or the text inside is no JSON
        _log.error("connection.sealed_shut", connection=str(row.id), fault=type(broken).__name__)
        return None


def _mappings(claims: Sequence[Claimed], versions: Mapping[UUID, RuleVersion]) -> dict[UUID, InForce]:
    """Asks the database of nothing where no record is written."""
    wanted = {
        claim.connection_id: claim.provider
        for claim in claims
        if claim.rule_version_id in versions
        and mapping_loading.writes_records(claim.provider, versions[claim.rule_version_id].action)
    }
    return mapping_loading.load(wanted)


def _workspaces(ids: Collection[UUID]) -> dict[UUID, _Workspace]:
    return {
        id: _Workspace(WorkspaceFacts(id=id, name=name, tenant=tenant, environment=environment), capture_only)
        for id, name, tenant, environment, capture_only in _rows(_WORKSPACES, ids)
    }


def _connections(ids: Collection[UUID]) -> dict[UUID, _Plugged]:
    return {
        id: _Plugged(id, active, json.loads(settings), _delays(delays), bytes(sealed), *rest)
        for id, active, settings, delays, sealed, *rest in _rows(_CONNECTIONS, ids)
    }


def _delays(text: str | None) -> tuple[int, ...] | None:
    delays = json.loads(text or "null")
    return None if delays is None else tuple(delays)


def _confirmed_recipients(connection_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    found: dict[UUID, tuple[str, ...]] = {}
    for connection_id, address in _rows(_RECIPIENTS, connection_ids):
        found[connection_id] = (*found.get(connection_id, ()), address)
    return found


def _rule_versions(ids: Collection[UUID]) -> dict[UUID, RuleVersion]:
    missing = [id for id in ids if id not in _versions]
    if len(_versions) + len(missing) > _VERSIONS_KEPT:
        _versions.clear()
        missing = list(ids)
    if missing:
        _versions.update((row.id, row) for row in RuleVersion.objects.raw(_VERSIONS, [bulk.array("uuid", missing)]))
    return {id: _versions[id] for id in ids if id in _versions}


def _rows(statement: str, ids: Collection[UUID]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [bulk.array("uuid", ids)])
        return list(cursor.fetchall())
