"""The door for mail: one message to the operator's relay, one reply back. The only user of ``smtplib``.

The relay is the operator's own choice (``EMAIL_URL``), not a customer's, and usually stands inside the network: so the
rule for addresses (``connections.addresses``) does not hold for it. Customers only choose recipients.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from time import monotonic
from typing import cast
from urllib.parse import unquote, urlsplit

from django.conf import settings

from connections.letters import Letter, Unfit, compose
from connections.names import look_up
from connections.provider import Answer, Failure, Mail, Reply, Trouble
from connections.wire import Deadline, Wire, dial

_TALK_MOST = 65_536  # bytes read from the relay for one message
_PORTS = {"smtp": 587, "smtps": 465}  # RFC 6409 and RFC 8314


@dataclass(frozen=True, slots=True)
class _Relay:
    """Where the operator's ``EMAIL_URL`` points."""

    host: str
    port: int
    secure: bool  # TLS from the first byte; otherwise STARTTLS when it is offered
    user: str = ""
    password: str = field(default="", repr=False)


class _Refusal(Exception):  # noqa: N818  it carries a value
    """The message cannot be handed over, and this is why."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.failure = Failure(trouble, detail)


def send(mail: Mail, *, seconds: float = 15.0) -> Reply:
    """Hand one message to the relay; ``seconds`` is for all of it.

    An answer of status 250 means that the relay took it for at least one recipient; its body is what the relay said,
    with one line more for each recipient that it refused.
    """
    start = monotonic()
    reply = _attempt(mail, Deadline(seconds))
    return replace(reply, elapsed_ms=round((monotonic() - start) * 1_000))


def _attempt(mail: Mail, deadline: Deadline) -> Reply:
    relay = _read_relay(settings.EMAIL_URL)
    if relay is None:
        return Failure(Trouble.NO_RELAY, "The operator sets EMAIL_URL to smtp://user:password@host:587.")
    letter = compose(mail, settings.EMAIL_FROM)
    if isinstance(letter, Unfit):
        return Failure(Trouble.MAIL_REJECTED, letter.reason)
    session = _Session(relay, deadline)
    try:
        return session.hand_over(letter)
    except _Refusal as refusal:
        return refusal.failure
    except OSError as error:  # smtplib's own errors are kinds of it
        return _failure(error, deadline)
    finally:
        session.close()


@lru_cache(maxsize=4)
def _read_relay(url: str) -> _Relay | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in _PORTS:
        return None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return _Relay(host, port or _PORTS[parts.scheme], parts.scheme == "smtps", user, password)


# --------------------------------------------------------------------------- the conversation


class _Session(smtplib.SMTP):
    """``smtplib`` over a wire of ours, so that one deadline holds for the whole conversation."""

    def __init__(self, relay: _Relay, deadline: Deadline) -> None:
        super().__init__(local_hostname="[127.0.0.1]")  # given, lest smtplib look our name up; see _greet
        self._relay = relay
        self._deadline = deadline
        self._said = b""

    def hand_over(self, letter: Letter) -> Answer:
        self._connect()
        self._greet()
        self._log_in()
        options = ["BODY=8BITMIME", "SMTPUTF8"] if letter.needs_utf8 else []
        if letter.needs_utf8 and not self.has_extn("smtputf8"):
            raise _Refusal(Trouble.MAIL_REJECTED, "A recipient's address has letters that the relay cannot write.")
        refused = self.sendmail(letter.sender, letter.recipients, letter.message, mail_options=options)
        with suppress(OSError):  # the message is theirs: nothing that happens now may have it sent twice
            self.putcmd("quit")
        lines = [self._said, *(f"Refused: {who} ({_said(*why)})".encode() for who, why in refused.items())]
        return Answer(status=250, body=b"\n".join(lines))

    def data(self, msg: bytes | str) -> tuple[int, bytes]:  # type: ignore[override]
        """Keep what the relay says at the end: it holds the number to ask its operator about."""
        code, self._said = super().data(msg)
        return code, self._said

    def _connect(self) -> None:
        relay, deadline = self._relay, self._deadline
        found = look_up(relay.host, seconds=deadline.left(), search=True)
        wire = dial([(address, relay.port) for address in found], deadline)
        wire.allowance = _TALK_MOST
        self.sock = cast("socket.socket", wire)
        if relay.secure:
            wire.secure(_trust(), relay.host)
        code, said = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)

    def _greet(self) -> None:
        wire = cast("Wire", self.sock)
        self.local_hostname = _literal(wire.sock.getsockname()[0])
        self.ehlo_or_helo_if_needed()
        if not self._relay.secure and self.has_extn("starttls"):
            self._start_tls(wire)

    def _start_tls(self, wire: Wire) -> None:
        code, said = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, said)
        # A new reader: what a stranger slipped in before TLS began must not be read after it (CVE-2011-0411).
        cast("socket.SocketIO", self.file).close()
        self.file = None
        wire.secure(_trust(), self._relay.host)
        self.ehlo_resp = self.helo_resp = None
        self.ehlo_or_helo_if_needed()

    def _log_in(self) -> None:
        relay = self._relay
        if not relay.user:
            return
        if not isinstance(cast("Wire", self.sock).sock, ssl.SSLSocket):
            raise _Refusal(Trouble.TLS, "The relay offers no STARTTLS, so our password was not sent to it.")
        self.login(relay.user, relay.password)


def _literal(address: str) -> str:
    """How a client without a name of its own introduces itself: RFC 5321, section 4.1.3."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


@cache
def _trust() -> ssl.SSLContext:
    """Whom to believe: the system's authorities, to which the operator can add their own."""
    return ssl.create_default_context()


# --------------------------------------------------------------------------- what went wrong, as a value


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(f"{code} {text}".split())[:300]


# The order matters: several of these are kinds of the later ones, and smtplib's are all kinds of OSError.
_PLAIN: tuple[tuple[type[Exception], Trouble, str], ...] = (
    (TimeoutError, Trouble.TIMEOUT, "The relay did not take the message in time."),
    (smtplib.SMTPAuthenticationError, Trouble.NO_RELAY, "The relay refused our user name and password (EMAIL_URL)."),
    (smtplib.SMTPNotSupportedError, Trouble.NO_RELAY, "The relay takes no password: leave it out of EMAIL_URL."),
    (smtplib.SMTPServerDisconnected, Trouble.RESET, "The relay hung up before it had taken the message."),
    (smtplib.SMTPException, Trouble.MALFORMED, "The relay does not speak SMTP as we know it."),
    (socket.gaierror, Trouble.NAME_NOT_FOUND, "The relay's name could not be found."),
    (ConnectionRefusedError, Trouble.REFUSED, "Nothing listens at the relay's address and port."),
    (ConnectionError, Trouble.RESET, "The relay hung up before it had taken the message."),
    (ssl.SSLError, Trouble.TLS, "The relay's certificate or TLS version could not be accepted."),
    (OSError, Trouble.UNREACHABLE, "There is no way to the relay."),
)


def _failure(error: Exception, deadline: Deadline) -> Failure:
    if deadline.passed:
        return Failure(Trouble.TIMEOUT, "The relay did not take the message in time.")
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            return _refused_by_all(refused)
        case smtplib.SMTPAuthenticationError():
            pass  # it has a code, too, but the code says nothing about the message
        case smtplib.SMTPSenderRefused(smtp_code=code, smtp_error=words) if code >= 500:
            return Failure(Trouble.NO_RELAY, f"The relay does not accept our sender (EMAIL_FROM): {_said(code, words)}")
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=words) if code >= 400:
            return Failure(Trouble.MAIL_REJECTED if code >= 500 else Trouble.MAIL_DEFERRED, _said(code, words))
    return next(Failure(trouble, detail) for kind, trouble, detail in _PLAIN if isinstance(error, kind))


def _refused_by_all(refused: dict[str, tuple[int, bytes]]) -> Failure:
    """All recipients were refused: for good only when that is so for every one of them."""
    permanent = all(code >= 500 for code, _ in refused.values())
    detail = "; ".join(f"{who}: {_said(*why)}" for who, why in refused.items())
    return Failure(Trouble.MAIL_REJECTED if permanent else Trouble.MAIL_DEFERRED, detail)
