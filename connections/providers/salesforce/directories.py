"""The directories: the campaigns that contacts are added to, and the fields that a contact has.

Sources: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm (paging) and
.../resources_sobject_describe.htm (fields).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Any

from connections import alerts
from connections.answers import object_of, text_of
from connections.provider import (
    Answer,
    DirectoryKind,
    DirectoryPage,
    Entry,
    Failure,
    Listing,
    Lookup,
    Reply,
    Request,
    Step,
    Trouble,
    Unread,
)
from connections.providers.salesforce import errors
from connections.providers.salesforce.calls import BASE, Org, id_of, literal, org, parsed, records
from connections.providers.salesforce.fields import FIELD, field_entry, field_entry_of_definition
from connections.verdicts import unread

CAMPAIGN = DirectoryKind(key="campaign", label="campaign", label_plural="campaigns", one_page_limit=2_000)
CONTACT_FIELD = DirectoryKind(
    key="contact_field", label="contact field", label_plural="contact fields", one_page_limit=2_000
)
NAME_MOST = 120

_COLUMNS = "Id, Name, IsActive, Status"
_CAMPAIGN_LINK = re.compile(
    r"(?:https://)?[a-z0-9.-]+\.(?:force|salesforce)\.com/(?:lightning/[ro]/Campaign/)?(701[a-zA-Z0-9]{12,15})(?:[/?#]\S*)?",
    re.IGNORECASE,
)
# Where a long answer goes on. It comes from Salesforce, and is asked for only if it is another part of the same query.
_NEXT = re.compile(re.escape(BASE) + "/query/[a-zA-Z0-9]{15,18}-[0-9]{1,9}")

_RECONNECT = Unread(errors.NO_TOKEN.reason, fix=errors.NO_TOKEN.fix)
_UNREADABLE = Unread(errors.UNREADABLE.reason, retry=True)
_LATE = Unread("Salesforce did not answer in time.", retry=True)
_STALE = Unread("Salesforce no longer knows how far the list was read.", retry=True, anew=True)
_TOO_LARGE = Unread("Salesforce's answer is larger than what we read.", fix="Tell the operator of this installation.")
_NO_CAMPAIGN = Unread(
    "This is no campaign's ID or link, and Salesforce finds none by its name.",
    fix="Open the campaign in Salesforce, copy its address and paste it here.",
)
_NO_FIELD = Unread(
    "Contacts have no such field, or it is not shown to the person who connected Salesforce.",
    fix="Enter the field's API name, such as Title or Plan__c.",
)
_NOT_SHOWN = Unread(
    "Salesforce does not find this campaign: it was deleted, or is not shown to the person who connected Salesforce.",
    fix="Choose another campaign, or ask an administrator of the Salesforce org.",
)

type _Asking = Generator[Step, Reply, Answer | Unread]


def page(kind: str, cursor: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> Listing:
    """One page of a directory."""
    opened = org(settings, credentials)
    if opened is None:
        return _RECONNECT
    return (yield from (_campaigns(opened, cursor) if kind == CAMPAIGN.key else _fields(opened)))


def find(kind: str, text: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> Lookup:
    """One entry by what was pasted."""
    opened, id = org(settings, credentials), entry_id(kind, text)
    if opened is None:
        return _RECONNECT
    if not id:
        return _NO_CAMPAIGN if kind == CAMPAIGN.key else _NO_FIELD
    return (yield from (_campaign(opened, id) if kind == CAMPAIGN.key else _field(opened, id)))


def entry_id(kind: str, text: str) -> str:
    """A campaign's id, alone or in an address of Salesforce's; a field's API name."""
    stripped = text.strip()
    if kind == CONTACT_FIELD.key:
        return stripped if FIELD.fullmatch(stripped) else ""
    found = _CAMPAIGN_LINK.fullmatch(stripped)
    return id_of(found[1] if found else stripped, "701")


# --------------------------------------------------------------------------- campaigns


def _campaigns(org: Org, cursor: str) -> Listing:
    if cursor and not _NEXT.fullmatch(cursor):
        return _STALE
    first = org.query(f"SELECT {_COLUMNS} FROM Campaign ORDER BY Id")  # noqa: S608
    answer = yield from _ask(org.ask("GET", cursor) if cursor else first)
    if isinstance(answer, Unread):
        return answer
    rows, told = records(answer), object_of(parsed(answer))
    following = text_of(told.get("nextRecordsUrl"))
    if rows is None or (following and not _NEXT.fullmatch(following)):
        return _UNREADABLE
    entries = tuple(entry for row in rows if (entry := _campaign_entry(row)))
    return DirectoryPage(entries=entries, next_cursor=following)


def _campaign(org: Org, id: str) -> Lookup:
    answer = yield from _ask(org.query(f"SELECT {_COLUMNS} FROM Campaign WHERE Id = {literal(id)}"))  # noqa: S608
    if isinstance(answer, Unread):
        return answer
    rows = records(answer)
    if rows is None:
        return _UNREADABLE
    return _campaign_entry(rows[0]) or _UNREADABLE if rows else _NOT_SHOWN


def _campaign_entry(row: Mapping[str, Any]) -> Entry | None:
    id = id_of(row.get("Id"), "701")
    name = alerts.cut(alerts.one_line(text_of(row.get("Name"))), NAME_MOST) or id
    status = alerts.cut(alerts.one_line(text_of(row.get("Status"))), 40)
    return Entry(id=id, name=name, facts={"is_active": row.get("IsActive") is True, "status": status}) if id else None


# --------------------------------------------------------------------------- fields


def _fields(org: Org) -> Listing:
    answer = yield from _ask(org.call("GET", "/sobjects/Contact/describe"))
    if isinstance(answer, Unread):
        return answer
    told = object_of(parsed(answer)).get("fields")
    if not isinstance(told, list):
        return _UNREADABLE
    return DirectoryPage(entries=tuple(entry for one in told if (entry := field_entry(object_of(one)))))


def _field(org: Org, name: str) -> Lookup:
    """The whole description is too long for somebody who waits; this has all but the values of a list."""
    answer = yield from _ask(
        org.query(
            "SELECT QualifiedApiName, Label, DataType, IsNillable FROM FieldDefinition"  # noqa: S608
            f" WHERE EntityDefinition.QualifiedApiName = 'Contact' AND QualifiedApiName = {literal(name)}"
        )
    )
    if isinstance(answer, Unread):
        return answer
    rows = records(answer)
    if rows is None:
        return _UNREADABLE
    return (field_entry_of_definition(rows[0]) or _UNREADABLE) if rows else _NO_FIELD


# --------------------------------------------------------------------------- asking


def _ask(request: Request) -> _Asking:
    reply = yield request
    if isinstance(reply, Failure) and reply.trouble is Trouble.TIMEOUT:
        return _LATE
    if not isinstance(reply, Answer) or reply.status != 200:
        return _refusal(reply)
    return _TOO_LARGE if reply.truncated else reply


def _refusal(reply: Reply) -> Unread:
    return _STALE if errors.has(reply, ("INVALID_QUERY_LOCATOR",)) else unread(errors.judge(reply))
