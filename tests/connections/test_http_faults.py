"""The door for HTTP, against receivers that misbehave: nothing raises, and each fault has its own name."""

from __future__ import annotations

import gzip
import tracemalloc
from random import Random

import pytest
import requests

from connections import http, lines
from connections.provider import Answer, Failure, Request, Trouble
from tests.connections.doors import Permit, answer, failure, post
from tests.sinks import Script, Sink, Visit, answering, hanging, repeating, saying, silent

# --------------------------------------------------------------------------- how much is read


def test_it_stops_reading_an_endless_body_at_64_kib(permit: Permit) -> None:
    with Sink(repeating(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", b"x" * 65_536)) as sink:
        permit(sink.target)
        tracemalloc.start()
        got = answer(post(sink.url()))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert not lines.pool._idle
    assert (len(got.body), got.truncated) == (65_536, True)
    assert peak < 2_000_000


def test_a_body_of_exactly_64_kib_is_whole(permit: Permit) -> None:
    with Sink(answering(body=b"x" * 65_536)) as sink:
        permit(sink.target)
        got = answer(post(sink.url()))
    assert (len(got.body), got.truncated) == (65_536, False)


def test_more_is_kept_for_whoever_asks_for_more_and_not_without_end(permit: Permit) -> None:
    with Sink(answering(body=b"x" * 300_000)) as sink:
        permit(sink.target)
        request = Request("GET", sink.url(), {})
        whole, part = http.send(request, most=300_000), http.send(request, most=299_999)
    assert (len(answer(whole).body), answer(whole).truncated) == (300_000, False)
    assert (len(answer(part).body), answer(part).truncated) == (299_999, True)


def test_it_does_not_decode_a_gzip_bomb(permit: Permit) -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)
    with Sink(answering(headers="Content-Encoding: gzip\r\n", body=bomb)) as sink:
        permit(sink.target)
        got = answer(post(sink.url()))
    assert got.body == bomb[:65_536]


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"-1\r\n", b"x" * 65_536),  # int() reads a negative size, and read(-1) reads everything
        (b"", b"1\r\nx\r\n" * 10_000),
        (b"0\r\n", b"X-Trailer: endless\r\n" * 3_000),
        (b"5;" + b"x" * 1_000, b"x" * 65_536),
    ],
)
def test_it_gives_up_on_chunks_that_are_mostly_framing(permit: Permit, start: bytes, piece: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Sink(repeating(head + start, piece)) as sink:
        permit(sink.target)
        failed = failure(post(sink.url()))
    assert failed.trouble is Trouble.MALFORMED


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65_536),
        (b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 50_000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 101),
        (b"HTTP/1.1 200 ", b"x" * 65_536),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
        (b"", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 1_000),
    ],
)
def test_it_reads_no_more_than_64_kib_of_headers(permit: Permit, start: bytes, piece: bytes) -> None:
    with Sink(repeating(start, piece)) as sink:
        permit(sink.target)
        failed = failure(post(sink.url()))
    assert failed.trouble is Trouble.HEADERS_TOO_LARGE


# --------------------------------------------------------------------------- how long it takes


DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    "body until the end": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("drip", DRIPS)
def test_an_answer_that_drips_for_ever_ends_with_the_attempt(permit: Permit, drip: str) -> None:
    with Sink(repeating(*DRIPS[drip], every=0.03, times=100)) as sink:
        permit(sink.target)
        failed = failure(post(sink.url(), seconds=0.4))
    assert failed.trouble is Trouble.TIMEOUT
    assert failed.elapsed_ms >= 400
    began = drip in ("body", "body until the end", "chunks")
    assert failed.begun == (200 if began else 0)
    assert ("it had begun to answer (200)" in failed.detail) is began


def test_a_timeout_for_each_read_would_not_have_stopped_the_drip() -> None:
    drops = iter(range(20))

    def script(visit: Visit) -> None:
        visit.read()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
        for _ in drops:
            visit.rest(0.03)
            visit.send(b"x")

    with Sink(script) as sink:
        assert requests.post(sink.url(), timeout=0.3).text == "x" * 20  # took twice its timeout, and was content


@pytest.mark.parametrize("script", [silent, hanging])
def test_a_receiver_that_never_answers_ends_with_the_attempt(permit: Permit, script: Script) -> None:
    with Sink(script) as sink:
        permit(sink.target)
        assert failure(post(sink.url(), seconds=0.3)).trouble is Trouble.TIMEOUT


def test_a_receiver_that_reads_in_drops_ends_with_the_attempt(permit: Permit) -> None:
    """Each drop would let a timeout for each write begin anew; after three seconds this one reads all and answers."""

    def script(visit: Visit) -> None:
        for _ in range(100):
            if visit.rest(0.03):
                return
            visit._receive(4_096)
        visit.read()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Sink(script) as sink:
        permit(sink.target)
        assert failure(post(sink.url(), body=b"\r\n\r\n" * 7_000_000, seconds=0.5)).trouble is Trouble.TIMEOUT


# --------------------------------------------------------------------------- each fault has its own name


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    ],
)
def test_a_connection_that_closes_early_is_a_reset(permit: Permit, said: bytes, *, reset: bool) -> None:
    with Sink(saying(said, reset=reset)) as sink:
        permit(sink.target)
        assert failure(post(sink.url())).trouble is Trouble.RESET


@pytest.mark.parametrize(
    "said",
    [
        b"rubbish\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"\x15\x03\x01",
    ],
)
def test_an_answer_that_is_not_http_is_malformed(permit: Permit, said: bytes) -> None:
    with Sink(saying(said)) as sink:
        permit(sink.target)
        assert failure(post(sink.url())).trouble is Trouble.MALFORMED


def test_a_closed_port_is_refused(permit: Permit) -> None:
    with Sink(answering()) as sink:
        pass
    permit(sink.target)
    assert failure(post(sink.url())).trouble is Trouble.REFUSED


def test_a_name_that_is_not_there_is_not_found(permit: Permit) -> None:
    failed = failure(post("https://hooks.example.com/secret-path"))
    assert failed.trouble is Trouble.NAME_NOT_FOUND
    assert "hooks.example.com" in failed.detail
    assert "secret-path" not in failed.detail


def test_a_network_without_a_way_is_unreachable(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_way(*_: object, **__: object) -> None:
        raise OSError(113, "No route to host")

    permit("127.0.0.1:9")
    monkeypatch.setattr("connections.wire.socket.create_connection", no_way)
    assert failure(post("http://127.0.0.1:9/")).trouble is Trouble.UNREACHABLE


def test_no_answer_whatever_its_bytes_raises(permit: Permit) -> None:
    random = Random(20)  # noqa: S311  a seed, so that a failure comes again
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    good = head + b"5\r\nhello\r\n0\r\n\r\n"

    def script(visit: Visit) -> None:
        visit.read()
        said = bytearray(good)
        for _ in range(random.randrange(1, 6)):
            place = random.randrange(len(said))
            said[place : place + random.randrange(3)] = random.randbytes(random.randrange(4))
        visit.send(bytes(said))

    with Sink(script) as sink:
        permit(sink.target)
        for _ in range(300):
            assert isinstance(post(sink.url()), Answer | Failure)
