"""A ``Mail`` as the bytes of a message (RFC 5322), with no way to slip in a header or a recipient. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import formatdate, parseaddr

import idna

from connections.provider import Mail

# Unquoted local parts only: nobody's mailbox needs the quoted ones, and they are where injections hide.
_ADDRESS = re.compile(r"(?P<local>[^\s<>()\[\],;:\\\"@]{1,64})@(?P<domain>[^\s<>()\[\],;:\\\"@]{1,253})")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,76}")
_OURS = re.compile(
    r"from|sender|to|cc|bcc|subject|date|message-id|mime-version|content-.*|received|return-path", re.IGNORECASE
)


class _OnOneLine(UnstructuredHeader, BaseHeader):
    """The library would write a long address as an encoded word, and then nobody finds it (RFC 2369, section 2)."""

    def fold(self, *, policy: Policy) -> str:
        whole = f"{self.name}: {self}{policy.linesep}"
        return whole if whole.isascii() and len(whole) <= LINE_MOST else super().fold(policy=policy)


LINE_MOST = 998  # of a message, by RFC 5322, section 2.1.1
_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _OnOneLine)
# Seven bits, since not every relay takes eight.
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is ready to go, and its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes
    needs_utf8: bool  # a local part outside ASCII: only relays with SMTPUTF8 (RFC 6531) can take it


@dataclass(frozen=True, slots=True)
class Unfit:
    """A mail that cannot be sent; ``reason`` says why and how to mend it."""

    reason: str


def compose(mail: Mail, sender: str) -> Letter | Unfit:
    """The message from ``sender`` (``Name <address>``); a text part and, when there is one, an HTML part."""
    name, written = parseaddr(sender)
    origin = _address(written)
    recipients = [_address(recipient) for recipient in mail.to]
    if origin is None:
        return Unfit("The sender is not a mail address: the operator sets EMAIL_FROM.")
    if not recipients:
        return Unfit("There is no recipient: add one to the connection.")
    for recipient, typed in zip(recipients, mail.to, strict=True):
        if recipient is None:
            return Unfit(f"“{ascii(typed[:80])[1:-1]}” is not a mail address: correct it in the connection.")
    known = [recipient for recipient in recipients if recipient]
    for header in mail.headers:
        if not _HEADER_NAME.fullmatch(header) or _OURS.fullmatch(header):
            return Unfit(f"The header “{ascii(header[:60])[1:-1]}” cannot be set: remove it.")
    needs_utf8 = not all(address.isascii() for address in [origin, *known])
    message = _message(mail, _mailbox(origin, name), known)
    written_out = message.as_bytes(policy=_POLICY.clone(utf8=needs_utf8))
    return Letter(origin, tuple(known), written_out, needs_utf8=needs_utf8)


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _message(mail: Mail, sender: Address, recipients: list[str]) -> EmailMessage:
    message = EmailMessage(_POLICY)
    message["From"] = sender
    message["To"] = [_mailbox(recipient) for recipient in recipients]
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = formatdate()
    message["Message-ID"] = _message_id(mail.message_id, sender.domain)
    for name, value in mail.headers.items():
        message[name] = _one_line(value)
    message.set_content(_body(mail.text))
    if mail.html:
        message.add_alternative(_body(mail.html), subtype="html")
    return message


def _one_line(text: str) -> str:
    """Text that stays within its header: every line break and control character becomes a space.

    What looks like an encoded word (RFC 2047) is parted by a mark that nobody sees: the library decodes those before
    it writes, and a line break in one would end the header.
    """
    line = " ".join("".join(char if char.isprintable() else " " for char in _utf8(text)).split())
    return line.replace("=?", "=\N{WORD JOINER}?")


def _body(text: str) -> str:
    return _utf8(text).replace("\0", "")  # RFC 5322 forbids it, and relays refuse it


def _utf8(text: str) -> str:
    """Text that can be written as UTF-8: half characters become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _message_id(wanted: str, domain: str) -> str:
    """The same on every retry, so that mailboxes can drop a second copy."""
    bare = re.sub(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]", "", wanted)
    return f"<{bare if '@' in bare else f'{bare}@{domain}'}>"


def _address(typed: str) -> str | None:
    """The address with its domain in ASCII, or None when it is none."""
    parts = _ADDRESS.fullmatch(typed.strip())
    if parts is None or not typed.strip().isprintable():
        return None
    try:
        domain = idna.encode(parts["domain"].lower(), strict=True).decode("ascii")
    except idna.IDNAError:
        return None
    return f"{parts['local']}@{domain}"
