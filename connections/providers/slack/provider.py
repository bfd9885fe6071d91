"""Posts alerts with ``chat.postMessage``. Source: https://docs.slack.dev/reference/methods/chat.postMessage"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connections import alerts
from connections.answers import parsed
from connections.provider import (
    Action,
    Answer,
    Auth,
    Client,
    Code,
    Course,
    Failure,
    Fault,
    Field,
    Identification,
    Job,
    Kind,
    Listing,
    Lookup,
    Outcome,
    Pace,
    Provider,
    Reply,
    Request,
    Revocation,
)
from connections.providers.slack import channels, errors, payload, signing_in
from connections.verdicts import judge_vendor, may_have_arrived, retry_after

POST_MESSAGE = "https://slack.com/api/chat.postMessage"

_POSTED = re.compile(rb'\s*\{\s*"ok"\s*:\s*true\b')
_TS = re.compile("[0-9.]{1,32}")
_ERROR_WORD = re.compile("[a-z][a-z0-9_]{1,60}")
_SCOPES = re.compile("[a-z:._, ]{1,200}")


class Slack(Provider):
    """One Slack workspace, authorised with a bot token."""

    slug = "slack"
    name = "Slack"
    auth = Auth.OAUTH
    oauth = signing_in.OAUTH
    description = "Posts a formatted alert in a Slack channel."
    actions = (
        Action(
            key="send_message",
            label="Send a message",
            does="post to {place}",
            digest=True,
            description="Posts an alert with its severity, your text and the fields you choose.",
            fields=(
                Field(
                    key="id",
                    label="Channel",
                    required=True,
                    max_length=32,
                    directory=channels.KIND.key,
                    hint="The channel's ID, such as C0123456789. The app must be invited to a private channel.",
                ),
                Field(
                    key="title",
                    label="Title",
                    kind=Kind.TEMPLATE,
                    default=alerts.TITLE,
                    fits=payload.HEADER_MOST,
                ),
                Field(
                    key="template",
                    label="Text",
                    kind=Kind.TEMPLATE,
                    default=alerts.MESSAGE,
                    max_length=10_000,
                    hint="Slack's own formatting works: *bold*, _italic_, `code`.",
                ),
                Field(
                    key="fields",
                    label="Fields",
                    kind=Kind.TEMPLATE,
                    hint="One per line, as Label: {{ value }}, ten at most. Lines without a value are left out."
                    " A message without text and fields shows the event's own.",
                ),
                Field(key="link", label="Link", kind=Kind.TEMPLATE, hint="Where a click on the alert leads."),
            ),
            # Source: https://docs.slack.dev/apis/web-api/rate-limits, "about one message per second per channel"
            pace=Pace(per_second=1, by=("id",)),
        ),
    )
    directories = (channels.KIND,)

    def check_inputs(self, action: str, inputs: Mapping[str, str]) -> list[Fault]:
        """A channel is named by its ID only: names change hands, IDs do not."""
        channel = inputs.get("id", "").strip()
        if not channel or re.fullmatch("[CGD][A-Z0-9]{7,30}", channel):
            return []
        return [Fault(field="id", message=_mend(channel))]

    def identify(self, token: Mapping[str, Any], client: Client) -> Identification:
        return signing_in.identify(token)

    def renewed(self, token: Mapping[str, Any], credentials: Mapping[str, str]) -> dict[str, str]:
        return signing_in.renewed(token, credentials)

    def revoke(self, credentials: Mapping[str, str]) -> Revocation:
        return signing_in.revoke(credentials)

    def deliver(self, job: Job) -> Course:
        token = job.credentials.get("bot_token", "")
        if not token:
            return _for_channel(errors.NAMED["not_authed"], job)
        reply = yield Request(
            method="POST",
            url=POST_MESSAGE,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"},
            body=json.dumps(payload.message(job), ensure_ascii=False).encode(),
            secrets=(token,),
        )
        outcome = _read(reply, job)
        return replace(outcome, notes=outcome.notes + payload.notes(job))

    def directory(
        self, kind: str, cursor: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Listing:
        return channels.page(cursor, settings=settings, token=credentials.get("bot_token", ""))

    def entry_id(self, kind: str, text: str) -> str:
        return channels.id_in(text)

    def find_entry(
        self, kind: str, text: str, *, settings: Mapping[str, Any], credentials: Mapping[str, str]
    ) -> Lookup:
        return channels.find(text, settings=settings, token=credentials.get("bot_token", ""))


def _mend(channel: str) -> str:
    in_link = re.search("/archives/([CGD][A-Z0-9]{7,30})", channel)
    if in_link:
        return f"Enter the channel's ID alone: {in_link[1]}."
    if re.fullmatch("[UW][A-Z0-9]{7,30}", channel):
        return "This is the ID of a person. Choose a channel, or enter its ID, which begins with C, G or D."
    if channel.startswith("#"):
        return "Choose the channel from the list or enter its ID, such as C0123456789: a name may change."
    return "Enter the channel's ID: it begins with C, G or D and has capital letters and digits only."


def _read(reply: Reply, job: Job) -> Outcome:
    if isinstance(reply, Failure) or reply.status != 200:
        outcome = judge_vendor(reply, "Slack", now=job.now)
        return replace(outcome, notes=(errors.MAY_SHOW_TWICE,)) if may_have_arrived(reply) else outcome
    answer = parsed(reply)
    if answer.get("ok") is True:
        return Outcome(
            code=Code.DELIVERED, reason="Slack posted the message.", reference=_matching(_TS, answer.get("ts"))
        )
    if reply.truncated and _POSTED.match(reply.body):  # Slack repeats the whole message in its answer
        return Outcome(code=Code.DELIVERED, reason="Slack posted the message.")
    if answer.get("ok") is not False:
        return errors.UNREADABLE
    return _for_channel(_named(answer, reply), job)


def _named(answer: Mapping[str, Any], reply: Answer) -> Outcome:
    word = _matching(_ERROR_WORD, answer.get("error"))
    outcome = errors.NAMED.get(word) or _unknown(word)
    scopes = _matching(_SCOPES, answer.get("needed"))
    if word == "missing_scope" and scopes:
        outcome = replace(outcome, reason=f"Slack says that a permission is missing: {scopes}.")
    return replace(outcome, retry_after=retry_after(reply)) if outcome.code is Code.RATE_LIMITED else outcome


def _unknown(word: str) -> Outcome:
    return replace(errors.UNKNOWN, reason=errors.UNKNOWN.reason.replace("{error}", word or "nothing we can read"))


def _for_channel(outcome: Outcome, job: Job) -> Outcome:
    name = alerts.one_line(job.inputs.get("name", "")).lstrip("#")
    channel = f"#{alerts.cut(name, 80)}" if name else f"the channel {job.inputs.get('id', '')}".strip()
    said = outcome.reason.replace("{channel}", channel)
    return replace(outcome, reason=said[:1].upper() + said[1:])


def _matching(pattern: re.Pattern[str], value: object) -> str:
    """The vendor's word if it looks like one: what it says goes into sentences that people read."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""
