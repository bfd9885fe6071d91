"""How the emit routes are described: their bodies are read by hand, so the framework cannot know them."""

from __future__ import annotations

from typing import Any

from deliveries.reading import BULK_MOST, KIND_MOST, LABEL_MOST, PAYLOAD_MOST

KEY_MOST = 255  # characters of an Idempotency-Key

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["event", "payload"],
    "properties": {
        "event": {"type": "string", "maxLength": LABEL_MOST, "examples": ["alert.triggered"]},
        "payload": {"type": "object", "description": f"At most {PAYLOAD_MOST} bytes; kept as the text received."},
        "resource": {"type": ["string", "null"], "maxLength": LABEL_MOST, "default": "global"},
        "resource_id": {"type": ["string", "null"], "maxLength": LABEL_MOST},
        "type": {
            "type": ["string", "null"],
            "maxLength": KIND_MOST,
            "default": "event",
            "description": "`test` makes the messages say so, and keeps the event out of back-tests.",
        },
        "workspace": {
            "type": ["string", "null"],
            "format": "uuid",
            "description": "Required with a machine token; a publishable key knows its own.",
        },
    },
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MOST, "pattern": "^[ -~]+$"},
    "description": "Printable ASCII. For 7 days the same key with the same body gets the first answer; another body"
    " gets 409. It counts for each route and workspace by itself; of a bulk call with a machine token, for the whole"
    " organization. Sent in two headers, it is one key with a comma in it. An empty key is"
    " refused, and so is one with other characters: nothing is stored.",
}
_REFUSALS = {
    400: "Not JSON, or a field is wrong: `error.data` names it.",
    401: "No credentials, or none that are good.",
    403: "The request's Origin is not one of the workspace's allowed origins.",
    404: "There is no such workspace.",
    409: "The Idempotency-Key was used with another body.",
    411: "Send a Content-Length.",
    413: "Too large.",
    415: "Only uncompressed application/json in UTF-8.",
    422: "JSON, but not an event, or with content that cannot be kept.",
    503: "Nothing was stored; try again after `Retry-After`.",
}


def describe_single() -> dict[str, Any]:
    """OpenAPI of ``POST /events``, beside what the framework knows."""
    return _described(_EVENT, {201: "It is on disk."})


def describe_bulk() -> dict[str, Any]:
    """OpenAPI of ``POST /events/bulk``, beside what the framework knows."""
    body = {"type": "array", "minItems": 1, "maxItems": BULK_MOST, "items": _EVENT}
    refused = "Some were refused: their places in `records` say why. The others are on disk."
    return _described(body, {201: "All are on disk. No order is promised.", 207: refused})


def _described(body: dict[str, Any], answers: dict[int, str]) -> dict[str, Any]:
    return {
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {status: {"description": words} for status, words in (answers | _REFUSALS).items()},
    }
