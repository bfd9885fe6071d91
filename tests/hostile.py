"""Every way that we know to write an address so that a careful eye sees a name and a careless resolver a machine.

Generated, not listed: from a handful of private addresses, by all encodings that some resolver or URL reader accepts.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import product

PRIVATE = ("127.0.0.1", "10.0.0.5", "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.0")  # noqa: S104
PRIVATE_V6 = ("::1", "::", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1")
INSIDE = (
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "printer.local", "db.internal",
    "metadata.google.internal", "intranet", "wiki.intranet", "nas.lan", "router.home.arpa", "home.arpa", "srv.corp",
    "1.0.0.127.in-addr.arpa", "x.onion", "redis", "postgres", "kubernetes.default.svc.cluster.local",
)  # fmt: skip
_DOTS = ("\u3002", "\uff0e", "\uff61")  # what IDNA mapping turns into a full stop


def addresses() -> set[str]:
    """Hosts that mean a private IPv4 address, or would to a lenient reader."""
    found: set[str] = set()
    for address in PRIVATE:
        found.update(_numbers(address), _disguises(address))
        found.update(f"[{embedded}]" for embedded in embeddings(address))
    return found | {f"[{address}]" for address in PRIVATE_V6} | {f"[{address}%25lo]" for address in PRIVATE_V6}


def _numbers(address: str) -> Iterator[str]:
    """Decimal, octal and hexadecimal, of the whole and of every part; short forms; leading zeros; overflow."""
    octets = [int(octet) for octet in address.split(".")]
    whole = int(IPv4Address(address))
    yield from (str(whole), hex(whole), f"0{whole:o}", f"0x{whole:08X}", f"{whole + 2**32}", f"0{whole}")
    yield from (".".join(parts) for parts in product(*([str(o), hex(o), f"0{o:o}"] for o in octets)))
    yield f"{octets[0]}.{whole & 0xFFFFFF}"
    yield f"{octets[0]}.{octets[1]}.{whole & 0xFFFF}"
    yield f"{hex(octets[0])}.{whole & 0xFFFFFF}"
    yield ".".join(f"{octet:03d}" for octet in octets) + "."
    yield ".".join(str(octet + 256) for octet in octets)
    yield from (f"{address}.", f"{address}..", f".{address}", f"{address}.0x0", f"{address}.08")


def _disguises(address: str) -> Iterator[str]:
    """Percent-encoded, full-width, circled and superscript digits, and dots that are none."""
    yield "".join(f"%{ord(char):02x}" for char in address)
    yield address.replace(".", "%2e")
    yield address.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    yield address.translate({ord(str(digit)): chr(0x2460 + digit - 1) for digit in range(1, 10)} | {ord("0"): "\u24ea"})
    yield address.translate({ord(str(digit)): "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] for digit in range(10)})
    yield address.translate({ord(str(digit)): chr(0x0660 + digit) for digit in range(10)})
    yield from (address.replace(".", dot) for dot in _DOTS)


def embeddings(address: str) -> Iterator[str]:
    """IPv6 addresses that carry this IPv4 address: wherever such a packet ends up, it is not for us to send."""
    number = int(IPv4Address(address))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    yield f"::ffff:{address}"  # mapped
    yield f"::ffff:{high}:{low}"
    yield f"0:0:0:0:0:ffff:{high}:{low}"
    yield f"::{high}:{low}"  # compatible
    yield f"::ffff:0:{high}:{low}"  # translated (RFC 2765)
    yield f"64:ff9b::{high}:{low}"  # NAT64
    yield f"64:ff9b:1::{high}:{low}"
    yield f"2002:{high}:{low}::1"  # 6to4
    yield f"2001:0:{high}:{low}::1"  # Teredo, server
    yield f"2001::{high}:{low}"
    yield f"fe80::5efe:{high}:{low}"  # ISATAP
    yield f"2606:4700::5efe:{high}:{low}"
    yield f"2606:4700::200:5efe:{high}:{low}"


def urls(*, port: int, path: str = "/") -> Iterator[str]:
    """Whole URLs: the hosts above, and what readers of URLs disagree about."""
    for host, scheme in product(sorted(addresses() | set(INSIDE)), ("http", "https")):
        yield f"{scheme}://{host}:{port}{path}"
    for address in ("127.0.0.1", "[::1]", "localhost"):
        here = f"{address}:{port}"
        for scheme in ("http", "https"):
            yield from (f"{scheme}://{confusion}" for confusion in _confusions(here, path))
        yield from (
            f"{scheme}://{here}{path}" for scheme in ("ftp", "file", "gopher", "dict", "ldap", "ws", "unix", "")
        )
        yield from (f"//{here}{path}", f"http:/{here}{path}", f"http:{here}{path}", f"http:\\\\{here}{path}")
        yield from (f" http://{here}{path}", f"\thttp://{here}{path}", f"ht\ntp://{here}{path}", f"{here}{path}")


def _confusions(here: str, path: str) -> Iterator[str]:
    yield from (f"{here}{gap}{path}" for gap in (" ", "\t", "\r\n", "\0", "\x7f", "\u00a0", "\u200b", "\u3000"))
    yield from (f"good.example.com{gap}@{here}{path}" for gap in ("", ":443", "%40", "\t", "#", "\\"))
    yield from (f"user:pass@{here}{path}", f"@{here}{path}", f":@{here}{path}", f"{here}@good.example.com{path}")
    yield from (f"{here}#@good.example.com/", f"{here}\\@good.example.com/", f"{here}\\.good.example.com/")
    yield from (f"{here}:443{path}", f"{here},good.example.com{path}", f"[{here}]{path}", f"{here}\r\nHost: x{path}")
