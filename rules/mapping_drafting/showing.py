"""The rows of a mapping as the form shows them: every control with its value, its choices and its fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rules.mapping_drafting.naming import names
from rules.mapping_drafting.rows import LITERAL, NOTHING, PATH, Control, Row, Rows, Step, write
from rules.mappings import Compiled, TargetField, check, compile_mapping, warnings
from rules.mappings.schema import FAIL_ACTION, SKIP_FIELD, TRANSFORMS_MOST, WARN_ACTION

SOURCES: Final = {PATH: _("the event's"), LITERAL: _("the text"), NOTHING: _("nothing: it is emptied")}
FAILS: Final = {
    SKIP_FIELD: _("leave this field as it is"),
    WARN_ACTION: _("leave it as it is, and note that on the event"),
    FAIL_ACTION: _("send nothing at all"),
}
STEPS: Final = {
    "trim": _("without spaces at both ends"),
    "lower": _("in lower case"),
    "upper": _("in upper case"),
    "substring": _("only a part of it"),
    "default": _("where there is nothing, instead"),
    "to_string": _("as a text"),
    "to_number": _("as a number"),
    "to_boolean": _("as yes or no"),
    "to_date": _("as a date"),
    "to_datetime": _("as a date with the time"),
}
TYPES: Final = {
    "text": _("text"),
    "number": _("number"),
    "boolean": _("yes or no"),
    "date": _("date"),
    "datetime": _("date and time"),
    "select": _("one of a list"),
    "multiselect": _("several of a list"),
    "email": _("e-mail address"),
    "phone": _("phone number"),
    "url": _("web address"),
}
FIRST: Final = {"default": "value", "substring": "start", "to_date": "zone", "to_datetime": "zone"}  # control of a step
OPTIONS_TOLD: Final = 6


@dataclass(frozen=True, slots=True)
class StepShown:
    """One transform in words, with the ids and faults of its controls."""

    step: Step
    words: Any
    ids: Control
    errors: Mapping[str, str]

    @property
    def zoned(self) -> bool:
        """It asks for a time zone."""
        return self.step.kind in ("to_date", "to_datetime")


@dataclass(frozen=True, slots=True)
class RowShown:
    """One field. ``takes`` says what it holds, ``doubt`` why it will probably not be filled."""

    row: Row
    name: str
    takes: str
    needed: bool
    steps: Sequence[StepShown]
    errors: Mapping[str, str]
    doubt: str = ""

    @property
    def ids(self) -> Control:
        """The ids of its controls."""
        return Control(self.row.number)

    @property
    def opened(self) -> bool:
        """Whether its details are worth seeing at once."""
        return bool(self.steps or self.row.notes or {"notes", "on_error"} & set(self.errors))

    @property
    def room(self) -> bool:
        """Whether one more transform is possible."""
        return len(self.steps) < TRANSFORMS_MOST


def rows_shown(rows: Rows, fields: Mapping[str, TargetField], errors: Mapping[str, str]) -> list[RowShown]:
    """The rows in their order."""
    called, doubts = names(fields), doubts_of(rows, fields)
    return [_row(row, called, fields.get(row.dest), errors, doubts.get(row.number, "")) for row in rows.members]


def doubts_of(rows: Rows, fields: Mapping[str, TargetField]) -> dict[int, str]:
    """Why a row will probably not fill its field, by its number; 0 is about all of them."""
    schema, filled = write(rows), rows.filled
    if check(schema):
        return {}
    found: dict[int, str] = {}
    for problem in warnings(schema, fields):
        at = problem.path.removeprefix("schema.fields").partition("]")[0].removeprefix("[")
        number = filled[int(at)].number if at else 0
        words = f"{problem.message[:1].upper()}{problem.message[1:]}"
        found[number] = f"{found[number]} {words}" if number in found else words
    return found


def whole_rows(rows: Rows) -> tuple[Compiled, int]:
    """The mapping of the rows that are complete, ready to be run, and how many are not complete yet."""
    schema = write(rows)
    unfit = {number for number, field in enumerate(schema["fields"]) if check({**schema, "fields": [field]})}
    whole = [field for number, field in enumerate(schema["fields"]) if number not in unfit]
    return compile_mapping({**schema, "fields": whole}), len(unfit)


def targets(fields: Mapping[str, TargetField]) -> list[tuple[str, str]]:
    """Name and kind of every field that can be filled, to choose from."""
    called = names(fields)
    return [(called[one.id], takes(one)) for one in fields.values() if not one.read_only]


def takes(field: TargetField | None) -> str:
    """What a field holds, in words."""
    if field is None or not field.type:
        return ""
    said = gettext(str(TYPES[field.type]))
    labels = [label for _, label in field.options]
    if not labels:
        return said
    more = ", …" if len(labels) > OPTIONS_TOLD else ""
    return f"{said}: {', '.join(labels[:OPTIONS_TOLD])}{more}"


def _row(
    row: Row, called: Mapping[str, str], field: TargetField | None, errors: Mapping[str, str], doubt: str
) -> RowShown:
    stem = Control(row.number)[""]
    mine = {key.removeprefix(stem): words for key, words in errors.items() if key.startswith(stem)}
    return RowShown(
        row=row,
        name=called.get(row.dest, row.dest),
        takes=takes(field),
        needed=field is not None and field.needed,
        steps=[_step(row, step, errors) for step in row.steps],
        errors=mine,
        doubt=doubt,
    )


def _step(row: Row, step: Step, errors: Mapping[str, str]) -> StepShown:
    ids = Control(row.number, step.number)
    mine = {key.removeprefix(ids[""]): words for key, words in errors.items() if key.startswith(ids[""])}
    return StepShown(step, STEPS[step.kind], ids, mine)
