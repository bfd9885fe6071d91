"""The properties of contacts and notes, and what they take (…/api-reference/2026-03/crm/properties/guide)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

VALUE_MOST = 65_536

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z0-9-]{2,}")


@dataclass(frozen=True, slots=True)
class Property:
    """One property as HubSpot describes it."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = "contactinformation"
    options: tuple[tuple[str, str], ...] = ()
    read_only: bool = False
    custom: bool = False
    hidden: bool = False

    def describe(self) -> dict[str, Any]:
        options = [
            {"label": label, "value": value, "displayOrder": order, "hidden": False}
            for order, (value, label) in enumerate(self.options)
        ]
        rules = {"archivable": self.custom, "readOnlyDefinition": not self.custom, "readOnlyValue": self.read_only}
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": "",
            "groupName": self.group,
            "options": options,
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": False,
            "hasUniqueValue": False,
            "hidden": self.hidden,
            "hubspotDefined": not self.custom,
            "formField": True,
            "dataSensitivity": "non_sensitive",
            "archived": False,
            "modificationMetadata": rules,
        }

    def complaint(self, value: str) -> str:
        """HubSpot's word for what is wrong with a value; "" when it is taken. An empty one clears the property."""
        if self.read_only:
            return "READ_ONLY_VALUE"
        if not value:
            return ""
        if len(value) > VALUE_MOST:
            return "STRING_TOO_LONG"
        if self.name == "email" and not _ADDRESS.fullmatch(value):
            return "INVALID_EMAIL"
        return _KINDS.get(self.type, lambda _property, _value: "")(self, value)


def refused(properties: Mapping[str, Any], known: Mapping[str, Property]) -> list[dict[str, Any]]:
    """What HubSpot does not take of the properties, in its own form."""
    words = {
        name: known[name].complaint(str(value)) if name in known else "PROPERTY_DOESNT_EXIST"
        for name, value in properties.items()
    }
    return [
        {"isValid": False, "message": f'Property "{name}": {word}', "error": word, "name": name}
        for name, word in words.items()
        if word
    ]


def _number(_: Property, value: str) -> str:
    return "" if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) else "INVALID_LONG"


def _option(property: Property, value: str) -> str:
    known = {option for option, _ in property.options}
    chosen = value.split(";") if property.field_type == "checkbox" else [value]
    return "" if set(chosen) <= known else "INVALID_OPTION"


def _moment(_: Property, value: str) -> str:
    if value.isdigit():
        return ""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "INVALID_DATE"
    return ""


def _truth(_: Property, value: str) -> str:
    return "" if value in ("true", "false") else "INVALID_OPTION"


_KINDS = {"number": _number, "enumeration": _option, "date": _moment, "datetime": _moment, "bool": _truth}
_STAGES = (("subscriber", "Subscriber"), ("lead", "Lead"), ("opportunity", "Opportunity"), ("customer", "Customer"))
_TOOLS = (("slack", "Slack"), ("email", "E-mail"), ("phone", "Phone"))

CONTACT = (
    Property("email", "Email"),
    Property("firstname", "First Name"),
    Property("lastname", "Last Name"),
    Property("phone", "Phone Number", field_type="phonenumber"),
    Property("company", "Company Name"),
    Property("jobtitle", "Job Title"),
    Property("website", "Website URL"),
    Property("address", "Street Address"),
    Property("city", "City"),
    Property("state", "State/Region"),
    Property("zip", "Postal Code"),
    Property("country", "Country/Region"),
    Property("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", options=_STAGES),
    Property("createdate", "Create Date", "datetime", "date", read_only=True),
    Property("lastmodifieddate", "Last Modified Date", "datetime", "date", read_only=True),
    Property("hs_object_id", "Record ID", "number", "number", read_only=True),
    Property("membership_level", "Membership level", group="beaconry", custom=True),
    Property("seats", "Seats", "number", "number", group="beaconry", custom=True),
    Property("renewal_date", "Renewal date", "date", "date", group="beaconry", custom=True),
    Property("on_trial", "On trial", "bool", "booleancheckbox", group="beaconry", custom=True),
    Property("alert_tools", "Alert tools", "enumeration", "checkbox", "beaconry", options=_TOOLS, custom=True),
    Property("last_alert", "Last alert", field_type="textarea", group="beaconry", custom=True),
)
NOTE = (
    Property("hs_timestamp", "Activity date", "datetime", "date"),
    Property("hs_note_body", "Note body", field_type="html"),
    Property("hubspot_owner_id", "Activity assigned to", "number", "number"),
)

CONTACT_PROPERTIES = {one.name: one for one in CONTACT}
NOTE_PROPERTIES = {one.name: one for one in NOTE}
