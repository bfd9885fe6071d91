"""The emit routes: a product event comes in once. Hot, so the body is read by hand and answered as text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from deliveries import waking
from deliveries.emitting import KEY_MOST, describe_bulk, describe_single
from deliveries.ingest import Accepted, Entry, Sender, accept, as_text
from deliveries.reading import BULK_BODY_MOST, ENVELOPE_MOST, PAYLOAD_MOST, Draft, read_bulk, read_single
from deliveries.shapes import Emitted, EmittedMany
from workspaces.access import Emitter, Machine
from workspaces.bodies import measured, whole
from workspaces.callers import EmitCall, MachineToken, PublishableKeyHeader
from workspaces.errors import ApiError, bad_request
from workspaces.wire import errors

# The router of the whole room: `/events` is emitted to here, and read in `deliveries.api`.
router = Router(tags=["Events"], auth=MachineToken())
_EMITTERS = [PublishableKeyHeader(), MachineToken()]
_REFUSALS = errors(409, 411, 413, 415, 422)
_JSON = "application/json; charset=utf-8"
_HEADERS = (
    "Content-Type, Accept, Authorization, X-Meshes-Publishable-Key, X-Meshes-Client, Idempotency-Key, X-Request-Id"
)


@router.post(
    "/events",
    auth=_EMITTERS,
    response={201: Emitted, **_REFUSALS},
    summary="Emit an event",
    openapi_extra=describe_single(),
)
def emit(request: EmitCall) -> HttpResponse:
    """With a publishable key (any host, also from a browser) or a machine token."""
    body, key = _body(request, most=PAYLOAD_MOST + ENVELOPE_MOST), _key(request)
    draft = read_single(body)
    sender = _sender(request.auth, draft.workspace)
    return _answer(accept([(draft, sender)], answer=_one, owner=sender.workspace_id, route="event", key=key, body=body))


@router.post(
    "/events/bulk",
    auth=_EMITTERS,
    response={(201, 207): EmittedMany, **_REFUSALS},
    summary="Emit up to 100 events",
    openapi_extra=describe_bulk(),
)
def emit_bulk(request: EmitCall) -> HttpResponse:
    """A bare array. One Idempotency-Key covers the whole call."""
    body, key = _body(request, most=BULK_BODY_MOST), _key(request)
    found = _entries(request.auth, read_bulk(body))
    entries = [entry for entry in found if not isinstance(entry, ApiError)]
    if not entries:
        return _answer(Accepted(*_many(found, iter(()))))

    def answer(records: list[dict[str, Any]]) -> tuple[int, str]:
        return _many(found, iter(records))

    return _answer(accept(entries, answer=answer, owner=_owner(request.auth), route="bulk", key=key, body=body))


@router.api_operation(["OPTIONS"], "/events", auth=None, include_in_schema=False)
@router.api_operation(["OPTIONS"], "/events/bulk", auth=None, include_in_schema=False)
def preflight(request: HttpRequest) -> HttpResponse:
    """Any origin may ask, for whatever headers its client sends; the POST decides whether it may emit."""
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", _HEADERS)
    response["Access-Control-Max-Age"] = "86400"
    return response


# --------------------------------------------------------------------------- who, and for which workspace


def _sender(caller: Emitter | Machine, workspace_id: UUID | None) -> Sender:
    if isinstance(caller, Emitter):
        if workspace_id not in (None, caller.workspace_id):
            raise bad_request("workspace", "is not the workspace of this publishable key; leave it out.")
        return Sender(caller.organization_id, caller.workspace_id, caller.name)
    if workspace_id is None:
        raise bad_request("workspace", "is missing; with a machine token it must be a workspace's id.")
    return Sender(caller.organization_id, caller.workspace(workspace_id, param="workspace").id, caller.name)


def _owner(caller: Emitter | Machine) -> UUID:
    """Whose key a bulk call spends. A machine's may name many workspaces, so none of them can own it."""
    return caller.workspace_id if isinstance(caller, Emitter) else caller.organization_id


def _entries(caller: Emitter | Machine, read: list[Draft | ApiError]) -> list[Entry | ApiError]:
    """The events of a bulk call with their senders; the fault of one is told in its place and stops none."""

    @cache
    def sender(workspace_id: UUID | None) -> Sender | ApiError:
        try:
            return _sender(caller, workspace_id)
        except ApiError as error:
            return error

    def entry(draft: Draft) -> Entry | ApiError:
        by = sender(draft.workspace)
        return by if isinstance(by, ApiError) else (draft, by)

    return [one if isinstance(one, ApiError) else entry(one) for one in read]


# --------------------------------------------------------------------------- the body


def _body(request: EmitCall, *, most: int) -> bytes:
    """The request's body, never more of it than may be. Raises ApiError 403, 411, 413 or 415."""
    _check_origin(request)
    charset = request.content_params.get("charset", "utf-8").lower() if request.content_params else "utf-8"
    if request.content_type != "application/json" or charset not in ("utf-8", "utf8"):
        raise ApiError(415, "Send `Content-Type: application/json` in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ApiError(415, "Send the body uncompressed.")
    measured(request, most=most)
    return whole(request)


def _check_origin(request: EmitCall) -> None:
    caller, origin = request.auth, request.headers.get("Origin")
    if origin and isinstance(caller, Emitter) and caller.origins and origin not in caller.origins:
        raise ApiError(403, f"{origin} is not one of the workspace's allowed origins.")


def _key(request: HttpRequest) -> str:
    """The Idempotency-Key, empty when none was sent. Raises ApiError 400.

    The server hands on an empty text for a header that is not ASCII: taken as none, a retry would be a second event.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not key or len(key) > KEY_MOST or not (key.isascii() and key.isprintable()):
        raise bad_request("Idempotency-Key", f"must be 1 to {KEY_MOST} printable ASCII characters, or left out.")
    return key


# --------------------------------------------------------------------------- the answer


def _one(records: list[dict[str, Any]]) -> tuple[int, str]:
    return 201, as_text({"event": records[0]})


def _many(found: list[Entry | ApiError], accepted: Iterator[dict[str, Any]]) -> tuple[int, str]:
    records = [entry.body() if isinstance(entry, ApiError) else next(accepted) for entry in found]
    refused = sum(isinstance(entry, ApiError) for entry in found)
    answer: dict[str, Any] = {"count": len(records), "records": records}
    if refused:
        answer["error_count"] = refused
    return (207 if refused else 201), as_text(answer)


def _answer(accepted: Accepted) -> HttpResponse:
    waking.wake()
    response = HttpResponse(accepted.answer, status=accepted.status, content_type=_JSON)
    if accepted.repeated:
        response["Idempotent-Replayed"] = "true"
    return response
