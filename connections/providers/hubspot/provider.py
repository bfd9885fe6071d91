"""HubSpot accounts. Source of all addresses: https://developers.hubspot.com/docs/api-reference/2026-03"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connections.provider import (
    Auth,
    Client,
    Code,
    Course,
    Culprit,
    Fault,
    Identification,
    Job,
    Listing,
    Lookup,
    Outcome,
    Provider,
)
from connections.providers.hubspot import actions, contacts, errors, fields, lists, memberships, notes, signing_in

_IDENTIFIER = "The e-mail address is how the contact is found, so it cannot be set. Choose another property."
_EMPTY = Outcome(
    code=Code.MAPPING_ERROR,
    culprit=Culprit.DELIVERY,
    reason="The value came out empty for this event, and HubSpot keeps what it has.",
    fix="Let the event carry the value, or give the rule's value a default.",
)


class HubSpot(Provider):
    """One HubSpot account, signed in to with OAuth."""

    slug = "hubspot"
    name = "HubSpot"
    auth = Auth.OAUTH
    oauth = signing_in.OAUTH
    description = "Keeps contacts in your HubSpot account up to date."
    actions = actions.ALL
    directories = (lists.KIND, fields.KIND)
    usual_paths = {
        "email": ("email", "user.email", "contact.email", "customer.email", "account.email"),
        "firstname": ("first_name", "firstName", "firstname", "user.first_name", "contact.first_name"),
        "lastname": ("last_name", "lastName", "lastname", "user.last_name", "contact.last_name"),
        "phone": ("phone", "phone_number", "user.phone", "contact.phone"),
        "company": ("company.name", "company_name", "company", "organization.name", "account.name"),
        "jobtitle": ("job_title", "jobTitle", "title", "user.job_title"),
        "website": ("website", "company.website", "url"),
        "address": ("address.street", "address.line1", "street"),
        "city": ("city", "address.city"),
        "state": ("state", "address.state", "region"),
        "zip": ("zip", "postal_code", "address.postal_code", "address.zip"),
        "country": ("country", "address.country"),
    }

    def check_inputs(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        """An ID that cannot be one is refused at once; whether there is such a thing, the directory knows."""
        found = inputs.get("id", "").strip()
        if not found:
            return []
        if action == actions.UPDATE.key:
            return _property_faults(found)
        if action in (actions.ADD.key, actions.REMOVE.key) and (not found.isdigit() or not lists.id_in(found)):
            return [Fault(field="id", message="Enter the list's ID: a number, as in the address of the list.")]
        return []

    def identify(self, token: Mapping[str, Any], client: Client) -> Identification:
        return signing_in.identify(token, client)

    def deliver(self, job: Job) -> Course:
        token = job.credentials.get("access_token", "")
        if not token:
            return errors.NO_TOKEN
        outcome = yield from _course(job, token)
        said = contacts.notes_on(job.record) if outcome.delivered and job.action != actions.REMOVE.key else ()
        return replace(outcome, notes=outcome.notes + said)

    def directory(
        self, kind: str, cursor: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Listing:
        token = credentials.get("access_token", "")
        if kind == lists.KIND.key:
            return lists.page(cursor, token=token, scopes=settings.get("scopes") or [])
        return fields.page(token=token)

    def entry_id(self, kind: str, text: str) -> str:
        return lists.id_in(text) if kind == lists.KIND.key else fields.id_in(text)

    def find_entry(
        self, kind: str, text: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Lookup:
        token = credentials.get("access_token", "")
        if kind == lists.KIND.key:
            return lists.find(text, settings=settings, token=token)
        return fields.find(text, token=token)


def _course(job: Job, token: str) -> Course:
    match job.action:
        case actions.REMOVE.key:
            return (yield from _remove(job, token))
        case actions.UPDATE.key:
            return (yield from _update(job, token))
    saved = yield from contacts.save(job, token)
    if isinstance(saved, Outcome):
        return saved
    match job.action:
        case actions.ADD.key:
            return (yield from memberships.add(job, token, saved))
        case actions.NOTE.key:
            outcome = yield from notes.write(job, token, saved)
            return replace(outcome, notes=outcome.notes + notes.notes(job))
    return _told(saved)


def _remove(job: Job, token: str) -> Course:
    """The contact is found and left as it is; where there is none, it is on no list."""
    found = yield from contacts.find(job, token)
    if isinstance(found, Outcome):
        return found
    if found is None:
        return memberships.nobody(job)
    return (yield from memberships.remove(job, token, found))


def _update(job: Job, token: str) -> Course:
    name, value = job.inputs.get("id", "").strip(), contacts.value_of(job.inputs.get("value", ""))
    if not value:
        return _EMPTY
    saved = yield from contacts.save(job, token, extra={name: value})
    return saved if isinstance(saved, Outcome) else _told(saved)


def _told(contact: contacts.Contact) -> Outcome:
    reason = "HubSpot made a new contact." if contact.new else "HubSpot updated the contact."
    return Outcome(code=Code.DELIVERED, reason=reason, reference=contact.id)


def _property_faults(name: str) -> list[Fault]:
    if name == fields.IDENTIFIER:
        return [Fault(field="id", message=_IDENTIFIER)]
    if not fields.id_in(name):
        return [Fault(field="id", message="Enter the property's internal name: letters, digits and underscores.")]
    return []
