"""A note in a contact's timeline. Its text is HTML, and nothing that came with an event can become markup of its own.

Source: https://developers.hubspot.com/docs/api-reference/2026-03/crm/activities/notes/guide
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC
from html import escape
from typing import Any

from connections import alerts
from connections.answers import parsed, text_of
from connections.provider import Answer, Code, Culprit, Failure, Job, Outcome, Reply, Step, Trouble
from connections.providers.hubspot import contacts, errors
from connections.providers.hubspot.calls import VERSION, call

PATH = f"/crm/objects/{VERSION}/notes"
NOTE_TO_CONTACT = 202  # .../crm/associations/associate-records/guide, "Note to contact"
# The whole note is "limited to 65,536 characters". Escaped, the shares below come to fewer, whatever they hold.
TEXT_MOST = 4_000
TITLE_MOST = 200
FACTS_MOST, LABEL_MOST, VALUE_MOST = 20, 80, 300

MAY_SHOW_TWICE = "HubSpot may have kept the note all the same, and then shows it twice: it cannot tell a repetition."
_AMBIGUOUS = (Trouble.TIMEOUT, Trouble.RESET, Trouble.MALFORMED, Trouble.HEADERS_TOO_LARGE)
_VANISHED = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.PROVIDER,
    retry=True,
    reason="HubSpot did not find the contact when it came to the note: it was merged or deleted at that moment.",
    fix="Nothing needs to be done: it is tried again.",
)


def write(job: Job, token: str, contact: contacts.Contact) -> Generator[Step, Reply, Outcome]:
    """Make the note, on the contact."""
    reply = yield call("POST", PATH, token=token, body=_note(job, contact))
    if isinstance(reply, Answer) and reply.status in (200, 201):
        id = text_of(parsed(reply).get("id"))
        if id.isascii() and id.isdigit():
            return Outcome(code=Code.DELIVERED, reason="HubSpot keeps the note on the contact.", reference=id[:20])
        return replace(errors.UNREADABLE, notes=(MAY_SHOW_TWICE,))
    outcome = errors.judge(reply, now=job.now, gone=_VANISHED)
    return replace(outcome, notes=(MAY_SHOW_TWICE,)) if _may_be_there(reply) else outcome


def body_of(job: Job) -> str:
    """The note's HTML: title with severity, text or the event's own values, and where it comes from."""
    parts = [f"<p><strong>{_safe(_headline(job), TITLE_MOST)}</strong></p>", *_said(job)]
    parts.append(f"<p>{_safe(alerts.footer(job), 300)}</p>")
    return "".join(parts)


def notes(job: Job) -> tuple[str, ...]:
    """What of the rule's text is missing from the note, and why."""
    long = len(alerts.tidy(job.inputs.get("template", "")).strip()) > TEXT_MOST
    return (f"The text is longer than {TEXT_MOST:,} characters, so its end is missing.",) if long else ()


def _note(job: Job, contact: contacts.Contact) -> dict[str, Any]:
    """``hs_timestamp`` is when it happened, not when it was sent, so that a retry tells the same."""
    return {
        "properties": {"hs_timestamp": _utc(job), "hs_note_body": body_of(job)},
        "associations": [
            {
                "to": {"id": contact.id},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_CONTACT}],
            }
        ],
    }


def _headline(job: Job) -> str:
    mark = alerts.mark_for(job)
    title = alerts.one_line(job.inputs.get("title", "")) or alerts.readable(job.event.type) or "Event"
    return f"{mark.emoji} {mark.word}: {title}" if mark else title


def _said(job: Job) -> list[str]:
    text = alerts.tidy(job.inputs.get("template", "")).strip()
    if text:
        lines = alerts.cut(text, TEXT_MOST).splitlines()
        return [f"<p>{_safe(line, TEXT_MOST)}</p>" for line in lines if line.strip()]
    facts = alerts.facts(job.event.payload)[:FACTS_MOST]
    return [f"<p>{_safe(label, LABEL_MOST)}: {_safe(value, VALUE_MOST)}</p>" for label, value in facts]


def _safe(text: str, most: int) -> str:
    return escape(alerts.cut(alerts.one_line(text), most))


def _utc(job: Job) -> str:
    return job.event.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _may_be_there(reply: Reply) -> bool:
    return reply.trouble in _AMBIGUOUS if isinstance(reply, Failure) else reply.status >= 500
