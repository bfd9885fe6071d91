"""What is wrong with conditions, at which place, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any, Final, cast

from django.utils.translation import gettext
from jsonschema import Draft202012Validator, ValidationError

from rules.conditions.schema import CLAUSES_MOST, DEPTH_MOST, ORDER, PATH_LONGEST, SCHEMA
from rules.instants import instant
from rules.paths import parse_path
from rules.showing import shown, storable

PROBLEMS_MOST: Final = 20  # told at once
_NESTING_MOST: Final = 2 * DEPTH_MOST + 6  # of raw JSON: a group takes two levels, a clause's own parts the rest
_VALIDATOR: Final = Draft202012Validator(SCHEMA)


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where (``conditions.all[1].op``) and what to do about it."""

    path: str
    message: str


def check(conditions: Any) -> list[Problem]:
    """Everything that stops these conditions from being saved; empty when they are fine.

    Takes any JSON. First its size, then the published schema, then what a schema cannot say; each stage is
    asked only when the one before found nothing, since it relies on it.
    """
    for stage in (_check_size, _check_shape, _check_meaning):
        if problems := list(dict.fromkeys(islice(stage(conditions), PROBLEMS_MOST))):
            return sorted(problems, key=lambda problem: problem.path)
    return []


# --------------------------------------------------------------------------- size: before anything recurses


def _check_size(conditions: Any) -> Iterator[Problem]:
    level, clauses = [conditions], 0
    for _ in range(_NESTING_MOST):
        clauses += sum(isinstance(value, dict) and "op" in value for value in level)
        level = [inner for value in level for inner in _insides(value)]
        if not level:
            break
    if level or _depth(conditions) > DEPTH_MOST:
        yield Problem("conditions", f"is nested too deeply: at most {DEPTH_MOST} levels of all, any and not.")
    elif clauses > CLAUSES_MOST:
        yield Problem("conditions", f"has {clauses} clauses: at most {CLAUSES_MOST} are possible.")


def _insides(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _depth(conditions: Any) -> int:
    depth, level = 0, [conditions]
    while level := [member for node in level for member in _members(node)]:
        depth += 1
    return depth


def _members(node: Any) -> list[Any]:
    if not isinstance(node, dict):
        return []
    found = [node[key] for key in ("all", "any") if isinstance(node.get(key), list)]
    return [member for members in found for member in members] + ([node["not"]] if "not" in node else [])


# --------------------------------------------------------------------------- shape: the schema, in plain words


def _check_shape(conditions: Any) -> Iterator[Problem]:
    for error in _VALIDATOR.iter_errors(conditions):
        yield Problem(_place(error.absolute_path), _mend(error))


def _place(path: Iterable[str | int]) -> str:
    return "conditions" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _mend(error: ValidationError) -> str:
    schema, limit = cast("dict[str, Any]", error.schema), cast("Any", error.validator_value)
    given, wish = cast("Any", error.instance), schema.get("description", "")
    match error.validator:
        case "required":
            return f"needs {wish or ' and '.join(limit)}."
        case "additionalProperties":
            extra = ", ".join(shown(key, most=40) for key in given if key not in schema["properties"])
            return f"cannot have {extra} here; possible: {', '.join(schema['properties'])}."
        case "maxItems" | "maxLength":
            return f"is too long: {len(given)} of at most {limit}."
        case "not":
            return f"must be {wish}."
        case _:
            return f"must be {wish}, not {shown(given, most=60)}."


# --------------------------------------------------------------------------- meaning: what a schema cannot say


def _check_meaning(conditions: Any, place: str = "conditions") -> Iterator[Problem]:
    if isinstance(conditions, dict):
        if "op" in conditions:
            yield from _check_clause(conditions, place)
        for key, value in conditions.items():
            yield from _check_meaning(value, f"{place}.{key}")
    elif isinstance(conditions, list):
        for position, value in enumerate(conditions):
            yield from _check_meaning(value, f"{place}[{position}]")
    elif isinstance(conditions, str) and storable(conditions) != conditions:
        yield Problem(place, "contains a character that cannot be stored (NUL or half of a pair): remove it.")
    elif isinstance(conditions, float) and not isfinite(conditions):
        yield Problem(place, "must be a number that can be written down, not infinity.")


def _check_clause(clause: dict[str, Any], place: str) -> Iterator[Problem]:
    if len(parse_path(clause["field"]).text) > PATH_LONGEST:
        yield Problem(f"{place}.field", f"is too long: at most {PATH_LONGEST} characters.")
    if "other" in clause and parse_path(clause["other"]["field"]).many:
        yield Problem(f"{place}.other.field", "must name one field: * stands for several.")
    if clause["op"] in ORDER and "value" in clause:
        yield from _check_ordered(clause["value"], f"{place}.value")
    if clause["op"] == "between":
        yield from _check_bounds(clause["value"], f"{place}.value")


def _check_ordered(value: Any, place: str) -> Iterator[Problem]:
    if isinstance(value, str) and instant(value) is None:
        words = gettext("%(value)s is not a date: write one such as 2026-01-01T00:00:00Z.")
        yield Problem(place, words % {"value": shown(value, most=60)})


def _check_bounds(bounds: list[Any], place: str) -> Iterator[Problem]:
    faults = [fault for position, bound in enumerate(bounds) for fault in _check_ordered(bound, f"{place}[{position}]")]
    yield from faults
    low, high = (instant(bound) or bound for bound in bounds)
    if faults:
        return
    if isinstance(bounds[0], str) != isinstance(bounds[1], str):
        yield Problem(place, gettext("must be two numbers or two dates, not one of each."))
    elif low > high:
        yield Problem(place, gettext("has its highest before its lowest: exchange them."))
