"""The guard in the socket: who is dialled, who is believed, and that nothing leaves before both are settled."""

from __future__ import annotations

import _socket
import re
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests

from connections import lines, names
from connections.addresses import check_for_save
from connections.provider import Trouble
from tests import hostile
from tests.certificates import Authority
from tests.connections.doors import Permit, answer, failure, head_lines, post
from tests.sinks import Sink, Visit, answering, silent

ROOT = Path(__file__).parent.parent.parent
PUBLIC = "93.184.216.34"
HOST = "hooks.example.com"


def closing(_visit: Visit) -> None:
    """Counts the call and hangs up."""


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that reads every spelling of a number, and knows localhost, as many do; it ends at this machine."""

    def resolver(host: str | bytes, port: Any, *_: Any, **__: Any) -> Any:
        name = (host.decode() if isinstance(host, bytes) else host).rstrip(".").lower()
        known = "127.0.0.1" if name.endswith("localhost") else name
        found = _socket.getaddrinfo(known, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
        if found[0][4][0] not in ("127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1"):  # noqa: S104
            raise socket.gaierror
        return _socket.getaddrinfo("127.0.0.1", port, 0, socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Whom the door dials; nobody answers."""
    calls: list[tuple[str, int]] = []

    def record(address: tuple[str, int], **_: object) -> None:
        calls.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("connections.wire.socket.create_connection", record)
    return calls


# --------------------------------------------------------------------------- who is dialled


@pytest.mark.usefixtures("careless")
def test_no_hostile_spelling_reaches_a_private_receiver(permit: Permit) -> None:
    with Sink(closing) as sink:
        permit(ports=frozenset({80, 443, sink.port}))
        for url in hostile.urls(port=sink.port):
            assert failure(post(url)).trouble in (Trouble.FORBIDDEN_URL, Trouble.FORBIDDEN_ADDRESS), url
        assert sink.connections == 0


@pytest.mark.usefixtures("careless")
def test_a_naive_client_reaches_it_with_many_of_them() -> None:
    naive = requests.Session()
    naive.trust_env = False
    with Sink(closing) as sink:
        for url in filter(re.compile("http:").match, hostile.urls(port=sink.port)):
            with suppress(requests.RequestException, ValueError):
                naive.post(url, timeout=2)
    assert sink.connections > 200


@pytest.mark.usefixtures("careless")
def test_the_dial_refuses_by_itself_what_the_url_rule_let_through(
    permit: Permit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connections.addresses._canonical", lambda written: written)
    with Sink(closing) as sink:
        permit(ports=frozenset({sink.port, 80}))
        for host in ("localhost", "2130706433", "0x7f.1", "127.0.0.1", "0"):
            assert failure(post(f"http://{host}:{sink.port}/")).trouble is Trouble.FORBIDDEN_ADDRESS
        assert sink.connections == 0


@pytest.mark.parametrize(
    "known", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], ["2606:4700::1111", PUBLIC, "::ffff:7f00:1"]]
)
def test_an_answer_that_is_private_or_mixed_is_not_dialled(
    permit: Permit, monkeypatch: pytest.MonkeyPatch, dialled: list[tuple[str, int]], known: list[str]
) -> None:
    monkeypatch.setattr(names, "ask_resolver", lambda _: known)
    assert failure(post(f"https://{HOST}/")).trouble is Trouble.FORBIDDEN_ADDRESS
    assert dialled == []


def test_a_name_that_changes_its_mind_is_dialled_only_where_it_was_checked(
    permit: Permit, monkeypatch: pytest.MonkeyPatch, dialled: list[tuple[str, int]]
) -> None:
    answers = cycle([PUBLIC, "169.254.169.254", PUBLIC, "127.0.0.1", "::ffff:10.0.0.5"])
    monkeypatch.setattr(names, "ask_resolver", lambda _: [next(answers)])
    troubles = [failure(post(f"https://{HOST}/")).trouble for _ in range(1_000)]
    assert troubles.count(Trouble.REFUSED) == 400
    assert troubles.count(Trouble.FORBIDDEN_ADDRESS) == 600
    assert dialled == [(PUBLIC, 443)] * 400


def test_a_name_that_turns_private_after_it_was_saved_is_refused_when_it_is_used(
    permit: Permit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sink(closing) as sink:
        permit(ports=frozenset({80, sink.port}))
        monkeypatch.setattr(names, "ask_resolver", lambda _: [PUBLIC])
        assert check_for_save(sink.url(host=HOST)) is None
        monkeypatch.setattr(names, "ask_resolver", lambda _: ["127.0.0.1"])
        assert failure(post(sink.url(host=HOST))).trouble is Trouble.FORBIDDEN_ADDRESS
        assert sink.connections == 0
        # Whoever checks once and then leaves the lookup to their client is led inside.
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", sink.port))])
        with pytest.raises(requests.ConnectionError):
            requests.post(sink.url(host=HOST), timeout=2, proxies={"http": ""})
        assert sink.connections == 1


def test_it_tries_the_addresses_of_a_name_one_after_the_other(
    permit: Permit, monkeypatch: pytest.MonkeyPatch, dialled: list[tuple[str, int]]
) -> None:
    monkeypatch.setattr(names, "ask_resolver", lambda _: ["2606:4700::1111", PUBLIC])
    assert failure(post(f"https://{HOST}/")).trouble is Trouble.REFUSED
    assert dialled == [("2606:4700::1111", 443), (PUBLIC, 443)]


def test_every_address_of_a_name_gets_its_share_of_the_time(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    def refuse(_address: object, timeout: float) -> None:
        shares.append(timeout)
        raise ConnectionRefusedError

    monkeypatch.setattr(names, "ask_resolver", lambda _: [f"93.184.216.{last}" for last in range(4)])
    monkeypatch.setattr("connections.wire.socket.create_connection", refuse)
    failure(post(f"https://{HOST}/", seconds=120))
    assert shares == pytest.approx([30, 40, 60, 120], abs=5)


def test_a_kept_connection_does_not_outlive_the_permission(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        answer(post(sink.url()))
        permit()
        assert failure(post(sink.url())).trouble is Trouble.FORBIDDEN_URL
    assert len(sink.requests) == 1


def test_a_resolver_that_hangs_ends_with_the_attempt(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sink(silent) as sink:  # its closing is what the resolver waits for
        monkeypatch.setattr(names, "ask_resolver", lambda _: [str(sink.over.wait(30))])
        assert failure(post(f"https://{HOST}/", seconds=0.1)).trouble is Trouble.TIMEOUT
        assert not sink.over.is_set()


# --------------------------------------------------------------------------- who is believed


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """An authority that the door trusts, as if certifi had it."""
    monkeypatch.setattr(certifi, "where", lambda: str(authority.file))
    lines._trust.cache_clear()
    yield authority
    lines._trust.cache_clear()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "ask_resolver", lambda _: ["127.0.0.1"])


def test_it_connects_to_the_checked_address_and_keeps_the_name_for_host_and_certificate(
    permit: Permit, monkeypatch: pytest.MonkeyPatch, trusted: Authority
) -> None:
    asked: list[str] = []
    called: list[tuple[str, int]] = []
    shown: list[str] = []
    tls = trusted.server(HOST)
    tls.sni_callback = lambda _socket, name, _context: shown.append(name)
    connect = socket.create_connection
    with Sink(answering(), tls=tls) as sink:

        def resolver(name: str) -> list[str]:
            asked.append(name)
            return [PUBLIC]

        def divert(address: tuple[str, int], timeout: float) -> socket.socket:
            called.append(address)
            return connect(("127.0.0.1", sink.port), timeout)

        monkeypatch.setattr(names, "ask_resolver", resolver)
        monkeypatch.setattr("connections.wire.socket.create_connection", divert)
        answer(post(f"https://{HOST}/"))
        answer(post(f"https://{HOST}/"))
    assert asked == [f"{HOST}."]  # once: between the check and the dial nobody is asked again
    assert called == [(PUBLIC, 443)]
    assert shown == [HOST]
    assert head_lines(sink.requests[0])[1] == b"Host: " + HOST.encode()
    assert sink.connections == 1


def old_tls(context: ssl.SSLContext) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (lambda authority: authority.server(HOST, days=-1), "has expired"),
        (lambda authority: authority.server("other.example.com"), "is for another host name"),
        (lambda authority: authority.server(HOST, self_signed=True), "is self-signed"),
        (lambda authority: old_tls(authority.server(HOST)), "no TLS 1.2 or newer"),
        (lambda _: None, "does not speak TLS"),
    ],
    ids=["expired", "wrong host", "self-signed", "TLS 1.1", "no TLS"],
)
@pytest.mark.usefixtures("here")
def test_a_receiver_that_cannot_prove_who_it_is_gets_no_byte(
    permit: Permit, trusted: Authority, server: Any, said: str
) -> None:
    tls = server(trusted)
    with Sink(answering() if tls else lambda visit: visit.send(b"HTTP/1.1 400 x\r\n\r\n"), tls=tls) as sink:
        permit(f"{HOST}:{sink.port}")
        failed = failure(post(f"https://{HOST}:{sink.port}/"))
    assert failed.trouble is Trouble.TLS
    assert said in failed.detail
    assert (sink.received, sink.requests) == (0, [])


@pytest.mark.usefixtures("here")
def test_it_believes_no_authority_that_only_the_environment_names(
    permit: Permit, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.file))
    lines._trust.cache_clear()
    with Sink(answering(), tls=authority.server(HOST)) as sink:
        permit(f"{HOST}:{sink.port}")
        failed = failure(post(f"https://{HOST}:{sink.port}/"))
    assert failed.trouble is Trouble.TLS
    assert "unknown authority" in failed.detail


@pytest.mark.usefixtures("here")
def test_it_speaks_tls_1_2_where_the_receiver_knows_nothing_newer(permit: Permit, trusted: Authority) -> None:
    tls = trusted.server(HOST)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    with Sink(answering(), tls=tls) as sink:
        permit(f"{HOST}:{sink.port}")
        answer(post(f"https://{HOST}:{sink.port}/", body=b"x" * 100_000))
    assert sink.requests[0].endswith(b"x" * 100_000)


@pytest.mark.parametrize(("script", "trouble"), [(silent, Trouble.TIMEOUT), (closing, Trouble.RESET)])
@pytest.mark.usefixtures("here")
def test_a_handshake_that_does_not_happen_ends_with_the_attempt(permit: Permit, script: Any, trouble: Trouble) -> None:
    with Sink(script) as sink:
        permit(f"{HOST}:{sink.port}")
        assert failure(post(f"https://{HOST}:{sink.port}/", seconds=0.3)).trouble is trouble


# --------------------------------------------------------------------------- forks

FORK = """
import os, sys
from connections.addresses import Target
from connections.lines import Line, pool

target = Target("a.example.com", "a.example.com", "/", secure=True, peer=("a.example.com", 443), trusted=False)
pool.keep(Line(target))
child = os.fork()
if child == 0:
    os._exit(len(pool._idle))
print(len(pool._idle), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_does_not_speak_on_its_parents_connections() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "1 0\n"
