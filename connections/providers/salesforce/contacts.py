"""Find a contact by its e-mail address, make it, change it.

A repeated attempt makes no second contact, because it looks first: a query sees what was committed before it, so that
what a lost answer left behind is found. Race: two deliveries of one new person look at the same moment, and both make
it. Only a unique field of the customer's own could close that; a duplicate rule of the org stops the second one, which
then finds the first on its next attempt.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from connections import alerts
from connections.answers import object_of
from connections.provider import Answer, Code, Culprit, Job, Outcome, Reply, Step
from connections.providers.salesforce import errors
from connections.providers.salesforce.calls import Org, id_of, literal, parsed, records
from connections.providers.salesforce.fields import FIELD, IDENTIFIER

EMAIL_MOST = 80  # characters, Salesforce's own limits. Source: object reference of Contact
LAST_NAME_MOST = 80
PREFIX = "003"

_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+\.[^\s@.\x00-\x1f\x7f]+")
_SEVERAL = "Several contacts have this e-mail address; the one that was changed last was taken."

type Asking[Result] = Generator[Step, Reply, Result]


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that there is now. ``made`` says that there was none before."""

    id: str
    made: bool = False
    notes: tuple[str, ...] = ()


def email_of(job: Job) -> str | Outcome:
    """The address that the contact is found by, from what is mapped."""
    email = str(job.record.get("Email") or "").strip()
    if not email:
        return _unmapped(
            "The event has no e-mail address for the contact, so nothing was sent.",
            "Map the field Email in the connection to where the address stands in the event.",
        )
    if len(email) > EMAIL_MOST or not _EMAIL.fullmatch(email):
        shown = alerts.cut(alerts.one_line(email), 60)
        return _unmapped(
            f"What is mapped to the field Email is no address that Salesforce takes ({shown}), so nothing was sent.",
            "Correct the mapping of the field Email, or the address where it comes from.",
        )
    return email


def find(org: Org, email: str, job: Job) -> Asking[Contact | Outcome | None]:
    """The contact with the address: of several the one that was changed last, None if there is none.

    Salesforce compares e-mail addresses without regard to case.
    """
    reply = yield org.query(
        f"SELECT Id FROM Contact WHERE Email = {literal(email)} ORDER BY LastModifiedDate DESC LIMIT 2"  # noqa: S608
    )
    if not isinstance(reply, Answer) or reply.status != 200:
        return errors.judge(reply, now=job.now)
    rows = records(reply)
    ids = [id_of(row.get("Id"), PREFIX) for row in rows or ()]
    if rows is None or not all(ids):
        return errors.UNREADABLE
    return Contact(ids[0], notes=(_SEVERAL,) if len(ids) > 1 else ()) if ids else None


def find_or_make(org: Org, email: str, job: Job, *, more: Mapping[str, Any] | None = None) -> Asking[Contact | Outcome]:
    """The contact with the address. One that is made gets what is mapped, and ``more``."""
    found = yield from find(org, email, job)
    if found is not None:
        return found
    return (yield from _make(org, email, job, more or {}))


def change(org: Org, contact: Contact, fields: Mapping[str, Any], job: Job) -> Asking[Outcome | None]:
    """Write these fields; None when it was done. None as a value empties its field."""
    reply = yield org.call("PATCH", f"/sobjects/Contact/{contact.id}", body=dict(fields))
    done = isinstance(reply, Answer) and 200 <= reply.status < 300
    return None if done else errors.judge(reply, now=job.now)


def mapped(job: Job) -> dict[str, Any]:
    """What is mapped, without the address that the contact is found by."""
    return {key: value for key, value in job.record.items() if FIELD.fullmatch(key) and key not in ("Id", IDENTIFIER)}


def _make(org: Org, email: str, job: Job, more: Mapping[str, Any]) -> Asking[Contact | Outcome]:
    fields = {key: value for key, value in {**mapped(job), **more}.items() if value not in (None, "")}
    notes = () if fields.get("LastName") else (_stands_in(email),)
    body = {"LastName": _last_name(email), **fields, "Email": email}
    reply = yield org.call("POST", "/sobjects/Contact", body=body)
    if not isinstance(reply, Answer) or not 200 <= reply.status < 300:
        return errors.judge(reply, now=job.now)
    id = id_of(object_of(parsed(reply)).get("id"), PREFIX)
    return Contact(id, made=True, notes=notes) if id else errors.UNREADABLE


def _last_name(email: str) -> str:
    """Salesforce takes no contact without one, and the part before the @ is what people are told apart by."""
    return email.partition("@")[0][:LAST_NAME_MOST]


def _stands_in(email: str) -> str:
    name = alerts.one_line(_last_name(email))
    return f"Salesforce requires a last name, and none is mapped: {name}, from the e-mail address, stands in for it."


def _unmapped(reason: str, fix: str) -> Outcome:
    return Outcome(code=Code.MAPPING_ERROR, culprit=Culprit.RULE, reason=reason, fix=fix)
