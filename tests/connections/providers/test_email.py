"""E-mail: who gets it, what it says, and that nothing in it is more than text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser
from typing import Any

import pytest

from connections import alerts_by_mail
from connections.letters import Letter, compose
from connections.provider import Answer, Code, Culprit, Failure, Mail, Outcome, Step, Trouble
from connections.providers.email import PROVIDER
from rules import templates
from tests.connections.providers import contract
from tests.connections.providers.contract import Example, follow, job_of

TAGS = {"html", "head", "meta", "body", "table", "tr", "th", "td", "h1", "strong", "div", "br", "span", "a"}
ATTRIBUTES = {"charset", "name", "content", "style", "role", "width", "cellpadding", "cellspacing"} | {
    *("dir", "href", "scope", "align")
}
GMAIL_CLIPS_AT = 102_400  # bytes of HTML


class Seen(HTMLParser):
    """The tags, attributes and links of a message."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def assert_fits_a_mailbox(step: Step) -> None:
    assert isinstance(step, Mail)
    seen = Seen(step.html)
    assert seen.tags <= TAGS
    assert seen.attributes <= ATTRIBUTES
    assert all(link.startswith(("http://", "https://")) for link in seen.links)
    assert len(step.html.encode()) <= GMAIL_CLIPS_AT
    assert 1 <= len(step.subject) <= 200
    assert len(step.text) <= 20_000


EXAMPLE = Example(
    inputs={
        "send_email": {
            "subject": "Alert triggered",
            "body": "api_latency_p95 is at 1840.\nThe threshold is 1000.",
            "link": "https://app.example.com/alerts/42?a=b&c=d",
        }
    },
    settings={"recipients": ["ops@acme.example", "cto@acme.example"]},
    recipients=("ops@acme.example",),
    fits=assert_fits_a_mailbox,
)


def mail(inputs: Mapping[str, str] | None = None, **changes: Any) -> Mail:
    whole = {**EXAMPLE.inputs["send_email"], **(inputs or {})}
    step = follow(PROVIDER, job_of(EXAMPLE, "send_email", inputs=whole, **changes)).only
    assert isinstance(step, Mail)
    return step


def outcome_of(reply: Answer | Failure) -> Outcome:
    return follow(PROVIDER, job_of(EXAMPLE, "send_email"), lambda _step: reply).outcome


def faults(recipients: object) -> list[str]:
    found = PROVIDER.check_settings({"recipients": recipients}, {})
    assert {fault.field for fault in found} <= {"recipients"}
    return [fault.message for fault in found]


# --------------------------------------------------------------------------- who


def test_only_confirmed_recipients_get_it() -> None:
    assert mail().to == ("ops@acme.example",)


def test_without_a_confirmed_recipient_nothing_is_sent_and_it_is_tried_again_later() -> None:
    course = follow(PROVIDER, job_of(EXAMPLE, "send_email", recipients=()))
    assert course.steps == ()
    assert (course.outcome.code, course.outcome.culprit) == (Code.REJECTED_CLIENT_ERROR, Culprit.CONNECTION)
    assert course.outcome.retry
    assert "confirmed" in course.outcome.reason


@pytest.mark.parametrize("typed", ["a@b.example, c@d.example;e@f.example\ng@h.example", ["a@b.example", "c@d.example"]])
def test_it_takes_a_list_or_a_text_of_addresses(typed: object) -> None:
    assert faults(typed) == []


@pytest.mark.parametrize(
    ("address", "mend"),
    [
        ("ops", "Write it as name@example.com"),
        ("@acme.example", "Write it as name@example.com"),
        ("ops@", "Write it as name@example.com"),
        ("ops@acme", "Check the part after the @"),
        ("ops@-acme.example", "Check the part after the @"),
        ("ops@acme..example", "Check the part after the @"),
        ("ops@127.0.0.1", "Check the part after the @"),
        (".ops@acme.example", "the part before the @"),
        ("o(p)s@acme.example", "the part before the @"),
        ("a@b@acme.example", "the part before the @"),
        ("ops@müller.example", "xn--"),
        ("x" * 65 + "@acme.example", "longer than addresses can be"),
        ("x" * 20 + "@" + "acme." * 50 + "example", "longer than addresses can be"),
    ],
)
def test_it_names_the_address_that_is_wrong_and_the_mend(address: str, mend: str) -> None:
    (message,) = faults(["good@acme.example", address])
    assert mend in message
    assert address[:20] in message


@pytest.mark.parametrize(
    "address", ["ops@acme.example\nBcc: x@y.example", "ops@acme.example\r\n", "Ops <ops@acme.example>"]
)
def test_an_address_that_brings_more_than_itself_is_refused(address: str) -> None:
    assert faults([address])


def test_twenty_recipients_are_the_most() -> None:
    assert faults([f"r{n}@acme.example" for n in range(20)]) == []
    assert faults([f"r{n}@acme.example" for n in range(22)]) == ["At most 20 recipients are possible. Remove 2."]


def test_an_address_typed_twice_is_named() -> None:
    assert faults(["ops@acme.example", "OPS@acme.example"]) == [
        "ops@acme.example is there twice. Remove one of the two."
    ]


# --------------------------------------------------------------------------- what


def test_the_subject_begins_with_severity_and_badges() -> None:
    staging = replace(contract.WORKSPACE, environment="staging")
    assert mail().subject == "[High] Alert triggered"
    assert mail(workspace=staging, test=True).subject == "[High] [staging] [test] Alert triggered"


def test_a_subject_cannot_smuggle_in_a_header() -> None:
    assert mail({"subject": "Hello\r\nBcc: victim@example.com"}).subject == "[High] Hello Bcc: victim@example.com"


def test_text_and_html_tell_the_same() -> None:
    message = mail()
    words = Seen(message.html).words
    for said in (
        *("Alert triggered", "High", "The threshold is 1000.", "Alert id", "alrt_tyrion_42", "Value", "1840"),
        *("Muted", "no", "alert.triggered · Acme · event aaaa1111"),
    ):
        assert said in message.text
        assert said in words
    assert "https://app.example.com/alerts/42?a=b&c=d" in message.text
    assert Seen(message.html).links == ["https://app.example.com/alerts/42?a=b&c=d"]


def test_objects_and_lists_of_the_payload_are_left_out() -> None:
    assert "Nested" not in mail().text


def test_the_severity_gives_the_colour() -> None:
    assert "border-top:6px solid #b4490f" in mail().html
    assert "border-top:6px solid #b3202c" in mail(event=replace(contract.EVENT, severity="critical")).html
    assert "severity</strong>" not in mail(event=replace(contract.EVENT, severity="")).html


def test_long_values_are_cut_with_a_sign() -> None:
    message = mail({"body": "x" * 9_000}, event=contract.with_payload('{"long": "%s"}' % ("y" * 500)))
    assert "x" * (alerts_by_mail.BODY_MOST - 1) + "…" in message.text
    assert "y" * (alerts_by_mail.VALUE_MOST - 1) + "…\n" in message.text


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    message = mail({"link": "javascript:alert(1)"})
    assert Seen(message.html).links == []
    assert "javascript" not in message.text


def test_the_outcome_says_what_is_missing() -> None:
    inputs = {"subject": "Hi", "body": "x" * 8_001, "link": "javascript:alert(1)"}
    assert follow(PROVIDER, job_of(EXAMPLE, "send_email", inputs=inputs)).outcome.notes == (
        "The text is longer than 8000 characters, so its end is missing.",
        "The link is no web address of a fitting length, so it is missing.",
    )
    assert outcome_of(Answer(status=250)).notes == ()


def test_a_retry_has_the_same_message_id_and_another_delivery_has_another() -> None:
    assert mail().message_id == mail(attempt=2).message_id == f"<{contract.DELIVERY}@jackfield.invalid>"
    assert mail(delivery_id=contract.EVENT.id).message_id != mail().message_id


def test_it_says_that_no_person_wrote_it() -> None:
    assert mail().headers["Auto-Submitted"] == "auto-generated"


def test_mail_programs_can_sort_it_by_its_connection() -> None:
    """Source: RFC 2919. One connection's alerts are one list, whatever their subjects say."""
    assert mail().headers["List-Id"] == f"<{contract.job_of(EXAMPLE, 'send_email').connection_id}.jackfield.invalid>"
    assert mail(event=contract.with_payload("{}")).headers["List-Id"] == mail().headers["List-Id"]


def test_an_alert_becomes_a_message_that_every_relay_takes() -> None:
    """Whatever the event holds: plain and HTML, seven bits, no long line, no header that is not ours."""
    attack = "Disk\r\nBcc: a@b.example =?utf-8?q?=0D=0ABcc:_c@d.example?= " + "🙂" * 300
    whole = mail({"subject": attack, "body": attack * 20, "link": "https://x.example/" + "ü" * 500})
    letter = compose(whole, "Jackfield <alerts@jackfield.example>")
    assert isinstance(letter, Letter)
    assert letter.message.isascii()
    assert max(map(len, letter.message.split(b"\r\n"))) <= 78
    message = message_from_bytes(letter.message, policy=SMTP)
    assert message["Bcc"] is None
    assert message["Message-ID"] == f"<{contract.DELIVERY}@jackfield.invalid>"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    names = [
        *("from", "to", "subject", "date", "message-id", "mime-version", "content-type"),
        *map(str.lower, whole.headers),
    ]
    assert sorted(name.lower() for name, _ in message.items()) == sorted(names)


def test_its_default_text_is_filled_with_the_alerts_context() -> None:
    assert filled("subject", contract.EVENT.payload) == "Alert triggered"
    assert filled("body", contract.EVENT.payload) == "api_latency_p95 is at 1840; the threshold is 1000."
    assert filled("body", {"message": "Hi"}) == "Hi"


def filled(key: str, values: Mapping[str, Any]) -> str:
    scope = templates.scope(payload=values, event={"type": "alert.triggered"}, workspace={}, severity="")
    (default,) = (field.default for field in PROVIDER.action("send_email").fields if field.key == key)
    return templates.render(default, scope).text.strip()


# --------------------------------------------------------------------------- what the relay says


def test_the_relays_acceptance_is_a_delivery() -> None:
    assert outcome_of(Answer(status=250)).delivered


def test_a_refusal_is_final_and_a_deferral_is_not() -> None:
    refused = outcome_of(Failure(trouble=Trouble.MAIL_REJECTED, detail="550 no such user."))
    assert (refused.retry, refused.culprit) == (False, Culprit.CONNECTION)
    assert "550 no such user" in refused.reason
    assert outcome_of(Failure(trouble=Trouble.MAIL_DEFERRED, detail="greylisted.")).retry


def test_each_recipient_that_was_refused_is_noted_though_the_message_went_out() -> None:
    body = b"2.0.0 Ok: queued as 1\nRefused: gone@example.com (550 5.1.1 no such user)\nRefused: full@example.com (452)"
    outcome = outcome_of(Answer(status=250, body=body))
    assert outcome.delivered
    assert outcome.notes == (
        "The relay refused a recipient, who got nothing: gone@example.com (550 5.1.1 no such user).",
        "The relay refused a recipient, who got nothing: full@example.com (452).",
    )


def test_a_relay_whose_name_does_not_resolve_is_the_operators_to_mend() -> None:
    outcome = outcome_of(Failure(trouble=Trouble.NAME_NOT_FOUND))
    assert (outcome.culprit, outcome.retry) == (Culprit.US, True)
    assert "EMAIL_URL" in outcome.fix
