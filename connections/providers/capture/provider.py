"""Keeps what a webhook would have got, so that rules can be tried without an account or a receiver anywhere."""

from __future__ import annotations

from connections import alerts
from connections.envelope import wrapped
from connections.provider import Action, Auth, Code, Course, Field, Job, Kind, Outcome, Provider, Record

NOTE_MOST = 500

_KEPT = Outcome(code=Code.DELIVERED, reason="Kept here: nothing was sent.")


class Capture(Provider):
    """The test destination: nothing leaves the house."""

    slug = "capture"
    name = "Capture"
    auth = Auth.NONE
    description = "The built-in test destination: keeps every event for you to read and compare, and sends nothing."
    actions = (
        Action(
            key="record",
            label="Keep the event",
            does="keep it in {place}",
            digest=True,
            description="Keeps the body that a webhook would have got.",
            fields=(
                Field(
                    key="note",
                    label="Note",
                    kind=Kind.TEMPLATE,
                    fits=NOTE_MOST,
                    hint="Kept with the event, so that you can tell your tries apart.",
                ),
            ),
        ),
    )

    def deliver(self, job: Job) -> Course:
        note = alerts.cut(alerts.one_line(job.inputs.get("note", "")), NOTE_MOST)
        headers = {"webhook-id": str(job.delivery_id), "Content-Type": "application/json"}
        yield Record(body=wrapped(job), headers={**headers, "X-Jackfield-Note": note} if note else headers)
        return _KEPT
