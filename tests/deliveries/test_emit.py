from __future__ import annotations

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection, connections
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from deliveries import emit, waking
from deliveries.models import Event, IdempotencyRecord
from deliveries.reading import PAYLOAD_MOST
from tests.calling import STRANGE_ID, V1, Caller, fault, params, read
from tests.json_cases import INVALID, OPEN, PAYLOADS, VALID
from tests.world import Vendor, make_vendor
from workspaces.access import forget_keys
from workspaces.models import Workspace

EVENT = {"event": "user.created", "payload": {"email": "ann@acme.example"}}


def stored() -> list[Event]:
    return list(Event.objects.filter(event="user.created").order_by("id"))


# --------------------------------------------------------------------------- one event


def test_an_event_is_stored_and_shown(acme: Vendor) -> None:
    shown = read(acme.emitter.post("/events", {**EVENT, "resource": "disk", "resource_id": "d-1"}), 201)["event"]
    (row,) = stored()
    assert shown == {
        "id": str(row.id),
        "type": "event",
        "event": "user.created",
        "workspace": str(acme.workspace.id),
        "resource": "disk",
        "resource_id": "d-1",
        "created_by": f"pub_{acme.publishable_key.split('_')[3]}",
        "created_at": row.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    assert (row.status, row.total_rules, row.organization_id) == ("pending", 0, acme.organization.id)


def test_a_resource_is_always_told_and_a_resource_id_only_when_sent(acme: Vendor) -> None:
    shown = read(acme.emitter.post("/events", EVENT), 201)["event"]
    assert shown["resource"] == "global"
    assert "resource_id" not in shown


def test_a_machine_token_names_its_workspace(acme: Vendor) -> None:
    shown = read(acme.machine.post("/events", {**EVENT, "workspace": str(acme.staging.id)}), 201)["event"]
    assert (shown["workspace"], shown["created_by"]) == (str(acme.staging.id), acme.machine_key.access_key)
    assert params(acme.machine.post("/events", EVENT), 400) == ["workspace"]


def test_a_publishable_key_knows_its_workspace(acme: Vendor) -> None:
    assert acme.emitter.post("/events", {**EVENT, "workspace": str(acme.workspace.id)}).status_code == 201
    assert params(acme.emitter.post("/events", {**EVENT, "workspace": str(acme.staging.id)}), 400) == ["workspace"]
    assert len(stored()) == 1


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_comes_back_byte_for_byte(acme: Vendor, payload: bytes) -> None:
    event = read(acme.emitter.post("/events", b'{"event":"user.created","payload":' + payload + b"}"), 201)["event"]
    answer = acme.machine.get(f"/events/{event['id']}/payload")
    assert answer.status_code == 200
    assert answer.content.endswith(b',"payload":' + payload + b"}")


def test_the_answer_follows_the_commit(acme_on_disk: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is woken, and whoever reads the answer, finds the event with a connection of its own."""
    counted: list[int] = []
    monkeypatch.setattr(waking, "wake", lambda: counted.append(_count_elsewhere()))
    assert acme_on_disk.emitter.post("/events", EVENT).status_code == 201
    assert acme_on_disk.emitter.post("/events/bulk", [EVENT, EVENT]).status_code == 201
    assert counted == [1, 3]


def _count_elsewhere() -> int:
    place = connection.settings_dict
    login = {"user": place["USER"], "password": place["PASSWORD"], "host": place["HOST"], "port": place["PORT"]}
    with psycopg.connect(dbname=str(place["NAME"]), **login) as other:
        row = other.execute("SELECT count(*) FROM deliveries_event WHERE event = 'user.created'").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("gone")])
def test_without_a_database_it_is_503_and_nothing_is_stored(
    acme: Vendor, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise error

    sender = acme.emitter
    monkeypatch.setattr(emit, "accept", away)
    answer = sender.post("/events", EVENT)
    assert fault(answer, 503)["name"] == "ServiceUnavailable"
    assert int(answer["Retry-After"]) > 0
    assert not stored()


def test_a_lost_wake_up_is_no_fault(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "_redis", lambda _: None)
    assert acme.emitter.post("/events", EVENT).status_code == 201


# --------------------------------------------------------------------------- hostile bodies


def test_no_json_of_any_kind_is_a_fault(acme: Vendor) -> None:
    sender = acme.emitter
    expected = {"/events": ({422}, {400}, {400, 422}), "/events/bulk": ({207, 400, 422}, {400}, {207, 400, 413, 422})}
    for path, answers in expected.items():
        for kinds, statuses in zip((VALID, INVALID, OPEN), answers, strict=True):
            for name, body in kinds.items():
                assert sender.post(path, body).status_code in statuses, (path, name)
    for body in VALID.values():
        assert sender.post("/events", b'{"event":"user.created","payload":{"v":%s}}' % body).status_code in (201, 422)
    assert len(stored()) > len(VALID) / 2


@given(
    body=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: ('{"event":"a","payload":' + text).encode())
)
@tuned(suppress_health_check=[*tuned().suppress_health_check, HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_bytes_are_a_fault(acme: Vendor, body: bytes) -> None:
    for path in ("/events", "/events/bulk"):
        assert acme.emitter.post(path, body).status_code in (201, 207, 400, 413, 422)


NAUGHTY = [
    "", " ", "\t", "null", "NaN", "0", "-1", "1e400", "true", "undefined", "\x7f", "\u0001", "\ufeff", "\u202e\u2066",
    "\u200b", "😀👨‍👩‍👧", "Z̴̛͝a̷l̵g̶o̸", "ﷺ", "田中さん", "'; DROP TABLE deliveries_event; --", "\\", "\\0", "%00", "%s%n",
    "{{ 7*7 }}", "{% debug %}", "<script>alert(1)</script>", "../../etc/passwd", "$(id)", "${jndi:ldap://x}",
    "\r\nX: y", "=1+1", "A" * 128, "é" * 128, "__proto__", "*", "%", "_", "I" * 32,
]  # fmt: skip


def test_no_text_in_any_field_is_a_fault_and_what_is_taken_comes_back(acme: Vendor) -> None:
    sender, owner = acme.emitter, acme.machine
    for text in NAUGHTY:
        for name in ("event", "resource", "resource_id", "type", "workspace"):
            answer = sender.post("/events", {**EVENT, name: text})
            assert answer.status_code in (201, 400), (name, text)
            if answer.status_code == 201 and text and name != "workspace":
                shown = read(owner.get(f"/events/{json.loads(answer.content)['event']['id']}"))
                assert shown[name] == text
        payload = {"v": text, text: 1}
        event = read(sender.post("/events", {"event": "a", "payload": payload}), 201)["event"]
        assert read(owner.get(f"/events/{event['id']}/payload"))["payload"] == payload


# --------------------------------------------------------------------------- sizes and kinds of bodies


def test_the_largest_payload_passes_and_one_byte_more_is_413(acme: Vendor) -> None:
    largest = '{"x":"' + "y" * (PAYLOAD_MOST - 8) + '"}'
    assert len(largest) == 262_144
    body = '{"event":"user.created","payload":%s}'
    assert acme.emitter.post("/events", body % largest).status_code == 201
    assert params(acme.emitter.post("/events", body % largest.replace("y", "yy", 1)), 413) == ["payload"]


@pytest.mark.parametrize(("path", "most"), [("/events", 278_528), ("/events/bulk", 8_388_608)])
def test_a_body_that_is_too_large_is_413_and_nothing_of_it_is_read(acme: Vendor, path: str, most: int) -> None:
    unread = _Unread()
    answer = acme.emitter.send("POST", path, environ={"CONTENT_LENGTH": str(most + 1), "wsgi.input": unread})
    assert str(most) in fault(answer, 413)["message"]
    endless = acme.emitter.send("POST", path, environ={"CONTENT_LENGTH": "9" * 5_000, "wsgi.input": unread})
    assert endless.status_code == 413


class _Unread(io.BytesIO):
    """A body that must not be touched."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("it was read")


@pytest.mark.parametrize("length", ["", "-1", "+5", "5.0", "0x5", "five", " ", "\u00b2", "\u0665"])
def test_a_body_without_a_length_is_411(acme: Vendor, length: str) -> None:
    answer = acme.emitter.send("POST", "/events", EVENT, environ={"CONTENT_LENGTH": length, "wsgi.input": _Unread()})
    assert answer.status_code == 411


def test_a_body_that_ends_too_soon_is_400_although_it_is_json(acme: Vendor) -> None:
    for path, body in (("/events", EVENT), ("/events/bulk", [EVENT])):
        cut = {"CONTENT_LENGTH": "500", "wsgi.input": io.BytesIO(json.dumps(body).encode())}
        answer = acme.emitter.send("POST", path, environ=cut)
        assert "Content-Length" in fault(answer, 400)["message"]
    assert not stored()


def test_a_chunked_body_is_411_whatever_its_length(acme: Vendor) -> None:
    assert acme.emitter.post("/events", EVENT, Transfer_Encoding="chunked").status_code == 411


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_415(acme: Vendor, encoding: str) -> None:
    assert acme.emitter.post("/events", EVENT, Content_Encoding=encoding).status_code == 415


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=base64",
        "application/json; charset=nonsense",
        "; charset=utf-8",
    ],
)
def test_another_kind_of_body_is_415(acme: Vendor, kind: str) -> None:
    assert acme.emitter.send("POST", "/events", EVENT, content_type=kind).status_code == 415


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/json; charset=UTF8",
        "application/json; profile=x",
    ],
)
def test_json_may_be_called_by_all_its_names(acme: Vendor, kind: str) -> None:
    assert acme.emitter.send("POST", "/events", EVENT, content_type=kind).status_code == 201


def test_an_empty_body_is_400(acme: Vendor) -> None:
    assert acme.emitter.post("/events").status_code == 400
    assert acme.emitter.post("/events/bulk").status_code == 400


# --------------------------------------------------------------------------- many events


def test_a_bulk_call_stores_a_hundred_events_in_their_order(acme: Vendor) -> None:
    events = [{"event": "user.created", "payload": {"number": number}} for number in range(100)]
    answer = read(acme.emitter.post("/events/bulk", events), 201)
    assert (answer["count"], "error_count" in answer) == (100, False)
    assert [record["id"] for record in answer["records"]] == [str(row.id) for row in stored()]
    assert [json.loads(row.payload)["number"] for row in stored()] == list(range(100))


def test_a_bulk_call_tells_each_fault_in_its_place(acme: Vendor) -> None:
    wrong = [5, {"event": "a"}, {**EVENT, "type": "x" * 33}, {**EVENT, "workspace": str(acme.staging.id)}]
    answer = read(acme.emitter.post("/events/bulk", [EVENT, *wrong, EVENT]), 207)
    assert (answer["count"], answer["error_count"]) == (6, 4)
    told = [record.get("error", {}).get("data", [{}])[0].get("param") for record in answer["records"]]
    assert told == [None, None, "payload", "type", "workspace", None]
    assert [str(row.id) for row in stored()] == [answer["records"][0]["id"], answer["records"][5]["id"]]


def test_a_bulk_call_in_which_all_is_wrong_stores_nothing(acme: Vendor) -> None:
    answer = read(acme.emitter.post("/events/bulk", [5, None]), 207)
    assert (answer["count"], answer["error_count"]) == (2, 2)
    assert not stored()


def test_a_bulk_call_of_a_machine_may_serve_several_workspaces(acme: Vendor) -> None:
    places = [acme.workspace.id, acme.staging.id, STRANGE_ID, acme.staging.id]
    answer = read(acme.machine.post("/events/bulk", [{**EVENT, "workspace": str(place)} for place in places]), 207)
    assert [record.get("workspace") for record in answer["records"]] == [
        str(acme.workspace.id),
        str(acme.staging.id),
        None,
        str(acme.staging.id),
    ]
    assert answer["records"][2]["error"]["name"] == "NotFound"


def test_a_bulk_call_looks_a_workspace_up_once(acme: Vendor, django_assert_max_num_queries: Any) -> None:
    machine = acme.machine
    machine.get("/workspaces")  # the key is known from here on
    with django_assert_max_num_queries(2):
        machine.post("/events/bulk", [{**EVENT, "workspace": str(acme.workspace.id)}] * 100)


# --------------------------------------------------------------------------- idempotency


def test_one_key_stores_one_event_and_answers_in_the_same_bytes(acme: Vendor) -> None:
    first = acme.emitter.post("/events", EVENT, Idempotency_Key="k")
    again = acme.emitter.post("/events", EVENT, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert len(stored()) == 1


def test_one_key_covers_a_bulk_call_and_its_errors(acme: Vendor) -> None:
    first = acme.emitter.post("/events/bulk", [EVENT, 5, EVENT], Idempotency_Key="k")
    again = acme.emitter.post("/events/bulk", [EVENT, 5, EVENT], Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (207, 207)
    assert first.content == again.content
    assert len(stored()) == 2


@pytest.mark.parametrize("other", [{**EVENT, "resource": "x"}, json.dumps(EVENT) + " "])
def test_a_key_with_another_body_is_409(acme: Vendor, other: Any) -> None:
    acme.emitter.post("/events", EVENT, Idempotency_Key="k")
    assert "Idempotency-Key" in fault(acme.emitter.post("/events", other, Idempotency_Key="k"), 409)["message"]
    assert len(stored()) == 1


def test_a_key_is_one_workspaces_and_one_routes(acme: Vendor, globex: Vendor) -> None:
    for caller, path, body in (
        (acme.emitter, "/events", EVENT),
        (acme.emitter, "/events/bulk", [EVENT]),
        (acme.machine, "/events", {**EVENT, "workspace": str(acme.staging.id)}),
        (globex.emitter, "/events", EVENT),
    ):
        assert caller.post(path, body, Idempotency_Key="k").status_code == 201
    assert len(stored()) == 4


def test_a_key_of_a_bulk_call_is_the_organizations_whatever_workspace_comes_first(acme: Vendor, globex: Vendor) -> None:
    there, here = ({**EVENT, "workspace": str(one.id)} for one in (acme.workspace, acme.staging))
    first = acme.machine.post("/events/bulk", [there, here], Idempotency_Key="k")
    assert first.status_code == 201
    for other in ([here, there], [here], [there], [{**here, "workspace": str(STRANGE_ID)}, there]):
        assert "Idempotency-Key" in fault(acme.machine.post("/events/bulk", other, Idempotency_Key="k"), 409)["message"]
    again = acme.machine.post("/events/bulk", [there, here], Idempotency_Key="k")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert len(stored()) == 2
    theirs = {**EVENT, "workspace": str(globex.workspace.id)}
    assert globex.machine.post("/events/bulk", [theirs], Idempotency_Key="k").status_code == 201
    assert acme.emitter.post("/events/bulk", [EVENT], Idempotency_Key="k").status_code == 201


def test_a_refused_body_does_not_spend_its_key(acme: Vendor) -> None:
    assert acme.emitter.post("/events", {"event": "user.created"}, Idempotency_Key="k").status_code == 400
    assert acme.emitter.post("/events", EVENT, Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize(("age", "events"), [(timedelta(days=6, hours=23), 1), (timedelta(days=7, minutes=1), 2)])
def test_a_key_is_kept_for_seven_days(acme: Vendor, age: timedelta, events: int) -> None:
    first = acme.emitter.post("/events", EVENT, Idempotency_Key="k")
    record = IdempotencyRecord.objects.get()
    IdempotencyRecord.objects.update(created_at=record.created_at - age)
    later = acme.emitter.post("/events", EVENT, Idempotency_Key="k")
    assert (later.content == first.content) is (events == 1)
    assert len(stored()) == events
    again = acme.emitter.post("/events", EVENT, Idempotency_Key="k")
    assert again.content == later.content


def test_an_aged_key_may_be_used_with_another_body(acme: Vendor) -> None:
    acme.emitter.post("/events", EVENT, Idempotency_Key="k")
    record = IdempotencyRecord.objects.get()
    IdempotencyRecord.objects.update(created_at=record.created_at - timedelta(days=8))
    other = {**EVENT, "resource": "x"}
    assert acme.emitter.post("/events", other, Idempotency_Key="k").status_code == 201
    assert bytes(IdempotencyRecord.objects.get().body_hash) == hashlib.sha256(json.dumps(other).encode()).digest()


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\x80", "\xe4"])
def test_a_key_that_cannot_be_one_is_400(acme: Vendor, key: str) -> None:
    for path, body in (("/events", EVENT), ("/events/bulk", [EVENT]), ("/events/bulk", [5])):
        assert params(acme.emitter.post(path, body, Idempotency_Key=key), 400) == ["Idempotency-Key"]


def test_a_hundred_uses_of_a_key_at_once_are_one_event(acme_on_disk: Vendor) -> None:
    sender = acme_on_disk.emitter

    def use(number: int) -> tuple[int, bytes]:
        try:
            answer = sender.post("/events", EVENT, Idempotency_Key="k")
            return answer.status_code, answer.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(25) as pool:
        answers = set(pool.map(use, range(100)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert len(stored()) == 1
    assert IdempotencyRecord.objects.count() == 1


def test_of_many_bodies_under_one_key_at_once_one_wins(acme_on_disk: Vendor) -> None:
    sender = acme_on_disk.emitter

    def use(number: int) -> int:
        try:
            return sender.post("/events", {**EVENT, "resource": str(number)}, Idempotency_Key="k").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(use, range(20)))
    assert sorted(answers) == [201] + [409] * 19
    assert len(stored()) == 1


@pytest.fixture
def acme_on_disk(transactional_db: None) -> Vendor:
    """Acme, for tests in which more than one database connection looks on."""
    forget_keys()
    return make_vendor("Acme")


# --------------------------------------------------------------------------- browsers

ORIGIN = "https://app.acme.example"


@pytest.mark.parametrize("path", ["/events", "/events/bulk"])
@pytest.mark.parametrize("origin", [ORIGIN, "https://evil.example", "null"])
def test_a_preflight_is_answered_for_any_origin(nobody: Caller, db: None, path: str, origin: str) -> None:
    asked = "content-type,idempotency-key,x-meshes-client,x-meshes-publishable-key,x-request-id"
    answer = nobody.send(
        "OPTIONS",
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": asked,
        },
    )
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == origin
    assert answer["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert answer["Access-Control-Allow-Headers"] == asked
    assert int(answer["Access-Control-Max-Age"]) > 0
    assert "Origin" in answer["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer


def test_a_preflight_that_asks_for_nothing_is_told_what_clients_send(nobody: Caller, db: None) -> None:
    allowed = nobody.send("OPTIONS", "/events", headers={"Origin": ORIGIN})["Access-Control-Allow-Headers"]
    needed = {
        "X-Meshes-Publishable-Key",
        "X-Meshes-Client",
        "Content-Type",
        "Accept",
        "Idempotency-Key",
        "X-Request-Id",
    }
    assert needed <= set(allowed.split(", "))


@pytest.mark.parametrize("origin", [ORIGIN, "https://elsewhere.example", "null"])
def test_without_a_list_any_origin_may_emit(acme: Vendor, origin: str) -> None:
    answer = acme.emitter.post("/events", EVENT, Origin=origin)
    assert answer.status_code == 201
    assert answer["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (ORIGIN, 201),
        ("https://evil.example", 403),
        ("https://app.acme.example.evil.example", 403),
        ("https://app.acme.example:8443", 403),
        ("http://app.acme.example", 403),
        ("null", 403),
    ],
)
def test_with_a_list_only_its_origins_may_emit(acme: Vendor, origin: str, status: int) -> None:
    Workspace.objects.filter(id=acme.workspace.id).update(allowed_origins=[ORIGIN])
    for path, body in (("/events", EVENT), ("/events/bulk", [EVENT])):
        answer = acme.emitter.post(path, body, Origin=origin)
        assert answer.status_code == status
        assert answer["Access-Control-Allow-Origin"] == origin  # also the refusal is for the browser to read
    assert len(stored()) == (2 if status == 201 else 0)


def test_who_sends_no_origin_is_no_browser_and_a_list_does_not_matter(acme: Vendor) -> None:
    Workspace.objects.filter(id=acme.workspace.id).update(allowed_origins=[ORIGIN])
    assert acme.emitter.post("/events", EVENT).status_code == 201


def test_browsers_can_read_every_error(acme: Vendor, nobody: Caller) -> None:
    for caller, body, status in ((nobody, EVENT, 401), (acme.emitter, {}, 422), (acme.emitter, b"{", 400)):
        answer = caller.post("/events", body, Origin=ORIGIN)
        assert answer.status_code == status
        assert answer["Access-Control-Allow-Origin"] == ORIGIN
        assert "Retry-After" in answer["Access-Control-Expose-Headers"]


def test_no_other_route_speaks_to_other_origins(acme: Vendor) -> None:
    for method, path in (
        ("GET", "/events"),
        ("GET", "/workspaces"),
        ("POST", "/workspaces"),
        ("OPTIONS", "/workspaces"),
        ("GET", "/openapi.json"),
        ("GET", "/conditions-schema"),
        ("DELETE", f"/connections/{acme.connection.id}"),
    ):
        answer = acme.machine.send(method, path, headers={"Origin": ORIGIN})
        assert not [name for name in answer.headers if name.startswith("Access-Control")], (method, path)


# --------------------------------------------------------------------------- paths


@pytest.mark.parametrize("path", ["/events/", "/events/bulk/", "//events"])
def test_another_path_is_404_and_no_redirect(acme: Vendor, path: str) -> None:
    assert fault(acme.emitter.post(path, EVENT), 404)["name"] == "NotFound"


def test_the_address_is_the_contracts() -> None:
    assert V1 == "/api/v1"
