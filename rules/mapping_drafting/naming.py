"""A destination's fields by the names that people know them by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rules.mappings import TargetField


def names(fields: Mapping[str, TargetField]) -> dict[str, str]:
    """What each field is called in the form: by its label; with its id where that would not tell it apart."""
    labels = Counter(field.label.casefold() for field in fields.values())
    ids = {id.casefold() for id in fields}
    return {id: _name(field, alone=labels[field.label.casefold()] == 1, ids=ids) for id, field in fields.items()}


def named(text: str, fields: Mapping[str, TargetField]) -> str:
    """The id of the field that was meant: by its name, its id, or its name in any case; else what was typed."""
    by_name = {name: id for id, name in names(fields).items()}
    folded = {name.casefold(): id for name, id in by_name.items()}
    return by_name.get(text) or (text if text in fields else folded.get(text.casefold(), text))


def _name(field: TargetField, *, alone: bool, ids: set[str]) -> str:
    folded = field.label.casefold()
    if alone and (folded not in ids or folded == field.id.casefold()):
        return field.label
    return f"{field.label} ({field.id})"
