"""Posts alerts to a workflow of the customer's, which shows them in a channel or chat of Microsoft Teams.

Source: https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connections import alerts
from connections.provider import (
    Action,
    Auth,
    Course,
    Fault,
    Field,
    Job,
    Kind,
    Pace,
    Provider,
    Request,
)
from connections.providers.teams import addresses, answers, card


class Teams(Provider):
    """One workflow, which posts in the one channel or chat that it was made for."""

    slug = "teams"
    name = "Microsoft Teams"
    auth = Auth.NONE
    description = "Posts a formatted alert in a channel or chat of Microsoft Teams."
    fields = (
        Field(
            key="url",
            label="Workflow address",
            kind=Kind.URL,
            required=True,
            secret=True,
            hint="In Teams, open the channel's Workflows, choose “Send webhook alerts to a channel”, and copy the"
            " address that it shows in the end. Whoever knows it can post there, so it is kept sealed.",
        ),
    )
    actions = (
        Action(
            key="send_message",
            label="Send a message",
            does="post to {place}",
            digest=True,
            description="Posts an alert with its severity, your text and the fields you choose.",
            fields=(
                Field(key="title", label="Title", kind=Kind.TEMPLATE, default=alerts.TITLE, fits=card.TITLE_MOST),
                Field(key="template", label="Text", kind=Kind.TEMPLATE, default=alerts.MESSAGE, max_length=10_000),
                Field(
                    key="fields",
                    label="Fields",
                    kind=Kind.TEMPLATE,
                    hint="One per line, as Label: {{ value }}, ten at most. Lines without a value are left out."
                    " A message without text and fields shows the event's own.",
                ),
                Field(key="link", label="Link", kind=Kind.TEMPLATE, hint="Where the button of the alert leads."),
            ),
            # Four a second are refused, and so are more than 60 in 30 seconds: the page named above, "Rate limiting".
            pace=Pace(per_second=1),
        ),
    )

    def check_settings(self, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
        """The address is of a workflow, and whole."""
        fault = addresses.fault_of(credentials.get("url", ""))
        return [Fault(field="url", message=fault)] if fault else []

    def deliver(self, job: Job) -> Course:
        url = job.credentials.get("url", "")
        if not addresses.is_workflow(url):  # stored before the rule of today, perhaps
            return answers.NO_WORKFLOW
        reply = yield Request(
            method="POST",
            url=url,
            headers={"Content-Type": "application/json; charset=utf-8"},
            body=json.dumps(card.message(job), ensure_ascii=False, separators=(",", ":")).encode(),
            secrets=addresses.secrets_in(url),
        )
        outcome = answers.read(reply, now=job.now)
        return replace(outcome, notes=outcome.notes + card.notes(job))
