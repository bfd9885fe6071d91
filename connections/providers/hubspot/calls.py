"""One call of HubSpot's API.

Source of all addresses: https://developers.hubspot.com/docs/api-reference/2026-03
"""

from __future__ import annotations

import json

from connections.provider import Request

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
