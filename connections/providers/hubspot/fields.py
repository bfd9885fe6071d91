"""The properties of contacts: what a record may hold, and what can be set.

Source: https://developers.hubspot.com/docs/api-reference/2026-03/crm/properties/guide
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connections.answers import list_of, object_of, text_of
from connections.provider import DirectoryKind, DirectoryPage, Entry, Listing, Lookup, Unread
from connections.providers.hubspot import asking
from connections.providers.hubspot.asking import ask, name_in
from connections.providers.hubspot.calls import VERSION

KIND = DirectoryKind(key="contact_field", label="property", label_plural="properties", one_page_limit=2_000)
PATH = f"/crm/properties/{VERSION}/contacts"
OPTIONS_MOST = 200
IDENTIFIER = "email"

_NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,99}")
_TYPES = {
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "number": "number",
    "phone_number": "phone",
}
_BY_FIELD = {"phonenumber": "phone", "booleancheckbox": "boolean"}
_BY_HINT = {"email": "email", "phone_number": "phone", "domain_name": "url"}

_SENSITIVE = "Properties that HubSpot marks as sensitive are not listed."
READ_ONLY = "HubSpot fills in this property by itself, and lets nobody write it."
_NO_NAME = Unread(
    "This is no property's internal name, and none of the properties has that label.",
    fix="In HubSpot, open the property's settings and copy its internal name here.",
)
_UNKNOWN = Unread("HubSpot's contacts have no property of that name.", fix="Choose another one.")


def id_in(text: str) -> str:
    """The internal name that somebody pasted; empty when it cannot be one."""
    stripped = text.strip()
    return stripped if _NAME.fullmatch(stripped) else ""


def page(*, token: str) -> Listing:
    """All of them: HubSpot has no pages here."""
    answer = yield from ask("GET", PATH, token=token)
    if isinstance(answer, Unread):
        return answer
    if not isinstance(answer.get("results"), list):
        return asking.UNREADABLE
    entries = (entry for one in answer["results"] if (entry := _entry(object_of(one))))
    return DirectoryPage(entries=tuple(entries), gaps=(_SENSITIVE,))


def find(text: str, *, token: str) -> Lookup:
    """One property by its internal name."""
    name = id_in(text)
    if not name:
        return _NO_NAME
    answer = yield from ask("GET", f"{PATH}/{name}", token=token, gone=_UNKNOWN)
    if isinstance(answer, Unread):
        return answer
    return _entry(answer) or asking.UNREADABLE


def _entry(found: Mapping[str, Any]) -> Entry | None:
    """``is_archived`` besides: an archived property is known, and cannot be written."""
    name = text_of(found.get("name"))
    if not _NAME.fullmatch(name) or (found.get("hidden") is True and name != IDENTIFIER):
        return None
    facts: dict[str, Any] = {
        "type": _type(found),
        "required": name == IDENTIFIER,
        "read_only": _read_only(found),
        "identifier": name == IDENTIFIER,
        "options": _options(found),
        "is_archived": found.get("archived") is True,
    }
    if facts["read_only"]:
        facts["unusable"] = READ_ONLY
    return Entry(id=name, name=name_in(text_of(found.get("label"))) or name, facts=facts)


def _type(found: Mapping[str, Any]) -> str:
    field, type = text_of(found.get("fieldType")), text_of(found.get("type"))
    if found.get("name") == IDENTIFIER:
        return "email"
    if field == "checkbox":
        return "multiselect"
    if type == "enumeration":
        return _BY_FIELD.get(field, "select")
    return _TYPES.get(type) or _BY_FIELD.get(field) or _BY_HINT.get(text_of(found.get("textDisplayHint")), "text")


def _read_only(found: Mapping[str, Any]) -> bool:
    rules = object_of(found.get("modificationMetadata"))
    return rules.get("readOnlyValue") is True or found.get("calculated") is True


def _options(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """The first two hundred that people see in HubSpot."""
    shown = [object_of(one) for one in list_of(found.get("options"))]
    told = [
        {"value": text_of(one.get("value")), "label": name_in(text_of(one.get("label")) or text_of(one.get("value")))}
        for one in shown
        if text_of(one.get("value")) and one.get("hidden") is not True
    ]
    return told[:OPTIONS_MOST]
