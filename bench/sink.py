"""A destination that only takes notes: an HTTP server in a process of its own, far faster than what it measures.

Every request is one line in an append-only file (when, on which path, with which ``webhook-id``), written before the
answer. Times are the machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import time
from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nwebhook-id: *([^\r]+)", re.IGNORECASE)


class Requests:
    """Cuts the bytes of one connection into requests, and yields the path and id of each that is complete."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, received: bytes) -> list[tuple[bytes, bytes]]:
        """The requests that these bytes complete."""
        self._buffer += received
        found = []
        while (end := self._end()) is not None:
            head = self._buffer[:end]
            name = _ID.search(head)
            found.append((head.split(b" ", 2)[1], name[1] if name else b"-"))
            self._buffer = self._buffer[end:]
        return found

    def _end(self) -> int | None:
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = _LENGTH.search(self._buffer, 0, head + 2)
        end = head + 4 + (int(length[1]) if length else 0)
        return end if len(self._buffer) >= end else None


class Receiver(asyncio.Protocol):
    """One connection. ``slow`` is the range in seconds from which each answer's delay is drawn."""

    def __init__(self, notes: int, slow: tuple[float, float]) -> None:
        self._notes, self._slow = notes, slow
        self._requests = Requests()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for path, name in self._requests.feed(data):
            os.write(self._notes, b"%d %b %b\n" % (time.monotonic_ns(), path, name))
            if self._slow[1]:
                asyncio.get_running_loop().call_later(random.uniform(*self._slow), self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(ANSWER)


async def serve(*, port: int, notes: Path, slow: tuple[float, float]) -> None:
    """Listen on loopback until the process is ended."""
    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(file, slow), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def main() -> None:
    """``python -m bench.sink --port PORT --notes FILE [--slow FROM TO]``, the delays in milliseconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--slow", type=float, nargs=2, default=(0.0, 0.0))
    options = parser.parse_args()
    low, high = (milliseconds / 1000 for milliseconds in options.slow)
    asyncio.run(serve(port=options.port, notes=options.notes, slow=(low, high)))


if __name__ == "__main__":
    main()
