"""HTTP/1.1 connections whose dial is the guard, and the pool that keeps the idle ones.

``http.client`` speaks the protocol; what is added is whom it may speak to, for how long, and how much it may read.
Nothing is ever sent twice from here: a receiver that hung up may have acted, and whether to try again is the
pipeline's to decide. What can be done is done before: a connection is used again only while it is young and quiet.
"""

from __future__ import annotations

import http.client
import os
import select
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from threading import Lock
from time import monotonic
from typing import cast

import certifi

from connections.addresses import Target, resolve
from connections.provider import Failure
from connections.wire import Deadline, TooLong, Wire, dial

HEADERS_MOST = 65_536  # bytes read for the status line and all headers, interim answers included
BODY_MOST = 65_536  # bytes kept of a body, unless the caller says otherwise
_FRAMED = 4  # times as many bytes are read for it, chunk sizes and trailers included
_IDLE_SECONDS = 4.0  # Node.js, the most impatient of the usual servers, closes an idle connection after 5 s

_Key = tuple[str, tuple[str, int], bool]


class NoWay(Exception):  # noqa: N818  it carries a value, and the word for it is no error's name
    """There is no address that may be dialled."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class HeadersTooLarge(http.client.HTTPException):
    """The answer has more or longer headers than we read."""


class Response(http.client.HTTPResponse):
    """An answer that skips every interim one and notices when its body is cut short."""

    def begin(self) -> None:
        super().begin()
        while self.status < 200:  # http.client skips 100 only; the next is 103 Early Hints (RFC 8297)
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()

    def read(self, amt: int | None = None) -> bytes:
        body = super().read(amt)
        if self.length and (amt is None or len(body) < amt):
            raise http.client.IncompleteRead(body, self.length)
        return body


class Line(http.client.HTTPConnection):
    """One connection to a target, made when it is first asked."""

    response_class = Response

    def __init__(self, target: Target) -> None:
        super().__init__(*target.peer)
        self.target = target
        self.idle_since = 0.0
        self._deadline = Deadline(0)
        self._unsent: list[bytes] = []

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
        *,
        most: int = BODY_MOST,
    ) -> Response:
        """One request and the head of its answer. Raises ``NoWay``, ``OSError`` and ``HTTPException``."""
        self._deadline = deadline
        self.request(method, path, body, headers)
        wire = self._ready()
        self._flush(wire)
        wire.allowance = HEADERS_MOST
        response = self._head()
        wire.allowance = _FRAMED * most
        return response

    def connect(self) -> None:
        """Resolve, check and dial: the only place where an HTTP connection to the outside is made."""
        addresses = resolve(self.target, seconds=self._deadline.left())
        if isinstance(addresses, Failure):
            raise NoWay(addresses)
        self.sock = wire = dial(addresses, self._deadline)
        if self.target.secure:
            wire.secure(_trust(), self.target.host)

    def send(self, data: bytes) -> None:  # type: ignore[override]
        """Keep it for later: http.client writes head and body apart, and one packet carries both."""
        self._unsent.append(data)

    def _ready(self) -> Wire:
        if self.sock is None:
            self.connect()
        wire = cast("Wire", self.sock)
        wire.deadline = self._deadline
        return wire

    def _flush(self, wire: Wire) -> None:
        whole = b"".join(self._unsent)
        self._unsent.clear()
        # A server may answer (413, say) and hang up before it has read everything: that answer counts.
        with suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(whole)

    def _head(self) -> Response:
        try:
            return self.getresponse()  # type: ignore[return-value]
        except (TooLong, http.client.LineTooLong):
            raise HeadersTooLarge from None
        except http.client.HTTPException as error:
            if type(error) is http.client.HTTPException:  # "got more than 100 headers" has no class of its own
                raise HeadersTooLarge from None
            raise

    def is_fresh(self) -> bool:
        """Whether it can be used again: young enough, and the peer has neither hung up nor said anything unasked."""
        wire = cast("Wire | None", self.sock)
        if wire is None or wire.surplus or monotonic() - self.idle_since > _IDLE_SECONDS:
            return False
        poll = select.poll()  # select.select cannot see descriptors above 1,023
        poll.register(wire.sock, select.POLLIN)
        return not poll.poll(0)


@cache
def _trust() -> ssl.SSLContext:
    """Whom to believe: the authorities that certifi lists, whatever the environment says; TLS 1.2 or newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    return context


def _key(target: Target) -> _Key:
    """What two targets must have in common to share a connection."""
    return target.host, target.peer, target.secure


class Pool:
    """Idle connections, the latest used first. A connection that two threads want is given to one of them."""

    def __init__(self) -> None:
        self._idle: dict[_Key, list[Line]] = {}
        self._lock = Lock()
        self._next_sweep = 0.0

    def take(self, target: Target) -> Line:
        """An idle connection to the target, or a new one."""
        while True:
            with self._lock:
                lines = self._idle.get(_key(target))
                line = lines.pop() if lines else None
            if line is None:
                return Line(target)
            if line.is_fresh():
                return line
            line.close()

    def keep(self, line: Line) -> None:
        """Take back a connection whose answer was read to its end."""
        line.idle_since = monotonic()
        with self._lock:
            self._idle.setdefault(_key(line.target), []).append(line)
            stale = self._sweep(line.idle_since)
        for old in stale:
            old.close()

    def _sweep(self, now: float) -> list[Line]:
        """Every few seconds, what nobody has used for as long."""
        if now < self._next_sweep:
            return []
        self._next_sweep = now + _IDLE_SECONDS
        kept: dict[_Key, list[Line]] = {}
        stale: list[Line] = []
        for line in (line for lines in self._idle.values() for line in lines):
            old = now - line.idle_since > _IDLE_SECONDS
            (stale if old else kept.setdefault(_key(line.target), [])).append(line)
        self._idle = kept
        return stale

    def forget(self) -> None:
        """Drop everything: a forked child must not speak on its parent's connections."""
        self._lock = Lock()
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle = {}


pool = Pool()
os.register_at_fork(after_in_child=pool.forget)
