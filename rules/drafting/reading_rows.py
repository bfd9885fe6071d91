"""The rows of conditions as they were posted, and what a button of the form does to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.http import QueryDict

from rules.drafting.rows import JOINED, MOST, Group, Kept, Member, Row, Rows, known
from rules.showing import storable
from rules.suggesting import Form

TEXT_MOST: Final = 4_000  # of one text; longer than anything that is accepted


def read_rows(post: QueryDict) -> Rows:
    """Every ``row`` names a number, and the fields of that number are called ``c-<number>-…``."""
    numbers = [int(text) for text in dict.fromkeys(post.getlist("row")) if text.isascii() and text.isdigit()][:MOST]
    members = [_member(post, number, numbers) for number in numbers if not post.get(f"c-{number}-in")]
    return Rows(joined=_joined(post, "joined", "all"), members=tuple(members))


def _member(post: QueryDict, number: int, numbers: list[int]) -> Member:
    if f"c-{number}-kept" in post:
        return Kept(number=number, node=_text(post, number, "kept"))
    if f"c-{number}-joined" in post:
        inside = [one for one in numbers if post.get(f"c-{one}-in") == str(number)]
        rows = tuple(_row(post, one) for one in inside)
        return Group(number=number, joined=_joined(post, f"c-{number}-joined", "any"), rows=rows)
    return _row(post, number)


def _row(post: QueryDict, number: int) -> Row:
    form = _text(post, number, "form")
    return Row(
        number=number,
        field=_text(post, number, "field").strip(),
        op=known(_text(post, number, "op")),
        against="field" if _text(post, number, "against") == "field" else "value",
        value=_text(post, number, "value").strip(),
        highest=_text(post, number, "highest").strip(),
        other=_text(post, number, "other").strip(),
        factor=_text(post, number, "factor").strip(),
        ignore_case=bool(_text(post, number, "ignore_case")),
        form=form if form in list(Form) else "",
    )


def _joined(post: QueryDict, name: str, otherwise: str) -> str:
    said = post.get(name, otherwise)
    return said if said in JOINED else otherwise


def _text(post: QueryDict, number: int, name: str) -> str:
    return storable(post.get(f"c-{number}-{name}", "")[:TEXT_MOST])


# --------------------------------------------------------------------------- buttons


def changed(rows: Rows, asked: str) -> Rows:
    """After a button: ``add``, ``group``, ``add-3`` (into group 3) or ``remove-3``. Anything else changes nothing."""
    verb, _, place = asked.partition("-")
    number = int(place) if place.isascii() and place.isdigit() else 0
    match verb:
        case "add" if number:
            return replace(rows, members=tuple(_with_row(one, number, rows.next_number) for one in rows.members))
        case "add":
            return replace(rows, members=(*rows.members, Row(number=rows.next_number)))
        case "group":
            row = Row(number=rows.next_number + 1)
            return replace(rows, members=(*rows.members, Group(number=rows.next_number, rows=(row,))))
        case "remove":
            left = tuple(_without(one, number) for one in rows.members if one.number != number)
            return replace(rows, members=tuple(one for one in left if not isinstance(one, Group) or one.rows))
    return rows


def _with_row(member: Member, group: int, number: int) -> Member:
    if isinstance(member, Group) and member.number == group:
        return replace(member, rows=(*member.rows, Row(number=number)))
    return member


def _without(member: Member, number: int) -> Member:
    if isinstance(member, Group):
        return replace(member, rows=tuple(row for row in member.rows if row.number != number))
    return member
