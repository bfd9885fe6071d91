"""Run a mapping over one event: the record that it makes, and what was left out and why.

A path looks into the payload first; where that has nothing, ``event``, ``workspace`` and ``severity`` mean what they
mean in templates. A null or an empty text in the payload counts as nothing there, so that no event empties a field by
accident; a literal or a default that is null empties it on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext

from rules.mappings.compiling import Compiled, Row
from rules.mappings.fields import TargetField
from rules.mappings.fitting import Misfit
from rules.mappings.schema import FAIL_ACTION, WARN_ACTION
from rules.paths import MISSING

TOLD_MOST: Final = 5  # fields that one sentence names
_UNKNOWN: Final = TargetField(id="", label="")


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the outcome: its ``value``, or in ``problem`` why there is none.

    ``absent``: the event has nothing there; else what it has does not fit.
    """

    dest: str
    label: str
    value: Any
    problem: str = ""
    absent: bool = False
    on_error: str = ""

    @property
    def sentence(self) -> str:
        """``Email: user.email is the number 5, which is no e-mail address.``"""
        return f"{self.label}: {self.problem}."

    @property
    def stops(self) -> bool:
        """Nothing is sent for want of it."""
        return bool(self.problem) and self.on_error == FAIL_ACTION


@dataclass(frozen=True, slots=True)
class Made:
    """What a mapping made of an event. ``fault`` says why it could not be run at all."""

    lines: tuple[Line, ...] = ()
    fault: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """The field's id -> a text, number, boolean or None."""
        return {line.dest: line.value for line in self.lines if not line.problem}

    @property
    def failures(self) -> list[str]:
        """Why nothing may be sent; empty when it may."""
        return [self.fault] if self.fault else [line.sentence for line in self.lines if line.stops]

    @property
    def notes(self) -> list[str]:
        """What was left out: a sentence for each field that asks for one, and one for all the others."""
        left = [line for line in self.lines if line.problem]
        warned = [gettext("Left out: %(what)s") % {"what": one.sentence} for one in left if one.on_error == WARN_ACTION]
        quiet = [line.label for line in left if line.on_error not in (WARN_ACTION, FAIL_ACTION)]
        return warned + ([_quietly(quiet)] if quiet else [])


def run(
    compiled: Compiled, payload: Any, *, around: Mapping[str, Any], fields: Mapping[str, TargetField] | None = None
) -> Made:
    """The record of one event. ``around`` is what a path means that the payload does not have. Never raises.

    ``fields`` are those of the destination by id, as far as they are known: a value is made to fit its field.
    """
    known = fields or {}
    return Made(tuple(_line(row, payload, around, known) for row in compiled.rows), compiled.fault)


def _line(row: Row, payload: Any, around: Mapping[str, Any], known: Mapping[str, TargetField]) -> Line:
    field = known.get(row.dest, _UNKNOWN)
    place, value = _found(row, payload, around) if row.paths else (gettext("the fixed value"), row.literal)
    value = _stepped(row, value)
    if _is_there(value) and not isinstance(value, Misfit):
        value = field.fit(value)
    problem, absent = _problem(row, place, value), value is MISSING or value == ""
    seen = None if problem else value
    return Line(row.dest, field.label or row.dest, seen, problem, absent=absent, on_error=row.on_error)


def _found(row: Row, payload: Any, around: Mapping[str, Any]) -> tuple[str, Any]:
    """The first path that leads to something, and to what; with "" where one leads to an empty text or null only."""
    empty: tuple[str, Any] = (row.source, MISSING)
    for path in row.paths:
        for scope in (payload, around):
            value = path.one(scope)
            if _is_there(value):
                return path.text, value
            empty = empty if value is MISSING else (path.text, "")
    return empty


def _stepped(row: Row, value: Any) -> Any:
    for step in row.steps:
        if step.fit is None:
            value = value if _is_there(value) else step.instead
        elif _is_there(value):
            value = step.fit(value)
        if isinstance(value, Misfit):
            return value
    return value


def _is_there(value: Any) -> bool:
    return value is not MISSING and value is not None and value != ""


def _problem(row: Row, place: str, value: Any) -> str:
    if value is MISSING and len(row.paths) > 1:
        return gettext("the event has none of %(paths)s") % {"paths": place}
    if value is MISSING:
        return gettext("the event has no %(path)s") % {"path": place}
    if isinstance(value, Misfit):
        return f"{place} {value.words}"
    return gettext("%(path)s is empty") % {"path": place} if value == "" else ""


def _quietly(labels: list[str]) -> str:
    named = ", ".join(labels[:TOLD_MOST])
    more = len(labels) - TOLD_MOST
    if more <= 0:
        return gettext("Left out, as the event had nothing that fits: %(fields)s.") % {"fields": named}
    words = gettext("Left out, as the event had nothing that fits: %(fields)s and %(n)s more.")
    return words % {"fields": named, "n": more}
