"""What is wrong with a mapping, at which place, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import isfinite
from typing import Any, Final, cast
from zoneinfo import available_timezones

from django.utils.translation import gettext
from jsonschema import Draft202012Validator, ValidationError

from rules.conditions import Problem
from rules.mappings.fields import TargetField
from rules.mappings.fitting import Misfit
from rules.mappings.schema import SCHEMA
from rules.showing import shown, storable

PROBLEMS_MOST: Final = 20  # told at once
_VALIDATOR: Final = Draft202012Validator(SCHEMA)


def canonical(schema: Any) -> Any:
    """The mapping with every source in today's form: ``{"type": "path", "path": "$.payload.email"}`` is an older one.

    Takes any JSON. What it does not know it leaves as it is, for ``check`` to judge.
    """
    if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
        return schema
    return {**schema, "fields": [_canonical_field(field) for field in schema["fields"]]}


def _canonical_field(field: Any) -> Any:
    source = field.get("source") if isinstance(field, dict) else None
    if not isinstance(source, dict) or source.get("type") != "path" or not isinstance(source.get("path"), str):
        return field
    if "value" in source:
        return field
    rest = {key: value for key, value in source.items() if key != "path"}
    return {**field, "source": {**rest, "value": from_root(source["path"])}}


def from_root(path: str) -> str:
    """``$.payload.email`` and ``payload.email`` as ``email``: a path begins at the payload's root."""
    return path.removeprefix("$.").removeprefix("payload.")


def check(schema: Any) -> list[Problem]:
    """Everything that stops this mapping from being saved; empty when it is fine.

    Takes any JSON. First the published schema, then what a schema cannot say, which relies on it.
    """
    for stage in (_check_shape, _check_meaning):
        if problems := list(dict.fromkeys(islice(stage(schema), PROBLEMS_MOST))):
            return problems
    return []


def _check_shape(schema: Any) -> Iterator[Problem]:
    for error in _VALIDATOR.iter_errors(schema):
        yield Problem(_place(error.absolute_path), _mend(error))


def _place(path: Iterable[str | int]) -> str:
    return "schema" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _mend(error: ValidationError) -> str:
    schema, limit = cast("dict[str, Any]", error.schema), cast("Any", error.validator_value)
    given, wish = cast("Any", error.instance), schema.get("description", "")
    match error.validator:
        case "required":
            return gettext("needs %(names)s.") % {"names": ", ".join(key for key in limit if key not in given)}
        case "additionalProperties":
            extra = ", ".join(shown(key, most=40) for key in given if key not in schema["properties"])
            words = gettext("cannot have %(extra)s here; possible: %(known)s.")
            return words % {"extra": extra, "known": ", ".join(schema["properties"])}
        case "maxItems" | "maxLength":
            return gettext("is too long: %(n)s of at most %(most)s.") % {"n": len(given), "most": limit}
        case _:
            return gettext("must be %(wish)s, not %(given)s.") % {"wish": wish, "given": shown(given, most=60)}


# --------------------------------------------------------------------------- meaning: what a schema cannot say


def _check_meaning(schema: dict[str, Any]) -> Iterator[Problem]:
    yield from _unstorable(schema, "schema")
    written: dict[str, int] = {}
    for number, field in enumerate(schema["fields"]):
        place, first = f"schema.fields[{number}]", written.setdefault(field["dest"], number)
        if first != number:
            words = gettext("is filled by fields[%(first)s] already: keep one of the two.")
            yield Problem(f"{place}.dest", words % {"first": first})
        yield from _check_transforms(field.get("transforms", []), f"{place}.transforms")


def _check_transforms(transforms: list[dict[str, Any]], place: str) -> Iterator[Problem]:
    for number, one in enumerate(transforms):
        if "timezone" in one and one["timezone"] not in available_timezones():
            words = gettext("must be the name of a time zone such as Europe/Berlin, not %(given)s.")
            given = shown(one["timezone"], most=60)
            yield Problem(f"{place}[{number}].timezone", words % {"given": given})


def _unstorable(value: Any, place: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _unstorable(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _unstorable(inner, f"{place}[{number}]")
    elif isinstance(value, str) and storable(value) != value:
        words = gettext("contains a character that cannot be stored (NUL or half of a pair): remove it.")
        yield Problem(place, words)
    elif isinstance(value, float) and not isfinite(value):
        yield Problem(place, gettext("must be a number that can be written down, not infinity."))


# --------------------------------------------------------------------------- against the destination's own list


def warnings(schema: Mapping[str, Any], fields: Mapping[str, TargetField]) -> list[Problem]:
    """What will probably not work with these fields of the destination; empty when no field is known.

    Warnings, not faults: a list of fields ages, and what is new there must be able to be filled at once.
    """
    if not fields:
        return []
    found = []
    for number, one in enumerate(schema["fields"]):
        if words := _doubt(one, fields.get(one["dest"])):
            found.append(Problem(f"schema.fields[{number}].dest", words))
    written = {one["dest"] for one in schema["fields"]}
    lacking = [field for field in fields.values() if field.needed and field.id not in written]
    return found + [Problem("schema.fields", _lacks(field)) for field in lacking]


def _doubt(said: Mapping[str, Any], field: TargetField | None) -> str:
    if field is None:
        return gettext("names no field that the destination lists. It is sent all the same.")
    if field.read_only:
        return gettext("is read-only there: %(field)s cannot be filled.") % {"field": field.label}
    source = said["source"]
    if source["type"] == "path" or source["value"] is None or said.get("transforms"):
        return ""
    fitted = field.fit(source["value"])
    return f"{fitted.words}." if isinstance(fitted, Misfit) else ""


def emptied(schema: Mapping[str, Any], fields: Mapping[str, TargetField]) -> list[Problem]:
    """The rows that would empty what no record can do without: with such a row every delivery would fail.

    Takes a mapping that passed ``check``; of a field that is not known nothing is said.
    """
    return [
        Problem(f"schema.fields[{number}].source.value", cannot_be_emptied(field))
        for number, one in enumerate(schema["fields"])
        if (field := fields.get(one["dest"])) and field.needed and _empties(one)
    ]


def _empties(said: Mapping[str, Any]) -> bool:
    """Nothing is sent on purpose, and no default stands in for it."""
    source, steps = said["source"], said.get("transforms", ())
    return source["type"] == "literal" and source["value"] is None and all(one.get("value") is None for one in steps)


def cannot_be_emptied(field: TargetField) -> str:
    """Why a field that is needed has to have a value."""
    if field.identifier:
        return gettext("%(field)s cannot be emptied: a record is found by it.") % {"field": field.label}
    return gettext("%(field)s cannot be emptied: the destination requires it.") % {"field": field.label}


def _lacks(field: TargetField) -> str:
    if field.identifier:
        return gettext("has nothing for %(field)s, by which a record is found.") % {"field": field.label}
    return gettext("has nothing for %(field)s, which the destination requires.") % {"field": field.label}
