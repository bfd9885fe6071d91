"""One call of HubSpot's API: the request, and the JSON of its answer, in which anything may be missing.

Source of all addresses: https://developers.hubspot.com/docs/api-reference/2026-03
"""

from __future__ import annotations

import json
from typing import Any

from connections.provider import Answer, Request

VERSION = "2026-03"  # HubSpot's APIs carry the date of their release; each lives for about 18 months
API = "https://api.hubapi.com"


def call(method: str, path: str, *, token: str, body: object = None) -> Request:
    """A call in the name of the account; ``body`` is sent as JSON unless it is None."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    if body is None:
        return Request(method=method, url=f"{API}{path}", headers=headers, secrets=(token,))
    return Request(
        method=method,
        url=f"{API}{path}",
        headers={**headers, "Content-Type": "application/json"},
        body=json.dumps(body, ensure_ascii=False).encode(errors="replace"),
        secrets=(token,),
    )


def parsed(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object; empty when it is none."""
    try:
        return object_of(json.loads(answer.body))
    except (ValueError, RecursionError):
        return {}


def object_of(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""
