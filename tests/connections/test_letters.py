"""A mail as the bytes of a message, and what could be slipped into it."""

from __future__ import annotations

import base64
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from connections.letters import Letter, Unfit, compose
from connections.provider import Mail

SENDER = "Jackfield <alerts@jackfield.example.com>"


def mail(**changes: object) -> Mail:
    usual: dict[str, object] = {
        "to": ("ann@example.com",),
        "subject": "Disk is full",
        "text": "It is.",
        "html": "<p>It is.</p>",
        "message_id": "<0190aaaa@jackfield.invalid>",
    }
    return Mail(**(usual | changes))  # type: ignore[arg-type]


def letter(**changes: object) -> Letter:
    written = compose(mail(**changes), SENDER)
    assert isinstance(written, Letter), written
    return written


def parsed(**changes: object) -> EmailMessage:
    message = message_from_bytes(letter(**changes).message, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_it_writes_a_text_and_an_html_part() -> None:
    message = parsed(headers={"Auto-Submitted": "auto-generated"})
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content().strip() for part in message.iter_parts()] == ["It is.", "<p>It is.</p>"]
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, "ann@example.com", "Disk is full")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime is not None


def test_it_writes_text_alone_when_there_is_no_html() -> None:
    assert parsed(html="").get_content_type() == "text/plain"


@pytest.mark.parametrize("text", ["Größe: 5 µm", "Größe: 5 µm\n" + "ü" * 2_000, "plain " * 400])
def test_it_carries_utf_8_in_subject_and_text_through_a_relay_of_seven_bits(text: str) -> None:
    subject = "Störung: 磁盘满了 🔥 " + "ä" * 200
    written = letter(subject=subject, text=text, html="")
    assert written.message.isascii()
    assert max(map(len, written.message.splitlines())) <= 998
    assert not written.needs_utf8
    message = parsed(subject=subject, text=text, html="")
    assert message["Subject"] == subject
    assert message.get_content().splitlines() == text.splitlines()


def test_the_message_id_is_the_same_on_every_retry() -> None:
    assert parsed()["Message-ID"] == parsed()["Message-ID"] == "<0190aaaa@jackfield.invalid>"
    assert parsed(message_id="0190aaaa")["Message-ID"] == "<0190aaaa@jackfield.example.com>"


def test_an_address_in_a_header_stays_readable_however_long_it_is() -> None:
    """Mail programs look for ``List-Unsubscribe`` as it is written."""
    link = f"<https://portal.a-rather-long-name.example.com/unsubscribe/{'0' * 32}.{'Ab-_9' * 9}>"
    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in letter(headers={"List-Unsubscribe": link}).message


@pytest.mark.parametrize("link", ["<https://example.com/" + "x" * 2_000 + ">", "<https://bücher.example.com/>"])
def test_no_line_of_it_is_longer_or_other_than_a_relay_takes(link: str) -> None:
    message = letter(headers={"List-Unsubscribe": link}).message
    assert message.isascii()
    assert max(map(len, message.splitlines())) <= 998


@pytest.mark.parametrize("gap", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85", "\0"])
def test_no_text_can_slip_in_a_header(gap: str) -> None:
    attack = f"Hello{gap}Bcc: victim@example.com"
    message = parsed(subject=attack, message_id=attack, headers={"X-Note": attack, "List-Unsubscribe": attack})
    assert message["Subject"] == "Hello Bcc: victim@example.com"
    assert message["X-Note"] == message["List-Unsubscribe"] == "Hello Bcc: victim@example.com"
    assert message["Bcc"] is None
    assert letter(subject=attack).recipients == ("ann@example.com",)


@pytest.mark.parametrize(
    "word",
    [
        "=?utf-8?q?a=0D=0ABcc:_victim@example.com?=",
        f"=?utf-8?b?{base64.b64encode(b'a' + bytes([13, 10]) + b'Bcc: victim@example.com').decode()}?=",
        "=?us-ascii?Q?=0ABcc:victim@example.com?=",
        "=?utf-8*en?q?a=0D=0A=0D=0Abody?=",
        "==??utf-8?q?=0ABcc:x?=",
    ],
)
@pytest.mark.parametrize("before", ["", "[High] ", "a" * 70, "ü"])
def test_no_encoded_word_can_slip_in_a_header(before: str, word: str) -> None:
    """The library decodes such words when a header is set, line ends and all."""
    attack = f"{before}{word} end"
    message = parsed(subject=attack, headers={"X-Note": attack})
    for name in ("Subject", "X-Note"):
        assert str(message[name]).replace("\u2060", "") == attack  # nothing but text, shown as it was written
    assert message["Bcc"] is None
    assert len(message.keys()) == len(parsed(headers={"X-Note": "plain"}).keys())


@pytest.mark.parametrize("size", [78, 998, 5_000])
@pytest.mark.parametrize("letter_of", ["x", "ü", "🙂", "=", "."])
def test_no_line_is_longer_than_relays_take(size: int, letter_of: str) -> None:
    """RFC 5322, section 2.1.1: 998 characters at most, 78 where it can be; and no letter is lost by it."""
    long = letter_of * size
    written = letter(subject=long[:200], text=long, html=f"<p>{long}</p>").message
    assert max(map(len, written.split(b"\r\n"))) <= 78
    assert b"\n" not in written.replace(b"\r\n", b"")
    message = parsed(subject=long[:200], text=long, html="")
    assert message["Subject"] == long[:200]
    assert message.get_content().strip() == long


@pytest.mark.parametrize(
    "recipient",
    [
        "", "ann", "@example.com", "ann@", "ann@@example.com", "a b@example.com", "ann@example.com\r\nBcc: x@a.com",
        "ann@example.com>\r\nRCPT TO:<x@example.com", "ann@example.com,x@example.com", "Ann <ann@example.com>",
        '"a b"@example.com', "ann@[10.0.0.5]", "ann@exa mple.com", "ann@example..com", "a\0nn@example.com",
        "ann@example.com;x@example.com", "a" * 65 + "@example.com", "an\u200bn@example.com", "ann@ex\uff0eample.com",
    ],
)  # fmt: skip
def test_it_refuses_what_is_not_one_plain_address_and_names_it(recipient: str) -> None:
    written = compose(mail(to=("bob@example.com", recipient)), SENDER)
    assert isinstance(written, Unfit)
    assert "is not a mail address" in written.reason
    assert written.reason.isprintable()


@pytest.mark.parametrize("name", ["From", "bcc", "Content-Type", "Subject", "X\r\nBcc", "X: y", "", "Ä", "Received"])
def test_it_refuses_headers_that_are_its_own_or_no_names(name: str) -> None:
    assert isinstance(compose(mail(headers={name: "x"}), SENDER), Unfit)


def test_it_needs_a_recipient_and_a_sender() -> None:
    for written in (compose(mail(to=()), SENDER), compose(mail(), "nobody")):
        assert isinstance(written, Unfit)


def test_a_domain_is_written_in_ascii_and_only_a_local_part_needs_a_modern_relay() -> None:
    plain = letter(to=("ann@bücher.example.com",))
    assert (plain.recipients, plain.needs_utf8) == (("ann@xn--bcher-kva.example.com",), False)
    modern = letter(to=("jürgen@example.com",))
    assert (modern.recipients, modern.needs_utf8) == (("jürgen@example.com",), True)
    assert "To: jürgen@example.com" in modern.message.decode()


def test_half_a_character_or_none_at_all_does_not_stop_the_mail() -> None:
    message = parsed(subject="a\ud800b", text="c\ud800d\0e", html="")
    assert (message["Subject"], message.get_content().strip()) == ("a?b", "c?de")


def test_the_senders_name_may_have_any_letter() -> None:
    written = compose(mail(), "Störungsdienst <alerts@jackfield.example.com>")
    assert isinstance(written, Letter)
    assert written.sender == "alerts@jackfield.example.com"
    assert message_from_bytes(written.message, policy=SMTP)["From"].addresses[0].display_name == "Störungsdienst"
