"""Receivers that misbehave on purpose: small servers on loopback, each with a script for what it does to a caller."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from threading import Event, Thread
from types import TracebackType
from typing import Self


class Visit:
    """One connection to a sink, as its script sees it."""

    def __init__(self, sink: Sink, sock: socket.socket) -> None:
        self._sink = sink
        self._sock = sock

    def read(self) -> bytes:
        """The next request, whole; empty when the caller has hung up."""
        request = b""
        while b"\r\n\r\n" not in request:
            piece = self._receive()
            if not piece:
                return b""
            request += piece
        head, _, body = request.partition(b"\r\n\r\n")
        while len(body) < _content_length(head):
            body += self._receive()
        self._sink.requests.append(head + b"\r\n\r\n" + body)
        return self._sink.requests[-1]

    def read_until(self, end: bytes) -> bytes:
        """Everything up to and with ``end``, one byte after the other; what there is when the caller hangs up."""
        read = b""
        while not read.endswith(end) and (byte := self._receive(1)):
            read += byte
        if read:
            self._sink.requests.append(read)
        return read

    def secure(self, tls: ssl.SSLContext) -> None:
        """Go on in TLS."""
        self._sock = secured = tls.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
        secured.do_handshake()

    def send(self, message: bytes) -> None:
        self._sock.sendall(message)
        self._sink.sent += len(message)

    def rest(self, seconds: float) -> bool:
        """Wait; true once the sink is being closed."""
        return self._sink.over.wait(seconds)

    def reset(self) -> None:
        """Hang up with a TCP reset instead of a farewell."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def interrupt(self) -> None:
        """Wake whoever waits on this connection."""
        with suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)  # an SSLSocket's own would have it go on in the clear

    def close(self) -> None:
        self._sock.close()

    def _receive(self, most: int = 65_536) -> bytes:
        piece = self._sock.recv(most)
        self._sink.received += len(piece)
        return piece


Script = Callable[[Visit], None]


class Sink:
    """A server on a free port of loopback that plays its script to every caller and counts what it saw."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._threads: list[Thread] = []
        self._visits: list[Visit] = []
        self.port: int = self._listener.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self.over = Event()
        self.connections = 0
        self.requests: list[bytes] = []
        self.received = 0  # bytes that callers sent
        self.sent = 0

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.see_off()
        for thread in self._threads:
            thread.join()

    def see_off(self) -> None:
        """End the connections that callers keep."""
        for visit in self._visits:
            visit.interrupt()

    def _start(self, work: Callable[[], None]) -> None:
        thread = Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._listener.accept()
                self.connections += 1
                self._start(partial(self._receive, visitor))

    def _receive(self, visitor: socket.socket) -> None:
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        visit = Visit(self, visitor)
        self._visits.append(visit)
        with suppress(OSError), closing(visit):
            if self._tls is not None:
                visit.secure(self._tls)
            self._script(visit)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


# --------------------------------------------------------------------------- the scripts


def answering(status: str = "200 OK", *, headers: str = "", body: bytes = b"ok") -> Script:
    """A receiver as it should be: answers every request and keeps the connection."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode("latin-1")

    def script(visit: Visit) -> None:
        while visit.read():
            visit.send(head + body)

    return script


def saying(answer: bytes, *, reset: bool = False) -> Script:
    """Reads one request, says exactly this, and hangs up."""

    def script(visit: Visit) -> None:
        visit.read()
        visit.send(answer)
        if reset:
            visit.reset()

    return script


def repeating(start: bytes, piece: bytes, *, every: float = 0.0, times: int = 20_000) -> Script:
    """Reads one request, begins an answer and goes on and on."""

    def script(visit: Visit) -> None:
        visit.read()
        visit.send(start)
        for _ in range(times):
            if visit.rest(every):
                return
            visit.send(piece)

    return script


def silent(visit: Visit) -> None:
    """Takes the call, reads nothing and says nothing, for longer than any test waits; then hangs up."""
    visit.rest(3.0)


def hanging(visit: Visit) -> None:
    """Reads the request and does not answer, for longer than any test waits; then hangs up."""
    visit.read()
    visit.rest(3.0)
