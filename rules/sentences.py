"""A rule in one plain sentence: ``When alert.triggered is high or worse and value is more than 5, post to #alerts``.

A sentence is a ``Message``: an English text with named gaps, and what stands in each gap, a word of the rule or another
message. So whoever shows it can put every message into another language before its words are filled in, in whatever
order that language wants them: ``parts`` takes the translation as a function, and this module knows of none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from rules.conditions.words import LIST_MOST, value_words
from rules.paths import parse_path
from rules.patterns import WILDCARD

_GAP: Final = re.compile(r"\{(\w+)\}")


class Word(StrEnum):
    """What a part of a sentence is, so that a page can draw it."""

    TEXT = "text"  # the sentence's own words
    EVENT = "event"  # an event type, or the beginning of one
    RESOURCE = "resource"
    SEVERITY = "severity"
    FIELD = "field"  # a path into the payload
    VALUE = "value"
    ACTION = "action"
    PLACE = "place"  # where it goes: a Slack channel, a connection


_OURS: Final = (Word.SEVERITY, Word.ACTION)  # their words are ours, and not the customer's


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the sentence, in its order."""

    kind: Word
    value: str


@dataclass(frozen=True, slots=True)
class Message:
    """A text to translate, with gaps such as ``{field}``, and what stands in them."""

    text: str
    gaps: Mapping[str, Message | Part] = field(default_factory=dict)


class Worded(Protocol):
    """What a rule says; ``rules.authoring.Wording`` is one."""

    @property
    def event(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def resource_id(self) -> str: ...
    @property
    def min_severity(self) -> str: ...
    @property
    def conditions(self) -> Mapping[str, Any]: ...
    @property
    def action(self) -> str: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...


def gettext_noop(text: str) -> str:
    """Mark a text for the collectors of translations, which look for this very name; the text itself stays as it is."""
    return text


# --------------------------------------------------------------------------- the texts

_WHEN: Final = {  # does it ask for a severity, does it have conditions
    (False, False): gettext_noop("When {event} happens, {action}"),
    (False, True): gettext_noop("When {event} happens and {conditions}, {action}"),
    (True, False): gettext_noop("When {event} is {severity}, {action}"),
    (True, True): gettext_noop("When {event} is {severity} and {conditions}, {action}"),
}
_ANY_EVENT: Final = gettext_noop("any event")
_ANY_BEGINNING: Final = gettext_noop("any {event} event")
_ANY_LIKE: Final = gettext_noop("any event like {event}")
_ABOUT: Final = {  # has a resource, has its id
    (True, False): gettext_noop("{event} about {resource}"),
    (False, True): gettext_noop("{event} about the resource {id}"),
    (True, True): gettext_noop("{event} about {resource} {id}"),
}
_OR_WORSE: Final = gettext_noop("{severity} or worse")
_DOES_OTHERWISE: Final = gettext_noop("do “{action}” with {place}")

_AND: Final = gettext_noop("{first} and {second}")
_OR: Final = gettext_noop("{first} or {second}")
_TOGETHER: Final = gettext_noop("({inner})")
_NOT: Final = gettext_noop("not ({inner})")
_UNREADABLE: Final = gettext_noop("its conditions, which cannot be read, say yes")
_ANY_MEMBER: Final = gettext_noop("any {field}")
_ANY_CASE: Final = gettext_noop("{clause} (in any case)")
_TIMES: Final = gettext_noop("{factor} \N{MULTIPLICATION SIGN} {field}")
_COMMA: Final = gettext_noop("{first}, {second}")
_MORE: Final = gettext_noop("{values} and {count} more")

_ASKS: Final = {
    "eq": gettext_noop("{field} is {value}"),
    "neq": gettext_noop("{field} is not {value}"),
    "in": gettext_noop("{field} is one of {value}"),
    "gt": gettext_noop("{field} is more than {value}"),
    "gte": gettext_noop("{field} is at least {value}"),
    "lt": gettext_noop("{field} is less than {value}"),
    "lte": gettext_noop("{field} is at most {value}"),
    "between": gettext_noop("{field} is between {value}"),
    "contains": gettext_noop("{field} contains {value}"),
    "starts_with": gettext_noop("{field} starts with {value}"),
    "ends_with": gettext_noop("{field} ends with {value}"),
    "exists": gettext_noop("{field} is present"),
    "is_empty": gettext_noop("{field} is empty"),
}
_ASKS_OPPOSITE: Final = {
    "exists": gettext_noop("{field} is absent"),
    "is_empty": gettext_noop("{field} is not empty"),
}
_ASKS_DATE: Final = {
    "gt": gettext_noop("{field} is after {value}"),
    "gte": gettext_noop("{field} is not before {value}"),
    "lt": gettext_noop("{field} is before {value}"),
    "lte": gettext_noop("{field} is not after {value}"),
}
UNREADABLE: Final = Message(_UNREADABLE)


# --------------------------------------------------------------------------- a rule


def sentence(rule: Worded, *, connection: str, does: str = "") -> Message:
    """What the rule says. ``connection`` is the name of its connection, ``does`` what its action says of itself."""
    least, conditions = rule.min_severity, rule.conditions
    gaps: dict[str, Message | Part] = {"event": _event(rule), "action": _action(rule, connection, does)}
    if least:
        gaps["severity"] = severity(least)
    if conditions:
        gaps["conditions"] = asked(conditions, inside=True)
    return Message(_WHEN[bool(least), bool(conditions)], gaps)


def parts(message: Message | Part, *, translate: Callable[[str], str] = gettext_noop) -> list[Part]:
    """The sentence in pieces, its own words and the rule's; neighbouring words of its own are one piece."""
    found: list[Part] = []
    for part in _filled(message, translate):
        if found and part.kind is found[-1].kind is Word.TEXT:
            found[-1] = Part(Word.TEXT, found[-1].value + part.value)
        elif part.value:
            found.append(part)
    return found


def as_text(pieces: Sequence[Part]) -> str:
    """The sentence as one text, without a full stop."""
    return "".join(piece.value for piece in pieces)


def _filled(message: Message | Part, translate: Callable[[str], str]) -> list[Part]:
    if isinstance(message, Part):
        return [Part(message.kind, translate(message.value)) if message.kind in _OURS else message]
    found: list[Part] = []
    for position, piece in enumerate(_GAP.split(translate(message.text))):
        inner = message.gaps.get(piece) if position % 2 else Part(Word.TEXT, piece)
        found += _filled(inner, translate) if inner is not None else []
    return found


def _event(rule: Worded) -> Message | Part:
    event, about = _event_type(rule.event), (bool(rule.resource), bool(rule.resource_id))
    if about not in _ABOUT:
        return event
    gaps = {"resource": Part(Word.RESOURCE, rule.resource), "id": Part(Word.RESOURCE, rule.resource_id)}
    return Message(_ABOUT[about], {"event": event, **gaps})


def _event_type(pattern: str) -> Message | Part:
    """``alert.*`` is any alert event; what has its wildcard elsewhere is shown as it is."""
    if WILDCARD not in pattern:
        return Part(Word.EVENT, pattern)
    if pattern == WILDCARD:
        return Message(_ANY_EVENT)
    stem = pattern.removesuffix(f".{WILDCARD}")
    if WILDCARD in stem:
        return Message(_ANY_LIKE, {"event": Part(Word.EVENT, pattern)})
    return Message(_ANY_BEGINNING, {"event": Part(Word.EVENT, stem)})


def severity(word: str) -> Message | Part:
    """``high or worse``."""
    part = Part(Word.SEVERITY, word)
    return part if word == "critical" else Message(_OR_WORSE, {"severity": part})


def _action(rule: Worded, connection: str, does: str) -> Message:
    unchosen = "…" if "{connection}" in does else connection
    places = {"place": _place(rule.inputs) or unchosen, "connection": connection}
    gaps = {name: Part(Word.PLACE, text) for name, text in places.items()}
    return Message(does or _DOES_OTHERWISE, {**gaps, "action": Part(Word.ACTION, rule.action)})


def _place(inputs: Mapping[str, Any]) -> str:
    """Where exactly at the connection: ``id`` chooses it, and ``name`` says what people call it."""
    id, name = inputs.get("id"), inputs.get("name")
    if not id:
        return ""
    return str(name or id)


# --------------------------------------------------------------------------- its conditions


def asked(conditions: Mapping[str, Any], *, inside: bool = False) -> Message | Part:
    """What conditions ask for. ``inside``: alternatives get parentheses, because something stands beside them."""
    try:
        return _node(conditions, inside=inside)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        return UNREADABLE  # as another version of this code wrote them; the rule says no until it is mended


def _node(node: Mapping[str, Any], *, inside: bool) -> Message | Part:
    if "not" in node:
        return Message(_NOT, {"inner": _node(node["not"], inside=False)})
    kind = "all" if "all" in node else "any" if "any" in node else ""
    if not kind:
        return _clause(node)
    members = node[kind]
    if len(members) == 1:
        return _node(members[0], inside=inside)
    joined = _joined(_AND if kind == "all" else _OR, [_node(member, inside=True) for member in members])
    return Message(_TOGETHER, {"inner": joined}) if inside else joined


def _joined(text: str, members: Sequence[Message | Part]) -> Message | Part:
    joined, *others = members
    for other in others:
        joined = Message(text, {"first": joined, "second": other})
    return joined


def _clause(clause: Mapping[str, Any]) -> Message:
    op, value = clause["op"], clause.get("value")
    dated, opposite = isinstance(value, str), value is False
    text = (_ASKS_DATE.get(op) if dated else _ASKS_OPPOSITE.get(op) if opposite else None) or _ASKS[op]
    found = Message(text, {"field": _field(clause["field"]), "value": _target(clause)})
    return Message(_ANY_CASE, {"clause": found}) if clause.get("ignore_case") else found


def _field(path: str | Sequence[str]) -> Message | Part:
    parsed = parse_path(path)
    part = Part(Word.FIELD, parsed.text)
    return Message(_ANY_MEMBER, {"field": part}) if parsed.many else part


def _target(clause: Mapping[str, Any]) -> Message | Part:
    value = clause.get("value")
    if "other" in clause:
        return _other(clause["other"])
    if clause["op"] == "between":
        return _joined(_AND, [_value(bound) for bound in value or ()])
    if clause["op"] == "in":
        return _list(value or [])
    return _value(value)


def _other(other: Mapping[str, Any]) -> Message | Part:
    part, factor = Part(Word.FIELD, parse_path(other["field"]).text), other.get("factor", 1)
    return part if factor == 1 else Message(_TIMES, {"factor": _value(factor), "field": part})


def _list(values: Sequence[Any]) -> Message | Part:
    named = _joined(_COMMA, [_value(value) for value in values[:LIST_MOST]])
    left = len(values) - LIST_MOST
    return Message(_MORE, {"values": named, "count": Part(Word.TEXT, str(left))}) if left > 0 else named


def _value(value: Any) -> Part:
    return Part(Word.VALUE, value_words(value))
