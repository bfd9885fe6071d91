"""The inputs of a rule's action: what was typed, held against what the action asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from connections.provider import Action, Field, Kind
from rules import templates

# What the wire contract's clients have a place for in every rule. Where an action does not read it, it may come empty.
WIRE = frozenset(
    {"id", "name", "value", "key", "data", "option", "option_value", "subject", "from", "body", "title", "template"}
    | {"event_name_override"}
)
_EMPTY = (None, "")
_NAME = Field(key="name", label=gettext_noop("The name"))


def faults(action: Action, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with each input. One that the action does not read is refused: it would do nothing in silence."""
    read = read_by(action)
    unread = [key for key, value in inputs.items() if key not in read and not (key in WIRE and value in _EMPTY)]
    found = [(key, _unread(action)) for key in unread]
    found += [(key, _fault(asked, inputs.get(key))) for key, asked in read.items()]
    return [(f"metadata.{key}", problem) for key, problem in found if problem]


def read_by(action: Action) -> dict[str, Field]:
    """Every input that means something to the action, by its name: its own, and what the picked ``id`` is called."""
    asked_for = {asked.key: asked for asked in action.fields}
    return {**asked_for, "name": _NAME} if "id" in asked_for else asked_for


def _unread(action: Action) -> str:
    return f"is no input of “{action.label}”: it takes {', '.join(read_by(action)) or 'none'}."


def _fault(asked: Field, value: Any) -> str:
    if value in _EMPTY:
        return _said(asked, gettext("is missing.")) if asked.required and not asked.default else ""
    if not isinstance(value, str):
        return _said(asked, gettext("must be a text."))
    most = asked.fits if asked.fits and not templates.is_template(value) else asked.max_length
    if len(value) > most:
        return _said(asked, gettext("must be at most %(most)s characters.") % {"most": most})
    problem = templates.check(value, by_line=asked.by_line) if asked.kind is Kind.TEMPLATE else None
    return gettext("line %(line)s: %(fault)s") % {"line": problem.line, "fault": problem.message} if problem else ""


def _said(asked: Field, words: str) -> str:
    return f"{gettext(asked.label)} {words}"
