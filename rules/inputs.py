"""The inputs of a rule's action: what was typed, held against what the action asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from connections.provider import Action, Field, Kind
from rules import templates

# What the wire contract's clients may send beside an action's own inputs, such as a channel's name beside its id.
WIRE = frozenset(
    {"id", "name", "value", "key", "data", "option", "option_value", "subject", "from", "body", "title", "template"}
    | {"event_name_override"}
)


def faults(action: Action, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with each input. One that nobody knows is refused: misspelt, it would do nothing in silence."""
    asked_for = {asked.key: asked for asked in action.fields}
    known = asked_for | {key: Field(key=key, label=key) for key in WIRE - set(asked_for)}
    found = [(key, _unknown(action)) for key in inputs if key not in known]
    found += [(key, _fault(known[key], inputs.get(key))) for key in known if key in inputs or key in asked_for]
    return [(f"metadata.{key}", problem) for key, problem in found if problem]


def _unknown(action: Action) -> str:
    fields = ", ".join(asked.key for asked in action.fields)
    return f"is no input of “{action.label}”: it takes {fields or 'none'}."


def _fault(asked: Field, value: Any) -> str:
    if value in (None, ""):
        return _said(asked, gettext("is missing.")) if asked.required and not asked.default else ""
    if not isinstance(value, str):
        return _said(asked, gettext("must be a text."))
    most = asked.fits if asked.fits and not templates.is_template(value) else asked.max_length
    if len(value) > most:
        return _said(asked, gettext("must be at most %(most)s characters.") % {"most": most})
    problem = templates.check(value) if asked.kind is Kind.TEMPLATE else None
    return gettext("line %(line)s: %(fault)s") % {"line": problem.line, "fault": problem.message} if problem else ""


def _said(asked: Field, words: str) -> str:
    return f"{gettext(asked.label)} {words}"
