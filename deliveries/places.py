"""What people call the place that a delivery's lane leads to: ``#alerts``, or its connection's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from connections.finding import Reference, entries_of
from connections.models import Connection
from connections.registry import provider
from deliveries.models import Delivery
from rules import telling
from rules.authoring import Wording
from rules.models import RuleVersion


def names_of(deliveries: Sequence[Delivery]) -> Mapping[UUID, str]:
    """By the deliveries' ids, in three statements however many there are. What was deleted has no name."""
    if not deliveries:
        return {}
    connections = Connection.objects.in_bulk({row.connection_id for row in deliveries})
    known = [row for row in deliveries if row.connection_id in connections]
    named = _named([row for row in known if row.lane != row.connection_id], connections)
    return {row.id: named.get(row.id) or connections[row.connection_id].name for row in known}


def _named(deliveries: Sequence[Delivery], connections: Mapping[UUID, Connection]) -> dict[UUID, str]:
    """Of those whose lane is only a part of their connection, as the vendor calls it today, else as the rule does."""
    versions = RuleVersion.objects.in_bulk({row.rule_version_id for row in deliveries})
    said = {row.id: Wording.of(versions[row.rule_version_id]) for row in deliveries if row.rule_version_id in versions}
    pointed_at = {
        row.id: reference
        for row in deliveries
        if row.id in said and (reference := _reference(said[row.id], connections[row.connection_id]))
    }
    entries = entries_of(pointed_at.values())
    names = {id: entries[at].name if at in entries else said[id].inputs.get("name") for id, at in pointed_at.items()}
    return {id: _called(connections[at[0]], at[1], str(names[id])) for id, at in pointed_at.items() if names[id]}


def _reference(wording: Wording, connection: Connection) -> Reference | None:
    return next(iter(telling.references(wording, connection)), None)


def _called(connection: Connection, kind: str, name: str) -> str:
    return provider(connection.provider).directory_kind(kind).called(name)
