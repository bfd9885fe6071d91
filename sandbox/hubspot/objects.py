"""Contacts and notes (…/api-reference/2026-03/crm/objects/contacts and …/crm/activities/notes)."""

from __future__ import annotations

from typing import Any

from sandbox.hubspot.crm import Contact, Crm
from sandbox.hubspot.errors import invalid, invalid_values, not_found
from sandbox.hubspot.properties import CONTACT_PROPERTIES, NOTE_PROPERTIES, refused
from sandbox.hubspot.shapes import a_text, an_object, batch, texts, values
from sandbox.pages import now

NOTE_TO_CONTACT = 202
UNIQUE = ("email",)


def upsert(crm: Crm, parsed: Any) -> dict[str, Any]:
    """``contacts/batch/upsert``: all of it is checked before any of it is written."""
    asked = an_object(parsed, required=["inputs"])
    rows = [_row(one, where=f"inputs[{number}]") for number, one in enumerate(batch(asked))]
    ids = [row["id"].lower() for row in rows]
    if len(set(ids)) < len(ids):
        raise invalid("Duplicate IDs found in batch input: each record can be written once in a call")
    found = [bad for row in rows for bad in refused({**row["properties"], "email": row["id"]}, CONTACT_PROPERTIES)]
    if found:
        raise invalid_values(found)
    return _complete([_written(crm, row) for row in rows])


def read(crm: Crm, parsed: Any) -> tuple[int, dict[str, Any]]:
    """``contacts/batch/read``: 207 when some are not there."""
    required = ["inputs", "properties", "propertiesWithHistory"]
    asked = an_object(parsed, required=required, optional=["idProperty"])
    shown = texts(asked["properties"], where="properties")
    by_email = _id_property(asked) == "email"
    ids = [a_text(an_object(one, required=["id"])["id"], where="id") for one in batch(asked)]
    contacts = {id: crm.find(id) if by_email else crm.contacts.get(id) for id in ids}
    results = [_described(contact, shown) for contact in contacts.values() if contact]
    missing = [id for id, contact in contacts.items() if contact is None]
    answer = _complete(results)
    if not missing:
        return 200, answer
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some CONTACT objects, they may be deleted or not exist.",
        "context": {"ids": missing},
        "errors": [],
        "links": {},
    }
    return 207, {**answer, "numErrors": 1, "errors": [error]}


def note(crm: Crm, parsed: Any) -> dict[str, Any]:
    """``POST notes``."""
    asked = an_object(parsed, required=["properties", "associations"])
    told = values(asked["properties"], where="properties")
    if not told.get("hs_timestamp"):
        raise invalid('Property "hs_timestamp" is required', context={"propertyName": ["hs_timestamp"]})
    if found := refused(told, NOTE_PROPERTIES):
        raise invalid_values(found)
    made = crm.note(told.get("hs_note_body", ""), told["hs_timestamp"], _associated(crm, asked["associations"]))
    return {
        "id": made.id,
        "properties": told,
        "createdAt": made.received_at,
        "updatedAt": made.received_at,
        "archived": False,
    }


def _row(value: Any, *, where: str) -> dict[str, Any]:
    row = an_object(value, required=["id", "properties"], optional=["idProperty", "objectWriteTraceId"], where=where)
    a_text(row["id"], where=f"{where}.id")
    a_text(row.get("objectWriteTraceId", ""), where=f"{where}.objectWriteTraceId")
    values(row["properties"], where=f"{where}.properties")
    if _id_property(row) not in UNIQUE:
        raise invalid("Unable to perform update/upsert by non-unique 0-1 property")
    return row


def _id_property(row: dict[str, Any]) -> str:
    return a_text(row.get("idProperty", ""), where="idProperty")


def _written(crm: Crm, row: dict[str, Any]) -> dict[str, Any]:
    contact, new = crm.upsert(row["id"], row["properties"])
    trace = {"objectWriteTraceId": row["objectWriteTraceId"]} if "objectWriteTraceId" in row else {}
    return {**_described(contact, [*row["properties"], "email"]), "new": new, **trace}


def _described(contact: Contact, shown: list[str]) -> dict[str, Any]:
    return {
        "id": contact.id,
        "properties": {name: contact.properties.get(name) for name in shown},
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
        "archived": False,
    }


def _complete(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": "COMPLETE", "results": results, "startedAt": now(), "completedAt": now()}


def _associated(crm: Crm, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise invalid("associations must be a list")
    return tuple(_contact(crm, one) for one in value)


def _contact(crm: Crm, value: Any) -> str:
    association = an_object(value, required=["to", "types"], where="associations")
    id = a_text(an_object(association["to"], required=["id"])["id"], where="to.id")
    for type in association["types"] if isinstance(association["types"], list) else [None]:
        told = an_object(type, required=["associationCategory", "associationTypeId"], where="types")
        if told != {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_CONTACT}:
            raise invalid("One or more association types are not valid between 0-46 and 0-1")
    if id not in crm.contacts:
        raise not_found(f"No contact with ID {id} exists")
    return id
