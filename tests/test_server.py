"""What only a real server can show: how bodies arrive, what lies about them, and what the memory says."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from deliveries.models import Event, IdempotencyRecord
from tests.calling import STRANGE_ID, machine_token
from tests.json_cases import INVALID, OPEN, PAYLOADS, VALID
from tests.live import ROOT, Server, Told, answers, request, statuses
from tests.world import Vendor, make_vendor
from workspaces.access import forget_keys

BODY = b'{"event":"user.created","payload":{"n":1e-7}}'
MEBIBYTE = 2**20


@pytest.fixture
def acme(server: Server) -> Vendor:
    forget_keys()
    return make_vendor("Acme")


@pytest.fixture
def key(acme: Vendor) -> dict[str, str | None]:
    return {"X-Meshes-Publishable-Key": acme.publishable_key}


def count() -> int:
    return Event.objects.filter(event="user.created").count()


def emit(server: Server, body: bytes, headers: dict[str, str | None], path: str = "/events") -> Told:
    (told,) = answers(server.say(request("POST", path, body, headers)))
    return told


def test_an_event_that_was_answered_for_is_on_disk(server: Server, key: dict[str, str | None]) -> None:
    told = emit(server, BODY, key)
    assert told.status == 201
    assert "json" in told.headers["content-type"]
    assert Event.objects.get(id=told.json["event"]["id"]).payload == '{"n":1e-7}'


def test_a_machine_reads_back_what_was_sent_byte_for_byte(
    server: Server, acme: Vendor, key: dict[str, str | None]
) -> None:
    token: dict[str, str | None] = {"Authorization": f"Bearer {machine_token(acme.machine_key)}"}
    for payload in PAYLOADS:
        event = emit(server, b'{"event":"user.created","payload":' + payload + b"}", key).json["event"]
        (told,) = answers(server.say(request("GET", f"/events/{event['id']}/payload", b"", token)))
        assert told.body.endswith(b',"payload":' + payload + b"}")


def test_a_get_with_a_json_content_type_and_no_body_is_fine(server: Server, acme: Vendor) -> None:
    token: dict[str, str | None] = {"Authorization": f"Bearer {machine_token(acme.machine_key)}"}
    for length in ("0", None):
        (told,) = answers(server.say(request("GET", "/workspaces", b"", {**token, "Content-Length": length})))
        assert told.status == 200
    (told,) = answers(server.say(request("DELETE", f"/rules/{acme.rule.id}", b"", {**token, "Content-Length": None})))
    assert told.status == 200


# --------------------------------------------------------------------------- how long a body says it is

CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize("length", [None, str(len(CHUNKED)), "5"])
@pytest.mark.parametrize("encoding", ["chunked", "gzip, chunked"])
def test_a_chunked_body_is_411_and_starts_no_second_request(
    server: Server, key: dict[str, str | None], length: str | None, encoding: str
) -> None:
    """With both headers, what one reads as a body another might read as the next request (RFC 9112, section 6.1)."""
    hidden = CHUNKED + request("POST", "/events", BODY, key)
    headers = {**key, "Content-Length": length, "Transfer-Encoding": encoding, "Connection": "keep-alive"}
    heard = statuses(server.say(request("POST", "/events", hidden, headers), seconds=1))
    assert heard[0] in (400, 411)
    assert count() <= len(heard) - 1  # a further request is one of its own, with an answer of its own


def test_a_body_without_a_length_is_411(server: Server, key: dict[str, str | None]) -> None:
    assert emit(server, BODY, {**key, "Content-Length": None}).status == 411


@pytest.mark.parametrize("length", ["-5", "0x2d", "45.0", "four", "+45", "9" * 30])
def test_a_length_that_is_none_is_refused(server: Server, key: dict[str, str | None], length: str) -> None:
    assert emit(server, BODY, {**key, "Content-Length": length}).status in (400, 411, 413)
    assert count() == 0


def test_two_lengths_are_refused(server: Server, key: dict[str, str | None]) -> None:
    assert emit(server, BODY, {**key, "content-length": "5"}).status == 400


def test_a_body_that_ends_too_soon_is_no_event(server: Server, key: dict[str, str | None]) -> None:
    assert server.say(request("POST", "/events", BODY, {**key, "Content-Length": "500"}), seconds=0.3) == b""
    assert emit(server, BODY, key).status == 201
    assert count() == 1


def test_what_follows_a_body_is_not_part_of_it(server: Server, key: dict[str, str | None]) -> None:
    told = emit(server, BODY + b"}}}}", {**key, "Content-Length": str(len(BODY))})
    assert told.status == 201


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(server: Server, key: dict[str, str | None]) -> None:
    """Nothing of the body is ever sent here, so an answer proves that nothing was waited for."""
    for path, length in (("/events", 278_529), ("/events/bulk", 8_388_609), ("/events", 10**15)):
        head = request("POST", path, b"", {**key, "Content-Length": str(length)})
        assert statuses(server.say(head)) == [413]
        polite = request("POST", path, b"", {**key, "Content-Length": str(length), "Expect": "100-continue"})
        assert statuses(server.say(polite)) == [413]


def test_a_client_that_asks_first_is_told_to_go_on(server: Server, key: dict[str, str | None]) -> None:
    head = request("POST", "/events", b"", {**key, "Content-Length": str(len(BODY)), "Expect": "100-continue"})
    assert statuses(server.say(head, BODY, pause=0.1)) == [100, 201]


def test_the_largest_bulk_call_passes(server: Server, key: dict[str, str | None]) -> None:
    one = b'{"event":"user.created","payload":{"x":"' + b"y" * 83_000 + b'"}}'
    body = b"[" + b",".join([one] * 100) + b"]"
    assert len(body) < 8 * MEBIBYTE
    assert emit(server, body, key, "/events/bulk").status == 201
    assert count() == 100


# --------------------------------------------------------------------------- what surrounds a body


def test_a_compressed_body_is_415(server: Server, key: dict[str, str | None]) -> None:
    assert emit(server, BODY, {**key, "Content-Encoding": "gzip"}).status == 415


@pytest.mark.parametrize(
    "headers",
    [{"X-Big": "x" * 2_000_000}, {f"X-{number}": "x" for number in range(500)}, {"X Bad": "x"}, {"X-Bad": "a\r\n b"}],
)
def test_headers_beyond_reason_are_refused(
    server: Server, key: dict[str, str | None], headers: dict[str, str | None]
) -> None:
    assert emit(server, BODY, {**key, **headers}).status in (400, 431)
    assert count() == 0


def test_requests_may_follow_one_another_on_one_connection(server: Server, key: dict[str, str | None]) -> None:
    kept = request("POST", "/events", BODY, {**key, "Connection": "keep-alive"})
    wrong = request("POST", "/events", b"{", {**key, "Connection": "keep-alive"})
    assert statuses(server.say(kept + wrong + kept + request("POST", "/events", BODY, key))) == [201, 400, 201, 201]
    assert count() == 3


def test_http_1_0_is_answered(server: Server, acme: Vendor) -> None:
    head = f"POST /api/v1/events HTTP/1.0\r\nX-Meshes-Publishable-Key: {acme.publishable_key}\r\n"
    more = f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    assert statuses(server.say((head + more).encode() + BODY)) == [201]


@pytest.mark.parametrize(
    "path", ["/%00", "/%ff%fe", "/events/%ED%A0%80", "/../../etc/passwd", "/events/%2e%2e", "/" + "x" * 60_000]
)
def test_an_odd_path_is_no_fault(server: Server, acme: Vendor, path: str) -> None:
    assert statuses(server.say(request("GET", path)))[0] in (400, 401, 404, 414, 431)


def test_a_strange_method_is_405(server: Server, key: dict[str, str | None]) -> None:
    (told,) = answers(server.say(request("FOO", "/events", b"", key)))
    assert told.status == 405
    assert told.json["error"]["name"] == "MethodNotAllowed"


@pytest.mark.skipif(
    "PlainHandler" not in (ROOT / "config" / "wsgi.py").read_text(),
    reason="config/wsgi.py still makes Django's own requests, not config.requests.PlainRequest",
)
@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("application/json; " + "x" * 20_000, ""),
        ("application/json; charset=base64", "?limit=1"),
        ("application/json; charset=utf-8", "?" + "a&" * 1_200),
        ("application/json; charset*=nonsense'x'y", ""),
    ],
)
def test_an_odd_content_type_is_no_fault(server: Server, acme: Vendor, kind: str, query: str) -> None:
    assert statuses(server.say(request("GET", f"/workspaces{query}", b"", {"Content-Type": kind}))) == [401]


# --------------------------------------------------------------------------- many, and much


def test_no_json_of_any_kind_is_a_fault_and_none_fills_the_memory(server: Server, key: dict[str, str | None]) -> None:
    emit(server, BODY, key)
    before = server.memory
    kept = {**key, "Connection": "keep-alive"}
    for kinds in (VALID, INVALID, OPEN):
        bodies = [body for body in kinds.values() if len(body) < 278_528]
        stream = b"".join(request("POST", "/events", body, kept) for body in bodies)
        heard = statuses(server.say(stream + request("POST", "/events", BODY, key), seconds=20))
        assert heard[-1] == 201
        assert len(heard) == len(bodies) + 1
        assert set(heard[:-1]) <= ({400} if kinds is INVALID else {400, 422})
    assert server.memory - before < 50 * MEBIBYTE


@pytest.mark.parametrize("piece", [b"{},", b'"ab",', b"[[]],", b'{"a":0},'])
def test_a_bulk_call_made_to_fill_the_memory_does_not(server: Server, key: dict[str, str | None], piece: bytes) -> None:
    emit(server, BODY, key)
    before = server.memory
    body = b'[{"event":"user.created","payload":{"x":[' + piece * (8_300_000 // len(piece)) + b"0]}}]"
    assert emit(server, body, key, "/events/bulk").status == 413
    assert server.memory - before < 50 * MEBIBYTE


def test_a_hundred_uses_of_one_key_over_the_wire_are_one_event(server: Server, key: dict[str, str | None]) -> None:
    message = request("POST", "/events", BODY, {**key, "Idempotency-Key": "once"})
    with ThreadPoolExecutor(25) as pool:
        heard = [answers(one)[0] for one in pool.map(lambda _: server.say(message, seconds=20), range(100))]
    assert {(told.status, told.body) for told in heard} == {(201, heard[0].body)}
    assert sum("idempotent-replayed" in told.headers for told in heard) == 99
    assert (count(), IdempotencyRecord.objects.count()) == (1, 1)


@pytest.mark.parametrize("written", ["Bestellung-\u00e4", "order-\u00ff\u00fe", ""])
def test_an_idempotency_key_that_the_server_cannot_read_stores_nothing(
    server: Server, key: dict[str, str | None], written: str
) -> None:
    """The server hands on an empty text for it: taken as no key, a repeated call would be a second event."""
    told = emit(server, BODY, {**key, "Idempotency-Key": written})
    assert (told.status, told.json["error"]["data"][0]["param"]) == (400, "Idempotency-Key")
    assert count() == 0


def test_an_idempotency_key_in_two_headers_is_one_key(server: Server, key: dict[str, str | None]) -> None:
    """The server joins them, so that nobody can tell them from one with a comma: they count as that, every time."""
    twice: dict[str, str | None] = {**key, "Idempotency-Key": "a", "idempotency-key": "b"}
    first, again = emit(server, BODY, twice), emit(server, BODY, {**key, "Idempotency-Key": "a,b"})
    assert (first.status, again.body, again.headers["idempotent-replayed"]) == (201, first.body, "true")
    assert count() == 1


@pytest.mark.parametrize("path", ["/workspaces", "/openapi.json", "/events", "/rules/nothing"])
def test_a_head_is_a_get_without_its_body(server: Server, acme: Vendor, path: str) -> None:
    token: dict[str, str | None] = {"Authorization": f"Bearer {machine_token(acme.machine_key)}"}
    get, head = (answers(server.say(request(method, path, b"", token)))[0] for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (get.status, b"")
    of_this_time = {"date": "", "transfer-encoding": ""}
    assert {**head.headers, **of_this_time} == {**get.headers, **of_this_time}


def test_nothing_is_answered_for_a_host_that_is_not_ours(server: Server, key: dict[str, str | None]) -> None:
    told = emit(server, BODY, {**key, "Host": "evil.example"})
    assert (told.status, told.headers["content-type"]) == (400, "application/json")
    assert count() == 0


def test_a_publishable_key_that_the_server_cannot_read_stores_nothing(
    server: Server, key: dict[str, str | None]
) -> None:
    told = emit(server, BODY, {"X-Meshes-Publishable-Key": f"{key['X-Meshes-Publishable-Key']}\u00e4"})
    assert told.status == 401
    assert count() == 0


def test_a_database_that_comes_back_costs_nobody_an_event(server: Server, key: dict[str, str | None]) -> None:
    """The server's connection is cut, as a restart would; the next event opens a new one and is stored."""
    assert emit(server, BODY, key).status == 201
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jackfield'"
            " AND pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert [emit(server, BODY, key).status for _ in range(8)] == [201] * 8
    assert count() == 9


def test_a_browser_may_emit_and_reads_every_answer(server: Server, key: dict[str, str | None]) -> None:
    origin: dict[str, str | None] = {"Origin": "https://app.acme.example"}
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-custom"}
    (preflight,) = answers(server.say(request("OPTIONS", "/events", b"", {**asked, "Content-Type": None})))
    assert (preflight.status, preflight.headers["access-control-allow-headers"]) == (204, "x-custom")
    for body, status in ((BODY, 201), (b"{", 400), (b"[]", 422)):
        told = emit(server, body, {**key, **origin})
        assert (told.status, told.headers["access-control-allow-origin"]) == (status, "https://app.acme.example")


def test_a_stranger_gets_the_same_bytes_for_what_is_not_theirs(server: Server, acme: Vendor) -> None:
    globex = make_vendor("Globex")
    token: dict[str, str | None] = {"Authorization": f"Bearer {machine_token(globex.machine_key)}"}
    heard = [answers(server.say(request("GET", f"/events/{id}", b"", token)))[0] for id in (acme.event.id, STRANGE_ID)]
    assert [told.status for told in heard] == [404, 404]
    assert heard[0].body == heard[1].body
    theirs, nobodys = ({**told.headers, "date": ""} for told in heard)
    assert theirs == nobodys


def test_the_log_of_all_this_tells_of_no_fault(server: Server, key: dict[str, str | None]) -> None:
    emit(server, json.dumps({"event": "user.created", "payload": {}}).encode(), key)
    log = server.log.read_text(errors="replace")
    assert "api.fault" not in log
    assert "Traceback" not in log


def test_the_staff_pages_have_their_style_without_anything_being_collected(server: Server) -> None:
    heard = server.say(
        b"GET /static/admin/css/base.css HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", seconds=10
    )
    (told,) = answers(heard)
    assert (told.status, told.headers["content-type"].partition(";")[0]) == (200, "text/css")
    assert b"--primary" in told.body
