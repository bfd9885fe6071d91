"""The faults that any HTTP server can have, performed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web

from sandbox.dials import Board, Dial

FAULTS = {
    "429": "429 Too Many Requests",
    "500": "500 Internal Server Error",
    "503": "503 Service Unavailable",
    "timeout": "No answer (hang)",
    "slow_body": "Slow answer (one byte a second)",
    "close": "Close the connection",
    "redirect": "Redirect elsewhere",
    "huge_body": "Huge answer (64 MiB)",
}
HANG_SECONDS = 600
HUGE_CHUNK, HUGE_CHUNKS = b" " * 65_536, 1_024

type Answer = Callable[[], Awaitable[web.Response]]
type ErrorBody = Callable[[int], Mapping[str, Any] | list[dict[str, Any]]]  # some vendors' errors are lists


async def answered(
    request: web.Request, *, board: Board, target: str, answer: Answer, body: ErrorBody
) -> web.StreamResponse:
    """The true answer, unless a fault that any HTTP server can have is due for ``target``."""
    dial = board.take(target, among={dial.fault for dial in board if dial.fault in FAULTS or dial.fault.isdecimal()})
    return await perform(dial, request, answer=answer, body=body) if dial else await answer()


async def perform(dial: Dial, request: web.Request, *, answer: Answer, body: ErrorBody) -> web.StreamResponse:
    """Do what the dial says. ``answer`` makes the true answer, ``body`` the JSON of an error status."""
    match dial.fault:
        case "timeout":
            await asyncio.sleep(HANG_SECONDS)
            return web.Response(status=504)
        case "slow_body":
            return await _drip(request, await answer())
        case "close":
            return _hang_up(request)
        case "redirect":
            return web.Response(status=307, headers={"Location": f"/redirected{request.path}"})
        case "huge_body":
            return await _flood(request)
    status = int(dial.fault)
    headers = {"Retry-After": str(dial.retry_after)} if status in (429, 503) else {}
    return web.json_response(body(status), status=status, headers=headers)


async def _drip(request: web.Request, response: web.Response) -> web.StreamResponse:
    """The true answer, so slowly that the caller cannot know whether it was taken: the ambiguous case of a timeout."""
    stream = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
    await stream.prepare(request)
    with suppress(ConnectionError):  # the caller had enough, which is what the dial is for
        for byte in response.body if isinstance(response.body, bytes) else b"":
            await stream.write(bytes([byte]))
            await asyncio.sleep(1)
    return stream


async def _flood(request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"Content-Type": "application/json"})
    await stream.prepare(request)
    with suppress(ConnectionError):
        for _ in range(HUGE_CHUNKS):
            await stream.write(HUGE_CHUNK)
    return stream


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport:
        request.transport.close()
    return web.Response(status=502)
