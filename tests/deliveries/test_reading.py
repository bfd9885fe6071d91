from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deliveries.reading import BULK_BODY_MOST, ENVELOPE_MOST, PAYLOAD_MOST, Draft, read_bulk, read_single
from tests.json_cases import INVALID, OPEN, PAYLOADS, VALID
from workspaces.errors import ApiError
from workspaces.strict import read_json

WORKSPACE = UUID("0190f5fe-7c00-7a00-8000-000000000001")


def event(payload: bytes = b"{}", *, more: bytes = b"") -> bytes:
    return b'{"event":"a.b","payload":' + payload + more + b"}"


def attempt(body: bytes) -> Draft | ApiError:
    try:
        return read_single(body)
    except ApiError as error:
        return error


def refused(body: bytes) -> ApiError:
    read = attempt(body)
    assert isinstance(read, ApiError), read
    return read


# --------------------------------------------------------------------------- what is JSON, and what is not


def test_json_that_is_no_event_is_422() -> None:
    for name, body in VALID.items():
        assert refused(body).status == 422, name


def test_json_inside_a_payload_is_taken_or_cannot_be_kept() -> None:
    for name, body in VALID.items():
        read = attempt(event(b'{"v":' + body + b"}"))
        if isinstance(read, ApiError):
            assert read.status == 422, name
            assert "twice" in read.message or "U+0000" in read.message
        else:
            assert read.payload == '{"v":' + body.decode() + "}"


@pytest.mark.parametrize(
    "around", [b"%s", b'{"event":"a.b","payload":{"v":%s}}', b'{"event":"a.b","payload":{},"x":%s}']
)
def test_what_is_not_json_is_400_wherever_it_stands(around: bytes) -> None:
    for name, body in INVALID.items():
        assert refused(around % body).status == 400, name


@pytest.mark.parametrize(
    "around", [b"%s", b"[%s]", b'[{"event":"a.b","payload":{}},{"event":"a.b","payload":{"v":%s}}]']
)
def test_what_is_not_json_refuses_a_whole_bulk_call(around: bytes) -> None:
    for name, body in INVALID.items():
        with pytest.raises(ApiError) as caught:
            read_bulk(around % body)
        assert caught.value.status == 400, name


@pytest.mark.parametrize("body", OPEN.values(), ids=OPEN.keys())
def test_what_json_leaves_open_is_refused_and_costs_little(body: bytes) -> None:
    tracemalloc.start()
    try:
        assert refused(body).status in (400, 422)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_what_json_leaves_open_is_no_fault_inside_a_payload() -> None:
    for name, body in OPEN.items():
        read = attempt(event(b'{"v":' + body + b"}"))
        if isinstance(read, ApiError):
            assert read.status in (400, 413, 422), name
        else:
            assert read.payload.encode() == b'{"v":' + body + b"}", name


@pytest.mark.parametrize("name", [name for name in OPEN if "surrogate" in name])
def test_half_a_surrogate_pair_is_never_let_in(name: str) -> None:
    for body in (event(b'{"v":' + OPEN[name] + b"}"), b'{"event":"a","payload":{},"resource":' + OPEN[name] + b"}"):
        assert refused(body).status == 400


@pytest.mark.parametrize(("depth", "taken"), [(63, True), (64, False), (5_000, False)])
@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"":', b"}")])
def test_a_payload_is_nested_64_deep_at_most(depth: int, taken: bool, brackets: tuple[bytes, bytes]) -> None:
    """Itself counts as one."""
    read = attempt(event(b'{"v":' + brackets[0] * depth + b"0" + brackets[1] * depth + b"}"))
    assert isinstance(read, Draft) is taken


@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf{}")
@example(b"\0")
def test_any_bytes_are_an_event_or_refused(body: bytes) -> None:
    read = attempt(body)
    assert isinstance(read, Draft) or read.status in (400, 413, 422)
    with suppress(ApiError):
        read_bulk(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_a_payload_keeps_its_very_text(payload: dict[str, object], indent: int | str | None, ascii_only: bool) -> None:
    written = json.dumps(payload, ensure_ascii=ascii_only, indent=indent)
    read = attempt(event(written.encode("utf-8", "surrogatepass")))
    if isinstance(read, ApiError):
        assert read.status in (400, 422)
        assert "surrogate" in read.message or "U+0000" in read.message
    else:
        assert read.payload == written


@given(st.text(st.characters(codec="utf-8", exclude_characters='"\\'), max_size=40))
def test_the_strict_reader_agrees_with_the_standard_library(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=lambda name: int("not JSON"))
    except ValueError:
        with pytest.raises(ApiError):
            read_json(text.encode())
    else:
        assert read_json(text.encode()) == expected


def test_the_bodies_of_other_routes_are_read_as_strictly() -> None:
    for name, body in INVALID.items():
        with pytest.raises(ApiError) as caught:
            read_json(body)
        assert caught.value.status == 400, name


def test_the_first_name_that_stands_twice_is_named() -> None:
    assert "'b' stands twice" in refused(event(b'{"a":1,"b":2,"c":{"d":1},"b":3}')).message
    assert "'event' stands twice" in refused(event(more=b',"event":"other"')).message


# --------------------------------------------------------------------------- from JSON to an event


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_what_was_sent_byte_for_byte(payload: bytes) -> None:
    assert read_single(b' {"payload" :\t' + payload + b' , "event":"a.b"}\n').payload.encode() == payload


def test_what_is_left_out_has_its_default() -> None:
    assert read_single(event()) == Draft(
        event="a.b", payload="{}", resource="global", resource_id="", kind="event", workspace=None
    )


@pytest.mark.parametrize("none", [b'""', b"null"])
def test_null_and_nothing_are_as_good_as_left_out(none: bytes) -> None:
    names = (b"resource", b"resource_id", b"type", b"workspace")
    more = b"".join(b',"%s":%s' % (name, none) for name in names)
    assert read_single(event(more=more)) == read_single(event())


def test_everything_may_be_said() -> None:
    more = {"resource": "disk", "resource_id": "d-1", "type": "test", "workspace": str(WORKSPACE), "extra": [1]}
    body = json.dumps({"event": "Disk Full", "payload": {"a": 1}, **more}).encode()
    assert read_single(body) == Draft(
        event="Disk Full", payload='{"a": 1}', resource="disk", resource_id="d-1", kind="test", workspace=WORKSPACE
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"payload":{}}', "event"),
        (b'{"event":5,"payload":{}}', "event"),
        (b'{"event":null,"payload":{}}', "event"),
        (b'{"event":"","payload":{}}', "event"),
        (b'{"event":"  ","payload":{}}', "event"),
        (b'{"event":"a*","payload":{}}', "event"),
        (b'{"event":"a\\u0007b","payload":{}}', "event"),
        (b'{"event":"' + b"x" * 129 + b'","payload":{}}', "event"),
        (b'{"event":"a"}', "payload"),
        (b'{"event":"a","payload":null}', "payload"),
        (b'{"event":"a","payload":[]}', "payload"),
        (b'{"event":"a","payload":"{}"}', "payload"),
        (event(more=b',"resource":5'), "resource"),
        (event(more=b',"resource":"' + b"x" * 129 + b'"'), "resource"),
        (event(more=b',"resource_id":["a"]'), "resource_id"),
        (event(more=b',"resource_id":"' + b"x" * 129 + b'"'), "resource_id"),
        (event(more=b',"type":{}'), "type"),
        (event(more=b',"type":"' + b"x" * 33 + b'"'), "type"),
        (event(more=b',"workspace":7'), "workspace"),
        (event(more=b',"workspace":"mine"'), "workspace"),
    ],
)
def test_a_wrong_field_is_named(body: bytes, param: str) -> None:
    error = refused(body)
    assert (error.status, [name for name, _ in error.faults]) == (400, [param])


def test_an_event_with_more_members_than_anybody_needs_is_refused() -> None:
    more = b"".join(b',"m%d":0' % number for number in range(62))
    assert read_single(event(more=more)).event == "a.b"
    assert refused(event(more=more + b',"one more":0')).status == 422
    assert refused(event(more=more + b',"one more":0,')).status == 400


# --------------------------------------------------------------------------- sizes


def sized(length: int) -> bytes:
    return b'{"x":"' + b"y" * (length - 8) + b'"}'


def test_a_payload_may_have_256_kib_and_not_a_byte_more() -> None:
    assert len(read_single(event(sized(PAYLOAD_MOST))).payload) == PAYLOAD_MOST == 262_144
    assert refused(event(sized(PAYLOAD_MOST + 1))).status == 413


def test_bytes_are_counted_and_not_characters() -> None:
    payload = '{"x":"' + "é" * (PAYLOAD_MOST // 2) + '"}'
    assert len(payload) < PAYLOAD_MOST
    assert refused(event(payload.encode())).status == 413


def test_in_a_bulk_call_only_the_payload_that_is_too_large_is_refused() -> None:
    read = read_bulk(b"[" + event() + b"," + event(sized(PAYLOAD_MOST + 1)) + b"," + event() + b"]")
    assert [one.status if isinstance(one, ApiError) else one.event for one in read] == ["a.b", 413, "a.b"]


@pytest.mark.parametrize("piece", [b"[],", b"{},", b'{"a":0},', b"1.5,", b'"ab",', b"[[[[]]]],", b'"\\u00e9",'])
@pytest.mark.parametrize("start", [b'[{"event":"a","payload":{"x":[', b'[{"x":[', b"[["])
def test_a_bulk_call_of_one_giant_value_is_not_taken_apart(piece: bytes, start: bytes) -> None:
    body = start + piece * ((BULK_BODY_MOST - 100) // len(piece)) + b"0]}}]"
    tracemalloc.start()
    try:
        with pytest.raises(ApiError) as caught:
            read_bulk(body)
        assert caught.value.status == 413
        assert tracemalloc.get_traced_memory()[1] < 4 * BULK_BODY_MOST
    finally:
        tracemalloc.stop()


def test_the_longest_value_that_is_looked_at_is_larger_than_any_payload() -> None:
    read = read_bulk(b"[" + event(sized(PAYLOAD_MOST)) + b"," + event(sized(PAYLOAD_MOST)) + b"]")
    assert [len(one.payload) for one in read if isinstance(one, Draft)] == [PAYLOAD_MOST] * 2
    assert PAYLOAD_MOST + ENVELOPE_MOST > PAYLOAD_MOST


# --------------------------------------------------------------------------- many at once


@pytest.mark.parametrize("count", [1, 100])
def test_a_bulk_call_has_up_to_a_hundred_events(count: int) -> None:
    assert len(read_bulk(b"[" + b" , ".join([event()] * count) + b"]")) == count


@pytest.mark.parametrize("count", [0, 101, 5_000])
def test_a_bulk_call_of_none_or_too_many_is_refused(count: int) -> None:
    with pytest.raises(ApiError) as caught:
        read_bulk(b"[" + b",".join([event()] * count) + b"]")
    assert caught.value.status == 400


def test_each_event_of_a_bulk_call_is_judged_by_itself() -> None:
    wrong = [b"5", b"null", b"[]", b"{}", b'{"event":"a"}', event(b'{"a":1,"a":2}'), event(rb'{"a":"\u0000"}')]
    body = b"[" + b",".join(piece for one in wrong for piece in (event(), one)) + b"," + event() + b"]"
    read = read_bulk(body)
    found = [one.status if isinstance(one, ApiError) else "ok" for one in read]
    assert found == ["ok", 422, "ok", 422, "ok", 422, "ok", 422, "ok", 400, "ok", 422, "ok", 422, "ok"]


@pytest.mark.parametrize("body", [event(), b"5", b'"[]"', b"null"])
def test_a_bulk_call_is_an_array(body: bytes) -> None:
    with pytest.raises(ApiError, match="array"):
        read_bulk(body)
