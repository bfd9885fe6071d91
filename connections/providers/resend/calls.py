"""Requests to Resend's API, and its answers as objects. Source: https://resend.com/docs/api-reference/introduction"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connections.provider import Request

API = "https://api.resend.com"


def call(method: str, path: str, *, key: str, body: Mapping[str, Any] | None = None, idempotency: str = "") -> Request:
    """One request. ``idempotency`` names it: the same within 24 hours is done once.

    Source: https://resend.com/docs/dashboard/emails/idempotency-keys
    """
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    if idempotency:
        headers["Idempotency-Key"] = idempotency
    if body is not None:
        headers["Content-Type"] = "application/json"
    sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Request(method=method, url=f"{API}{path}", headers=headers, body=sent, secrets=(key,))


def objects_in(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing of whatever else it is."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
