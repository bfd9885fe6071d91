"""Conditions in plain English: what a clause asks for, and what it says when the answer is no."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from rules.instants import instant
from rules.paths import parse_path
from rules.showing import shown

VALUE_MOST: Final = 60  # characters of a value inside a sentence
TIMES: Final = "\N{MULTIPLICATION SIGN}"
LIST_MOST: Final = 5  # members of a list inside a sentence

_PLAIN: Final = re.compile(r"[^\W\d][\w.@/#:-]*( [\w.@/#:-]+){0,3}")  # reads as a name without quotation marks
_RESERVED: Final = ("true", "false", "null", "missing")

_PHRASES: Final = {  # asked; denied, after "value is 800, …"
    "eq": ("is {}", "not {}"),
    "neq": ("is not {}", "which it must not be"),
    "in": ("is one of {}", "not one of {}"),
    "gt": ("is more than {}", "not more than {}"),
    "gte": ("is at least {}", "not at least {}"),
    "lt": ("is less than {}", "not less than {}"),
    "lte": ("is at most {}", "not at most {}"),
    "between": ("is between {}", "not between {}"),
    "contains": ("contains {}", "which does not contain {}"),
    "starts_with": ("starts with {}", "which does not start with {}"),
    "ends_with": ("ends with {}", "which does not end with {}"),
    "exists": ("is present", "not present"),
    "is_empty": ("is empty", "not empty"),
}
_NEGATED: Final = {"exists": ("is absent", "not absent"), "is_empty": ("is not empty", "which is empty")}
_DATED: Final = {
    "gt": ("is after {}", "not after {}"),
    "gte": ("is not before {}", "which is before {}"),
    "lt": ("is before {}", "not before {}"),
    "lte": ("is not after {}", "which is after {}"),
}


def phrases() -> list[str]:
    """Every way in which a clause asks and denies, with gaps for its field and values, for whoever translates them."""
    tables = [pair for table in (_PHRASES, _NEGATED, _DATED) for pair in table.values()]
    asked = [f"{{field}} {ask.format('{value}')}" for ask, _ in tables]
    denied = [f"{{field}} is {{saw}}, {deny.format('{value}')}." for _, deny in tables]
    return [*asked, *denied, "any {field}", "{field} is missing.", "missing", "severity is at least {severity}"]


def sentence(conditions: Mapping[str, Any] | None) -> str:
    """The conditions read aloud, without a full stop: ``value is more than 1000 and region is one of eu, us``.

    Empty when there are none. They must have passed ``check``.
    """
    return _node(conditions, inside=False) if conditions else ""


def clause_words(clause: Mapping[str, Any]) -> str:
    """One clause read aloud: ``value is more than 1000``."""
    return asking(clause, target_words(clause), dated=isinstance(clause.get("value"), str))[0]


def asking(clause: Mapping[str, Any], target: str, *, dated: bool) -> tuple[str, str]:
    """How a clause asks (a sentence), and how it denies (the end of one), given the words for its target."""
    op, field = clause["op"], parse_path(clause["field"])
    found = _DATED.get(op) if dated else _NEGATED.get(op) if clause.get("value") is False else None
    asked, denied = found or _PHRASES[op]
    case = " (in any case)" if clause.get("ignore_case") else ""
    subject = f"any {field.text}" if field.many else field.text
    return f"{subject} {asked.format(target)}{case}", f"{denied.format(target)}{case}"


def target_words(clause: Mapping[str, Any]) -> str:
    """What a clause compares with: a value, or another field and its factor."""
    if "other" not in clause:
        value: Any = clause.get("value")
        return " and ".join(map(value_words, value)) if clause["op"] == "between" else value_words(value)
    name = parse_path(clause["other"]["field"]).text
    factor = clause["other"].get("factor", 1)
    return name if factor == 1 else f"{shown(factor)} {TIMES} {name}"


def value_words(value: Any) -> str:
    """A value inside a sentence: a name stands bare, any other text in quotation marks, a long list is cut."""
    if isinstance(value, list):
        more = f" and {len(value) - LIST_MOST} more" if len(value) > LIST_MOST else ""
        return ", ".join(map(value_words, value[:LIST_MOST])) + more
    return value if _is_plain(value) else shown(value, most=VALUE_MOST)


def _is_plain(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > VALUE_MOST or value in _RESERVED:
        return False
    return bool(_PLAIN.fullmatch(value) or instant(value))


def _node(node: Mapping[str, Any], *, inside: bool) -> str:
    if "not" in node:
        return f"not ({_node(node['not'], inside=False)})"
    kind = "all" if "all" in node else "any" if "any" in node else ""
    if not kind:
        return clause_words(node)
    members = node[kind]
    if len(members) == 1:
        return _node(members[0], inside=inside)
    joined = (" and " if kind == "all" else " or ").join(_node(member, inside=True) for member in members)
    return f"({joined})" if inside else joined
