"""Mails alerts through the operator's relay to the recipients who have confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connections import alerts, alerts_by_mail
from connections.provider import (
    Action,
    Answer,
    Auth,
    Code,
    Course,
    Culprit,
    Failure,
    Fault,
    Field,
    Job,
    Kind,
    Mail,
    Outcome,
    Provider,
    Reply,
    Trouble,
)
from connections.providers.email import addresses
from connections.verdicts import judge

_NOBODY = Outcome(
    code=Code.REJECTED_CLIENT_ERROR,
    culprit=Culprit.CONNECTION,
    retry=True,  # a confirmation that comes within the schedule lets the alert through
    reason="None of the recipients has confirmed yet, so nothing was sent.",
    fix="Ask the recipients to open the link in the message that they got, or have it sent again.",
)


class Email(Provider):
    """A list of people and the relay that reaches them."""

    slug = "email"
    name = "E-mail"
    auth = Auth.NONE
    description = "Mails an alert to the people you name, once they have confirmed."
    fields = (
        Field(
            key="recipients",
            label="Recipients",
            kind=Kind.EMAILS,
            required=True,
            max_length=20 * 255,
            hint="Twenty at most. Each gets a message with a link, and nothing more before opening it.",
        ),
    )
    actions = (
        Action(
            key="send_email",
            label="Send an e-mail",
            does="send an e-mail to {place}",
            digest=True,
            description="Mails your text and the event's own values.",
            fields=(
                Field(
                    key="subject",
                    label="Subject",
                    kind=Kind.TEMPLATE,
                    default=alerts.TITLE,
                    fits=alerts_by_mail.SUBJECT_MOST - 40,  # the severity and the badges stand before it
                ),
                Field(key="body", label="Text", kind=Kind.TEMPLATE, default=alerts_by_mail.BODY, max_length=10_000),
                Field(key="link", label="Link", kind=Kind.TEMPLATE, hint="Where the button in the message leads."),
            ),
        ),
    )

    def check_settings(self, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
        found = addresses.split(settings.get("recipients", ""))
        said = [fault for address in found if (fault := addresses.fault_of(address))]
        if len(found) > addresses.MOST:
            said.append(f"At most {addresses.MOST} recipients are possible. Remove {len(found) - addresses.MOST}.")
        twice = [address for address, count in Counter(map(str.lower, found)).items() if count > 1]
        said += [f"{address} is there twice. Remove one of the two." for address in twice]
        return [Fault(field="recipients", message=message) for message in said]

    def deliver(self, job: Job) -> Course:
        if not job.recipients:
            return _NOBODY
        reply = yield Mail(
            to=job.recipients,
            subject=alerts_by_mail.subject(job),
            text=alerts_by_mail.text(job),
            html=alerts_by_mail.html(job),
            message_id=f"<{job.delivery_id}@jackfield.invalid>",  # stable, so that mail programs fold a repetition
            headers={**alerts_by_mail.HEADERS, "List-Id": f"<{job.connection_id}.jackfield.invalid>"},  # RFC 2919
        )
        outcome = judge(reply, "The mail relay", now=job.now)
        if isinstance(reply, Failure) and reply.trouble is Trouble.NAME_NOT_FOUND:
            outcome = replace(outcome, culprit=Culprit.US, fix="The operator corrects the host in EMAIL_URL.")
        return replace(outcome, notes=(*alerts_by_mail.notes(job), *_refused(reply)))


def _refused(reply: Reply) -> tuple[str, ...]:
    """The recipients that the relay did not take although it took the message: the lines that our door has added."""
    if not isinstance(reply, Answer):
        return ()
    lines = reply.body.decode(errors="replace").splitlines()
    who = [line.removeprefix("Refused: ") for line in lines if line.startswith("Refused: ")]
    return tuple(f"The relay refused a recipient, who got nothing: {alerts.one_line(one)}." for one in who)
