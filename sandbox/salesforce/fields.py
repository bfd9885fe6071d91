"""The fields of a contact, how they are described, and what they take."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.refusals import ApiError


@dataclass(frozen=True, slots=True)
class ContactField:
    """One field: Salesforce's own word for its type, and for a definition its word there."""

    name: str
    label: str
    type: str = "string"
    data_type: str = "Text(80)"
    length: int = 80
    required: bool = False
    writable: bool = True
    values: tuple[str, ...] = ()
    restricted: bool = False

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "length": self.length,
            "createable": self.writable,
            "updateable": self.writable,
            "nillable": not self.required,
            "defaultedOnCreate": self.type == "boolean",
            "custom": self.name.endswith("__c"),
            "restrictedPicklist": self.restricted,
            "picklistValues": [
                {"value": value, "label": value, "active": True, "defaultValue": False} for value in self.values
            ],
        }

    def defined(self) -> dict[str, Any]:
        return {
            "QualifiedApiName": self.name,
            "Label": self.label,
            "DataType": self.data_type,
            "IsNillable": not self.required,
        }


FIELDS = (
    ContactField("Id", "Contact ID", "id", "Lookup()", 18, required=True, writable=False),
    ContactField("LastName", "Last Name", "string", "Name", required=True),
    ContactField("FirstName", "First Name", "string", "Name", 40),
    ContactField("Name", "Full Name", "string", "Name", 121, required=True, writable=False),
    ContactField("Email", "Email", "email", "Email"),
    ContactField("Phone", "Business Phone", "phone", "Phone", 40),
    ContactField("Title", "Title", "string", "Text(128)", 128),
    ContactField("Department", "Department", "string", "Text(80)"),
    ContactField("Birthdate", "Birthdate", "date", "Date", 0),
    ContactField("HasOptedOutOfEmail", "Email Opt Out", "boolean", "Checkbox", 0, required=True),
    ContactField(
        "Level__c", "Level", "picklist", "Picklist", 255, values=("bronze", "silver", "gold"), restricted=True
    ),
    ContactField("LeadSource", "Lead Source", "picklist", "Picklist", 255, values=("Web", "Phone", "Referral")),
    ContactField(
        "Interests__c", "Interests", "multipicklist", "Picklist (Multi-Select)", 4_099, values=("Mining", "Wine")
    ),
    ContactField("Seats__c", "Seats", "double", "Number(18, 0)", 0),
    ContactField("Last_Alert__c", "Last Alert", "string", "Text(255)", 255),
    ContactField("Last_Alert_At__c", "Last Alert At", "datetime", "Date/Time", 0),
    ContactField("MailingAddress", "Mailing Address", "address", "Address", 0, writable=False),
    ContactField("LastModifiedDate", "Last Modified Date", "datetime", "Date/Time", 0, required=True, writable=False),
)
_BY_NAME = {field.name.lower(): field for field in FIELDS}
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_DATE = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)"),
}


def find(name: str) -> ContactField | None:
    """By its API name, in which Salesforce does not heed case."""
    return _BY_NAME.get(name.lower())


def taken(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is written, by the fields' own names. Raises ``ApiError`` as Salesforce refuses it."""
    return {
        field.name: _value(field, value) for field, value in ((_known(name), value) for name, value in given.items())
    }


def _known(name: str) -> ContactField:
    field = find(name)
    if field is None:
        raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type Contact")
    if not field.writable:
        raise ApiError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {field.name}. Please check the security settings of this field and verify"
            " that it is read/write for your profile or permission set.",
            fields=[field.name],
        )
    return field


def _value(field: ContactField, value: Any) -> Any:
    if value is None or value == "":
        if field.required and field.type != "boolean":
            raise ApiError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", fields=[field.name]
            )
        return None
    match field.type:
        case "boolean":
            return _boolean(value)
        case "double":
            return _number(value)
        case "date" | "datetime":
            return _moment(field, value)
    return _text(field, value)


def _text(field: ContactField, value: Any) -> str:
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > field.length:
        words = f"{field.label}: data value too large: {text[:40]} (max length={field.length})"
        raise ApiError("STRING_TOO_LONG", words, fields=[field.name])
    if field.type == "email" and not _EMAIL.fullmatch(text):
        raise ApiError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", fields=[field.name])
    if field.restricted and text not in field.values:
        words = f"{field.label}: bad value for restricted picklist field: {text}"
        raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", words, fields=[field.name])
    return text


def _boolean(value: Any) -> bool:
    if value in (True, "true", "false", False):
        return value in (True, "true")
    raise ApiError("JSON_PARSER_ERROR", f"Cannot deserialize instance of boolean from VALUE_STRING value {value}")


def _number(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if isinstance(value, bool) or not math.isfinite(found):
        raise ApiError("JSON_PARSER_ERROR", f"Cannot deserialize instance of double from VALUE_STRING value {value}")
    return found


def _moment(field: ContactField, value: Any) -> str:
    if isinstance(value, str) and _DATE[field.type].fullmatch(value):
        return value
    raise ApiError("JSON_PARSER_ERROR", f"Cannot deserialize instance of {field.type} from VALUE_STRING value {value}")
