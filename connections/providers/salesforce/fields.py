"""A field of a contact as Salesforce describes it, in the words that every destination's fields have.

Source: https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connections import alerts
from connections.answers import list_of, object_of, text_of
from connections.provider import Entry

FIELD = re.compile("[A-Za-z][A-Za-z0-9_]{0,99}")
OPTIONS_MOST = 200
NAME_MOST = 120
IDENTIFIER = "Email"

# What Salesforce calls its types in a description, and in a definition before any length in brackets.
_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("string", "textarea", "id", "reference", "encryptedstring", "anytype"), "text"),
    **dict.fromkeys(("int", "double", "currency", "percent", "long", "number"), "number"),
    **dict.fromkeys(("boolean", "checkbox"), "boolean"),
    **dict.fromkeys(("date/time", "datetime"), "datetime"),
    **dict.fromkeys(("picklist", "combobox"), "select"),
    **dict.fromkeys(("multipicklist", "picklist (multi-select)"), "multiselect"),
    "date": "date",
    "email": "email",
    "phone": "phone",
    "fax": "phone",
    "url": "url",
}
# Of several parts, each of which is a field of its own; or not to be written as one plain value.
_COMPOUND = frozenset({"address", "location", "base64", "complexvalue", "name", "time", "json"})


def field_entry(told: Mapping[str, Any]) -> Entry | None:
    """From the description of a contact."""
    name, kind = text_of(told.get("name")), text_of(told.get("type")).lower()
    if not FIELD.fullmatch(name) or kind in _COMPOUND:
        return None
    writable = told.get("createable") is True or told.get("updateable") is True
    type = _TYPES.get(kind, "text")
    required = told.get("nillable") is False and told.get("defaultedOnCreate") is not True and writable
    options = _options(told) if type in ("select", "multiselect") else []
    return _entry(name, told.get("label"), type, required=required, read_only=not writable, options=options)


def field_entry_of_definition(row: Mapping[str, Any]) -> Entry | None:
    """From a row of FieldDefinition, which has no list of values and does not say whether the field may be written."""
    name, kind = text_of(row.get("QualifiedApiName")), text_of(row.get("DataType")).lower()
    if not FIELD.fullmatch(name):
        return None
    plain = kind if kind in _TYPES else kind.partition("(")[0]
    read_only = kind.startswith(("formula", "auto number", "roll-up"))
    required = row.get("IsNillable") is False and not read_only and plain != "checkbox"
    return _entry(name, row.get("Label"), _TYPES.get(plain, "text"), required=required, read_only=read_only, options=[])


def _entry(
    name: str, label: object, type: str, *, required: bool, read_only: bool, options: list[dict[str, str]]
) -> Entry:
    """``LastName`` is not required here: where nothing is mapped to it, something stands in."""
    shown = alerts.cut(alerts.one_line(text_of(label)), NAME_MOST) or name
    facts: dict[str, Any] = {
        "type": type,
        "required": required and name not in ("LastName", "OwnerId"),
        "read_only": read_only,
        "identifier": name == IDENTIFIER,
    }
    return Entry(id=name, name=shown, facts={**facts, "options": options} if options else facts)


def _options(told: Mapping[str, Any]) -> list[dict[str, str]]:
    """The values of a list that may be chosen today."""
    listed = [object_of(one) for one in list_of(told.get("picklistValues"))]
    values = [(text_of(one.get("value")), text_of(one.get("label"))) for one in listed if one.get("active") is True]
    return [
        {"value": value, "label": alerts.cut(alerts.one_line(label), NAME_MOST) or value}
        for value, label in values[:OPTIONS_MOST]
        if value
    ]
