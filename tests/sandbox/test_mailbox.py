"""The mailbox."""

from __future__ import annotations

import re
import smtplib
from email.message import EmailMessage
from html import unescape
from typing import Any

import pytest
import requests

from tests.sandbox.running import Running

HTML = '<p>Grüße</p><a href="https://portal.test/confirm/abc?x=1&amp;y=2">Confirm</a><script>alert(1)</script>'


def message(*, to: str = "tyrion@acme.test", subject: str = "Bestätigen", html: str = HTML) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "alerts@jackfield.test", to, subject
    mail["X-Delivery"] = "d1"
    mail.set_content("Grüße. See https://portal.test/plain.")
    mail.add_alternative(html, subtype="html")
    return mail


def send(sandbox: Running, mail: EmailMessage, *, timeout: float = 5) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp, timeout=timeout) as server:
        server.send_message(mail)


def mails(sandbox: Running, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{sandbox.mailbox}/_sandbox/mails", query, timeout=5).json()
    return found


def test_it_decodes_subject_text_html_headers_and_links(sandbox: Running) -> None:
    send(sandbox, message())
    [mail] = mails(sandbox)
    assert (mail["subject"], mail["from"], mail["to"]) == ("Bestätigen", "alerts@jackfield.test", ["tyrion@acme.test"])
    assert mail["text"].strip() == "Grüße. See https://portal.test/plain."
    assert "<p>Grüße</p>" in mail["html"]
    assert mail["headers"]["x-delivery"] == "d1"
    assert mail["links"] == ["https://portal.test/confirm/abc?x=1&y=2", "https://portal.test/plain"]


def test_it_finds_mail_by_recipient_in_any_case(sandbox: Running) -> None:
    send(sandbox, message(to="Tyrion@Acme.Test"))
    send(sandbox, message(to="homer@globex.test"))
    assert len(mails(sandbox, to="tyrion@acme.test")) == 1
    assert mails(sandbox, to="nobody@acme.test") == []


def test_it_forgets_the_mail_of_one_recipient(sandbox: Running) -> None:
    send(sandbox, message())
    send(sandbox, message(to="homer@globex.test"))
    requests.delete(f"{sandbox.mailbox}/_sandbox/mails", params={"to": "tyrion@acme.test"}, timeout=5)
    assert [mail["to"] for mail in mails(sandbox)] == [["homer@globex.test"]]


@pytest.mark.parametrize("fault", ["451", "550"])
def test_it_refuses_one_recipient_when_dialled(sandbox: Running, fault: str) -> None:
    sandbox.dial(sandbox.mailbox, target="tyrion@acme.test", fault=fault, times=1)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(sandbox, message(to="Tyrion@acme.test"))
    assert [code for code, _ in refused.value.recipients.values()] == [int(fault)]
    send(sandbox, message(to="homer@globex.test"))
    assert [mail["to"] for mail in mails(sandbox)] == [["homer@globex.test"]]


def test_it_hangs_when_dialled(sandbox: Running) -> None:
    sandbox.dial(sandbox.mailbox, fault="timeout")
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        send(sandbox, message(), timeout=0.3)


def test_it_closes_the_connection_when_dialled(sandbox: Running) -> None:
    sandbox.dial(sandbox.mailbox, fault="close")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sandbox, message())
    assert mails(sandbox) == []


def test_its_page_shows_html_in_a_frame_without_scripts(sandbox: Running) -> None:
    send(sandbox, message())
    page = requests.get(sandbox.mailbox, timeout=5).text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "<script>alert(1)" not in page
    assert "srcdoc=" in page


def test_a_new_mail_does_not_take_the_mark_from_the_one_being_read(sandbox: Running) -> None:
    send(sandbox, message(subject="First"))
    [query] = re.findall(r'data-query="([^"]*)"', requests.get(sandbox.mailbox, timeout=5).text)
    first = mails(sandbox)[0]["number"]
    send(sandbox, message(subject="Second"))
    html = requests.get(f"{sandbox.mailbox}/_sandbox/feed?{unescape(query)}", timeout=5).json()["html"]
    assert "Second" in html
    assert re.findall(r'id="mail-(\d+)" aria-current', html) == [str(first)]


def test_its_page_shows_the_mail_that_was_picked(sandbox: Running) -> None:
    send(sandbox, message(subject="First"))
    send(sandbox, message(subject="Second"))
    first = mails(sandbox)[0]["number"]
    assert '<h2 class="wrap">First</h2>' in requests.get(f"{sandbox.mailbox}/?mail={first}", timeout=5).text
    assert '<h2 class="wrap">Second</h2>' in requests.get(sandbox.mailbox, timeout=5).text
