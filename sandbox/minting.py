"""What a vendor's back-end does to open the portal: sign a machine token, and ask for a session."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import jwt

from sandbox.seed import VendorKey

TOKEN_SECONDS = 30


async def mint(portal: str, key: VendorKey, wanted: dict[str, Any]) -> tuple[int, Any]:
    """Ask the portal for a session. Returns the status and the JSON that it answered; 502 when it did not."""
    headers = {"Authorization": f"Bearer {_token(key)}"}
    try:
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{portal}/api/v1/sessions", json=wanted, headers=headers) as answer,
        ):
            return answer.status, await answer.json()
    except aiohttp.ClientError as trouble:
        return 502, {"message": f"The portal did not answer: {trouble}"}


def _token(key: VendorKey) -> str:
    now = int(time.time())
    claims = {
        "iss": f"urn:meshes:m2m:{key.access_key}",
        "aud": "meshes-api",
        "org": key.organization_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    return jwt.encode(claims, key.secret_key, algorithm="HS256", headers={"kid": key.access_key})
