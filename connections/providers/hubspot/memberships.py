"""Who is on a list: put on it, taken off it, and why HubSpot would not.

Source: https://developers.hubspot.com/docs/api-reference/2026-03/crm/lists/memberships/add-to-list
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from connections import alerts
from connections.answers import list_of, object_of, parsed, text_of
from connections.provider import Answer, Code, Culprit, Job, Outcome, Reply, Step
from connections.providers.hubspot import errors
from connections.providers.hubspot.calls import call
from connections.providers.hubspot.contacts import Contact
from connections.providers.hubspot.lists import PATH, WRITABLE

_GONE = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.RULE,
    reason="HubSpot no longer has {list}: it was deleted.",
    fix="Choose another list in the rule, or restore this one in HubSpot; then send again.",
)
_FILLED = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.RULE,
    reason="HubSpot fills {list} by itself, by its filters: nobody can be put on it or taken off it.",
    fix="Choose a static list in the rule; then send again.",
)
_VANISHED = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="HubSpot did not find the contact when it came to the list: it was merged or deleted at that moment.",
    fix="Nothing needs to be done: it is tried again.",
)

type Changing = Generator[Step, Reply, Outcome]


def add(job: Job, token: str, contact: Contact) -> Changing:
    """Put the contact on the list; whoever is on it stays so."""
    answer = yield from _change(job, token, "add", contact)
    if isinstance(answer, Outcome):
        return answer
    if contact.id in _ids(answer, "recordIdsMissing"):
        return _VANISHED
    # The published name of the field is indeed "recordsIdsAdded".
    if contact.id in _ids(answer, "recordsIdsAdded", "recordIdsAdded"):
        return _done(job, contact, "HubSpot put the contact on {list}.")
    return _done(job, contact, "The contact is on {list}.", "It was on the list before.")


def remove(job: Job, token: str, contact: Contact) -> Changing:
    """Take the contact off the list."""
    answer = yield from _change(job, token, "remove", contact)
    if isinstance(answer, Outcome):
        return answer
    if contact.id in _ids(answer, "recordIdsRemoved"):
        return _done(job, contact, "HubSpot took the contact off {list}.")
    return _done(job, contact, "The contact is not on {list}.", "It was not on the list before.")


def nobody(job: Job) -> Outcome:
    """There is no such contact, so it is on no list."""
    return _named(
        Outcome(
            code=Code.DELIVERED,
            reason="The contact is not on {list}.",
            notes=("HubSpot has no contact with this e-mail address, so there was nothing to take off.",),
        ),
        job,
    )


def _change(job: Job, token: str, verb: str, contact: Contact) -> Generator[Step, Reply, dict[str, Any] | Outcome]:
    path = f"{PATH}/{job.inputs.get('id', '').strip()}/memberships/{verb}"
    reply = yield call("PUT", path, token=token, body=[contact.id])
    if isinstance(reply, Answer) and reply.status == 200:
        return parsed(reply) or errors.UNREADABLE
    outcome = _named(errors.judge(reply, now=job.now, gone=_GONE), job)
    if isinstance(reply, Answer) and reply.status == 400:
        # What exactly HubSpot says of a dynamic list is not written down anywhere: the list itself is asked.
        return (yield from _reconsidered(job, token, outcome))
    return outcome


def _reconsidered(job: Job, token: str, outcome: Outcome) -> Generator[Step, Reply, Outcome]:
    reply = yield call("GET", f"{PATH}/{job.inputs.get('id', '').strip()}", token=token)
    if not isinstance(reply, Answer) or reply.status not in (200, 404):
        return outcome
    said = parsed(reply)
    if reply.status == 404:
        return _named(_GONE, job) if errors.is_ours(said) else outcome
    type = text_of(object_of(said.get("list")).get("processingType"))
    return _named(_FILLED, job) if type and type not in WRITABLE else outcome


def _done(job: Job, contact: Contact, reason: str, *notes: str) -> Outcome:
    return _named(Outcome(code=Code.DELIVERED, reason=reason, reference=contact.id, notes=notes), job)


def _named(outcome: Outcome, job: Job) -> Outcome:
    name = alerts.cut(alerts.one_line(job.inputs.get("name", "")), 80)
    called = f"the list “{name}”" if name else f"the list {job.inputs.get('id', '').strip()}"
    return replace(outcome, reason=outcome.reason.replace("{list}", called))


def _ids(answer: Mapping[str, Any], *keys: str) -> list[str]:
    return [str(one) for key in keys for one in list_of(answer.get(key))]
