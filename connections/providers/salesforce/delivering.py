"""What each action does, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from connections.answers import object_of
from connections.provider import Answer, Code, Course, Job, Outcome, Reply
from connections.providers.salesforce import contacts, errors
from connections.providers.salesforce.calls import Org, id_of, literal, org, parsed, records
from connections.providers.salesforce.contacts import Asking, Contact
from connections.providers.salesforce.fields import FIELD

REMOVED_MOST = 5  # members of one campaign with the same address: contacts that were never merged


def deliver(job: Job) -> Course:
    """The action, once it is known where to and about whom."""
    opened = org(job.settings, job.credentials)
    if opened is None:
        return errors.NO_TOKEN
    email = contacts.email_of(job)
    if isinstance(email, Outcome):
        return email
    return (yield from ACTIONS[job.action](opened, email, job))


def _upsert_contact(org: Org, email: str, job: Job) -> Course:
    contact = yield from contacts.find_or_make(org, email, job)
    if isinstance(contact, Outcome):
        return contact
    if contact.made:
        return _done("Salesforce made the contact.", contact)
    fields = contacts.mapped(job)
    if not fields:
        return _done("The contact is in Salesforce already, and nothing else is mapped.", contact)
    failed = yield from contacts.change(org, contact, fields, job)
    return failed or _done("Salesforce updated the contact.", contact)


def _update_property(org: Org, email: str, job: Job) -> Course:
    field, value = job.inputs.get("id", "").strip(), job.inputs.get("value", "").strip()
    if not FIELD.fullmatch(field):
        return errors.NO_FIELD
    contact = yield from contacts.find_or_make(org, email, job, more={field: value})
    if isinstance(contact, Outcome):
        return contact
    if contact.made:
        return _done(f"Salesforce made the contact, with the field {field}.", contact)
    failed = yield from contacts.change(org, contact, {field: value or None}, job)
    return failed or _done(f"Salesforce {'set' if value else 'emptied'} the field {field} of the contact.", contact)


def _add_to_campaign(org: Org, email: str, job: Job) -> Course:
    """Salesforce itself refuses a second membership, so that a repetition does no harm."""
    campaign = id_of(job.inputs.get("id", "").strip(), "701")
    if not campaign:
        return errors.CAMPAIGN_GONE
    contact = yield from contacts.find_or_make(org, email, job)
    if isinstance(contact, Outcome):
        return contact
    reply = yield org.call("POST", "/sobjects/CampaignMember", body={"CampaignId": campaign, "ContactId": contact.id})
    if errors.has(reply, ("DUPLICATE_VALUE",)):
        return _done("The contact is a member of the campaign.", contact, "It was one before.")
    if not isinstance(reply, Answer) or not 200 <= reply.status < 300:
        return _about_campaign(reply, job)
    member = id_of(object_of(parsed(reply)).get("id"))
    return (
        _done("Salesforce added the contact to the campaign.", contact, reference=member)
        if member
        else errors.UNREADABLE
    )


def _remove_from_campaign(org: Org, email: str, job: Job) -> Course:
    """Whoever has the address is taken out; no contact is made for it."""
    campaign = id_of(job.inputs.get("id", "").strip(), "701")
    if not campaign:
        return errors.CAMPAIGN_GONE
    reply = yield org.query(
        f"SELECT Id FROM CampaignMember WHERE CampaignId = {literal(campaign)}"  # noqa: S608
        f" AND Contact.Email = {literal(email)} LIMIT {REMOVED_MOST}"
    )
    if not isinstance(reply, Answer) or reply.status != 200:
        return _about_campaign(reply, job)
    rows = records(reply)
    members = [id_of(row.get("Id")) for row in rows or ()]
    if rows is None or not all(members):
        return errors.UNREADABLE
    failed = yield from _delete(org, members, job)
    if failed:
        return failed
    gone = "Nobody with this e-mail address was a member of it."
    return _done("The contact is not in the campaign.", None, *(() if members else (gone,)))


def _delete(org: Org, members: Sequence[str], job: Job) -> Asking[Outcome | None]:
    for member in members:
        reply = yield org.call("DELETE", f"/sobjects/CampaignMember/{member}")
        done = isinstance(reply, Answer) and 200 <= reply.status < 300
        if not done and not errors.has(reply, ("ENTITY_IS_DELETED", "NOT_FOUND")):  # somebody was faster
            return errors.judge(reply, now=job.now)
    return None


def _about_campaign(reply: Reply, job: Job) -> Outcome:
    """A refusal where the campaign is what may be missing."""
    return errors.CAMPAIGN_GONE if errors.has(reply, errors.NO_SUCH_CAMPAIGN) else errors.judge(reply, now=job.now)


def _done(reason: str, contact: Contact | None, *notes: str, reference: str = "") -> Outcome:
    known = contact.notes if contact else ()
    return Outcome(
        code=Code.DELIVERED,
        reason=reason,
        reference=reference or (contact.id if contact else ""),
        notes=(*known, *notes),
    )


ACTIONS: Mapping[str, Callable[[Org, str, Job], Course]] = {
    "upsert_contact": _upsert_contact,
    "add_to_campaign": _add_to_campaign,
    "remove_from_campaign": _remove_from_campaign,
    "update_property": _update_property,
}
