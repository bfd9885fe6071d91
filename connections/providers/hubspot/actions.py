"""What a rule can do in a HubSpot account, and how fast."""

from __future__ import annotations

from connections import alerts
from connections.provider import Action, Field, Kind, Pace
from connections.providers.hubspot import contacts, fields, lists, notes

# An app has 110 calls in ten seconds for each account that connected it; the rest is for directories and sign-ins.
# Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
CALLS_PER_SECOND = 9
CALLS_MOST = 3  # the contact, the list, and a second look at a list that was refused
# One pace for all: the actions of a connection share its lane.
PACE = Pace(per_second=CALLS_PER_SECOND / CALLS_MOST)

_LIST = Field(
    key="id",
    label="List",
    required=True,
    max_length=20,
    directory=lists.KIND.key,
    hint="A static list of contacts. Lists that HubSpot fills by itself cannot be chosen.",
)

UPSERT = Action(
    key="upsert_contact",
    label="Create or update a contact",
    does="create or update the contact in {connection}",
    description="Finds the contact by its e-mail address, and fills in what the field mapping takes from the event.",
    pace=PACE,
    record=fields.KIND.key,
)
ADD = Action(
    key="add_to_list",
    label="Add to a list",
    does="put the contact on the list {place} in {connection}",
    description="Creates or updates the contact, and puts it on a static list.",
    fields=(_LIST,),
    pace=PACE,
    max_requests=3,
    record=fields.KIND.key,
)
REMOVE = Action(
    key="remove_from_list",
    label="Remove from a list",
    does="take the contact off the list {place} in {connection}",
    description="Takes the contact off a static list. Nothing else of it is changed.",
    fields=(_LIST,),
    pace=PACE,
    max_requests=3,
    record=fields.KIND.key,
)
UPDATE = Action(
    key="update_property",
    label="Set a property",
    does="set the field {place} of the contact in {connection}",
    description="Creates or updates the contact, and sets one property of it to what you say.",
    fields=(
        Field(
            key="id",
            label="Property",
            required=True,
            max_length=100,
            directory=fields.KIND.key,
            hint="A property of contacts, by its internal name.",
        ),
        Field(
            key="value",
            label="Value",
            kind=Kind.TEMPLATE,
            required=True,
            fits=contacts.VALUE_MOST,
            hint="For a choice, the internal value of one of its options.",
        ),
    ),
    pace=PACE,
    record=fields.KIND.key,
)
NOTE = Action(
    key="add_note",
    label="Add a note",
    does="add a note to the contact in {connection}",
    description="Creates or updates the contact, and writes the alert into its timeline.",
    fields=(
        Field(key="title", label="Title", kind=Kind.TEMPLATE, default=alerts.TITLE, fits=notes.TITLE_MOST),
        Field(
            key="template",
            label="Text",
            kind=Kind.TEMPLATE,
            default=alerts.MESSAGE,
            max_length=10_000,
            fits=notes.TEXT_MOST,
            hint="A note without a text shows the event's own values.",
        ),
    ),
    pace=PACE,
    max_requests=2,
    record=fields.KIND.key,
)

ALL = (UPSERT, ADD, REMOVE, UPDATE, NOTE)
