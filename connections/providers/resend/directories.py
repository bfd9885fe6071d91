"""The account's templates and segments, a page at a time.

Source: https://resend.com/docs/api-reference/pagination; a page begins after the last id of the one before.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from connections import alerts
from connections.answers import parsed, text_of
from connections.provider import (
    Answer,
    DirectoryKind,
    DirectoryPage,
    Entry,
    Listing,
    Lookup,
    Reply,
    Unread,
)
from connections.providers.resend import errors
from connections.providers.resend.calls import call, objects_in
from connections.verdicts import unread

TEMPLATE = DirectoryKind(key="template", label="template", label_plural="templates", one_page_limit=100)
SEGMENT = DirectoryKind(key="segment", label="segment", label_plural="segments", one_page_limit=100)

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_FORMS = (re.compile(f"({_ID})"), re.compile(rf"(?:https?://)?(?:www\.)?resend\.com/\S*?({_ID})(?:[/?#]\S*)?"))
_NAME_MOST = 120

_NO_ID = Unread(
    "This is no ID or link of Resend's.", fix="At Resend, open it and copy the address from the browser's bar."
)
_UNREADABLE = Unread("Resend gave an answer that we cannot read.", retry=True)


def id_in(text: str) -> str:
    """The id in what somebody pasted; empty when it holds none."""
    found = (form.fullmatch(text.strip()) for form in _FORMS)
    return next((match[1] for match in found if match), "")


def page(kind: str, cursor: str, *, key: str) -> Listing:
    """One page."""
    if not key:
        return unread(errors.NO_KEY)
    query = {"limit": str(TEMPLATE.one_page_limit), **({"after": cursor} if cursor else {})}
    reply = yield call("GET", f"/{kind}s?{urlencode(query)}", key=key)
    found = _read(reply, kind)
    if isinstance(found, Unread):
        return found
    if not isinstance(found.get("data"), list):
        return _UNREADABLE
    entries = [entry for one in objects_in(found["data"]) if (entry := _entry(one))]
    following = entries[-1].id if entries and found.get("has_more") is True else ""
    return DirectoryPage(entries=tuple(entries), next_cursor=following if following != cursor else "")


def find(kind: str, text: str, *, key: str) -> Lookup:
    """One of them by its id or link."""
    id = id_in(text)
    if not key or not id:
        return _NO_ID if key else unread(errors.NO_KEY)
    found = _read((yield call("GET", f"/{kind}s/{quote(id, safe='')}", key=key)), kind)
    return found if isinstance(found, Unread) else _entry(found) or _UNREADABLE


def _read(reply: Reply, kind: str) -> dict[str, Any] | Unread:
    if not isinstance(reply, Answer) or not 200 <= reply.status < 300:
        return unread(errors.read(reply, what=kind))
    return parsed(reply)


def _entry(found: dict[str, Any]) -> Entry | None:
    id = text_of(found.get("id"))
    if not re.fullmatch(_ID, id):
        return None
    name = alerts.cut(alerts.one_line(text_of(found.get("name"))), _NAME_MOST) or id
    draft = found.get("status") == "draft"
    return Entry(id=id, name=f"{name} (draft)" if draft else name, facts={"status": "draft"} if draft else {})
