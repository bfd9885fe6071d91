"""Which addresses may be spoken to: the rule for URLs, and the rule for what their names resolve to.

The first is applied when a URL is saved and whenever it is used, the second at every dial, by the socket that
connects (``connections.wire``): a name may lead elsewhere tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import quote, urlsplit

import idna
from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from connections.names import look_up
from connections.networks import is_public
from connections.provider import Failure, Fault, Trouble

URL_MOST = 2_048  # characters
ADDRESSES_MOST = 4  # of one name are tried, one after the other
SAVE_LOOKUP_SECONDS = 3.0

SocketAddress = tuple[str, int]


@dataclass(frozen=True, eq=False)
class Policy:
    """What the operator permits. ``ports`` with 80 permits plain http as well.

    ``simulated_hosts`` sends what is meant for a host to a simulator's ``host:port`` instead, as ``simulator_of`` reads
    it; ``sandbox_targets`` are the exact ``host:port`` for which no rule holds. Both are empty in production: the
    settings see to it.
    """

    ports: frozenset[int] = frozenset({443})
    simulated_hosts: Mapping[str, str] = field(default_factory=dict)
    sandbox_targets: frozenset[str] = frozenset()
    own_host: str = ""  # our own public name: a webhook to ourselves would feed itself for ever


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was found fit: what goes into the request, and whom to dial."""

    host: str  # lower case, ASCII, no brackets: the name in the certificate
    authority: str  # the Host header
    path: str  # with the query, percent-encoded
    secure: bool  # TLS
    peer: SocketAddress  # who is dialled: host and port, or the simulator's
    trusted: bool  # a sandbox target or a simulator: the peer's address need not be public


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A URL that we do not send to; ``reason`` says why and how to mend it."""

    reason: str


def simulator_of(host: str, simulated_hosts: Mapping[str, str]) -> str | None:
    """The ``host:port`` that stands in for a host: what is said of its own name, else of ``*.`` and its longest end."""
    labels = host.split(".")
    ends = (f"*.{'.'.join(labels[number:])}" for number in range(1, len(labels)))
    return next((simulated_hosts[name] for name in (host, *ends) if name in simulated_hosts), None)


def policy() -> Policy:
    """The operator's policy, from the settings."""
    return _policy(
        frozenset(settings.OUTGOING_PORTS),
        tuple(settings.SIMULATED_HOSTS.items()),
        frozenset(settings.SANDBOX_TARGETS),
        settings.PUBLIC_URL,
    )


@lru_cache(maxsize=8)
def _policy(
    ports: frozenset[int], simulated: tuple[tuple[str, str], ...], sandbox: frozenset[str], public_url: str
) -> Policy:
    own_host = urlsplit(public_url).hostname or ""
    return Policy(ports=ports, simulated_hosts=dict(simulated), sandbox_targets=sandbox, own_host=own_host)


# --------------------------------------------------------------------------- the rule for URLs

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^#]*)")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
# The last label begins with a letter. Every other way to write an IPv4 address (127.1, 2130706433, 0x7f.1, 0177.0.0.1)
# ends in a number, and lenient resolvers read it as one. Source: WHATWG URL, "ends in a number checker".
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_IPV4 = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})")
# Names that only have a meaning inside somebody's network. Sources: RFC 6761, 6762, 7686, 8375 and 9476, ICANN's
# reservation of .internal (2024), and the customs that routers and directory servers ship with.
_INSIDE = (
    ".localhost", ".localdomain", ".local", ".internal", ".intranet", ".private", ".corp", ".home", ".lan",
    ".home.arpa", ".in-addr.arpa", ".ip6.arpa", ".onion", ".alt",
)  # fmt: skip
_PATH_SAFE = "/?%:@!$&'()*+,;=[]~-._"

_NOT_A_NAME = "“{host}” is not a complete public host name: enter one such as hooks.example.com."
_NOT_PUBLIC = "“{host}” leads to an address that is not on the public internet: use one that can be reached from there."


@lru_cache(maxsize=4_096)
def read_url(url: str, policy: Policy) -> Target | Forbidden:
    """What a URL asks for, or why we do not send there. Pure: no name is looked up."""
    if len(url) > URL_MOST:
        return Forbidden(f"The address is longer than {URL_MOST} characters: shorten it.")
    if not url.isprintable() or " " in url or "\\" in url:
        return Forbidden(gettext_noop("The address holds a space, a backslash or an invisible character: remove it."))
    whole = _URL.match(url)
    if whole is None or whole["scheme"].lower() not in ("https", "http"):
        return Forbidden(gettext_noop("The address must begin with https:// followed by a host name."))
    if whole.end() < len(url):
        return Forbidden(gettext_noop("The part of the address from # on is never sent: remove it."))
    if "@" in whole["authority"]:
        return Forbidden(
            gettext_noop("The address holds a user name or password: remove it and enter it as a credential.")
        )
    authority = _AUTHORITY.fullmatch(whole["authority"])
    if authority is None:
        return Forbidden(
            gettext_noop("The host or the port of the address cannot be read: write it as https://host.example.com/….")
        )
    secure = whole["scheme"].lower() == "https"
    port = int(authority["port"] or (443 if secure else 80))
    path = quote(whole["path"], safe=_PATH_SAFE)
    if not path.startswith("/"):
        path = "/" + path
    return _read_host(authority["host"].lower(), port, path, secure=secure, policy=policy)


def _read_host(written: str, port: int, path: str, *, secure: bool, policy: Policy) -> Target | Forbidden:
    if f"{written}:{port}" in policy.sandbox_targets:
        bare = written.strip("[]")
        authority = _authority(written, port, secure=secure)
        return Target(bare, authority, path, secure=secure, peer=(bare, port), trusted=True)
    if not secure and 80 not in policy.ports:
        return Forbidden(
            gettext_noop("The address begins with http://, which anybody on the way can read: use https://.")
        )
    if port not in policy.ports:
        permitted = ", ".join(map(str, sorted(policy.ports)))
        return Forbidden(f"The address names port {port}; permitted is {permitted}: leave the port out.")
    host = _canonical(written)
    if isinstance(host, Forbidden):
        return host
    if host == policy.own_host:
        return Forbidden(gettext_noop("The address is our own: a message sent there would come back to us."))
    authority = _authority(f"[{host}]" if ":" in host else host, port, secure=secure)
    simulator = simulator_of(host, policy.simulated_hosts)
    if simulator is not None:
        name, _, simulator_port = simulator.rpartition(":")
        return Target(host, authority, path, secure=False, peer=(name.strip("[]"), int(simulator_port)), trusted=True)
    return Target(host, authority, path, secure=secure, peer=(host, port), trusted=False)


def _authority(host: str, port: int, *, secure: bool) -> str:
    return host if port == (443 if secure else 80) else f"{host}:{port}"


def _canonical(written: str) -> str | Forbidden:
    """The host in the one form that nobody reads differently: a public IP address, or a name in ASCII."""
    if written.startswith("[") or _IPV4.fullmatch(written):
        address = written.strip("[]")
        if not is_public(address):
            return Forbidden(_NOT_PUBLIC.format(host=written))
        return str(IPv6Address(address)) if ":" in address else address
    name = written if written.isascii() else _to_ascii(written)
    if len(name) > 253 or not _NAME.fullmatch(name) or f".{name}".endswith(_INSIDE):
        return Forbidden(_NOT_A_NAME.format(host=written))
    return name


def _to_ascii(name: str) -> str:
    """IDNA 2008 without any mapping, so that look-alikes of digits and dots stay forbidden; "" when it is no name."""
    try:
        return idna.encode(name[:254], strict=True).decode("ascii")
    except idna.IDNAError:
        return ""


# --------------------------------------------------------------------------- the rule for what names resolve to


def resolve(target: Target, *, seconds: float) -> list[SocketAddress] | Failure:
    """Where to connect to: the first few addresses of the target's peer, every one of them checked.

    One address that is not public condemns them all: such an answer is an attack or a mistake, and which address the
    socket would take is chance. The lookup ends after ``seconds``.
    """
    host, port = target.peer
    try:
        found = look_up(host, seconds=seconds, search=target.trusted)
    except TimeoutError:
        return Failure(Trouble.TIMEOUT, gettext("Looking up “%(host)s” took too long.") % {"host": host})
    except OSError:
        return Failure(Trouble.NAME_NOT_FOUND, gettext("The name “%(host)s” could not be found.") % {"host": host})
    if not found:
        return Failure(Trouble.NAME_NOT_FOUND, gettext("The name “%(host)s” has no address.") % {"host": host})
    if not target.trusted and not all(map(is_public, found)):
        return Failure(Trouble.FORBIDDEN_ADDRESS, _NOT_PUBLIC.format(host=host))
    return [(address, port) for address in found[:ADDRESSES_MOST]]


# --------------------------------------------------------------------------- both, for a form


def check_for_save(url: str, *, field: str = "url") -> Fault | None:
    """What is wrong with a URL that a customer wants to save; a name that is not found yet is only warned of."""
    target = read_url(url, policy())
    if isinstance(target, Forbidden):
        return Fault(field, gettext(target.reason))
    found = resolve(target, seconds=SAVE_LOOKUP_SECONDS)
    if not isinstance(found, Failure):
        return None
    if found.trouble is Trouble.FORBIDDEN_ADDRESS:
        return Fault(field, found.detail)
    return Fault(field, f"{found.detail} {gettext('It is saved all the same: check the spelling.')}", warning=True)
