"""Reads the list of recipients as it was typed, and names what is wrong with an address."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 20

_ADDRESS_MOST = 254  # characters. Source: RFC 5321, section 4.5.3.1.3, less the angle brackets
_LOCAL_MOST = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322, "dot-atom"
_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")


def split(typed: str | Iterable[str]) -> list[str]:
    """The addresses of a list, or of a text in which commas, semicolons or white space part them."""
    return re.findall(r"[^\s,;]+", typed) if isinstance(typed, str) else [str(address) for address in typed]


def fault_of(address: str) -> str:
    """What is wrong with an address and how to mend it; empty when it is in order."""
    local, at, domain = address.rpartition("@")
    shown = repr(address[:80])
    if not at or not local or not domain:
        return f"{shown} is no address. Write it as name@example.com."
    if not address.isascii():
        return f"{shown} has letters that mail relays do not carry. Write the domain in its xn-- form."
    if len(address) > _ADDRESS_MOST or len(local) > _LOCAL_MOST:
        return f"{shown} is longer than addresses can be. Check it for words that ran together."
    if not _LOCAL.fullmatch(local):
        return f"{shown}: the part before the @ has a character that does not belong there. Check it."
    if not _DOMAIN.fullmatch(domain):
        return f"{shown}: {domain[:80]} is no domain. Check the part after the @."
    return ""
