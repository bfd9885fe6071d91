"""The emit routes: a product event comes in once. Hot, so the body is read by hand and answered as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from deliveries import waking
from deliveries.ingest import Accepted, Entry, Sender, accept, as_text
from deliveries.reading import BULK_BODY_MOST, ENVELOPE_MOST, PAYLOAD_MOST, Draft, read_bulk, read_single
from workspaces.access import Emitter, Machine
from workspaces.api import MachineToken, PublishableKeyHeader, own_workspace
from workspaces.errors import ApiError, bad_request

router = Router(tags=["Events"], auth=[PublishableKeyHeader(), MachineToken()])
_JSON = "application/json; charset=utf-8"
_ALLOWED = (
    "Content-Type, Accept, Authorization, X-Meshes-Publishable-Key, X-Meshes-Client, Idempotency-Key, X-Request-Id"
)
_KEY_MOST = 255

_EVENT_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["event", "payload"],
    "properties": {
        "event": {"type": "string", "maxLength": 128, "examples": ["alert.triggered"]},
        "payload": {"type": "object", "description": f"At most {PAYLOAD_MOST} bytes; kept as the text received."},
        "resource": {"type": "string", "default": "global"},
        "resource_id": {"type": "string"},
        "type": {"type": "string", "default": "event"},
        "workspace": {"type": "string", "format": "uuid", "description": "Required with a machine token."},
    },
}


def _described(body: dict[str, Any], words: str) -> dict[str, Any]:
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "maxLength": _KEY_MOST},
        "description": "For 7 days the same key with the same body gets the first answer; another body gets 409.",
    }
    answers = {
        "201": {"description": words},
        "400": {"description": "Not JSON, or a field is wrong: `error.data` names it."},
        "401": {"description": "No credentials, or none that are good."},
        "403": {"description": "The request's Origin is not one of the workspace's allowed origins."},
        "409": {"description": "The Idempotency-Key was used with another body."},
        "411": {"description": "Send a Content-Length."},
        "413": {"description": "Too large."},
        "415": {"description": "Only uncompressed application/json in UTF-8."},
        "422": {"description": "JSON, but not an event, or with content that cannot be kept."},
        "503": {"description": "Nothing was stored; try again after `Retry-After`."},
    }
    content = {"application/json": {"schema": body}}
    return {"parameters": [key], "requestBody": {"required": True, "content": content}, "responses": answers}


@router.post("/events", summary="Emit an event", openapi_extra=_described(_EVENT_BODY, "It is on disk."))
def emit(request: HttpRequest) -> HttpResponse:
    """With a publishable key (any host, also from a browser) or a machine token."""
    body = _body(request, most=PAYLOAD_MOST + ENVELOPE_MOST)
    draft = read_single(body)
    entry = (draft, _sender(request.auth, draft))  # type: ignore[attr-defined]
    return _answer(accept([entry], answer=_one, route="event", key=_key(request), body=body))


@router.post(
    "/events/bulk",
    summary="Emit up to 100 events",
    openapi_extra=_described(
        {"type": "array", "minItems": 1, "maxItems": 100, "items": _EVENT_BODY},
        "All are on disk; 207 when some were refused: their places in `records` say why. No order is promised.",
    ),
)
def emit_bulk(request: HttpRequest) -> HttpResponse:
    """A bare array. One Idempotency-Key covers the whole call."""
    body = _body(request, most=BULK_BODY_MOST)
    found = [_entry(request.auth, read) for read in read_bulk(body)]  # type: ignore[attr-defined]
    entries = [entry for entry in found if not isinstance(entry, ApiError)]
    if not entries:
        return _answer(Accepted(*_many(found, iter(()))))

    def answer(records: list[dict[str, Any]]) -> tuple[int, str]:
        return _many(found, iter(records))

    return _answer(accept(entries, answer=answer, route="bulk", key=_key(request), body=body))


@router.api_operation(["OPTIONS"], "/events", auth=None, include_in_schema=False)
@router.api_operation(["OPTIONS"], "/events/bulk", auth=None, include_in_schema=False)
def preflight(request: HttpRequest) -> HttpResponse:
    """Any origin may ask; whether it may emit is decided by the workspace at the POST."""
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = _ALLOWED
    response["Access-Control-Max-Age"] = "86400"
    return response


# --------------------------------------------------------------------------- who, and for which workspace


def _sender(caller: Emitter | Machine, draft: Draft) -> Sender:
    if isinstance(caller, Machine):
        workspace = own_workspace(caller, draft.workspace)
        return Sender(caller.organization_id, workspace.id, caller.name)
    if draft.workspace not in (None, caller.workspace_id):
        raise bad_request("workspace", "is not the workspace of this publishable key; leave it out.")
    return Sender(caller.organization_id, caller.workspace_id, caller.name)


def _entry(caller: Emitter | Machine, read: Draft | ApiError) -> Entry | ApiError:
    """One of a bulk call; its fault is told in its place and stops none of the others."""
    if isinstance(read, ApiError):
        return read
    try:
        return read, _sender(caller, read)
    except ApiError as error:
        return error


# --------------------------------------------------------------------------- the body


def _body(request: HttpRequest, *, most: int) -> bytes:
    """The request's body, never more of it than may be. Raises ApiError 403, 411, 413 or 415."""
    _check_origin(request)
    kind, _, parameters = request.headers.get("Content-Type", "").partition(";")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8", "charset=utf8"):
        raise ApiError(415, "Send `Content-Type: application/json` in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ApiError(415, "Send the body uncompressed.")
    length = request.META.get("CONTENT_LENGTH") or ""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower() or not length.isdigit():
        raise ApiError(411, "Send a Content-Length.")
    if int(length) > most:
        raise ApiError(413, f"The body may have at most {most} bytes; this one has {length}.")
    return request.body


def _check_origin(request: HttpRequest) -> None:
    caller = request.auth  # type: ignore[attr-defined]
    origin = request.headers.get("Origin")
    if origin and isinstance(caller, Emitter) and caller.origins and origin not in caller.origins:
        raise ApiError(403, f"{origin} is not one of the workspace's allowed origins.")


def _key(request: HttpRequest) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > _KEY_MOST or not key.isprintable():
        raise bad_request("Idempotency-Key", f"must be at most {_KEY_MOST} printable characters.")
    return key


# --------------------------------------------------------------------------- the answer


def _one(records: list[dict[str, Any]]) -> tuple[int, str]:
    return 201, as_text({"event": records[0]})


def _many(found: list[Entry | ApiError], accepted: Iterator[dict[str, Any]]) -> tuple[int, str]:
    records = [entry.body() if isinstance(entry, ApiError) else next(accepted) for entry in found]
    errors = sum(isinstance(entry, ApiError) for entry in found)
    answer: dict[str, Any] = {"count": len(records), "records": records}
    if errors:
        answer["error_count"] = errors
    return (207 if errors else 201), as_text(answer)


def _answer(accepted: Accepted) -> HttpResponse:
    waking.wake()
    response = HttpResponse(accepted.answer, status=accepted.status, content_type=_JSON)
    if accepted.repeated:
        response["Idempotent-Replayed"] = "true"
    return response
