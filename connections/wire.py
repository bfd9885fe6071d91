"""A socket that keeps to a deadline: what the doors (``connections.http``, ``connections.smtp``) speak over.

Socket timeouts run anew with every byte, so that a peer who sends one byte every few seconds holds a thread for ever.
Here each call on the socket gets what is left of *one* deadline: lookup, dial, TLS, sending, headers and body together.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from connections.addresses import SocketAddress

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_PIECE = 16_384  # bytes sent at once: one TLS record, after which OpenSSL would start the timeout anew


class Deadline:
    """The moment at which an attempt is over, whatever it is doing."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    @property
    def passed(self) -> bool:
        return monotonic() >= self._end

    def left(self) -> float:
        """Seconds that remain. Raises ``TimeoutError`` when none do."""
        seconds = self._end - monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class TooLong(OSError):  # noqa: N818  it says what happened; so do the classes beside which it is caught
    """The peer sent more bytes than we were willing to read."""


class Wire:
    """A connected socket with a deadline for everything and an allowance for what is read.

    It has what ``http.client`` and ``smtplib`` ask of a socket (``sendall``, ``makefile``, ``close``) and nothing else,
    so that no read or write goes past it.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self.sock = sock
        self.deadline = deadline
        self.allowance = 0  # bytes that may still be read; whoever speaks sets it
        self.surplus = False  # the peer said more than was asked: what comes next would answer the wrong question

    def sendall(self, data: ReadableBuffer) -> None:
        whole = memoryview(data)
        for start in range(0, len(whole), _PIECE):
            self.sock.settimeout(self.deadline.left())
            self.sock.sendall(whole[start : start + _PIECE])

    def makefile(self, _mode: str) -> io.BufferedReader:
        return _Buffer(_Reader(self), _PIECE)

    def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Begin TLS with whoever proves to be ``name``."""
        self.sock.settimeout(self.deadline.left())
        self.sock = context.wrap_socket(self.sock, server_hostname=name)

    def close(self) -> None:
        self.sock.close()  # the system closes it when the last reader is closed, too


class _Reader(io.RawIOBase):
    """The reading half of a wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.ended = False
        self._raw = wire.sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        wire = self.wire
        if self.ended:
            return 0
        if wire.allowance <= 0:
            raise TooLong
        wire.sock.settimeout(wire.deadline.left())
        count = self._raw.readinto(buffer)
        wire.allowance -= count or 0
        return count

    def close(self) -> None:
        super().close()
        self._raw.close()


class _Buffer(io.BufferedReader):
    """What was read ahead; on closing it tells whether anything was left."""

    raw: _Reader

    def close(self) -> None:
        if not self.closed:
            self.raw.ended = True  # so that peeking looks at the buffer and waits for nothing
            self.raw.wire.surplus = bool(self.peek())
        super().close()


def dial(addresses: Sequence[SocketAddress], deadline: Deadline) -> Wire:
    """Connect to the first address that accepts; each gets an equal share of the time that is left.

    Raises the ``OSError`` of the last one when none accepts.
    """
    for index, address in enumerate(addresses):
        try:
            sock = socket.create_connection(address, timeout=deadline.left() / (len(addresses) - index))
        except OSError:
            if index == len(addresses) - 1:
                raise
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return Wire(sock, deadline)
    raise OSError("There is no address to connect to.")
