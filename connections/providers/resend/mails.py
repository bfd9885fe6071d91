"""The two ways to send a mail: one of the account's templates, filled in, or our own.

Source: https://resend.com/docs/api-reference/emails/send-email
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import quote

from connections import alerts, alerts_by_mail
from connections.answers import parsed, text_of
from connections.provider import Answer, Code, Course, Culprit, Job, Mail, Outcome, Reply, Request, Step
from connections.providers.resend import errors, recipients
from connections.providers.resend.calls import call, objects_in

TAG = "jackfield_delivery"
# Of a template's variables. Source: https://resend.com/docs/api-reference/emails/send-email, "template"
VALUE_MOST = 2_000  # characters
NUMBER_MOST = 2**53 - 1
_VARIABLE = re.compile("[A-Za-z0-9_]{1,50}")

_UNREAD = "The API key may not read templates, so only the variables of the rule were filled in."


def send_email(job: Job) -> Course:
    """A mail with the alert in it, as text and as HTML."""
    content = {
        "subject": alerts_by_mail.subject(job),
        "text": alerts_by_mail.text(job),
        "html": alerts_by_mail.html(job),
        "headers": dict(alerts_by_mail.HEADERS),
    }
    outcome = yield from _send(job, content)
    return replace(outcome, notes=alerts_by_mail.notes(job))


def send_template(job: Job) -> Course:
    """A template, with the variables that it declares. Reading it first tells what is missing before it is sent."""
    if not (key := job.credentials.get("api_key", "")):
        return errors.NO_KEY
    id = job.inputs.get("id", "").strip()
    reply = yield call("GET", f"/templates/{quote(id, safe='')}", key=key)
    if not _is_ok(reply) and errors.name_of(reply) != "restricted_api_key":
        return errors.read(reply, now=job.now)
    known = _is_ok(reply)
    declared = objects_in(parsed(reply).get("variables")) if isinstance(reply, Answer) and known else []
    variables = _variables(job, declared)
    if missing := _missing(declared, variables):
        return _unfilled(missing)
    subject = alerts.cut(alerts.one_line(job.inputs.get("subject", "")), alerts_by_mail.SUBJECT_MOST)
    # A template has a subject of its own; the API asks for one in its description, and takes a mail without.
    content = {"template": {"id": id, "variables": variables}, **({"subject": subject} if subject else {})}
    outcome = yield from _send(job, content)
    return outcome if known else replace(outcome, notes=(*outcome.notes, _UNREAD))


def seen_as(step: Step) -> Step:
    """The mail that a request would send, where it is made by us; else the request."""
    try:
        body = json.loads(step.body) if isinstance(step, Request) and step.body else {}
    except ValueError:
        return step
    if not body.get("text"):
        return step
    return Mail(tuple(body["to"]), body["subject"], body["text"], body["html"], message_id="")


def _send(job: Job, content: Mapping[str, Any]) -> Generator[Step, Reply, Outcome]:
    key, to = job.credentials.get("api_key", ""), recipients.split(job.inputs.get("to", ""))
    sender = (job.inputs.get("from", "") or job.settings.get("from", "")).strip()
    if not key:
        return errors.NO_KEY
    if not to:
        return recipients.NOBODY
    if not sender and "template" not in content:
        return recipients.NO_SENDER
    body = {
        **({"from": sender} if sender else {}),
        "to": to,
        **content,
        "tags": [{"name": TAG, "value": str(job.delivery_id)}],  # comes back with a bounce: see hooks.py
    }
    reply = yield _request(job, key, body)
    if not _is_ok(reply):
        return errors.read(reply, now=job.now)
    return _taken(reply)


def _request(job: Job, key: str, body: Mapping[str, Any]) -> Request:
    return call("POST", "/emails", key=key, body=body, idempotency=str(job.delivery_id))


def _taken(reply: Reply) -> Outcome:
    id = text_of(parsed(reply).get("id")) if isinstance(reply, Answer) else ""
    known = id if id.replace("-", "").isalnum() and len(id) == 36 else ""
    return Outcome(code=Code.DELIVERED, reason="Resend took the mail.", reference=known)


def _is_ok(reply: Reply) -> bool:
    return isinstance(reply, Answer) and 200 <= reply.status < 300


# --------------------------------------------------------------------------- variables


def _variables(job: Job, declared: list[dict[str, Any]]) -> dict[str, str | float]:
    """What the rule says, and for what else the template declares the alert's own values."""
    context, typed = _context(job), _typed(job)
    if not declared:
        return {name: _safe(value) for name, value in typed.items()}
    wanted = {text_of(one.get("key")): text_of(one.get("type")) for one in declared}
    chosen = {name: typed.get(name) or context.get(name.upper(), "") for name in wanted}
    return {name: _as(wanted[name], value) for name, value in chosen.items() if name and value}


def _typed(job: Job) -> dict[str, str]:
    """The rule's lines ``NAME: value``."""
    pairs = (line.partition(":") for line in alerts.tidy(job.inputs.get("variables", "")).splitlines())
    named = ((name.strip(), value.strip()) for name, _, value in pairs)
    return {name: value for name, value in named if _VARIABLE.fullmatch(name) and value}


def _context(job: Job) -> dict[str, str]:
    """The payload's plain values and the event's own facts, by names in capitals: ``account_id`` is ``ACCOUNT_ID``."""
    event, mark = job.event, alerts.mark_for(job)
    own = {
        "TITLE": alerts.readable(event.type),
        "SEVERITY": mark.word if mark else "",
        "EVENT": event.type,
        "RESOURCE": event.resource,
        "RESOURCE_ID": event.resource_id,
        "WORKSPACE": job.workspace.name,
        "ENVIRONMENT": job.workspace.environment,
    }
    plain = {key.upper(): alerts.plain(value) for key, value in event.payload.items()}
    return {name: value for name, value in {**own, **plain}.items() if value}


def _as(kind: str, value: str) -> str | float:
    number = _number(value) if kind == "number" else None
    return _safe(value) if number is None else number


def _number(value: str) -> float | None:
    """A number that Resend takes; None for any other text, for NaN and Infinity, too, which JSON does not know."""
    try:
        number = float(value)
    except ValueError:
        return None
    if not abs(number) <= NUMBER_MOST:  # said so that it holds for NaN, which compares with nothing
        return None
    return int(number) if number.is_integer() else number


def _safe(value: str) -> str:
    """Templates put values into HTML as they are, so that markup in them has to be disarmed here."""
    return alerts.cut(escape(alerts.tidy(value[:VALUE_MOST])), VALUE_MOST)


def _missing(declared: list[dict[str, Any]], variables: Mapping[str, Any]) -> list[str]:
    needed = [text_of(one.get("key")) for one in declared if one.get("fallback_value") is None]
    return [name for name in needed if name and name not in variables]


def _unfilled(names: list[str]) -> Outcome:
    told = ", ".join(alerts.cut(alerts.one_line(name), 50) for name in names[:5])
    return Outcome(
        code=Code.MAPPING_ERROR,
        culprit=Culprit.RULE,
        reason=f"The template needs values that neither the event nor the rule has: {told}.",
        fix="Fill in the variables in the rule, or give them a fallback at Resend; then send again.",
    )
