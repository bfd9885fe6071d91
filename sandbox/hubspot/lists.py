"""Lists and who is on them (…/api-reference/2026-03/crm/lists)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.hubspot.crm import ContactList, Crm
from sandbox.hubspot.errors import invalid, not_found
from sandbox.hubspot.shapes import a_text, an_object, texts

COUNT_DEFAULT, COUNT_MOST = 20, 500
REQUIRED = ("additionalProperties", "listIds", "offset", "processingTypes")


def search(crm: Crm, parsed: Any) -> dict[str, Any]:
    """``POST lists/search``: by name and kind, a page at a time."""
    asked = an_object(parsed, required=REQUIRED, optional=["count", "objectTypeId", "query", "sort"])
    offset, count = _number(asked, "offset", 0), _number(asked, "count", COUNT_DEFAULT)
    if count > COUNT_MOST:
        raise invalid(f"count must be at most {COUNT_MOST}")
    words = a_text(asked.get("query", ""), where="query").lower()
    ids, types = texts(asked["listIds"], where="listIds"), texts(asked["processingTypes"], where="processingTypes")
    texts(asked["additionalProperties"], where="additionalProperties")
    found = [
        one
        for one in crm.lists.values()
        if words in one.name.lower()
        and (not ids or one.id in ids)
        and (not types or one.type in types)
        and one.object_type == asked.get("objectTypeId", one.object_type)
    ]
    page = found[offset : offset + count]
    end = offset + len(page)
    shown = [{**_described(one), "additionalProperties": {"hs_list_size": str(len(one.members))}} for one in page]
    return {"lists": shown, "offset": end, "hasMore": end < len(found), "total": len(found)}


def one(crm: Crm, id: str) -> dict[str, Any]:
    """``GET lists/{id}``."""
    found = find(crm, id)
    return {"list": {**_described(found), "size": len(found.members)}}


def add(crm: Crm, id: str, parsed: Any) -> dict[str, Any]:
    """``PUT lists/{id}/memberships/add``."""
    wanted, ids = _writable(crm, id), texts(parsed, where="body")
    return _changed(crm, ids, added=crm.add(wanted, ids))


def remove(crm: Crm, id: str, parsed: Any) -> dict[str, Any]:
    """``PUT lists/{id}/memberships/remove``."""
    wanted, ids = _writable(crm, id), texts(parsed, where="body")
    return _changed(crm, ids, removed=crm.remove(wanted, ids))


def find(crm: Crm, id: str) -> ContactList:
    """Raises ``HubSpotError``."""
    if id not in crm.lists:
        raise not_found(f"List does not exist with ID {id}.")
    return crm.lists[id]


def _writable(crm: Crm, id: str) -> ContactList:
    wanted = find(crm, id)
    if not wanted.writable:
        raise invalid(f"List {id} has the processing type {wanted.type}: its memberships cannot be changed.")
    return wanted


def _changed(crm: Crm, ids: list[str], *, added: Sequence[str] = (), removed: Sequence[str] = ()) -> dict[str, Any]:
    missing = [id for id in ids if id not in crm.contacts]
    return {"recordsIdsAdded": [*added], "recordIdsRemoved": [*removed], "recordIdsMissing": missing}


def _described(found: ContactList) -> dict[str, Any]:
    return {
        "listId": found.id,
        "listVersion": 1,
        "name": found.name,
        "objectTypeId": found.object_type,
        "processingStatus": "COMPLETE",
        "processingType": found.type,
    }


def _number(asked: dict[str, Any], key: str, default: int) -> int:
    value = asked.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid(f"{key} must be a whole number")
    return value
