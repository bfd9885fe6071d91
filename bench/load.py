"""Posts one request over and over on several connections that stay open, and counts the answers.

    python -m bench.load --port PORT --seconds SECONDS --connections N --status 201 < request

The request is read from standard input, whole, as it goes over the wire; printed are the answers per second.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time

WARM_UP = 0.5  # seconds before counting begins
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Caller(asyncio.Protocol):
    """One connection: the next request follows the last answer."""

    def __init__(self, request: bytes, status: bytes) -> None:
        self.answers = 0
        self.wrong = b""
        self._request, self._status = request, status
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not whole(self._buffer):
            return
        if self._buffer.startswith(b"HTTP/1.1 " + self._status):
            self.answers += 1
        else:
            self.wrong = self._buffer
        self._buffer = b""
        self._transport.write(self._request)


def whole(answer: bytes) -> bool:
    """Whether an answer is complete, with a length or in chunks."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = _LENGTH.search(answer, 0, head + 2)
    return len(answer) >= head + 4 + int(length[1]) if length else answer.endswith(b"\r\n0\r\n\r\n")


async def measure(callers: list[Caller], *, port: int, seconds: float) -> float:
    """Answers per second over all callers."""
    loop = asyncio.get_running_loop()
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.sleep(WARM_UP)
    began, before = time.monotonic(), sum(caller.answers for caller in callers)
    await asyncio.sleep(seconds)
    return (sum(caller.answers for caller in callers) - before) / (time.monotonic() - began)


def main() -> None:
    """Ends with the first wrong answer as its last words, if there was one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--status", required=True)
    options = parser.parse_args()
    request = sys.stdin.buffer.read()
    callers = [Caller(request, options.status.encode()) for _ in range(options.connections)]
    print(asyncio.run(measure(callers, port=options.port, seconds=options.seconds)))
    if wrong := [caller.wrong for caller in callers if caller.wrong]:
        sys.exit(f"Not a {options.status}: {wrong[0].decode(errors='replace')}")


if __name__ == "__main__":
    main()
