"""The queries that are understood: exactly those that Jackfield makes. Everything else is refused, not guessed at."""

from __future__ import annotations

import re
from typing import Any

from sandbox.salesforce import fields
from sandbox.salesforce.orgs import Org
from sandbox.salesforce.records import Campaign, Records, campaigns
from sandbox.salesforce.refusals import ApiError

_TEXT = r"'((?:[^'\\]|\\.)*)'"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ORGANIZATION = "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName FROM Organization LIMIT 1"
_CAMPAIGNS = "SELECT Id, Name, IsActive, Status FROM Campaign"
_CONTACT = re.compile(
    rf"SELECT Id FROM Contact WHERE Email = {_TEXT} ORDER BY LastModifiedDate DESC LIMIT 2",  # noqa: S608
    re.DOTALL,
)
_CAMPAIGN = re.compile(rf"{_CAMPAIGNS} WHERE Id = {_TEXT}", re.DOTALL)
_MEMBER = re.compile(
    rf"SELECT Id FROM CampaignMember WHERE CampaignId = {_TEXT} AND Contact\.Email = {_TEXT} LIMIT 5",  # noqa: S608
    re.DOTALL,
)
_FIELD = re.compile(
    r"SELECT QualifiedApiName, Label, DataType, IsNillable FROM FieldDefinition"  # noqa: S608
    rf" WHERE EntityDefinition\.QualifiedApiName = 'Contact' AND QualifiedApiName = {_TEXT}",
    re.DOTALL,
)


def rows(query: str, *, org: Org, records: Records) -> list[dict[str, Any]]:
    """The rows that a query finds. Raises ``ApiError``."""
    if query == _ORGANIZATION:
        return [_organization(org)]
    if query == f"{_CAMPAIGNS} ORDER BY Id":
        return [_campaign(one) for one in campaigns(org)]
    if found := _CONTACT.fullmatch(query):
        return [_row("Contact", one.id) for one in records.with_email(org, _read(found[1]))[:2]]
    if found := _CAMPAIGN.fullmatch(query):
        return [_campaign(one) for one in campaigns(org) if one.id[:15] == _id(found[1])[:15]]
    if found := _MEMBER.fullmatch(query):
        members = records.members_of(org, _id(found[1]), _read(found[2]))
        return [_row("CampaignMember", one.id) for one in members[:5]]
    if found := _FIELD.fullmatch(query):
        field = fields.find(_read(found[1]))
        return [{"attributes": {"type": "FieldDefinition"}, **field.defined()}] if field else []
    raise ApiError("MALFORMED_QUERY", "The simulator does not know this query.")


def _read(text: str) -> str:
    """The text that a literal stands for."""

    def meaning(found: re.Match[str]) -> str:
        if found[1] not in _MEANS:
            raise ApiError("MALFORMED_QUERY", f"Invalid string literal. Illegal character sequence '\\{found[1]}'.")
        return _MEANS[found[1]]

    return _ESCAPED.sub(meaning, text)


def _id(text: str) -> str:
    if not re.fullmatch("[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?", text):
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return text


def _row(kind: str, id: str) -> dict[str, Any]:
    return {"attributes": {"type": kind, "url": f"/services/data/v66.0/sobjects/{kind}/{id}"}, "Id": id}


def _campaign(one: Campaign) -> dict[str, Any]:
    return {**_row("Campaign", one.id), "Name": one.name, "IsActive": one.is_active, "Status": one.status}


def _organization(org: Org) -> dict[str, Any]:
    return {
        **_row("Organization", org.id),
        "Name": org.name,
        "IsSandbox": org.is_sandbox,
        "OrganizationType": org.edition,
        "InstanceName": org.instance,
    }
