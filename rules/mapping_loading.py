"""The mappings in force of many connections at once, ready to be run: for the pipeline, which asks in batches.

Versions never change, so they are kept compiled in the process. What is asked each time is which one is in force, and
the few fields that it fills as they are today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from connections.provider import Provider
from connections.registry import all_providers
from rules import models
from rules.mapping_catalogue import fields_of, record_kind
from rules.mapping_default import generated
from rules.mappings import Compiled, Made, TargetField, compile_mapping, run

KEPT_MOST = 2_000
_kept: dict[UUID, Compiled] = {}


@dataclass(frozen=True, slots=True)
class InForce:
    """A connection's mapping. ``number`` is 0 for the generated one; ``fields`` are those that are known of it."""

    number: int
    compiled: Compiled
    fields: Mapping[str, TargetField] = field(default_factory=dict)

    def make(self, payload: Any, *, around: Mapping[str, Any]) -> Made:
        """The record of one event."""
        return run(self.compiled, payload, around=around, fields=self.fields)


def writes_records(provider: str, action: str) -> bool:
    """Whether that action of that provider takes a record."""
    kind = all_providers().get(provider)
    return kind is not None and any(one.key == action and one.record for one in kind.actions)


def load(connections: Mapping[UUID, str]) -> dict[UUID, InForce]:
    """The mapping in force of each connection (its id -> its provider's slug), in three statements at most."""
    kinds = {id: kind for id, slug in connections.items() if record_kind(kind := all_providers()[slug])}
    if not kinds:
        return {}
    numbers = _numbers(kinds)
    compiled = _compiled(id for id, _ in numbers.values())
    stored = {id: compiled[version] for id, (version, _) in numbers.items() if version in compiled}
    asked = {id: (record_kind(kind), _dests(kind, stored.get(id))) for id, kind in kinds.items()}
    fields = fields_of(asked)
    return {id: _in_force(kind, numbers.get(id), stored.get(id), fields.get(id, {})) for id, kind in kinds.items()}


def _dests(kind: Provider, stored: Compiled | None) -> set[str]:
    return {row.dest for row in stored.rows} if stored else set(kind.usual_paths)


def _in_force(
    kind: Provider, version: tuple[UUID, int] | None, stored: Compiled | None, fields: Mapping[str, TargetField]
) -> InForce:
    if version and stored:
        return InForce(version[1], stored, fields)
    return InForce(0, compile_mapping(generated(kind, fields)), fields)


def _numbers(connections: Iterable[UUID]) -> dict[UUID, tuple[UUID, int]]:
    """Of each connection the version in force: its row's id, and its number."""
    rows = models.Mapping.objects.filter(connection_id__in=list(connections)).order_by("connection_id", "-number")
    latest = rows.distinct("connection_id").values_list("connection_id", "id", "number")
    return {connection_id: (id, number) for connection_id, id, number in latest}


def _compiled(ids: Iterable[UUID]) -> dict[UUID, Compiled]:
    wanted = list(ids)
    missing = [id for id in wanted if id not in _kept]
    if len(_kept) + len(missing) > KEPT_MOST:
        _kept.clear()
        missing = wanted
    if missing:
        for id, schema in models.Mapping.objects.filter(id__in=missing).values_list("id", "schema"):
            _kept[id] = compile_mapping(schema)
    return {id: _kept[id] for id in wanted if id in _kept}
