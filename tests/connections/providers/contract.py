"""What every provider owes the pipeline, and the means to check it without a socket.

Each provider's test file names an ``EXAMPLE``: what nobody can make up from the declarations alone.
``test_every_provider.py`` then holds every folder to the contract.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from importlib import import_module
from typing import Any
from uuid import UUID

from connections.provider import (
    Answer,
    Code,
    Culprit,
    Digest,
    DigestLine,
    DirectoryPage,
    Entry,
    EventFacts,
    Job,
    Mail,
    Outcome,
    Provider,
    Record,
    Reply,
    Request,
    Step,
    Trouble,
    Unread,
    WorkspaceFacts,
)

STEPS_EVER = 50  # a course that is longer than this does not end

LONG = 65_000

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>'",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "<!channel> <!here> <!everyone> <!subteam^S012345>",
    "<@U012345678> <#C012345678> @channel @here #general",
    "<https://evil.example|Sign in here>",
    "<mailto:a@evil.example|write> <tel:112>",
    "javascript:alert(1)",
    "javascript://a.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://evil.example/|x>y<z\"'`",
    "https://good.example@evil.example\\@good.example/",
    "http://[::1",
    "first\r\nBcc: victim@example.com\r\n\r\nbody",
    "first\nX-Injected: yes",
    "line\u2028separator\u2029paragraph\x85next",
    "tab\tbell\x07 escape\x1b[31m delete\x7f c1\x9b",
    "\u202egnp.exe\u202c \u2066isolate\u2069",
    "مرحبا שלום \u200f",
    "🙂👩‍👩‍👧‍👦🏴‍☠️ é e\u0301 \uff21 ﬃ",
    "{{ 7 | times: 7 }} {% raw %} ${7*7} %s {0} {name}",
    "*bold* _italic_ ~struck~ `code` ```block``` > quote",
    "'; DROP TABLE deliveries; --",
    "half of a pair: \ud83d",
    "   ",
    ":",
    "Label:",
    "*: *",
)

STATUSES: dict[int, Code] = {
    301: Code.REJECTED_CLIENT_ERROR,
    400: Code.REJECTED_CLIENT_ERROR,
    401: Code.AUTH_FAILED,
    403: Code.AUTH_FAILED,
    404: Code.REJECTED_CLIENT_ERROR,
    408: Code.REJECTED_SERVER_ERROR,
    410: Code.REJECTED_CLIENT_ERROR,
    429: Code.RATE_LIMITED,
    500: Code.REJECTED_SERVER_ERROR,
    503: Code.REJECTED_SERVER_ERROR,
}

TROUBLES: dict[Trouble, Code] = {
    **dict.fromkeys(Trouble, Code.NETWORK_ERROR),
    Trouble.TIMEOUT: Code.TIMEOUT,
    Trouble.FORBIDDEN_URL: Code.REJECTED_CLIENT_ERROR,
    Trouble.FORBIDDEN_HEADER: Code.REJECTED_CLIENT_ERROR,
    Trouble.MAIL_REJECTED: Code.REJECTED_CLIENT_ERROR,
    Trouble.MAIL_DEFERRED: Code.REJECTED_SERVER_ERROR,
    Trouble.NO_RELAY: Code.INTERNAL_ERROR,
}
FINAL_TROUBLES = (Trouble.FORBIDDEN_URL, Trouble.FORBIDDEN_HEADER, Trouble.MAIL_REJECTED)

RUBBISH = (
    *(b"", b"null", b"true", b"[]", b'"text"', b"{", b"\xff\xfe\x00", b"<html>busy</html>"),
    *(b'{"ok": 1}', b'{"ok": false}', b'{"ok": false, "error": ["x"]}', b'{"ok": true, "ts": 1}', b"NaN"),
    b"[" * LONG,
)


def accepted(step: Step) -> Reply:
    """The answer of a destination that is content."""
    match step:
        case Mail():
            return Answer(status=250)
        case Record() | Request():
            return Answer(status=200, body=b"{}")


def fits_anything(_step: Step) -> None:
    """For destinations that set no limits and show no markup."""


@dataclass(frozen=True)
class Example:
    """A provider at work. ``credentials`` hold a recognisable secret for whatever the provider may ask for.

    ``fits`` asserts that a step keeps the vendor's limits and that no text of the event became markup.
    ``names_delivery`` is False for a vendor that has no place for our id.
    """

    inputs: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    recipients: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    accepted: Callable[[Step], Reply] = accepted
    fits: Callable[[Step], None] = fits_anything
    names_delivery: bool = True
    pasted: Mapping[str, str] = field(default_factory=dict)  # for each kind of directory, a link that somebody pasted


def example_of(slug: str) -> Example:
    """The ``EXAMPLE`` in the provider's test file, which every folder has."""
    found = import_module(f"tests.connections.providers.test_{slug}").EXAMPLE
    assert isinstance(found, Example)
    return found


# --------------------------------------------------------------------------- a job, and its course

PAYLOAD = """{ "alert_id":"alrt_tyrion_42","severity": "high",
  "resource": "api_latency_p95", "value": 1840, "threshold": 1000, "nested": {"a": [1, 2.50]}, "muted": false }"""

NOW = datetime(2026, 4, 17, 16, 3, 30, 500_000, tzinfo=UTC)

EVENT = EventFacts(
    id=UUID("01963c5e-7a00-7000-8000-0000aaaa1111"),
    type="alert.triggered",
    resource="alert",
    resource_id="alrt_tyrion_42",
    payload=json.loads(PAYLOAD),
    payload_text=PAYLOAD,
    severity="high",
    created_at=NOW - timedelta(seconds=90),
)

WORKSPACE = WorkspaceFacts(
    id=UUID("01963c5e-7a00-7000-8000-0000bbbb2222"),
    name="Acme",
    tenant="acct_acme",
    environment="production",
)

DELIVERY = UUID("01963c5e-7a00-7000-8000-0000cccc3333")


def job_of(example: Example, action: str, **changes: Any) -> Job:
    """A job of that action; ``changes`` are fields of ``Job``."""
    job = Job(
        delivery_id=DELIVERY,
        action=action,
        inputs=example.inputs[action],
        event=EVENT,
        workspace=WORKSPACE,
        connection_id=UUID("01963c5e-7a00-7000-8000-0000dddd4444"),
        settings=example.settings,
        credentials=example.credentials,
        now=NOW,
        first_sent_at=NOW - timedelta(seconds=30),
        recipients=example.recipients,
        record=example.record,
    )
    return replace(job, **changes)


def with_payload(text: str) -> EventFacts:
    """The event with another payload."""
    return replace(EVENT, payload_text=text, payload=json.loads(text))


def digest_of(title: str, count: int = 1_200) -> Digest:
    """So many events in one message, the first five of them with that title."""
    return Digest(
        count=count,
        by_severity={"critical": 1, "high": count - 2, "": 1},
        first=tuple(DigestLine(title, "high", NOW) for _ in range(5)),
        began_at=NOW - timedelta(minutes=5),
        ended_at=NOW,
        event_ids=tuple(UUID(int=number) for number in range(1, min(count, 1_000) + 1)),
    )


@dataclass(frozen=True)
class Course:
    """How a delivery went."""

    steps: tuple[Step, ...]
    outcome: Outcome

    @property
    def only(self) -> Step:
        """The one step there was."""
        (step,) = self.steps
        return step

    @property
    def request(self) -> Request:
        """The one step there was, a request."""
        assert isinstance(self.only, Request)
        return self.only


def follow(provider: Provider, job: Job, reply: Callable[[Step], Reply] = accepted) -> Course:
    """Go through the whole course and answer each step."""
    course, steps = provider.deliver(job), list[Step]()
    try:
        step = next(course)
        while len(steps) < STEPS_EVER:
            steps.append(step)
            step = course.send(reply(step))
    except StopIteration as end:
        outcome: Outcome = end.value
        return Course(steps=tuple(steps), outcome=outcome)
    raise AssertionError(f"The course did not end within {STEPS_EVER} steps.")


def list_page(
    provider: Provider, kind: str, cursor: str, reply: Callable[[Step], Reply], **account: Mapping[str, Any]
) -> tuple[list[Request], DirectoryPage | Unread]:
    """One page of a directory, and the requests that were made for it."""
    return _asked(provider.directory(kind, cursor, **account), reply)


def look_up(
    provider: Provider, kind: str, text: str, reply: Callable[[Step], Reply], **account: Mapping[str, Any]
) -> tuple[list[Request], Entry | Unread]:
    """One look-up in a directory, and the requests that were made for it."""
    return _asked(provider.find_entry(kind, text, **account), reply)


def _asked[Result](
    course: Generator[Step, Reply, Result], reply: Callable[[Step], Reply]
) -> tuple[list[Request], Result]:
    requests: list[Request] = []
    try:
        step = next(course)
        while len(requests) < STEPS_EVER:
            assert isinstance(step, Request)
            requests.append(step)
            step = course.send(reply(step))
    except StopIteration as end:
        return requests, end.value
    raise AssertionError(f"The course did not end within {STEPS_EVER} steps.")


def failing_from(index: int, example: Example, fault: Reply) -> Callable[[Step], Reply]:
    """A destination that is content with the first ``index`` steps and answers all others with a fault."""
    seen: list[Step] = []

    def reply(step: Step) -> Reply:
        seen.append(step)
        return example.accepted(step) if len(seen) <= index else fault

    return reply


# --------------------------------------------------------------------------- what holds for all


def assert_sensible(outcome: Outcome) -> None:
    """An outcome that a person can act on, and the pipeline too."""
    assert outcome.reason.endswith("."), outcome
    assert outcome.reason[0].isupper(), outcome
    assert not re.search(r"\{\w*\}", outcome.reason), f"a placeholder was left: {outcome.reason}"
    if outcome.delivered:
        return
    assert outcome.culprit is not Culprit.NOBODY, outcome
    assert outcome.fix.endswith("."), outcome
    assert outcome.retry or outcome.retry_after is None, outcome
    assert outcome.inactive is None or outcome.culprit is Culprit.CONNECTION, outcome


def assert_sound(step: Step) -> None:
    """A step that goes over the wire as it stands."""
    match step:
        case Request():
            assert step.method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
            assert re.fullmatch(r"https?://[!-~]+", step.url)
            assert_headers(step.headers)
            if "json" in header(step.headers, "content-type"):
                json.loads(step.body)
        case Mail():
            assert_mail(step)
        case Record():
            json.loads(step.body)


def assert_headers(headers: Mapping[str, str]) -> None:
    """Names are tokens, said once; values are one line of plain ASCII. Source: RFC 9110, section 5."""
    assert len({name.lower() for name in headers}) == len(headers)
    for name, value in headers.items():
        assert re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name), name
        assert re.fullmatch(r"([!-~]([ -~]*[!-~])?)?", value), (name, value)


def assert_mail(mail: Mail) -> None:
    """The standard library, which refuses header injection, builds it, and it reads back as it was."""
    assert_headers(mail.headers)
    assert re.fullmatch(r"<[A-Za-z0-9.-]+@[A-Za-z0-9.-]+>", mail.message_id)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = mail.subject
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    assert message["Subject"] == mail.subject
    assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in mail.subject)
    message.as_bytes()


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value whatever the case of its name; empty when there is none."""
    return {key.lower(): value for key, value in headers.items()}.get(name.lower(), "")


def written(step: Step) -> str:
    """All that a step would show to whoever reads it after the masking of its secrets."""
    match step:
        case Request():
            text = f"{step.method} {step.url} {dict(step.headers)} {step.body.decode()}"
            for secret in sorted(step.secrets, key=len, reverse=True):
                text = text.replace(secret, "•")
            return text
        case Mail():
            return f"{step.to} {step.subject} {dict(step.headers)} {step.text} {step.html} {step.message_id}"
        case Record():
            return f"{dict(step.headers)} {step.body.decode()}"


def message_in(step: Step) -> dict[str, Any]:
    """The object that a request carries as JSON."""
    assert isinstance(step, Request)
    message: dict[str, Any] = json.loads(step.body)
    return message


def forms_of(secret: str) -> tuple[str, ...]:
    """The ways in which a secret could slip through: as it is, and in base64."""
    return (secret, base64.b64encode(secret.encode()).decode().rstrip("="))
