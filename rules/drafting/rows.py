"""Conditions as rows of a form: the top level, and groups one level below it.

What is nested deeper, or negated, cannot be shown as rows. It is kept as it is, told in words, and can be taken out.
Rows keep their numbers while others come and go, so that a page can leave alone what somebody is typing into.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rules.conditions import check
from rules.conditions.schema import CLAUSES_MOST, EDGE, EQUAL, OPERATORS, ORDER
from rules.drafting.values import typed, typed_list

JOINED: Final = ("all", "any")
OPPOSITES: Final = {"absent": "exists", "not_empty": "is_empty"}  # the form's word → the operator asked with false
ALONE: Final = ("exists", "is_empty", *OPPOSITES)  # these compare with nothing
COMPARES: Final = (*EQUAL, *ORDER)  # these may compare with another field
SPELT: Final = (*EQUAL, "in", "contains", *EDGE)  # these may forgive the case of letters


@dataclass(frozen=True, slots=True)
class Row:
    """One condition, as texts. ``form`` is what its field was seen to hold."""

    number: int
    field: str = ""
    op: str = "eq"
    against: str = "value"  # or "field"
    value: str = ""
    highest: str = ""
    other: str = ""
    factor: str = ""
    ignore_case: bool = False
    form: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed into it."""
        return not (self.field or self.value or self.highest or self.other)


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of the conditions that is no row; ``node`` is its JSON."""

    number: int
    node: str

    @property
    def value(self) -> Any:
        """The part itself; None when it is no condition."""
        try:
            found = json.loads(self.node)
        except (ValueError, RecursionError):
            return None
        return found if found and not check(found) else None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows in parentheses."""

    number: int
    joined: str = "any"
    rows: tuple[Row, ...] = ()


Member = Row | Group | Kept


@dataclass(frozen=True, slots=True)
class Rows:
    """All of it. ``joined`` is ``all`` or ``any``."""

    joined: str = "all"
    members: tuple[Member, ...] = ()

    @property
    def placed(self) -> Iterator[tuple[int, Row]]:
        """Every row, after the number of its group, which is 0 at the top level."""
        for member in self.members:
            if isinstance(member, Row):
                yield 0, member
            elif isinstance(member, Group):
                yield from ((member.number, row) for row in member.rows)

    @property
    def next_number(self) -> int:
        """One that no member has."""
        taken = [member.number for member in self.members] + [row.number for _, row in self.placed]
        return max(taken, default=0) + 1


@dataclass
class Written:
    """Conditions as they are saved, and which row stands at which place of them (``conditions.all[1]``)."""

    conditions: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Member] = field(default_factory=dict)


# --------------------------------------------------------------------------- the conditions that they ask for


def write(rows: Rows) -> Written:
    """The conditions that the rows ask for; rows without anything in them ask for nothing."""
    found = Written()
    members = _nodes(rows.members, f"conditions.{rows.joined}", found)
    if members:
        found.conditions = {rows.joined: members}
    return found


def _nodes(members: Sequence[Member], stem: str, found: Written) -> list[Any]:
    nodes: list[Any] = []
    for member in members:
        place = f"{stem}[{len(nodes)}]"
        node = _node(member, place, found)
        if node is not None:
            found.places[place] = member
            nodes.append(node)
    return nodes


def _node(member: Member, place: str, found: Written) -> Any:
    if isinstance(member, Kept):
        return member.value
    if isinstance(member, Row):
        return None if member.blank else clause(member)
    inside = _nodes(member.rows, f"{place}.{member.joined}", found)
    return {member.joined: inside} if inside else None


def clause(row: Row) -> dict[str, Any]:
    """The clause that a row stands for, faults and all: who saves it finds them."""
    op = OPPOSITES.get(row.op, row.op)
    asked: dict[str, Any] = {"field": path(row.field), "op": op}
    if row.op in OPPOSITES:
        return {**asked, "value": False}
    if row.op in ALONE:
        return asked
    if row.op in COMPARES and row.against == "field":
        return {**asked, "other": _other(row)}
    return {**asked, **_value(row), **({"ignore_case": True} if row.ignore_case and op in SPELT else {})}


def path(text: str) -> str | list[str]:
    """A field as a condition takes it: a path, or the list of keys that was written as JSON."""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return found if isinstance(found, list) else text
    return text


def _other(row: Row) -> dict[str, Any]:
    factor = typed(row.factor) if row.factor else 1
    return {"field": path(row.other)} | ({"factor": factor} if factor != 1 and row.op in ORDER else {})


def _value(row: Row) -> dict[str, Any]:
    if row.op == "between":
        return {"value": [typed(row.value, form=row.form), typed(row.highest, form=row.form)]}
    if not row.value:
        return {}  # the check says that it is missing
    return {"value": typed_list(row.value, form=row.form) if row.op == "in" else typed(row.value, form=row.form)}


def known(op: str) -> str:
    """The operator if there is one of that name."""
    return op if op in (*OPERATORS, *OPPOSITES) else "eq"


MOST: Final = CLAUSES_MOST
