"""What the fields of a draft's conditions were seen to hold: it decides what a typed ``5`` is, a number or a text."""

from __future__ import annotations

from dataclasses import replace

from rules.drafting.rows import Group, Member, Row, Rows
from rules.drafting.showing import Known


def with_forms(rows: Rows, known: Known) -> Rows:
    """The rows with what their fields hold; where nobody has seen the field, what was known before stays."""
    return replace(rows, members=tuple(_member(member, known) for member in rows.members))


def _member(member: Member, known: Known) -> Member:
    if isinstance(member, Row):
        return _row(member, known)
    if isinstance(member, Group):
        return replace(member, rows=tuple(_row(row, known) for row in member.rows))
    return member


def _row(row: Row, known: Known) -> Row:
    found = known.fields.get(row.field)
    return replace(row, form=str(found.form)) if found else row
