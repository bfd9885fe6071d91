"""Lists of contacts: which there are, and which of them can be written to.

Sources: https://developers.hubspot.com/docs/api-reference/2026-03/crm/lists/guide and .../memberships/add-to-list: only
lists whose ``processingType`` is MANUAL or SNAPSHOT can be written to; HubSpot fills DYNAMIC ones by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connections.answers import list_of, object_of, text_of
from connections.provider import (
    DirectoryKind,
    DirectoryPage,
    Entry,
    Listing,
    Lookup,
    Unread,
)
from connections.providers.hubspot import asking
from connections.providers.hubspot.asking import ask, name_in
from connections.providers.hubspot.calls import VERSION

KIND = DirectoryKind(key="list", label="list", label_plural="lists", one_page_limit=500)  # "the max count is 500"
PATH = f"/crm/lists/{VERSION}"
CONTACTS = "0-1"  # HubSpot's object type of contacts
WRITABLE = ("MANUAL", "SNAPSHOT")
SIZE = "hs_list_size"
DYNAMIC = "HubSpot fills this list by itself, by its filters: nobody can be put on it or taken off it."

_ID = re.compile("[1-9][0-9]{0,17}")
_LINK = re.compile(
    r"(?:https?://)?app(?:-[a-z0-9]+)?\.hubspot\.com/contacts/([0-9]+)/objectLists/([0-9]+)(?:[/?#]\S*)?"
)
_SCOPE = "crm.lists.read"

_NO_LISTS = (
    "The app lacks the permission crm.lists.read: lists are missing. Reconnect HubSpot where the account has lists."
)
_NO_ID = Unread(
    "This is no list's ID or link, and none of the lists bears that name.",
    fix="In HubSpot, open the list and copy its address here.",
)
_ELSEWHERE = Unread("This link leads to another HubSpot account.", fix="Paste a link of the connected account.")
_UNKNOWN = Unread(
    "HubSpot has no such list: it was deleted, or it is not one of this account.", fix="Choose another one."
)
_NOT_OF_CONTACTS = Unread("This list holds no contacts, but records of another sort.", fix="Choose a list of contacts.")


def id_in(text: str) -> str:
    """The list's ID in what somebody pasted; empty when it holds none."""
    stripped = text.strip()
    match = _LINK.fullmatch(stripped)
    return match[2] if match else stripped if _ID.fullmatch(stripped) else ""


def page(cursor: str, *, token: str, scopes: list[str]) -> Listing:
    """One page of the lists of contacts. Our cursor is HubSpot's offset."""
    if scopes and _SCOPE not in scopes:
        return DirectoryPage(entries=(), gaps=(_NO_LISTS,))
    offset = int(cursor) if cursor.isascii() and cursor.isdigit() else 0
    answer = yield from ask("POST", f"{PATH}/search", token=token, body=_search(offset))
    if isinstance(answer, Unread):
        return answer
    if not isinstance(answer.get("lists"), list):
        return asking.UNREADABLE
    following = answer.get("offset")
    more = answer.get("hasMore") is True and isinstance(following, int) and following > offset
    entries = tuple(entry for one in list_of(answer["lists"]) if (entry := _entry(object_of(one))))
    return DirectoryPage(entries=entries, next_cursor=str(following) if more else "")


def find(text: str, *, settings: Mapping[str, Any], token: str) -> Lookup:
    """One list by its ID or link."""
    id, link = id_in(text), _LINK.fullmatch(text.strip())
    if not id:
        return _NO_ID
    if link and settings.get("hub_id") not in (None, "", link[1]):
        return _ELSEWHERE
    answer = yield from ask("GET", f"{PATH}/{id}", token=token, gone=_UNKNOWN)
    if isinstance(answer, Unread):
        return answer
    found = object_of(answer.get("list"))
    if found and found.get("objectTypeId") != CONTACTS:
        return _NOT_OF_CONTACTS
    return _entry(found) or asking.UNREADABLE


def _search(offset: int) -> dict[str, Any]:
    return {
        "objectTypeId": CONTACTS,
        "query": "",
        "offset": offset,
        "count": KIND.one_page_limit,
        "listIds": [],
        "processingTypes": [],
        "additionalProperties": [SIZE],
    }


def _entry(found: Mapping[str, Any]) -> Entry | None:
    """A list that HubSpot fills by itself is told of, with the reason why it cannot be chosen."""
    id, type = str(found.get("listId", "")), text_of(found.get("processingType"))
    if not _ID.fullmatch(id) or found.get("objectTypeId") != CONTACTS:
        return None
    facts: dict[str, Any] = {"processing_type": type}
    if type not in WRITABLE:
        facts["unusable"] = DYNAMIC
    size = str(object_of(found.get("additionalProperties")).get(SIZE, found.get("size", "")))
    if size.isascii() and size.isdigit() and len(size) < 16:
        facts["num_members"] = int(size)
    return Entry(id=id, name=name_in(text_of(found.get("name"))) or id, facts=facts)
