"""Reads what was sent to the emit routes: strict JSON, the payload kept as the very text received.

The envelope's members are cut apart by hand, value by value, because only so is the payload's own text known:
parsing and writing it again would lose the order of keys, 2**53+1 and 1e-7.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any
from uuid import UUID

from rules.patterns import check_event_type
from workspaces.errors import ApiError, bad_request

PAYLOAD_MOST = 256 * 1024  # bytes
ENVELOPE_MOST = 16 * 1024  # bytes around a payload
BULK_BODY_MOST = 8 * 1024 * 1024  # bytes
BULK_MOST = 100  # events
DEPTH_MOST = 64
_SPACE = " \t\n\r"


@dataclass(frozen=True, slots=True)
class Draft:
    """One event as its caller described it; not yet accepted."""

    event: str
    payload: str
    resource: str
    resource_id: str
    kind: str
    workspace: UUID | None


def read_single(body: bytes) -> Draft:
    """One event. Raises ApiError: 400 when it is not JSON or a field is wrong, 413, 422 for JSON that is no event."""
    text = _text(body)
    members, end = _members(text, _skip(text, 0))
    _expect_end(text, end)
    return _draft(text, members)


def read_bulk(body: bytes) -> list[Draft | ApiError]:
    """A bare array of 1 to 100 events; a fault of one of them is returned in its place."""
    text = _text(body)
    start = _skip(text, 0)
    if text[start : start + 1] != "[":
        _parse(text, start)
        raise ApiError(422, "A bulk call takes a JSON array of events.")
    found = list(_elements(text, start))
    if not 1 <= len(found) <= BULK_MOST:
        raise ApiError(400, f"Send 1 to {BULK_MOST} events at a time; this call has {len(found)}.")
    return found


# --------------------------------------------------------------------------- from members to a draft


def _draft(text: str, members: dict[str, tuple[Any, int, int]]) -> Draft:
    if "event" not in members and "payload" not in members:
        raise ApiError(422, "This is JSON, but not an event: it has neither `event` nor `payload`.")
    event = _member(members, "event", str, "must be a text such as alert.triggered")
    problem = check_event_type(event)
    if problem:
        raise bad_request("event", problem)
    _member(members, "payload", dict, "must be a JSON object")
    _, start, end = members["payload"]
    payload = text[start:end]
    if len(payload.encode()) > PAYLOAD_MOST:
        raise ApiError(413, f"payload: must be at most {PAYLOAD_MOST} bytes.", faults=[("payload", "is too large")])
    return Draft(
        event=event,
        payload=payload,
        resource=_label(members, "resource") or "global",
        resource_id=_label(members, "resource_id"),
        kind=_label(members, "type") or "event",
        workspace=_workspace(members),
    )


def _member(members: dict[str, tuple[Any, int, int]], name: str, kind: type, wanted: str) -> Any:
    if name not in members:
        raise bad_request(name, f"is missing; it {wanted}.")
    value = members[name][0]
    if not isinstance(value, kind):
        raise bad_request(name, f"{wanted}.")
    return value


def _label(members: dict[str, tuple[Any, int, int]], name: str) -> str:
    value = members.get(name, ("", 0, 0))[0]
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 128:
        raise bad_request(name, "must be a text of at most 128 characters.")
    return value


def _workspace(members: dict[str, tuple[Any, int, int]]) -> UUID | None:
    value = _label(members, "workspace")
    try:
        return UUID(value) if value else None
    except ValueError:
        raise bad_request("workspace", "must be a workspace's id.") from None


# --------------------------------------------------------------------------- from text to members


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError(400, "The body is not UTF-8.") from None


def _elements(text: str, start: int) -> Iterator[Draft | ApiError]:
    def element(at: int) -> int:
        if text[at : at + 1] == "{":
            members, end = _members(text, at)
            found.append(_attempted(text, members))
        else:
            _, end = _parse(text, at)
            found.append(ApiError(422, "This is not an event: it is no JSON object."))
        return end

    found: list[Draft | ApiError] = []
    _expect_end(text, _list(text, start, "]", element))
    yield from found


def _attempted(text: str, members: dict[str, tuple[Any, int, int]]) -> Draft | ApiError:
    try:
        return _draft(text, members)
    except ApiError as error:
        return error


def _members(text: str, start: int) -> tuple[dict[str, tuple[Any, int, int]], int]:
    """Each member's value with where its text begins and ends."""
    if text[start : start + 1] != "{":
        _, end = _parse(text, start)
        _expect_end(text, end)
        raise ApiError(422, "This is JSON, but not an event: an event is a JSON object.")
    found: dict[str, tuple[Any, int, int]] = {}

    def member(at: int) -> int:
        if text[at : at + 1] != '"':
            raise _malformed(at)
        name, colon = _string(text, at + 1)
        colon = _skip(text, colon)
        if text[colon : colon + 1] != ":":
            raise _malformed(colon)
        value_at = _skip(text, colon + 1)
        value, end = _parse(text, value_at)
        if name in found:
            raise ApiError(422, f"The name {name!r} stands twice in one object.")
        found[name] = (value, value_at, end)
        return end

    return found, _list(text, start, "}", member)


def _list(text: str, start: int, closing: str, each: Callable[[int], int]) -> int:
    at = _skip(text, start + 1)
    if text[at : at + 1] == closing:
        return at + 1
    while True:
        at = _skip(text, each(at))
        mark = text[at : at + 1]
        if mark == closing:
            return at + 1
        if mark != ",":
            raise _malformed(at)
        at = _skip(text, at + 1)


def _parse(text: str, at: int) -> tuple[Any, int]:
    try:
        value, end = _decoder.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _malformed(error.pos) from None
    except RecursionError:
        raise ApiError(400, f"The JSON is nested deeper than {DEPTH_MOST} levels.") from None
    except ValueError:  # an integer of more digits than Python reads
        raise ApiError(400, "The JSON holds a number that is too long.") from None
    _expect_sane(text, at, end, value)
    return value, end


def _expect_sane(text: str, at: int, end: int, value: Any) -> None:
    if text.count("[", at, end) + text.count("{", at, end) > DEPTH_MOST and _depth(value) > DEPTH_MOST:
        raise ApiError(400, f"The JSON is nested deeper than {DEPTH_MOST} levels.")
    if text.find("\\u", at, end) >= 0:
        written = json.dumps(value, ensure_ascii=False)
        if not written.isascii() and not _is_unicode(written):
            raise ApiError(400, "The JSON holds half of a surrogate pair, which is no character.")
        if "\\u0000" in written.replace("\\\\", ""):
            raise ApiError(422, "The JSON holds the character U+0000, which cannot be stored.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return depth


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        found: tuple[str, int] = scanstring(text, at)
    except json.JSONDecodeError as error:
        raise _malformed(error.pos) from None
    return found


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in _SPACE and at < len(text):
        at += 1
    return at


def _expect_end(text: str, at: int) -> None:
    at = _skip(text, at)
    if at != len(text):
        raise _malformed(at)


def _malformed(at: int) -> ApiError:
    return ApiError(400, f"The body is not JSON: see character {at + 1}.")


# --------------------------------------------------------------------------- the decoder


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ApiError(422, "A name stands twice in one object.")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ApiError(400, f"The number {text[:40]} is too large.")
    return number


def _no_constant(name: str) -> None:
    raise ApiError(400, f"{name} is not JSON.")


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant, strict=True)
