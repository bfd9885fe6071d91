"""The door for mail, against relays of every kind."""

from __future__ import annotations

import base64
import smtplib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from connections import names, smtp
from connections.provider import Mail, Reply, Trouble
from tests.certificates import Authority
from tests.connections.doors import answer, failure
from tests.relays import Relay, commands, message, relaying
from tests.sinks import Script, Visit, silent

HOST = "relay.example.com"
Use = Callable[[str], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Set the operator's ``EMAIL_URL``."""
    monkeypatch.setattr(names, "ask_resolver", lambda _: ["127.0.0.1"])

    def choose(url: str) -> None:
        monkeypatch.setattr(
            smtp, "settings", SimpleNamespace(EMAIL_URL=url, EMAIL_FROM="Jackfield <alerts@jackfield.example.com>")
        )

    return choose


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """An authority that the operator has added to the system's."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    smtp._trust.cache_clear()
    yield authority
    smtp._trust.cache_clear()


def send(
    *to: str, subject: str = "Disk is full", text: str = "It is.", html: str = "<p>It is.</p>", seconds: float = 5.0
) -> Reply:
    mail = Mail(to or ("ann@example.com",), subject, text, html, message_id="<0190aaaa@jackfield.invalid>")
    return smtp.send(mail, seconds=seconds)


def test_it_hands_the_message_over_and_keeps_what_the_relay_said(use: Use) -> None:
    with Relay(relaying()) as relay:
        use(f"smtp://{relay.target}")
        got = answer(send("ann@example.com", "bob@example.com"))
    assert (got.status, got.body) == (250, b"2.0.0 queued as 4711")
    assert commands(relay) == [
        "ehlo [127.0.0.1]",
        "mail FROM:<alerts@jackfield.example.com>",
        "rcpt TO:<ann@example.com>",
        "rcpt TO:<bob@example.com>",
        "data",
        "quit",
    ]
    assert b"Message-ID: <0190aaaa@jackfield.invalid>\r\n" in message(relay)


def test_the_relay_may_be_private_because_the_operator_chose_it(use: Use) -> None:
    with Relay(relaying()) as relay:
        use(f"smtp://{HOST}:{relay.port}")  # resolves to loopback
        answer(send())


def test_a_line_that_is_a_dot_does_not_end_the_message(use: Use) -> None:
    attack = "before\n.\nRSET\nMAIL FROM:<x@example.com>\n.after"
    with Relay(relaying()) as relay:
        use(f"smtp://{relay.target}")
        answer(send(text=attack, html=""))
    assert len(commands(relay)) == 5
    assert message(relay).partition(b"\r\n\r\n")[2] == attack.replace("\n", "\r\n").encode() + b"\r\n"


def test_no_recipient_can_slip_in_a_command(use: Use) -> None:
    with Relay(relaying()) as relay:
        use(f"smtp://{relay.target}")
        failed = failure(send("ann@example.com>\r\nRCPT TO:<victim@example.com"))
    assert failed.trouble is Trouble.MAIL_REJECTED
    assert relay.connections == 0


# --------------------------------------------------------------------------- rejections


def test_who_the_relay_takes_gets_the_message_and_who_it_refuses_is_named(use: Use) -> None:
    with Relay(relaying(says={"rcpt TO:<gone": "550 5.1.1 no such user"})) as relay:
        use(f"smtp://{relay.target}")
        got = answer(send("ann@example.com", "gone@example.com"))
    assert got.status == 250
    assert got.body.splitlines()[1] == b"Refused: gone@example.com (550 5.1.1 no such user)"
    assert b"It is." in message(relay)


@pytest.mark.parametrize(
    ("says", "trouble", "said"),
    [
        ({"rcpt": "550 5.1.1 no such user"}, Trouble.MAIL_REJECTED, "ann@example.com: 550 5.1.1 no such user"),
        ({"rcpt": "450 4.2.1 greylisted"}, Trouble.MAIL_DEFERRED, "450 4.2.1 greylisted"),
        ({"rcpt TO:<ann": "550 no", "rcpt": "450 later"}, Trouble.MAIL_DEFERRED, "bob@example.com: 450 later"),
        ({"data": "554 no"}, Trouble.MAIL_REJECTED, "554 no"),
        ({".": "552 5.3.4 too big"}, Trouble.MAIL_REJECTED, "552 5.3.4 too big"),
        ({".": "452 4.3.1 disk full"}, Trouble.MAIL_DEFERRED, "452 4.3.1 disk full"),
        ({"mail": "451 busy"}, Trouble.MAIL_DEFERRED, "451 busy"),
        ({"mail": "550 not you"}, Trouble.NO_RELAY, "EMAIL_FROM"),
        ({"HELLO": "421 too many connections"}, Trouble.MAIL_DEFERRED, "421 too many connections"),
        ({"HELLO": "554 no"}, Trouble.MAIL_REJECTED, "554 no"),
        ({"HELLO": "rubbish"}, Trouble.MALFORMED, "does not speak SMTP"),
        ({".": "rubbish"}, Trouble.MALFORMED, "does not speak SMTP"),
        ({"HELLO": ""}, Trouble.RESET, "hung up"),
        ({"mail": ""}, Trouble.RESET, "hung up"),
        ({".": ""}, Trouble.RESET, "hung up"),
        ({"ehlo": "500 what", "helo": "500 what"}, Trouble.MAIL_REJECTED, "500 what"),
    ],
)
def test_each_rejection_has_its_own_name(use: Use, says: dict[str, str], trouble: Trouble, said: str) -> None:
    with Relay(relaying(says=says)) as relay:
        use(f"smtp://{relay.target}")
        failed = failure(send("ann@example.com", "bob@example.com"))
    assert failed.trouble is trouble
    assert said in failed.detail


def test_what_happens_after_the_relay_took_it_does_not_have_it_sent_twice(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = smtplib.SMTP.putcmd

    def hang_up(self: smtplib.SMTP, cmd: str, args: str = "") -> None:
        if cmd == "quit":
            raise smtplib.SMTPServerDisconnected
        say(self, cmd, args)

    monkeypatch.setattr(smtplib.SMTP, "putcmd", hang_up)
    with Relay(relaying()) as relay:
        use(f"smtp://{relay.target}")
        answer(send())


# --------------------------------------------------------------------------- faults


@pytest.mark.parametrize("url", ["", "localhost", "http://127.0.0.1:25", "smtp://", "smtp://127.0.0.1:port"])
def test_without_a_relay_it_says_what_the_operator_has_to_set(use: Use, url: str) -> None:
    use(url)
    failed = failure(send())
    assert failed.trouble is Trouble.NO_RELAY
    assert "EMAIL_URL" in failed.detail


@pytest.mark.parametrize("command", ["HELLO", "ehlo", "rcpt", "data", "."])
def test_a_relay_that_falls_silent_ends_with_the_attempt(use: Use, command: str) -> None:
    with Relay(relaying(says={command: "..."})) as relay:
        use(f"smtp://{relay.target}")
        assert failure(send(seconds=0.25)).trouble is Trouble.TIMEOUT


@pytest.mark.parametrize("drop", [b"2", b"220-go on\r\n"])
def test_a_relay_that_drips_for_ever_ends_with_the_attempt(use: Use, drop: bytes) -> None:
    def script(visit: Visit) -> None:
        for _ in range(150):
            if visit.rest(0.02):
                return
            visit.send(drop)

    with Relay(script) as relay:
        use(f"smtp://{relay.target}")
        assert failure(send(seconds=0.3)).trouble is Trouble.TIMEOUT


def test_a_relay_that_talks_without_end_is_not_listened_to(use: Use) -> None:
    with Relay(relaying(says={"HELLO": "220-go on\r\n" * 10_000 + "220 ready"})) as relay:
        use(f"smtp://{relay.target}")
        assert failure(send()).trouble is Trouble.RESET


def test_a_closed_port_is_refused(use: Use) -> None:
    with Relay(silent) as relay:
        pass
    use(f"smtp://{relay.target}")
    assert failure(send()).trouble is Trouble.REFUSED


def test_a_relay_whose_name_is_unknown_is_not_found(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_name: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    use(f"smtp://{HOST}")
    monkeypatch.setattr(names, "ask_resolver", nobody)
    assert failure(send()).trouble is Trouble.NAME_NOT_FOUND


# --------------------------------------------------------------------------- TLS and the password


def test_it_logs_in_under_starttls(use: Use, trusted: Authority) -> None:
    script = relaying(features="STARTTLS,AUTH PLAIN", tls=trusted.server(HOST))
    with Relay(script) as relay:
        use(f"smtp://me%40example.com:p%3Ass@{HOST}:{relay.port}")
        answer(send())
    said = commands(relay)
    assert said[:3] == ["ehlo [127.0.0.1]", "STARTTLS", "ehlo [127.0.0.1]"]
    assert base64.b64decode(said[3].removeprefix("AUTH PLAIN ")) == b"\0me@example.com\0p:ss"


def test_it_speaks_tls_from_the_first_byte_to_smtps(use: Use, trusted: Authority) -> None:
    with Relay(relaying(features="AUTH LOGIN PLAIN,STARTTLS"), tls=trusted.server(HOST)) as relay:
        use(f"smtps://me:pass@{HOST}:{relay.port}")
        answer(send())
    assert "STARTTLS" not in commands(relay)


@pytest.mark.parametrize(
    "script",
    [relaying(features="AUTH PLAIN"), relaying(features="STARTTLS,AUTH PLAIN", says={"STARTTLS": "454 not now"})],
    ids=["not offered", "refused"],
)
def test_the_password_is_not_sent_without_tls(use: Use, script: Script) -> None:
    with Relay(script) as relay:
        use(f"smtp://me:pass@{HOST}:{relay.port}")
        failed = failure(send())
    assert failed.trouble in (Trouble.TLS, Trouble.MAIL_DEFERRED)
    assert not any(command.upper().startswith(("AUTH", "MAIL")) for command in commands(relay))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.usefixtures("trusted")
def test_a_relay_that_cannot_prove_who_it_is_gets_neither_password_nor_message(
    use: Use, tmp_path: Path, scheme: str
) -> None:
    stranger = Authority(tmp_path / ".").server(HOST, self_signed=True)
    script = relaying(features="STARTTLS,AUTH PLAIN", tls=stranger)
    with Relay(script, tls=stranger if scheme == "smtps" else None) as relay:
        use(f"{scheme}://me:pass@{HOST}:{relay.port}")
        assert failure(send()).trouble is Trouble.TLS
    assert commands(relay) in ([], ["ehlo [127.0.0.1]", "STARTTLS"])


def test_what_is_slipped_in_before_tls_is_not_read_after_it(use: Use, trusted: Authority) -> None:
    """CVE-2011-0411: the features of a stranger in between must not count."""
    tls = trusted.server(HOST)
    slipped = "220 go\r\n250-evil.example.com\r\n250 AUTH PLAIN"
    with Relay(relaying(features="STARTTLS", says={"STARTTLS": slipped}, tls=tls)) as relay:
        use(f"smtp://me:pass@{HOST}:{relay.port}")
        failed = failure(send())
    assert failed.trouble is Trouble.NO_RELAY
    assert not any(command.startswith("AUTH") for command in commands(relay))


@pytest.mark.parametrize(
    ("features", "says"),
    [("AUTH PLAIN", {"AUTH": "535 5.7.8 wrong"}), ("", {})],
    ids=["wrong", "takes none"],
)
def test_a_password_that_does_not_work_is_the_operators_affair_and_is_not_told(
    use: Use, trusted: Authority, features: str, says: dict[str, str]
) -> None:
    with Relay(relaying(features=features, says=says), tls=trusted.server(HOST)) as relay:
        use(f"smtps://me:hush@{HOST}:{relay.port}")
        failed = failure(send())
    assert failed.trouble is Trouble.NO_RELAY
    assert "EMAIL_URL" in failed.detail
    assert "hush" not in repr(failed)


# --------------------------------------------------------------------------- letters beyond ASCII


def test_an_address_beyond_ascii_goes_to_a_relay_that_can_write_it(use: Use) -> None:
    with Relay(relaying(features="SMTPUTF8")) as relay:
        use(f"smtp://{relay.target}")
        answer(send("jürgen@example.com"))
    assert "mail FROM:<alerts@jackfield.example.com> BODY=8BITMIME SMTPUTF8" in commands(relay)
    assert "rcpt TO:<jürgen@example.com>" in commands(relay)


def test_an_address_beyond_ascii_is_refused_where_the_relay_cannot_write_it(use: Use) -> None:
    with Relay(relaying()) as relay:
        use(f"smtp://{relay.target}")
        failed = failure(send("jürgen@example.com"))
    assert failed.trouble is Trouble.MAIL_REJECTED
    assert commands(relay) == ["ehlo [127.0.0.1]"]
