"""A digest is one message of its own at every destination: how many, how bad, from when to when, and the first few."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from connections import alerts
from connections.envelope import wrapped
from connections.provider import Digest, DigestLine, Job, Mail, Request
from connections.providers.email import PROVIDER as EMAIL
from connections.providers.slack import PROVIDER as SLACK
from connections.providers.slack import payload as slack
from connections.providers.webhook import PROVIDER as WEBHOOK
from tests.connections.providers.contract import HOSTILE, LONG, Example, job_of

FIRST = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LAST = datetime(2026, 11, 24, 8, 9, 30, tzinfo=UTC)
IDS = tuple(UUID(int=n) for n in range(1, 13))
DIGEST = Digest(
    count=12,
    by_severity={"high": 2, "low": 9, "": 1},
    first=(
        DigestLine("Disk is full", "low", FIRST),
        DigestLine("Disk is on fire", "high", FIRST),
        DigestLine("Something happened", "", FIRST),
    ),
    began_at=FIRST,
    ended_at=LAST,
    event_ids=IDS,
)
WORDS = {
    "link": "https://one.example/alert/1",
    "title": "Alone",
    "template": "Alone",
    "subject": "Alone",
    "body": "Alone",
}


def job(action: str = "any", digest: Digest | None = DIGEST, **more: Any) -> Job:
    example = Example(inputs={action: {"id": "C0123456789", **WORDS}})
    return replace(job_of(example, action), digest=digest, **more)


def hostile(text: str) -> Digest:
    return replace(DIGEST, first=tuple(DigestLine(text, "high", FIRST) for _ in range(5)))


def mail_of(found: Job) -> Mail:
    step = next(EMAIL.deliver(replace(found, recipients=("a@example.com",))))
    assert isinstance(step, Mail)
    return step


# --------------------------------------------------------------------------- what all have in common


def test_its_title_names_the_first_and_counts_the_others() -> None:
    assert alerts.digest_title(DIGEST) == "12 events: Disk is full, and 11 more"


def test_a_long_title_leaves_room_for_the_others() -> None:
    long = hostile("x" * LONG)
    assert alerts.digest_title(long).endswith("…, and 11 more")
    assert len(alerts.digest_title(long)) < 150  # what Slack takes as a header
    lines = alerts.digest_text(long).splitlines()
    assert len(lines) == 6
    assert all(len(line) < 330 for line in lines)


def test_its_text_has_the_first_few_with_their_severity_and_how_many_there_are_besides() -> None:
    assert alerts.digest_text(DIGEST).splitlines() == [
        "• 🔵 Low: Disk is full",
        "• 🟠 High: Disk is on fire",
        "• Something happened",
        "… and 9 more",
    ]
    assert "more" not in alerts.digest_text(replace(DIGEST, count=3))


def test_its_facts_are_the_counts_and_the_times() -> None:
    assert alerts.digest_facts(DIGEST) == [
        *(("High", "2"), ("Low", "9"), ("Without severity", "1")),
        *(("First", "2026-11-24 08:00:00 UTC"), ("Last", "2026-11-24 08:09:30 UTC")),
    ]


def test_it_bears_the_mark_of_the_worst() -> None:
    worst = alerts.mark_for(job())
    assert worst
    assert worst.word == "High"
    assert alerts.mark_for(replace(job(), digest=replace(DIGEST, by_severity={"": 2}))) is None


def test_an_alert_bears_its_own() -> None:
    alone = job(digest=None)
    assert alerts.mark_for(alone) == alerts.mark_of(alone.event.severity)


def test_the_title_is_written_where_a_rule_says_it() -> None:
    for kind, action, key in ((SLACK, "send_message", "title"), (EMAIL, "send_email", "subject")):
        asked = alerts.title_field(kind.action(action))
        assert asked
        assert asked.key == key


# --------------------------------------------------------------------------- at each destination


def test_slack_shows_the_digest_and_nothing_of_the_one_event() -> None:
    message = slack.message(job("send_message"))
    said = json.dumps(message, ensure_ascii=False)
    assert "12 events: Disk is full, and 11 more" in message["text"]
    assert message["blocks"][0]["text"]["text"] == "12 events: Disk is full, and 11 more"
    for words in ("🟠 *High*", "Disk is on fire", "… and 9 more", "*Low*\\n9", "*Last*\\n2026-11-24 08:09:30 UTC"):
        assert words in said
    assert "Alone" not in said
    assert "one.example" not in said
    assert slack.notes(job("send_message")) == ()


def test_a_mail_shows_the_digest_and_nothing_of_the_one_event() -> None:
    mail = mail_of(job("send_email"))
    assert mail.subject.endswith("12 events: Disk is full, and 11 more")
    assert mail.subject.startswith("[High]")
    for text in (mail.text, mail.html):
        assert "Disk is on fire" in text
        assert "… and 9 more" in text
        assert "2026-11-24 08:09:30 UTC" in text
        assert "Alone" not in text
        assert "one.example" not in text


def test_a_wrapped_body_has_the_digest_beside_the_first_event() -> None:
    plain, body = json.loads(wrapped(job(digest=None))), json.loads(wrapped(job()))
    assert body.pop("digest") == {
        "count": 12,
        "by_severity": {"high": 2, "low": 9, "none": 1},
        "titles": ["Disk is full", "Disk is on fire", "Something happened"],
        "time_first": 1_795_507_200_000,
        "time_last": 1_795_507_770_000,
        "event_ids": [str(id) for id in IDS],
    }
    assert body == plain


@pytest.mark.parametrize("mode", ["raw", "wrapped"])
def test_a_raw_body_says_in_a_header_how_many_it_stands_for(mode: str) -> None:
    secrets = {"signing_secret": WEBHOOK.new_credentials({}, bytes(32))["signing_secret"]}
    found = job("send_webhook", settings={"payload_mode": mode, "url": "https://a.example"}, credentials=secrets)
    step = next(WEBHOOK.deliver(found))
    assert isinstance(step, Request)
    assert step.headers.get("X-Jackfield-Digest-Count") == ("12" if mode == "raw" else None)


# --------------------------------------------------------------------------- hostile and long titles


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_title_becomes_markup(text: str) -> None:
    slack_said = json.dumps(slack.message(job("send_message", hostile(text))))
    for raw in ("<!", "<@", "<#", "<http", "<mailto", "<script"):
        assert raw not in slack_said
    html = mail_of(job("send_email", hostile(text))).html
    for raw in ("<script", "<img", "<svg"):
        assert raw not in html
    assert "\n" not in mail_of(job("send_email", hostile(text))).subject


def test_the_longest_titles_still_fit() -> None:
    found = job("send_message", hostile("x" * LONG))
    message = slack.message(found)
    assert len(json.dumps(message["blocks"])) < 13_000
    assert next(SLACK.deliver(replace(found, credentials={"bot_token": "xoxb"})))
    assert len(mail_of(job("send_email", hostile("x" * LONG))).subject) <= 200
