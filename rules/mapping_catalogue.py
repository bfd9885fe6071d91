"""The fields that a connection's records have, from the directory of its account."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from connections.models import Connection, DirectoryEntry, DirectoryRun
from connections.provider import Provider
from connections.registry import all_providers
from rules.mappings import TargetField

FIELDS_MOST = 5_000  # of one account


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The fields by id, those that find a record first. ``run`` is None before anybody has asked for a reading.

    ``trouble`` says in a sentence why they could not be read lately; ``gaps`` what the vendor does not list for us.
    """

    kind: str
    fields: Mapping[str, TargetField] = field(default_factory=dict)
    version: str = ""  # another one as soon as any field is another
    run: DirectoryRun | None = None

    @property
    def complete(self) -> bool:
        """Whether they were read to the end at least once."""
        return self.read_at is not None

    @property
    def read_at(self) -> datetime | None:
        """When they were last read to the end."""
        return self.run.completed_at if self.run else None

    @property
    def reading(self) -> bool:
        """Whether they are being read now."""
        return self.run is not None and self.run.reading

    @property
    def trouble(self) -> str:
        """Why they could not be read lately."""
        return self.run.trouble if self.run else ""


def record_kind(kind: Provider | None) -> str:
    """The directory of the fields that a provider's actions write; "" when none of them writes records."""
    return next((action.record for action in kind.actions if action.record), "") if kind else ""


def catalogue_of(connection: Connection) -> Catalogue | None:
    """The fields of a connection's records; None when its provider has no records."""
    kind = record_kind(all_providers().get(connection.provider))
    if not kind:
        return None
    run = DirectoryRun.objects.filter(connection_id=connection.id, kind=kind).first()
    rows = DirectoryEntry.objects.filter(connection_id=connection.id, kind=kind, gone_at=None)
    found = [TargetField.of(row.external_id, row.name, row.facts) for row in rows.order_by("external_id")[:FIELDS_MOST]]
    found.sort(key=lambda one: (not one.identifier, not one.required, one.read_only, one.label.casefold()))
    return Catalogue(kind=kind, fields={one.id: one for one in found}, version=_version(found), run=run)


def fields_of(wanted: Mapping[UUID, tuple[str, set[str]]]) -> dict[UUID, dict[str, TargetField]]:
    """Some fields of many connections at once: connection -> (kind, ids). What is not known is not in the answer."""
    found: dict[UUID, dict[str, TargetField]] = {}
    kinds = {id: kind for id, (kind, _) in wanted.items()}
    ids = {one for _, some in wanted.values() for one in some}
    rows = DirectoryEntry.objects.filter(connection_id__in=kinds, kind__in=set(kinds.values()), external_id__in=ids)
    for row in rows.filter(gone_at=None).values_list("connection_id", "kind", "external_id", "name", "facts"):
        connection_id, kind, external_id, name, facts = row
        if kind == kinds[connection_id]:
            found.setdefault(connection_id, {})[external_id] = TargetField.of(external_id, name, facts)
    return found


def _version(fields: list[TargetField]) -> str:
    """The same for the same fields, whoever reads them and when."""
    told = [[one.id, one.label, one.type, one.required, one.read_only, one.identifier, one.options] for one in fields]
    return hashlib.sha256(json.dumps(sorted(told)).encode()).hexdigest()[:16]
