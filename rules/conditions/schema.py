"""The shape of conditions, as a JSON Schema: the one that is published is the one that judges.

A group is ``{"all": […]}``, ``{"any": […]}`` or ``{"not": …}``; a clause is ``{"field": …, "op": …, "value": …}``,
or compares two fields: ``{"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}}``.

A ``description`` completes "must be …" (beside ``required``: "needs …"): ``checking`` shows it to whoever got it
wrong. Which keys a clause takes depends on its operator, and ``if``/``then`` (instead of ``oneOf``) keeps
each message at the place where the fault is.
"""

from __future__ import annotations

from typing import Any, Final

DEPTH_MOST: Final = 8  # levels of all, any and not
CLAUSES_MOST: Final = 100
PATH_LONGEST: Final = 256  # characters
TEXT_LONGEST: Final = 1_000  # characters
VALUES_MOST: Final = 200

EQUAL: Final = ("eq", "neq")
ORDER: Final = ("gt", "gte", "lt", "lte")
EDGE: Final = ("starts_with", "ends_with")
PRESENCE: Final = ("exists", "is_empty")
OPERATORS: Final = (*EQUAL, "in", *ORDER, "between", "contains", *EDGE, *PRESENCE)

_KEY: Final = {"type": "string", "minLength": 1, "maxLength": PATH_LONGEST, "description": "a key, as text"}
_PATH: Final = {
    "type": ["string", "array"],
    "minLength": 1,
    "maxLength": PATH_LONGEST,
    "pattern": r"^[^.]+(\.[^.]+)*$",
    "minItems": 1,
    "maxItems": 32,
    "items": _KEY,
    "description": 'a path such as "user.plan" or "lines.*.sku", or a list of keys such as ["host.name"]',
}
_SINGLE: Final = {
    "type": ["string", "number", "boolean", "null"],
    "maxLength": TEXT_LONGEST,
    "description": "a text, a number, true, false or null",
}
_ORDERED: Final = {
    "type": ["number", "string"],
    "maxLength": 40,
    "pattern": r"^\d{4}-\d\d-\d\d([T ].+)?$",
    "description": "a number such as 1000 or a date such as 2026-01-01T00:00:00Z",
}
_TEXT: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": TEXT_LONGEST,
    "description": "a text of at least one character",
}
_MEMBER: Final = {
    **_TEXT,
    "type": ["string", "number", "boolean"],
    "description": "a text of at least one character, a number, true or false",
}
_VALUES: Final = {
    "type": "array",
    "minItems": 1,
    "maxItems": VALUES_MOST,
    "items": _SINGLE,
    "description": 'a list of values such as ["eu", "us"]',
}
_BOUNDS: Final = {
    "type": "array",
    "minItems": 2,
    "maxItems": 2,
    "items": _ORDERED,
    "description": "a list of two, the lowest and the highest, such as [10, 20]",
}
_YES_OR_NO: Final = {"type": "boolean", "description": "true or false"}
_OTHER: Final = {
    "type": "object",
    "required": ["field"],
    "properties": {"field": _PATH},
    "additionalProperties": False,
    "description": 'another field, such as {"field": "threshold"}',
}
_SCALED_OTHER: Final = {
    **_OTHER,
    "properties": {
        "field": _PATH,
        "factor": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1_000_000_000,
            "description": "a number above 0, up to 1,000,000,000",
        },
    },
    "description": 'another field, such as {"field": "threshold", "factor": 1.2}',
}
_VALUE_OR_OTHER: Final[dict[str, Any]] = {
    "if": {"required": ["other"]},
    "then": {"not": {"required": ["value"]}, "description": "compared with value or with other, not with both"},
    "else": {"required": ["value"], "description": "value or other"},
}


def _clause(operators: tuple[str, ...], rest: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """What a clause with one of these operators has beside ``field`` and ``op``."""
    return {
        "if": {"properties": {"op": {"enum": list(operators)}}, "required": ["op"]},
        "then": {"properties": {"field": True, "op": True, **keys}, "additionalProperties": False, **rest},
    }


def _group(key: str, holds: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {key: holds}, "additionalProperties": False}


_NODE: Final = {"$ref": "#/$defs/node"}
_NODES: Final = {
    "type": "array",
    "minItems": 1,
    "maxItems": CLAUSES_MOST,
    "items": _NODE,
    "description": "a list of at least one clause or group",
}
_WITH_VALUE: Final = {"required": ["value"]}

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Conditions",
    "description": 'an object such as {"all": [{"field": "value", "op": "gt", "value": 1000}]}; {} or null for none',
    "type": ["object", "null"],
    "if": {"type": "object", "minProperties": 1},
    "then": _NODE,
    "$defs": {
        "node": {
            "type": "object",
            "description": "a clause (field, op, value) or a group (all, any or not)",
            "if": {"required": ["all"]},
            "then": _group("all", _NODES),
            "else": {
                "if": {"required": ["any"]},
                "then": _group("any", _NODES),
                "else": {
                    "if": {"required": ["not"]},
                    "then": _group("not", _NODE),
                    "else": {"$ref": "#/$defs/clause"},
                },
            },
        },
        "clause": {
            "description": "field and op; a group has all, any or not",
            "required": ["field", "op"],
            "properties": {
                "field": _PATH,
                "op": {"enum": list(OPERATORS), "description": f"one of {', '.join(OPERATORS)}"},
            },
            "allOf": [
                _clause(EQUAL, _VALUE_OR_OTHER, value=_SINGLE, other=_OTHER, ignore_case=_YES_OR_NO),
                _clause(ORDER, _VALUE_OR_OTHER, value=_ORDERED, other=_SCALED_OTHER),
                _clause(("between",), _WITH_VALUE, value=_BOUNDS),
                _clause(("in",), _WITH_VALUE, value=_VALUES, ignore_case=_YES_OR_NO),
                _clause(("contains",), _WITH_VALUE, value=_MEMBER, ignore_case=_YES_OR_NO),
                _clause(EDGE, _WITH_VALUE, value=_TEXT, ignore_case=_YES_OR_NO),
                _clause(PRESENCE, {}, value=_YES_OR_NO),
            ],
        },
    },
}
