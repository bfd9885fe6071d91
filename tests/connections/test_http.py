"""The door for HTTP: what it sends, what it gives back, and which connections it keeps."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
import requests
import responses

from connections import http, lines
from connections.provider import Request, Trouble
from connections.wire import Wire
from tests.connections.doors import BODY, Permit, answer, failure, head_lines, post
from tests.sinks import Sink, Visit, answering, saying

ROOT = Path(__file__).parent.parent.parent


# --------------------------------------------------------------------------- what is sent


def test_it_sends_the_body_byte_for_byte_and_says_who_it_is(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        reply = post(sink.url("/a?b=ü"), headers={"Content-Type": "application/json", "webhook-id": "msg_1"})
    assert answer(reply).status == 200
    head, _, body = sink.requests[0].partition(b"\r\n\r\n")
    assert body == BODY
    assert head.split(b"\r\n") == [
        b"POST /a?b=%C3%BC HTTP/1.1",
        b"Host: " + sink.target.encode(),
        b"User-Agent: " + http.USER_AGENT.encode(),
        b"Accept-Encoding: identity",
        b"Content-Type: application/json",
        b"webhook-id: msg_1",
        b"Content-Length: %d" % len(BODY),
    ]


def test_it_goes_by_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"Jackfield/{project['version']}" == http.USER_AGENT


def test_a_get_has_no_body_and_an_empty_post_says_so(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        http.send(Request("GET", sink.url(), {}))
        http.send(Request("POST", sink.url(), {}))
    assert not any(b"content-length" in line.lower() for line in head_lines(sink.requests[0]))
    assert b"Content-Length: 0" in head_lines(sink.requests[1])


def test_framing_headers_of_the_caller_are_not_sent(permit: Permit) -> None:
    framing = {
        "Host": "evil.example.net", "content-length": "3", "Transfer-Encoding": "chunked", "Connection": "close",
        "Expect": "100-continue", "Upgrade": "h2c", "TE": "trailers", "Trailer": "X", "Keep-Alive": "timeout=1",
        "Proxy-Connection": "close", "User-Agent": "somebody", "Accept-Encoding": "gzip",
    }  # fmt: skip
    with Sink(answering()) as sink:
        permit(sink.target)
        answer(post(sink.url(), headers=framing | {"X-Kept": "yes"}))
    assert [line.partition(b":")[0] for line in head_lines(sink.requests[0])[1:]] == [
        b"Host", b"User-Agent", b"Accept-Encoding", b"X-Kept", b"Content-Length",
    ]  # fmt: skip
    assert b"evil" not in sink.requests[0]
    assert sink.requests[0].endswith(BODY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-Injected: 1"), ("X-A", "a\nb"), ("X-A", "a\rb"), ("X-A", "a\r\n folded"), ("X-A", "a\0b"),
        ("X-A", "snow ☃"), ("X-A", "a\x7f"), ("X A", "b"), ("X-A:", "b"), ("", "b"), ("X-Ä", "b"), ("X\r\nY: z", "b"),
    ],
)  # fmt: skip
def test_a_header_that_could_inject_another_sends_nothing(permit: Permit, name: str, value: str) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        failed = failure(post(sink.url(), headers={name: value}))
    assert failed.trouble is Trouble.FORBIDDEN_HEADER
    assert "remove it" in failed.detail
    assert sink.connections == 0


def test_a_header_may_hold_what_http_can_carry(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        answer(post(sink.url(), headers={"X-A": "caf\u00e9\ttab", "X-Empty": ""}))
    assert b"X-A: caf\xe9\ttab" in head_lines(sink.requests[0])


def test_head_and_body_leave_in_one_piece(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []
    write = Wire.sendall

    def watched(wire: Wire, data: bytes) -> None:
        pieces.append(data)
        write(wire, data)

    monkeypatch.setattr(Wire, "sendall", watched)
    with Sink(answering()) as sink:
        permit(sink.target)
        answer(post(sink.url()))
    assert pieces == sink.requests


# --------------------------------------------------------------------------- what comes back


def test_it_gives_status_headers_and_body(permit: Permit) -> None:
    headers = "X-Two: a\r\nX-TWO: b\r\nX-Folded: a\r\n  b\r\nX-Latin: caf\u00e9\r\n"
    with Sink(answering("404 Not Found", headers=headers, body=b"gone")) as sink:
        permit(sink.target)
        got = answer(post(sink.url()))
    assert (got.status, got.body, got.truncated) == (404, b"gone", False)
    assert got.headers == {"content-length": "4", "x-two": "a, b", "x-folded": "a b", "x-latin": "caf\u00e9"}


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_it_reads_every_way_to_frame_an_answer(permit: Permit, said: bytes) -> None:
    with Sink(saying(said)) as sink:
        permit(sink.target)
        got = answer(post(sink.url()))
    assert (got.status, got.body) == (200, b"hello")


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Late", "410 Gone", "204 Empty"])
def test_every_status_is_an_answer(permit: Permit, status: str) -> None:
    with Sink(answering(status, body=b"")) as sink:
        permit(sink.target)
        assert answer(post(sink.url())).status == int(status[:3])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(permit: Permit, status: int) -> None:
    with (
        Sink(answering()) as elsewhere,
        Sink(answering(f"{status} x", headers=f"Location: {elsewhere.url()}\r\n")) as sink,
    ):
        permit(sink.target, elsewhere.target)
        assert answer(post(sink.url())).status == status
        assert (sink.connections, elsewhere.connections) == (1, 0)


def test_a_cookie_is_never_sent_back(permit: Permit) -> None:
    with Sink(answering(headers="Set-Cookie: a=b\r\n")) as sink:
        permit(sink.target)
        post(sink.url())
        post(sink.url())
    assert b"cookie" not in sink.requests[1].lower()


@pytest.mark.parametrize("farewell", [BrokenPipeError, ConnectionResetError])
def test_an_answer_counts_though_the_receiver_did_not_read_everything(
    permit: Permit, monkeypatch: pytest.MonkeyPatch, farewell: type[OSError]
) -> None:
    write = Wire.sendall

    def cut_short(wire: Wire, data: bytes) -> None:
        write(wire, data)
        raise farewell

    monkeypatch.setattr(Wire, "sendall", cut_short)
    with Sink(answering("413 Too Large", headers="Connection: close\r\n")) as sink:
        permit(sink.target)
        assert answer(post(sink.url())).status == 413


# --------------------------------------------------------------------------- connections are kept, with care


def test_it_keeps_a_connection_for_the_next_request(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        for _ in range(3):
            answer(post(sink.url()))
    assert (sink.connections, len(sink.requests)) == (1, 3)


def test_a_kept_connection_has_the_time_of_the_new_attempt(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        answer(post(sink.url(), seconds=0.2))
        sleep(0.25)
        answer(post(sink.url()))
    assert sink.connections == 1


def test_receivers_on_two_ports_of_one_host_share_no_connection(permit: Permit) -> None:
    with Sink(answering(body=b"one")) as one, Sink(answering(body=b"two")) as two:
        permit(one.target, two.target)
        bodies = [answer(post(sink.url())).body for sink in (one, two, one, two)]
    assert bodies == [b"one", b"two"] * 2


def test_it_keeps_no_connection_that_the_answer_closes(permit: Permit) -> None:
    with Sink(answering(headers="Connection: close\r\n")) as sink:
        permit(sink.target)
        answer(post(sink.url()))
        answer(post(sink.url()))
    assert sink.connections == 2


def test_it_notices_that_the_receiver_has_hung_up_meanwhile(permit: Permit) -> None:
    with Sink(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as sink:
        permit(sink.target)
        answer(post(sink.url()))
        for thread in sink._threads[1:]:
            thread.join()
        answer(post(sink.url()))
    assert sink.connections == 2


def test_it_does_not_take_a_stray_answer_for_the_next_one(permit: Permit) -> None:
    twice = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
    said = iter([twice, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"])

    def script(visit: Visit) -> None:
        visit.read()
        visit.send(next(said))
        visit.rest(0.2)

    with Sink(script) as sink:
        permit(sink.target)
        bodies = [answer(post(sink.url())).body for _ in range(2)]
    assert bodies == [b"first", b"second"]


def test_it_does_not_use_a_connection_that_was_idle_for_long(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        answer(post(sink.url()))
        monkeypatch.setattr(lines, "_IDLE_SECONDS", -1.0)
        answer(post(sink.url()))
    assert sink.connections == 2


def test_it_closes_what_nobody_has_used_for_long(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sink(answering()) as once, Sink(answering()) as often:
        permit(once.target, often.target)
        answer(post(once.url()))
        [(idle,)] = lines.pool._idle.values()
        monkeypatch.setattr(lines, "_IDLE_SECONDS", 0.0)
        monkeypatch.setattr(lines.pool, "_next_sweep", 0.0)
        answer(post(often.url()))
    assert idle.sock is None
    assert [line.target.peer for (line,) in lines.pool._idle.values()] == [("127.0.0.1", often.port)]


def test_many_threads_each_get_their_own_answer(permit: Permit) -> None:
    def echo(visit: Visit) -> None:
        while request := visit.read():
            body = request.partition(b"\r\n\r\n")[2]
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with Sink(echo) as sink, ThreadPoolExecutor(16) as threads:
        permit(sink.target)
        sent = [str(number).encode() * (number % 7 + 1) for number in range(400)]
        replies = list(threads.map(lambda body: post(sink.url(), body=body), sent))
        assert [answer(reply).body for reply in replies] == sent
    assert sink.connections <= 16


# --------------------------------------------------------------------------- nothing from the environment


def test_it_ignores_proxies_and_netrc_of_the_environment(
    permit: Permit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hush\n")
    netrc.chmod(0o600)
    with Sink(answering()) as proxy, Sink(answering()) as sink:
        permit(sink.target)
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.target}")
        monkeypatch.setenv("NETRC", str(netrc))
        answer(post(sink.url()))
        ours = proxy.connections
        requests.post(sink.url(), timeout=5)
        assert (ours, proxy.connections) == (0, 1)  # a naive client went through it
    assert b"authorization" not in sink.requests[0].lower()


def test_a_simulated_host_is_spoken_to_in_plain_http_under_its_own_name(permit: Permit) -> None:
    with Sink(answering(body=b'{"ok":true}')) as sink:
        permit(simulated={"slack.com": sink.target})
        got = answer(post("https://slack.com/api/chat.postMessage", headers={"Authorization": "Bearer x"}))
    assert got.body == b'{"ok":true}'
    assert head_lines(sink.requests[0])[:2] == [b"POST /api/chat.postMessage HTTP/1.1", b"Host: slack.com"]


# --------------------------------------------------------------------------- the seam for tests


@responses.activate
def test_responses_can_stand_in_for_the_outside(permit: Permit) -> None:
    responses.post("https://slack.com/api/x", json={"ok": True}, headers={"X-Y": "z"}, status=201)
    got = answer(post("https://slack.com/api/x", headers={"X-Sent": "yes"}))
    assert (got.status, got.body, got.headers["x-y"]) == (201, b'{"ok": true}', "z")
    assert responses.calls[0].request.headers["x-sent"] == "yes"
    assert responses.calls[0].request.body == BODY


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (requests.Timeout(), Trouble.TIMEOUT),
        (requests.ConnectTimeout(), Trouble.TIMEOUT),
        (requests.exceptions.SSLError(), Trouble.TLS),
        (requests.ConnectionError(ConnectionRefusedError()), Trouble.REFUSED),
        (requests.ConnectionError("no way"), Trouble.UNREACHABLE),
        (ConnectionResetError(), Trouble.RESET),
    ],
)
@responses.activate
def test_a_stand_in_can_fail_as_the_outside_does(permit: Permit, error: Exception, trouble: Trouble) -> None:
    responses.post("https://slack.com/api/x", body=error)
    assert failure(post("https://slack.com/api/x")).trouble is trouble
