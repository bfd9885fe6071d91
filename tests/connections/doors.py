"""How the tests of the doors knock, and how they read the reply."""

from __future__ import annotations

from collections.abc import Callable

from connections import http
from connections.provider import Answer, Failure, Reply, Request

BODY = b'{"n":9007199254740993,"f":1e-7,"z":1,"a":"\xc3\xbc"}'
Permit = Callable[..., None]


def post(url: str, *, headers: dict[str, str] | None = None, body: bytes = BODY, seconds: float = 5.0) -> Reply:
    return http.send(Request("POST", url, headers or {}, body), seconds=seconds)


def answer(reply: Reply) -> Answer:
    assert isinstance(reply, Answer), reply
    return reply


def failure(reply: Reply) -> Failure:
    assert isinstance(reply, Failure), reply
    return reply


def head_lines(request: bytes) -> list[bytes]:
    return request.partition(b"\r\n\r\n")[0].split(b"\r\n")
