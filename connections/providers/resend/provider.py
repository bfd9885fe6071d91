"""Resend: mails in the customer's own name, and contacts. Source: https://resend.com/docs/api-reference/introduction"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connections.provider import (
    Auth,
    Course,
    Fault,
    Field,
    Heard,
    Job,
    Kind,
    Listing,
    Lookup,
    Provider,
    Refusal,
    Step,
)
from connections.providers.resend import directories, hooks, mails, recipients, segments
from connections.providers.resend.actions import ACTIONS

_COURSES = {
    "send_email_template": mails.send_template,
    "send_email": mails.send_email,
    "add_to_segment": segments.add,
    "remove_from_segment": segments.remove,
}
_SENDER = "Write the sender as you@your-domain.com, or as Your name <you@your-domain.com>."


class Resend(Provider):
    """One Resend account, by its API key."""

    slug = "resend"
    name = "Resend"
    auth = Auth.API_KEY
    description = "Sends mails from your own domain, with your templates, and keeps contacts in segments."
    hears = True
    fields = (
        Field(
            key="api_key",
            label="API key",
            kind=Kind.PASSWORD,
            required=True,
            secret=True,
            max_length=200,
            hint="From Resend under API keys. With full access; one that may only send can neither list templates"
            " nor change segments.",
        ),
        Field(
            key="from",
            label="Sender",
            max_length=320,
            hint="Who mails are from unless a rule says otherwise, such as Alerts <alerts@example.com>."
            " The domain must be verified at Resend.",
        ),
        Field(
            key="hook_secret",
            label="Webhook signing secret",
            kind=Kind.PASSWORD,
            secret=True,
            max_length=200,
            hint="For bounces: make a webhook at Resend with the address that this connection shows, and enter its"
            " signing secret (whsec_…) here.",
        ),
    )
    actions = ACTIONS
    directories = (directories.TEMPLATE, directories.SEGMENT)

    def check_settings(self, settings: Mapping[str, Any], credentials: Mapping[str, str]) -> list[Fault]:
        """Forms only: nothing is asked of Resend when a connection is saved."""
        faults = [] if _is_sender(settings.get("from", "")) else [Fault("from", _SENDER)]
        if not credentials.get("api_key", "").startswith("re_") or not credentials["api_key"].isascii():
            faults.append(Fault("api_key", "This is no API key of Resend's: those begin with re_."))
        if credentials.get("hook_secret") and not hooks.is_secret(credentials["hook_secret"]):
            faults.append(Fault("hook_secret", "This is no signing secret: those begin with whsec_."))
        return faults

    def check_inputs(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        faults = [] if _is_sender(inputs.get("from", "")) else [Fault("from", _SENDER)]
        id = inputs.get("id", "").strip()
        if id and directories.id_in(id) != id:
            faults.append(Fault("id", "Choose it from the list, or enter its ID, such as 4f2c8a10-…"))
        return faults

    def deliver(self, job: Job) -> Course:
        return _COURSES[job.action](job)

    def seen_as(self, step: Step) -> Step:
        return mails.seen_as(step)

    def directory(
        self, kind: str, cursor: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Listing:
        return directories.page(kind, cursor, key=credentials.get("api_key", ""))

    def entry_id(self, kind: str, text: str) -> str:
        return directories.id_in(text)

    def find_entry(
        self, kind: str, text: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Lookup:
        return directories.find(kind, text, key=credentials.get("api_key", ""))

    def read_hook(
        self, headers: Mapping[str, str], body: bytes, *, credentials: Mapping[str, str], now: datetime
    ) -> Heard | Refusal | None:
        return hooks.read(headers, body, secret=credentials.get("hook_secret", ""), now=now)


def _is_sender(typed: str) -> bool:
    return not typed.strip() or recipients.is_sender(typed)
