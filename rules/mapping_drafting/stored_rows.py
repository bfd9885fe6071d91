"""A stored mapping as the rows of a form: the way back of ``rows.write``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rules.mapping_drafting.rows import LITERAL, NOTHING, PATH, Row, Rows, Step, shown_value
from rules.mappings.schema import SKIP_FIELD


def rows_of(schema: dict[str, Any]) -> Rows:
    """The rows that stand for a mapping that passed its check."""
    fields: Iterable[dict[str, Any]] = schema["fields"]
    meta = json.dumps(schema["meta"]) if schema.get("meta") else ""
    return Rows(tuple(_row(number, said) for number, said in enumerate(fields, start=1)), meta=meta)


def _row(number: int, said: dict[str, Any]) -> Row:
    source = said["source"]
    row = Row(
        number=number,
        dest=said["dest"],
        steps=tuple(_stored_step(place, one) for place, one in enumerate(said.get("transforms", ()), start=1)),
        on_error=said.get("on_error", SKIP_FIELD),
        notes=said.get("notes", ""),
    )
    return _with_source(row, source)


def _with_source(row: Row, source: dict[str, Any]) -> Row:
    value = source["value"]
    if source["type"] == PATH:
        return replace(row, path=", ".join([value, *source.get("or", ())]))
    if value is None:
        return replace(row, source=NOTHING)
    return replace(row, source=LITERAL, text=shown_value(value), kept=_kept(value))


def _stored_step(number: int, said: dict[str, Any]) -> Step:
    return Step(
        number=number,
        kind=said["type"],
        value=shown_value(said.get("value")),
        kept=_kept(said["value"]) if "value" in said else "",
        zone=said.get("timezone", ""),
        start=str(said.get("start", "")),
        length=str(said.get("length", "")),
    )


def _kept(value: Any) -> str:
    return "" if isinstance(value, str) else json.dumps(value)
