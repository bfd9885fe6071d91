"""The rows as they were posted, and what a button of the form does to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from django.http import QueryDict

from rules.mapping_drafting.naming import named
from rules.mapping_drafting.rows import FROM, PATH, Control, Row, Rows, Step
from rules.mappings import TargetField
from rules.mappings.schema import FIELDS_MOST, ON_ERROR, SKIP_FIELD, TRANSFORMS, TRANSFORMS_MOST
from rules.showing import storable

KEPT_MOST: Final = 2_000  # of what stands behind a fixed value, which nobody types: longer than any in JSON

Change = Callable[[Row], Row]


def read_rows(post: QueryDict, fields: Mapping[str, TargetField]) -> Rows:
    """Every ``row`` names a number, and the controls of that number are called ``m-<number>-…``."""
    numbers = _numbers(post.getlist("row"))[:FIELDS_MOST]
    return Rows(tuple(_row(post, number, fields) for number in numbers), meta=_text(post, "meta"))


def _row(post: QueryDict, number: int, fields: Mapping[str, TargetField]) -> Row:
    control = Control(number)
    source, on_error = post.get(control["from"], PATH), post.get(control["on_error"], SKIP_FIELD)
    return Row(
        number=number,
        dest=named(_text(post, control["dest"]), fields),
        source=source if source in FROM else PATH,
        path=_text(post, control["path"]),
        text=_text(post, control["text"]),
        kept=_text(post, control["kept"])[:KEPT_MOST],
        steps=_steps(post, number),
        on_error=on_error if on_error in ON_ERROR else SKIP_FIELD,
        notes=_text(post, control["notes"]),
    )


def _steps(post: QueryDict, number: int) -> tuple[Step, ...]:
    places = _numbers(post.getlist(Control(number)["step"]))[: TRANSFORMS_MOST + 1]
    steps = (_step(post, number, place) for place in places)
    return tuple(step for step in steps if step.kind in TRANSFORMS)


def _step(post: QueryDict, row: int, number: int) -> Step:
    control = Control(row, number)
    return Step(
        number=number,
        kind=_text(post, control["kind"]),
        value=_text(post, control["value"]),
        kept=_text(post, control["kept"])[:KEPT_MOST],
        zone=_text(post, control["zone"]),
        start=_text(post, control["start"]),
        length=_text(post, control["length"]),
    )


def _numbers(texts: list[str]) -> list[int]:
    """Those that are numbers from 1 on, each once."""
    return list(dict.fromkeys(number for text in texts if (number := _number(text))))


def _number(text: str) -> int:
    """The number; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _text(post: QueryDict, name: str) -> str:
    """Whole, however long it is: the check tells of its true length, and what was typed comes back."""
    return storable(post.get(name, "")).strip()


# --------------------------------------------------------------------------- buttons


def changed(rows: Rows, asked: str, post: QueryDict) -> Rows:
    """After a button: ``add``, ``remove-3``, ``step-3`` (the one chosen in row 3) or ``unstep-3-1``; else as before."""
    verb, *places = asked.split("-")
    match verb, [_number(place) for place in places]:
        case "add", []:
            return replace(rows, members=(*rows.members, Row(number=rows.next_number))[:FIELDS_MOST])
        case "remove", [number]:
            return replace(rows, members=tuple(row for row in rows.members if row.number != number))
        case "step", [number]:
            kind = post.get(Control(number)["add"], "")
            return _each(rows, number, lambda row: _with_step(row, kind))
        case "unstep", [number, place]:
            return _each(rows, number, lambda row: _without_step(row, place))
    return rows


def _each(rows: Rows, number: int, change: Change) -> Rows:
    return replace(rows, members=tuple(change(row) if row.number == number else row for row in rows.members))


def _with_step(row: Row, kind: str) -> Row:
    if kind not in TRANSFORMS or len(row.steps) >= TRANSFORMS_MOST:
        return row
    return replace(row, steps=(*row.steps, Step(number=row.next_step, kind=kind)))


def _without_step(row: Row, place: int) -> Row:
    return replace(row, steps=tuple(step for step in row.steps if step.number != place))
