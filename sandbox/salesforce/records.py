"""What the orgs hold: contacts, campaigns and who is a member of them. Contacts appear as they are written."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.pages import now
from sandbox.salesforce import fields
from sandbox.salesforce.orgs import ORGS, Org
from sandbox.salesforce.refusals import ApiError

CAMPAIGNS = (
    ("Spring trial", True, "In Progress"),
    ("Onboarding", True, "In Progress"),
    ("Usage alerts", True, "In Progress"),
    ("Win back", True, "Planned"),
    ("Old newsletter", False, "Completed"),
)


@dataclass(slots=True)
class Contact:
    """One contact. ``changed`` counts writes, so that the one that was changed last is known."""

    id: str
    org_id: str
    values: dict[str, Any]
    changed: int
    changed_at: str

    @property
    def email(self) -> str:
        return str(self.values.get("Email") or "")

    @property
    def name(self) -> str:
        return " ".join(str(self.values[key]) for key in ("FirstName", "LastName") if self.values.get(key))


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign."""

    id: str
    name: str
    is_active: bool
    status: str


@dataclass(frozen=True, slots=True)
class Member:
    """A contact in a campaign."""

    id: str
    org_id: str
    campaign_id: str
    contact_id: str


@dataclass(slots=True)
class Records:
    """Everything, in memory. ``version`` changes with each write and differs between two processes."""

    contacts: dict[str, Contact] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    _deleted: set[str] = field(default_factory=set)
    _writes: int = 0
    _process: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def version(self) -> str:
        return f"{self._process}-{self._writes}"

    def clear(self) -> None:
        self._writes += 1
        self._deleted |= set(self.contacts) | set(self.members)
        self.contacts.clear()
        self.members.clear()

    # ----------------------------------------------------------------- contacts

    def of(self, org: Org) -> list[Contact]:
        """The org's contacts, those that were changed last first."""
        found = [contact for contact in self.contacts.values() if contact.org_id == org.id]
        return sorted(found, key=lambda contact: -contact.changed)

    def with_email(self, org: Org, email: str) -> list[Contact]:
        return [contact for contact in self.of(org) if contact.email.lower() == email.lower()]

    def create(self, org: Org, given: Mapping[str, Any]) -> Contact:
        values = {name: value for name, value in fields.taken(given).items() if value is not None}
        if "LastName" not in values:
            raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", fields=["LastName"])
        contact = Contact(_id("003"), org.id, values, self._wrote(), now())
        self.contacts[contact.id] = contact
        return contact

    def update(self, org: Org, id: str, given: Mapping[str, Any]) -> None:
        contact = self._contact(org, id)
        contact.values |= fields.taken(given)
        contact.changed, contact.changed_at = self._wrote(), now()

    def delete(self, org: Org, kind: str, id: str) -> None:
        """Delete a contact with its memberships, or one membership."""
        if kind == "Contact":
            del self.contacts[self._contact(org, id).id]
            for member in [one for one in self.members.values() if one.contact_id == id]:
                del self.members[member.id]
        elif id in self.members and self.members[id].org_id == org.id:
            del self.members[id]
        else:
            raise self._missing(id)
        self._deleted.add(id)
        self._wrote()

    # ----------------------------------------------------------------- campaigns

    def join(self, org: Org, given: Mapping[str, Any]) -> Member:
        """Make a contact a member. A second time is refused, as Salesforce does since version 16."""
        if unknown := set(given) - {"CampaignId", "ContactId"}:
            raise ApiError("INVALID_FIELD", f"No such column '{min(unknown)}' on sobject of type CampaignMember")
        contact, campaign = self._contact(org, str(given.get("ContactId"))), str(given.get("CampaignId"))
        if campaign not in {one.id for one in campaigns(org)}:
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=["CampaignId"])
        if any((one.campaign_id, one.contact_id) == (campaign, contact.id) for one in self.members.values()):
            raise ApiError("DUPLICATE_VALUE", "Already a campaign member.")
        member = Member(_id("00v"), org.id, campaign, contact.id)
        self.members[member.id] = member
        self._wrote()
        return member

    def members_of(self, org: Org, campaign_id: str, email: str = "") -> list[Member]:
        found = [one for one in self.members.values() if (one.org_id, one.campaign_id) == (org.id, campaign_id)]
        return [one for one in found if not email or self.contacts[one.contact_id].email.lower() == email.lower()]

    def _contact(self, org: Org, id: str) -> Contact:
        contact = self.contacts.get(id)
        if contact is None or contact.org_id != org.id:
            raise self._missing(id)
        return contact

    def _missing(self, id: str) -> ApiError:
        if id in self._deleted:
            return ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return ApiError("NOT_FOUND", "The requested resource does not exist", status=404)

    def _wrote(self) -> int:
        self._writes += 1
        return self._writes


def campaigns(org: Org) -> list[Campaign]:
    """The org's campaigns, in the order of their ids; the same at every start."""
    number = [one.id for one in ORGS].index(org.id)
    generated = [(f"Campaign {one:05d}", True, "In Progress") for one in range(org.generated_campaigns)]
    return [
        Campaign(f"7015f0000{number:02d}{place:05d}AA", *told) for place, told in enumerate([*CAMPAIGNS, *generated])
    ]


def _id(prefix: str) -> str:
    return f"{prefix}5f{secrets.token_hex(5)[:7].upper()}{secrets.token_hex(3).upper()}"
