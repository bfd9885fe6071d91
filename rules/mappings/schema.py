"""The shape of a mapping, as a JSON Schema: the one that judges when it is saved.

A ``description`` completes "must be …" (beside ``required``: "needs …"), as in ``rules.conditions.schema``. ``if`` and
``then`` instead of ``oneOf`` keep each message at the place where the fault is.
"""

from __future__ import annotations

from typing import Any, Final

VERSION: Final = 1
FIELDS_MOST: Final = 250
FIELD_LONGEST: Final = 128  # characters of a destination's field
PATH_LONGEST: Final = 128
OTHERS_MOST: Final = 5  # paths beside the first
TRANSFORMS_MOST: Final = 10
LITERAL_LONGEST: Final = 256
DEFAULT_LONGEST: Final = 128
NAME_LONGEST: Final = 64
NOTES_LONGEST: Final = 1_024
PATH: Final = r"^[a-zA-Z_][a-zA-Z0-9_-]*(\.[a-zA-Z0-9_-]+)*$"

SKIP_FIELD: Final = "skip_field"
WARN_ACTION: Final = "warn_action"
FAIL_ACTION: Final = "fail_action"
ON_ERROR: Final = (SKIP_FIELD, WARN_ACTION, FAIL_ACTION)

PLAIN: Final = ("to_string", "to_number", "to_boolean", "trim", "lower", "upper")  # transforms that ask for nothing
ZONED: Final = ("to_date", "to_datetime")
TRANSFORMS: Final = (*PLAIN, *ZONED, "default", "substring")


def _text(longest: int, words: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest, "description": words}


def _single(longest: int) -> dict[str, Any]:
    words = f"a number, true, false, null or a text of 1 to {longest} characters"
    return {"type": ["string", "number", "boolean", "null"], "minLength": 1, "maxLength": longest, "description": words}


def _when(key: str, values: tuple[str, ...], required: tuple[str, ...] = (), **keys: Any) -> dict[str, Any]:
    """What an object has beside ``key``, if that is one of ``values``."""
    return {
        "if": {"properties": {key: {"enum": list(values)}}, "required": [key]},
        "then": {"properties": {key: True, **keys}, "required": list(required), "additionalProperties": False},
    }


def _one_of(values: tuple[str, ...]) -> dict[str, Any]:
    return {"enum": list(values), "description": f"one of {', '.join(values)}"}


_PATH: Final = {
    **_text(PATH_LONGEST, 'a path into the event such as "email" or "user.email"'),
    "pattern": PATH,
}
_SOURCE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": _one_of(("path", "literal"))},
    "description": 'an object such as {"type": "path", "value": "user.email"}',
    "allOf": [
        _when(
            "type",
            ("path",),
            ("value",),
            value=_PATH,
            **{
                "or": {
                    "type": "array",
                    "maxItems": OTHERS_MOST,
                    "items": _PATH,
                    "description": "a list of paths: the first that the event has is taken",
                }
            },
        ),
        _when("type", ("literal",), ("value",), value=_single(LITERAL_LONGEST)),
    ],
}
_ZONE: Final = _text(64, "the name of a time zone such as Europe/Berlin")
_TRANSFORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": _one_of(TRANSFORMS)},
    "description": 'an object such as {"type": "trim"}',
    "allOf": [
        _when("type", PLAIN),
        _when("type", ZONED, timezone=_ZONE),
        _when("type", ("default",), ("value",), value=_single(DEFAULT_LONGEST)),
        _when(
            "type",
            ("substring",),
            ("start",),
            start={"type": "integer", "minimum": 0, "description": "a whole number, 0 or more"},
            length={"type": "integer", "minimum": 1, "description": "a whole number, 1 or more"},
        ),
    ],
}
_FIELD: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["dest", "source"],
    "properties": {
        "dest": _text(FIELD_LONGEST, f"the id of a field of the destination, 1 to {FIELD_LONGEST} characters"),
        "source": _SOURCE,
        "transforms": {
            "type": "array",
            "maxItems": TRANSFORMS_MOST,
            "items": _TRANSFORM,
            "description": 'a list of transforms such as [{"type": "trim"}]',
        },
        "on_error": _one_of(ON_ERROR),
        "notes": _text(NOTES_LONGEST, f"a text of 1 to {NOTES_LONGEST} characters"),
    },
    "additionalProperties": False,
    "description": "an object with dest and source",
}
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Mapping",
    "type": "object",
    "required": ["schema_version", "fields"],
    "properties": {
        "schema_version": {"const": VERSION, "description": f"{VERSION}"},
        "fields": {
            "type": "array",
            "maxItems": FIELDS_MOST,
            "items": _FIELD,
            "description": f"a list of up to {FIELDS_MOST} fields",
        },
        "meta": {
            "type": "object",
            "properties": {
                "name": _text(NAME_LONGEST, f"a text of 1 to {NAME_LONGEST} characters"),
                "notes": _text(NOTES_LONGEST, f"a text of 1 to {NOTES_LONGEST} characters"),
            },
            "additionalProperties": False,
            "description": "an object with name and notes",
        },
    },
    "additionalProperties": False,
    "description": 'an object such as {"schema_version": 1, "fields": [{"dest": "email", "source": '
    '{"type": "path", "value": "user.email"}}]}',
}
