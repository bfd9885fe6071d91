"""A draft as its form shows it: every control with its value, its choices and its fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connections import finding
from connections.models import Connection
from connections.provider import Field
from connections.registry import provider
from rules.conditions.schema import EDGE, EQUAL, ORDER
from rules.drafting.draft import Draft
from rules.drafting.rows import ALONE, COMPARES, SPELT, Group, Kept, Row, Rows
from rules.drafting.stored_rows import field_text
from rules.drafting.values import written
from rules.sentences import Part, asked, parts
from rules.severity import Severity
from rules.suggesting import Form, Suggestion

_PRESENT: Final = ("exists", "absent")
_EMPTY: Final = ("is_empty", "not_empty")
_OPERATORS: Final[dict[str, tuple[str, ...]]] = {
    Form.NUMBER: (*ORDER, "between", *EQUAL, "in", *_PRESENT),
    Form.TEXT: (*EQUAL, "in", "contains", *EDGE, *_EMPTY, *_PRESENT),
    Form.DATE: (*ORDER, "between", *EQUAL, *_PRESENT),
    Form.LIST: ("contains", *_EMPTY, *_PRESENT),
    Form.TRUTH: (*EQUAL, *_PRESENT),
}
_ALL: Final = (*EQUAL, *ORDER, "between", "in", "contains", *EDGE, *_EMPTY, *_PRESENT)
_WORDS: Final = {
    "eq": _("is"),
    "neq": _("is not"),
    "gt": _("is more than"),
    "gte": _("is at least"),
    "lt": _("is less than"),
    "lte": _("is at most"),
    "between": _("is between"),
    "in": _("is one of"),
    "contains": _("contains"),
    "starts_with": _("starts with"),
    "ends_with": _("ends with"),
    "exists": _("is present"),
    "absent": _("is absent"),
    "is_empty": _("is empty"),
    "not_empty": _("is not empty"),
}
_DATED: Final = {"gt": _("is after"), "gte": _("is not before"), "lt": _("is before"), "lte": _("is not after")}


@dataclass(frozen=True, slots=True)
class RowShown:
    """One condition, with the operators that make sense for what its field holds."""

    row: Row
    operators: list[tuple[str, Any]]
    errors: Mapping[str, str]
    samples: Sequence[str] = ()
    group: int = 0

    @property
    def ids(self) -> dict[str, str]:
        """The ids of its controls."""
        names = ("field", "op", "value", "highest", "other", "factor")
        return {name: f"c-{self.row.number}-{name}" for name in names}

    @property
    def alone(self) -> bool:
        """It compares with nothing."""
        return self.row.op in ALONE

    @property
    def compares(self) -> bool:
        """It may compare with another field."""
        return self.row.op in COMPARES

    @property
    def with_field(self) -> bool:
        """It does compare with one."""
        return self.compares and self.row.against == "field"

    @property
    def scales(self) -> bool:
        """The other field may have a factor."""
        return self.with_field and self.row.op in ORDER

    @property
    def spelt(self) -> bool:
        """It may forgive the case of letters."""
        return self.row.op in SPELT and not self.with_field and self.row.form not in (Form.NUMBER, Form.TRUTH)


@dataclass(frozen=True, slots=True)
class GroupShown:
    """Conditions in parentheses."""

    number: int
    joined: str
    rows: list[RowShown]


@dataclass(frozen=True, slots=True)
class KeptShown:
    """What is kept and told in words."""

    number: int
    node: str
    words: list[Part]


@dataclass(frozen=True, slots=True)
class InputShown:
    """One input of the action. ``name`` is what people call the value, where it is an id that was picked."""

    asked: Field
    value: str
    error: str = ""
    name: str = ""
    place: str = ""  # the connection, where it is picked from a directory

    @property
    def id(self) -> str:
        return f"in-{self.asked.key}"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the payload's fields, by how a condition spells them."""

    fields: Mapping[str, Suggestion] = field(default_factory=dict)

    def samples(self, path: str) -> list[str]:
        """Values that the field had lately, as they are typed."""
        found = self.fields.get(path)
        return [written(sample, form=found.form) for sample in found.samples] if found else []


def known_fields(suggestions: Sequence[Suggestion]) -> Known:
    """By the text that the form holds."""
    return Known({field_text(list(one.path) if isinstance(one.path, tuple) else one.path): one for one in suggestions})


def rows_shown(rows: Rows, errors: Mapping[str, str], known: Known) -> list[Any]:
    """The rows in their order, those of a group inside it."""
    return [_member(member, errors, known) for member in rows.members]


def row_shown(row: Row, errors: Mapping[str, str], known: Known, *, group: int = 0) -> RowShown:
    """One row; what its field holds decides on the operators."""
    stem = f"c-{row.number}-"
    mine = {key.removeprefix(stem): words for key, words in errors.items() if key.startswith(stem)}
    return RowShown(row, _operators(row), mine, samples=known.samples(row.field), group=group)


def inputs_shown(draft: Draft, errors: Mapping[str, str]) -> list[InputShown]:
    """The inputs of the action in their order, each with what is typed in it."""
    action = draft.known_action
    return [_input(draft, one, errors) for one in (action.fields if action else ())]


def severities(chosen: str) -> list[tuple[str, str, bool]]:
    """Value, word, chosen: any, and the six steps of the scale."""
    words = [("", gettext("any")), *((level.label, gettext(level.label)) for level in Severity)]
    return [(value, word, value == chosen) for value, word in words]


_SCALE: Final = (_("debug"), _("info"), _("low"), _("medium"), _("high"), _("critical"))  # for the translators


def _member(member: Row | Group | Kept, errors: Mapping[str, str], known: Known) -> Any:
    if isinstance(member, Row):
        return row_shown(member, errors, known)
    if isinstance(member, Group):
        inside = [row_shown(row, errors, known, group=member.number) for row in member.rows]
        return GroupShown(member.number, member.joined, inside)
    words = parts(asked(member.value), translate=gettext) if member.value else []
    return KeptShown(member.number, member.node, words)


def _operators(row: Row) -> list[tuple[str, Any]]:
    found = _OPERATORS.get(row.form, _ALL)
    words = {**_WORDS, **_DATED} if row.form == Form.DATE else _WORDS
    return [(op, words[op]) for op in (found if row.op in found else (*found, row.op))]


def _input(draft: Draft, asked: Field, errors: Mapping[str, str]) -> InputShown:
    value = str(draft.inputs.get(asked.key) or asked.default)
    shown = InputShown(asked, value, error=errors.get(f"in-{asked.key}", ""))
    return _picked(draft, draft.connection, shown) if asked.directory and draft.connection else shown


def _picked(draft: Draft, connection: Connection, shown: InputShown) -> InputShown:
    entry = finding.entry_of(connection.id, shown.asked.directory, shown.value) if shown.value else None
    said = str(draft.inputs.get("name") or "") if shown.asked.key == "id" else ""
    name = entry.name if entry else said
    kind = provider(connection.provider).directory_kind(shown.asked.directory)
    called = kind.called(name) if name else shown.value
    return InputShown(shown.asked, shown.value, shown.error, name=called, place=str(connection.id))
