"""Salesforce orgs, sandboxes among them. What it does stands in ``delivering.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.provider import (
    Action,
    Auth,
    Client,
    Course,
    Fault,
    Field,
    Identification,
    Job,
    Kind,
    Listing,
    Lookup,
    OAuth2,
    Provider,
)
from connections.providers.salesforce import delivering, directories, signing_in
from connections.providers.salesforce.calls import id_of
from connections.providers.salesforce.fields import FIELD, IDENTIFIER

_CAMPAIGN = Field(
    key="id",
    label="Campaign",
    required=True,
    max_length=18,
    directory=directories.CAMPAIGN.key,
    hint="The campaign's ID, which begins with 701.",
)


class Salesforce(Provider):
    """One Salesforce org, signed in to with OAuth."""

    slug = "salesforce"
    name = "Salesforce"
    auth = Auth.OAUTH
    oauth = signing_in.OAUTH
    description = "Keeps contacts and campaign members in your Salesforce up to date."
    actions = (
        Action(
            key="upsert_contact",
            label="Create or update a contact",
            does="create or update the contact in {connection}",
            description="Finds the contact by its e-mail address, or creates it, and writes what is mapped.",
            max_requests=2,
            record=directories.CONTACT_FIELD.key,
        ),
        Action(
            key="add_to_campaign",
            label="Add to a campaign",
            does="add the contact to {place} in {connection}",
            description="Makes the contact a member of a campaign, and creates the contact if there is none.",
            fields=(_CAMPAIGN,),
            max_requests=3,
            record=directories.CONTACT_FIELD.key,
        ),
        Action(
            key="remove_from_campaign",
            label="Remove from a campaign",
            does="take the contact out of {place} in {connection}",
            description="Takes the contact out of a campaign.",
            fields=(_CAMPAIGN,),
            max_requests=1 + delivering.REMOVED_MOST,
            record=directories.CONTACT_FIELD.key,
        ),
        Action(
            key="update_property",
            label="Set a contact field",
            does="set the field {place} of the contact in {connection}",
            description="Writes one field of the contact, and creates the contact if there is none.",
            fields=(
                Field(
                    key="id",
                    label="Field",
                    required=True,
                    max_length=100,
                    directory=directories.CONTACT_FIELD.key,
                    hint="The field's API name, such as Title or Plan__c.",
                ),
                Field(
                    key="value",
                    label="Value",
                    kind=Kind.TEMPLATE,
                    hint="An empty value empties the field. A picklist takes one of its own values.",
                ),
            ),
            max_requests=2,
            record=directories.CONTACT_FIELD.key,
        ),
    )
    directories = (directories.CAMPAIGN, directories.CONTACT_FIELD)
    usual_paths = {
        "Email": ("email", "user.email", "contact.email", "customer.email", "account.email"),
        "FirstName": ("first_name", "firstName", "user.first_name", "contact.first_name", "customer.first_name"),
        "LastName": ("last_name", "lastName", "user.last_name", "contact.last_name", "customer.last_name"),
        "Phone": ("phone", "user.phone", "contact.phone", "customer.phone"),
        "Title": ("job_title", "user.job_title", "contact.job_title"),
    }

    def check_settings(self, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
        """What is asked before signing in: a My Domain must be one."""
        return signing_in.faults(settings)

    def check_inputs(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        """A campaign is named by its ID, a field by its API name."""
        given = inputs.get("id", "").strip()
        if not given:
            return []
        if action == "update_property":
            return _field_faults(given)
        return [] if id_of(given, "701") else [Fault(field="id", message=_mend(given))]

    def sign_in(self, settings: Mapping[str, Any]) -> OAuth2:
        return signing_in.sign_in(settings)

    def identify(self, token: Mapping[str, Any], client: Client) -> Identification:
        return signing_in.identify(token)

    def deliver(self, job: Job) -> Course:
        return delivering.deliver(job)

    def directory(
        self, kind: str, cursor: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Listing:
        return directories.page(kind, cursor, settings=settings, credentials=credentials)

    def entry_id(self, kind: str, text: str) -> str:
        return directories.entry_id(kind, text)

    def find_entry(
        self, kind: str, text: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Lookup:
        return directories.find(kind, text, settings=settings, credentials=credentials)


def _field_faults(name: str) -> list[Fault]:
    if not FIELD.fullmatch(name):
        return [
            Fault(field="id", message="Enter the field's API name: letters, digits and underscores, such as Plan__c.")
        ]
    if name in ("Id", IDENTIFIER):
        return [Fault(field="id", message="Choose another field: the contact is found by its e-mail address.")]
    return []


def _mend(given: str) -> str:
    if found := directories.entry_id(directories.CAMPAIGN.key, given):
        return f"Enter the campaign's ID alone: {found}."
    return "Choose the campaign from the list or enter its ID: 15 or 18 letters and digits that begin with 701."
