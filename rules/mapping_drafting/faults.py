"""Faults of a mapping in the making, each beside the control that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rules.mapping_drafting.rows import LITERAL, PATH, Control, Row, Rows

_FIELD: Final = re.compile(r"schema\.fields\[(\d+)\](.*)")
_STEP: Final = re.compile(r"\.transforms\[(\d+)\]\.?(\w*)")
_PARTS: Final = {"timezone": "zone"}
_LABELS: Final = {
    "dest": _("The field"),
    "path": _("The event's field"),
    "text": _("The text"),
    "notes": _("The note"),
    "zone": _("The time zone"),
    "value": _("The text"),
    "start": _("The number of characters"),
    "length": _("The number of characters"),
}


def by_control(faults: Iterable[tuple[str, str]], rows: Rows) -> dict[str, str]:
    """The first fault of each control, by the control's id."""
    found: dict[str, str] = {}
    for param, message in faults:
        control, words = _told(param, message, rows.filled)
        found.setdefault(control, words)
    return found


def _told(param: str, message: str, filled: list[Row]) -> tuple[str, str]:
    place = _FIELD.fullmatch(param)
    if place is None or int(place[1]) >= len(filled):
        return "mapping", _sentence("", message)
    row, rest = filled[int(place[1])], place[2]
    if step := _STEP.match(rest):
        part, said = _PARTS.get(step[2], step[2]) or "kind", row.steps[int(step[1])]
        words = gettext("Write the text that is taken instead.") if part == "value" and not said.value else ""
        return Control(row.number, said.number)[part], words or _sentence(part, message)
    part = _part(row, rest)
    return Control(row.number)[part], _plainly(row, part, filled) or _sentence(part, message)


def _part(row: Row, rest: str) -> str:
    if rest.startswith(".source"):
        return {PATH: "path", LITERAL: "text"}.get(row.source, "from")
    return "notes" if rest == ".notes" else "dest"


def _plainly(row: Row, part: str, filled: list[Row]) -> str:
    """What somebody who fills in a form forgets."""
    if part == "dest" and not row.dest:
        return gettext("Choose the field that is filled.")
    if part == "dest" and any(one.dest == row.dest for one in filled[: filled.index(row)]):
        return gettext("A row above fills this field already: keep one of the two.")
    if part == "text" and not row.text:
        return gettext("Write the text that goes there.")
    if part == "path" and not row.path:
        return gettext("Choose the event's field that goes there.")
    if part == "path":
        return gettext("Write it as in the list, such as user.email; several with commas between them.")
    return ""


def _sentence(part: str, message: str) -> str:
    label = _LABELS.get(part)
    return f"{label} {message}" if label and message[:1].islower() else f"{message[:1].upper()}{message[1:]}"
