"""A mapping as rows of a form, and the mapping that rows ask for.

Rows keep their numbers while others come and go, so that a page can leave alone what somebody is typing into.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from rules.mappings.checking import from_root
from rules.mappings.schema import OTHERS_MOST, SKIP_FIELD, VERSION

PATH: Final = "path"
LITERAL: Final = "literal"
NOTHING: Final = "nothing"  # empties the field: a literal null
FROM: Final = (PATH, LITERAL, NOTHING)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Step:
    """One transform, as texts. ``kept`` is the JSON of a value that was stored and is no text."""

    number: int
    kind: str
    value: str = ""
    kept: str = ""
    zone: str = ""
    start: str = ""
    length: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One field, as texts. ``dest`` is the field's id, or what was typed for it; ``path`` may be several, with commas.

    ``kept`` is the JSON of a fixed value that was stored and is no text.
    """

    number: int
    dest: str = ""
    source: str = PATH
    path: str = ""
    text: str = ""
    kept: str = ""
    steps: tuple[Step, ...] = ()
    on_error: str = SKIP_FIELD
    notes: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed into it."""
        return not (self.dest or self.path or self.text or self.notes)

    @property
    def next_step(self) -> int:
        """A number that no step has."""
        return max((step.number for step in self.steps), default=0) + 1


@dataclass(frozen=True, slots=True)
class Rows:
    """All of it; ``meta`` is the JSON of what the form does not show."""

    members: tuple[Row, ...] = ()
    meta: str = ""

    @property
    def next_number(self) -> int:
        """One that no row has."""
        return max((row.number for row in self.members), default=0) + 1

    @property
    def filled(self) -> list[Row]:
        """Those in which something was typed, in the order of the mapping's fields."""
        return [row for row in self.members if not row.blank]


@dataclass(frozen=True, slots=True)
class Control:
    """The ids of a row's controls."""

    row: int
    step: int = 0

    def __getitem__(self, name: str) -> str:
        return f"m-{self.row}-s-{self.step}-{name}" if self.step else f"m-{self.row}-{name}"


# --------------------------------------------------------------------------- the mapping that they ask for


def write(rows: Rows) -> dict[str, Any]:
    """The mapping that the rows ask for, faults and all: who saves it finds them. Blank rows ask for nothing."""
    schema: dict[str, Any] = {"schema_version": VERSION, "fields": [write_row(row) for row in rows.filled]}
    meta = json_or_none(rows.meta)
    return {**schema, "meta": meta} if meta else schema


def write_row(row: Row) -> dict[str, Any]:
    """One field of the mapping."""
    said: dict[str, Any] = {"dest": row.dest, "source": _source(row), "on_error": row.on_error}
    if row.steps:
        said["transforms"] = [_step(step) for step in row.steps]
    if row.notes:
        said["notes"] = row.notes
    return said


def _source(row: Row) -> dict[str, Any]:
    if row.source == NOTHING:
        return {"type": LITERAL, "value": None}
    if row.source == LITERAL:
        return {"type": LITERAL, "value": _value(row.text, row.kept)}
    first, *others = split_paths(row.path) or [""]
    return {"type": PATH, "value": first, **({"or": others} if others else {})}


def split_paths(text: str) -> list[str]:
    """Several paths with commas between them; of too many only enough to be told so."""
    paths = (from_root(path.strip()) for path in text.split(",") if path.strip())
    return list(islice(paths, OTHERS_MOST + 2))


def _step(step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {"type": step.kind}
    if step.kind == "default":
        said["value"] = _value(step.value, step.kept)
    if step.zone:
        said["timezone"] = step.zone
    if step.kind == "substring":
        said["start"] = _whole(step.start) if step.start else 0
        said |= {"length": _whole(step.length)} if step.length else {}
    return said


def _whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _value(text: str, kept: str) -> Any:
    """What was stored, as long as nobody has typed anything else."""
    return json_or_none(kept) if kept and shown_value(json_or_none(kept)) == text else text


def shown_value(value: Any) -> str:
    """A fixed value as it stands in the form."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def json_or_none(text: str) -> Any:
    """The value that was written as JSON; None where it is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
