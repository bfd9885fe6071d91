"""A contact, found, made and changed by its e-mail address.

Source: https://developers.hubspot.com/docs/api-reference/2026-03/crm/objects/contacts/guide, "Upsert contacts" and
"Retrieve contacts". HubSpot's own example leaves the address out of the properties: it is the ``id``. Values that are
not told of stay as they are in HubSpot, and an empty one is not told of, so that no event can wipe anything out.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connections import alerts
from connections.answers import list_of, object_of, parsed, text_of
from connections.provider import Answer, Code, Culprit, Job, Outcome, Reply, Step
from connections.providers.hubspot import errors
from connections.providers.hubspot.calls import VERSION, call

PATH = f"/crm/objects/{VERSION}/contacts"
EMAIL = "email"
EMAIL_MOST = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
VALUE_MOST = 65_536  # "limited to 65,536 characters"

_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_ID = re.compile("[0-9]{1,20}")
_PROPERTY = re.compile("[A-Za-z][A-Za-z0-9_]{0,99}")

UNMAPPED = Outcome(
    code=Code.MAPPING_ERROR,
    culprit=Culprit.RULE,
    reason="The field mapping gave no e-mail address for this event, so the contact cannot be found.",
    fix="Map the place where the event carries it to the e-mail address, or narrow the rule to events that have one.",
)
_LACKING = Outcome(
    code=Code.MAPPING_ERROR,
    culprit=Culprit.DELIVERY,
    reason="The event has an empty e-mail address where the field mapping looks, so the contact cannot be found.",
    fix="Let the event carry it, or narrow the rule to events that do.",
)
_NO_ADDRESS = Outcome(
    code=Code.MAPPING_ERROR,
    culprit=Culprit.DELIVERY,
    reason="What the field mapping takes for the e-mail address is none.",
    fix="Correct it where it comes from, or map another value to the e-mail address.",
)


@dataclass(frozen=True, slots=True)
class Contact:
    """The contact in HubSpot; ``new`` when it was made just now."""

    id: str
    new: bool = False


type Saving = Generator[Step, Reply, Contact | Outcome]
type Finding = Generator[Step, Reply, Contact | Outcome | None]


def save(job: Job, token: str, *, extra: Mapping[str, str] | None = None) -> Saving:
    """Make or change the contact with the record, and ``extra`` on top; a repetition changes nothing more.

    ``objectWriteTraceId`` ties HubSpot's answer, and any error in it, to the delivery.
    """
    email = address_of(job.record)
    if isinstance(email, Outcome):
        return email
    told = {
        "id": email,
        "idProperty": EMAIL,
        "objectWriteTraceId": str(job.delivery_id),
        "properties": {**properties_of(job.record), **(extra or {})},
    }
    reply = yield call("POST", f"{PATH}/batch/upsert", token=token, body={"inputs": [told]})
    return _saved(reply, job)


def find(job: Job, token: str) -> Finding:
    """The contact with the record's address; None when there is none.

    A batch of one, so that the address stands in the body: addresses of requests end up in logs.
    """
    email = address_of(job.record)
    if isinstance(email, Outcome):
        return email
    asked = {"idProperty": EMAIL, "inputs": [{"id": email}], "properties": [EMAIL], "propertiesWithHistory": []}
    reply = yield call("POST", f"{PATH}/batch/read", token=token, body=asked)
    return _found(reply, job)


def address_of(record: Mapping[str, Any]) -> str | Outcome:
    """The e-mail address; an empty one is the event's lack, none at all the mapping's, which alone makes a null."""
    if record.get(EMAIL) is None:
        return UNMAPPED
    email = alerts.tidy(str(record[EMAIL])).strip()
    if not email:
        return _LACKING
    return email if len(email) <= EMAIL_MOST and _ADDRESS.fullmatch(email) else _NO_ADDRESS


def properties_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The record as HubSpot takes it: every value a text."""
    told = {name: value_of(value) for name, value in record.items() if name != EMAIL and _PROPERTY.fullmatch(name)}
    return {name: text for name, text in told.items() if text}


def value_of(value: Any) -> str:
    """A text, number, boolean or None as a property's value; numbers without exponents or separators.

    Source: https://developers.hubspot.com/changelog/upcoming-increased-validation-for-contact-updates-made-through-apis
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return _plain(Decimal(str(value)))
    return alerts.cut(alerts.tidy(str(value)).strip(), VALUE_MOST)


def notes_on(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What of the record is missing in HubSpot, and why."""
    long = [name for name, value in record.items() if isinstance(value, str) and len(value.strip()) > VALUE_MOST]
    words = "is longer than 65,536 characters, so its end is missing."
    return tuple(f"The value of {name} {words}" for name in long)


def _plain(number: Decimal) -> str:
    return format(number, "f") if number.is_finite() else ""


def _saved(reply: Reply, job: Job) -> Contact | Outcome:
    """200, or 201 when it was made; 207 holds what went wrong besides."""
    if not isinstance(reply, Answer) or reply.status not in (200, 201, 207):
        return errors.judge(reply, now=job.now)
    said = parsed(reply)
    if wrong := list_of(said.get("errors")):
        return errors.judge_part(object_of(wrong[0]), reply, now=job.now)
    return _first(said) or errors.UNREADABLE


def _found(reply: Reply, job: Job) -> Contact | Outcome | None:
    """None has to be said outright: an answer that cannot be read is not taken for "there is none"."""
    if not isinstance(reply, Answer) or reply.status not in (200, 207):
        return errors.judge(reply, now=job.now)
    said = parsed(reply)
    if wrong := [object_of(one) for one in list_of(said.get("errors"))]:
        missing = wrong[0].get("category") == "OBJECT_NOT_FOUND"
        return None if missing else errors.judge_part(wrong[0], reply, now=job.now)
    if said.get("results") == [] and said.get("status") == "COMPLETE":
        return None
    return _first(said) or errors.UNREADABLE


def _first(said: Mapping[str, Any]) -> Contact | None:
    found = next((object_of(one) for one in list_of(said.get("results"))), {})
    id = text_of(found.get("id"))
    return Contact(id, new=found.get("new") is True) if _ID.fullmatch(id) else None
