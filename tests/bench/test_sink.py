from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bench.sink import Requests, serve

REQUEST = b"POST /acme/0 HTTP/1.1\r\nHost: sink\r\nWebhook-Id: one\r\nContent-Length: 5\r\n\r\nhello"
BARE = b"GET /livez HTTP/1.1\r\nHost: sink\r\n\r\n"


def test_it_reads_path_and_id() -> None:
    assert Requests().feed(REQUEST) == [(b"/acme/0", b"one")]


def test_a_request_without_body_and_id_is_complete_at_its_head() -> None:
    assert Requests().feed(BARE) == [(b"/livez", b"-")]


def test_a_request_counts_once_its_last_byte_is_there() -> None:
    requests = Requests()
    assert [requests.feed(REQUEST[at : at + 1]) for at in range(len(REQUEST) - 1)] == [[]] * (len(REQUEST) - 1)
    assert requests.feed(REQUEST[-1:]) == [(b"/acme/0", b"one")]


def test_it_parts_requests_that_come_together() -> None:
    assert Requests().feed(REQUEST + BARE + REQUEST) == [(b"/acme/0", b"one"), (b"/livez", b"-"), (b"/acme/0", b"one")]


def test_a_body_that_looks_like_headers_is_a_body() -> None:
    body = b"\r\nwebhook-id: two\r\ncontent-length: 9\r\n\r\n"
    head = b"POST /acme/0 HTTP/1.1\r\nwebhook-id: one\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert Requests().feed(head + body + BARE) == [(b"/acme/0", b"one"), (b"/livez", b"-")]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A sink on a thread of ours: its port and its notes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    loop = asyncio.new_event_loop()
    serving = loop.create_task(serve(port=port, notes=tmp_path / "notes", slow=(0.0, 0.001)))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)

    thread = threading.Thread(target=run)
    thread.start()
    yield port, tmp_path / "notes"
    loop.call_soon_threadsafe(serving.cancel)
    thread.join()
    loop.close()


def test_it_answers_200_and_has_noted_the_request_by_then(sink: tuple[int, Path]) -> None:
    port, notes = sink
    connection = _connected(port)
    for name in ("one", "two"):
        connection.request("POST", "/acme/0", b"hello", {"webhook-id": name})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"ok")
        assert notes.read_text().splitlines()[-1].split(" ")[1:] == ["/acme/0", name]
    connection.close()


def _connected(port: int) -> HTTPConnection:
    """Connected to a server that may still be starting."""
    for _ in range(1_000):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.connect()
        except ConnectionRefusedError:
            threading.Event().wait(0.01)
        else:
            return connection
    raise AssertionError("the sink does not listen")
