"""Reads what was sent to the emit routes: strict JSON, the payload kept as the very text received.

The envelope's members are cut apart one by one, because only so is the payload's own text known: parsing and writing
it again would lose the order of keys, 2**53+1 and 1e-7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rules.patterns import check_event_type
from workspaces.errors import ApiError, bad_request
from workspaces.strict import Member, Reader

PAYLOAD_MOST = 256 * 1024  # bytes
ENVELOPE_MOST = 16 * 1024  # bytes around a payload
BULK_BODY_MOST = 8 * 1024 * 1024  # bytes
BULK_MOST = 100  # events
LABEL_MOST = 128  # characters
KIND_MOST = 32  # characters
_NO_EVENT = "This is JSON, but not an event: an event is a JSON object with `event` and `payload`."


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
    reader = Reader(body)
    start = reader.skip(0)
    if not reader.text.startswith("{", start):
        raise _other(reader, start, _NO_EVENT)
    members, end = reader.members(start)
    reader.expect_end(end)
    reader.expect_flawless()
    return _draft(reader.text, members)


def read_bulk(body: bytes) -> list[Draft | ApiError]:
    """A bare array of 1 to 100 events; a fault of one of them is returned in its place."""
    reader = Reader(body, longest=PAYLOAD_MOST + ENVELOPE_MOST)
    start = reader.skip(0)
    if not reader.text.startswith("[", start):
        raise _other(reader, start, "A bulk call takes a JSON array of events.")
    found: list[Draft | ApiError] = []

    def element(at: int) -> int:
        if len(found) == BULK_MOST:
            raise ApiError(400, f"Send at most {BULK_MOST} events at a time.")
        read, end = _element(reader, at)
        found.append(read)
        return end

    reader.expect_end(reader.each(start, "]", element))
    if not found:
        raise ApiError(400, "Send at least one event.")
    return found


def _other(reader: Reader, start: int, words: str) -> ApiError:
    """Something else than what was asked for: 422 when it is JSON at all."""
    _, end = reader.value(start)
    reader.expect_end(end)
    return ApiError(422, words)


def _element(reader: Reader, at: int) -> tuple[Draft | ApiError, int]:
    reader.flaws.clear()
    if not reader.text.startswith("{", at):
        _, end = reader.value(at)
        return ApiError(422, _NO_EVENT), end
    members, end = reader.members(at)
    try:
        reader.expect_flawless()
        return _draft(reader.text, members), end
    except ApiError as error:
        return error, end


# --------------------------------------------------------------------------- from members to a draft


def _draft(text: str, members: Mapping[str, Member]) -> Draft:
    if "event" not in members and "payload" not in members:
        raise ApiError(422, _NO_EVENT)
    event = _member(members, "event", str, "must be a text such as alert.triggered")
    if problem := check_event_type(event):
        raise bad_request("event", problem)
    _member(members, "payload", dict, "must be a JSON object")
    return Draft(
        event=event,
        payload=_payload(text, members["payload"]),
        resource=_label(members, "resource") or "global",
        resource_id=_label(members, "resource_id"),
        kind=_label(members, "type", most=KIND_MOST) or "event",
        workspace=_workspace(members),
    )


def _payload(text: str, member: Member) -> str:
    _, start, end = member
    payload = text[start:end]
    if len(payload.encode()) > PAYLOAD_MOST:
        raise ApiError(413, f"payload: must be at most {PAYLOAD_MOST} bytes.", faults=[("payload", "is too large.")])
    return payload


def _member(members: Mapping[str, Member], name: str, kind: type, wanted: str) -> Any:
    if name not in members:
        raise bad_request(name, f"is missing; it {wanted}.")
    value = members[name][0]
    if not isinstance(value, kind):
        raise bad_request(name, f"{wanted}.")
    return value


def _label(members: Mapping[str, Member], name: str, *, most: int = LABEL_MOST) -> str:
    value = members[name][0] if name in members else None
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise bad_request(name, f"must be a text of at most {most} characters.")
    return value


def _workspace(members: Mapping[str, Member]) -> UUID | None:
    value = _label(members, "workspace")
    try:
        return UUID(value) if value else None
    except ValueError:
        raise bad_request("workspace", "must be a workspace's id.") from None
