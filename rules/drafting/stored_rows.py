"""Stored conditions as the rows of a form: the way back of ``rows.write``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rules.conditions import check
from rules.drafting.rows import JOINED, OPPOSITES, Group, Kept, Member, Row, Rows
from rules.drafting.values import written, written_list


def rows_of(conditions: Mapping[str, Any]) -> Rows:
    """The rows that stand for stored conditions."""
    if not conditions:
        return Rows()
    if check(conditions):  # as another version of this code wrote them
        return Rows(members=(Kept(number=1, node=json.dumps(conditions)),))
    joined = next((kind for kind in JOINED if kind in conditions), "")
    nodes = conditions[joined] if joined else [conditions]
    members: list[Member] = []
    for node in nodes:
        members.append(_member(node, Rows(members=tuple(members)).next_number))
    return Rows(joined=joined or "all", members=tuple(members))


def _member(node: Mapping[str, Any], number: int) -> Member:
    if "op" in node:
        return row_of(node, number)
    joined = next((kind for kind in JOINED if kind in node), "")
    inside = node[joined] if joined else []
    if not joined or not all("op" in one for one in inside):
        return Kept(number=number, node=json.dumps(node, ensure_ascii=False))
    rows = tuple(row_of(one, number + place + 1) for place, one in enumerate(inside))
    return Group(number=number, joined=joined, rows=rows)


def row_of(said: Mapping[str, Any], number: int) -> Row:
    """The row that stands for a clause."""
    op, other = said["op"], said.get("other")
    value: Any = said.get("value")
    ignore_case = bool(said.get("ignore_case"))
    row = Row(number=number, field=field_text(said["field"]), op=op, ignore_case=ignore_case)
    if op in OPPOSITES.values():
        return (
            replace(row, op=next(word for word, asked in OPPOSITES.items() if asked == op)) if value is False else row
        )
    if other:
        factor = written(other["factor"]) if "factor" in other else ""
        return replace(row, against="field", other=field_text(other["field"]), factor=factor)
    if op == "between":
        return replace(row, value=written(value[0]), highest=written(value[1]))
    return replace(row, value=written_list(value) if op == "in" else written(value))


def field_text(said: str | Sequence[str]) -> str:
    """A field as the form holds it: a list of keys is written as JSON."""
    return said if isinstance(said, str) else json.dumps(list(said), ensure_ascii=False)
