"""A mail relay that says what a test wants it to say."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from tests.sinks import Script, Sink, Visit

USUAL = {
    "HELLO": "220 relay.example.com ESMTP",
    "EHLO": "250-relay.example.com\r\n250 8BITMIME",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 end with a dot",
    ".": "250 2.0.0 queued as 4711",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class Relay(Sink):
    """A sink whose callers always hang up by themselves: it hears them out."""

    def see_off(self) -> None:
        pass


def relaying(*, features: str = "", says: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None) -> Script:
    """A relay with these ESMTP ``features`` (separated by commas). ``says`` replaces what it answers to the commands
    that begin with a key; an empty answer hangs up, ``...`` is silence for longer
    than any test waits.

    The sink's ``requests`` hold every command, and the message as it came between DATA and the dot.
    """
    extensions = "".join(f"250-{feature}\r\n" for feature in features.split(",") if feature)
    usual = USUAL | {"EHLO": f"250-relay.example.com\r\n{extensions}250 8BITMIME"}

    def reply(command: str) -> str:
        special = [answer for key, answer in (says or {}).items() if command.upper().startswith(key.upper())]
        return special[0] if special else usual.get(command.partition(" ")[0].upper(), "")

    def script(visit: Visit) -> None:
        command = "HELLO"
        while answer := reply(command):
            if answer == "...":
                visit.rest(3.0)
                return
            visit.send(answer.encode() + b"\r\n")
            if command == "STARTTLS" and tls:
                visit.secure(tls)
            if command.upper() == "DATA":
                visit.read_until(b"\r\n.\r\n")
                command = "."
            else:
                command = visit.read_until(b"\r\n").decode("utf-8", "surrogateescape").strip()

    return script


def commands(relay: Sink) -> list[str]:
    """What the relay was told, without the message."""
    lines = [request.decode("utf-8").strip() for request in relay.requests]
    return [line for line in lines if "\n" not in line]


def message(relay: Sink) -> bytes:
    """The message that the relay was given, without the dots that only protect it on the way."""
    [whole] = [request for request in relay.requests if b"\n" in request.strip()]
    return whole.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
