"""Contacts in segments. Source: https://resend.com/docs/api-reference/contacts/add-contact-to-segment"""

from __future__ import annotations

from urllib.parse import quote

from connections import alerts
from connections.answers import parsed, text_of
from connections.provider import Answer, Code, Course, Job, Outcome, Reply
from connections.providers.resend import errors, recipients
from connections.providers.resend.calls import call

NAME_MOST = 100
_WHAT = "segment"


def add(job: Job) -> Course:
    """Into the segment; somebody whom Resend does not know yet becomes a contact in it."""
    key, email = job.credentials.get("api_key", ""), recipients.only(job.inputs.get("email", ""))
    if not key or not email:
        return recipients.NOBODY if key else errors.NO_KEY
    reply = yield call("POST", _path(job, email), key=key)
    if not _is(reply, 404):
        return _read(reply, job, "The contact is in the segment.")
    # Objects: the published description says texts, and those are refused.
    # Source: https://github.com/resend/resend-openapi/pull/110
    body = {"email": email, **_names(job), "segments": [{"id": job.inputs.get("id", "").strip()}]}
    made = yield call("POST", "/contacts", key=key, body=body)
    return _read(made, job, "The contact was made and is in the segment.")


def remove(job: Job) -> Course:
    """Out of the segment; whom Resend does not know is not in it."""
    key, email = job.credentials.get("api_key", ""), recipients.only(job.inputs.get("email", ""))
    if not key or not email:
        return recipients.NOBODY if key else errors.NO_KEY
    reply = yield call("DELETE", _path(job, email), key=key)
    if _is(reply, 404) and isinstance(reply, Answer) and "contact" in text_of(parsed(reply).get("message")).lower():
        return Outcome(code=Code.DELIVERED, reason="Resend has no such contact, so it is not in the segment.")
    return _read(reply, job, "The contact is no longer in the segment.")


def _path(job: Job, email: str) -> str:
    return f"/contacts/{quote(email, safe='@')}/segments/{quote(job.inputs.get('id', '').strip(), safe='')}"


def _names(job: Job) -> dict[str, str]:
    found = {key: alerts.one_line(job.inputs.get(key, "")) for key in ("first_name", "last_name")}
    return {key: alerts.cut(value, NAME_MOST) for key, value in found.items() if value}


def _read(reply: Reply, job: Job, said: str) -> Outcome:
    if isinstance(reply, Answer) and 200 <= reply.status < 300:
        return Outcome(code=Code.DELIVERED, reason=said)
    return errors.read(reply, now=job.now, what=_WHAT)


def _is(reply: Reply, status: int) -> bool:
    return isinstance(reply, Answer) and reply.status == status
