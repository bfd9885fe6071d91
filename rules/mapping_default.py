"""The mapping that a connection has before somebody writes one: the usual places of the usual fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.provider import Provider
from rules.mappings import TargetField
from rules.mappings.schema import FAIL_ACTION, FIELDS_MOST, OTHERS_MOST, SKIP_FIELD, VERSION


def generated(kind: Provider, fields: Mapping[str, TargetField]) -> dict[str, Any]:
    """A schema of the fields that the provider knows the usual paths of.

    Where ``fields`` are known, those that the account does not have, or that cannot be written, are left out.
    """
    usual = [(id, paths) for id, paths in kind.usual_paths.items() if paths and _can_be_filled(id, fields)]
    return {
        "schema_version": VERSION,
        "fields": [_field(id, paths, fields.get(id)) for id, paths in usual[:FIELDS_MOST]],
    }


def _can_be_filled(id: str, fields: Mapping[str, TargetField]) -> bool:
    return not fields or (id in fields and not fields[id].read_only)


def _field(id: str, paths: tuple[str, ...], field: TargetField | None) -> dict[str, Any]:
    first, *others = paths[: OTHERS_MOST + 1]
    source: dict[str, Any] = {"type": "path", "value": first}
    if others:
        source["or"] = others
    on_error = FAIL_ACTION if field is not None and field.needed else SKIP_FIELD
    return {"dest": id, "source": source, "on_error": on_error}
