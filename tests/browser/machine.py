"""A machine token from what the demo says of itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jwt


def token(facts: Mapping[str, Any]) -> str:
    """As a vendor's back-end signs it."""
    now = int(time.time())
    claims = {
        "iss": f"urn:meshes:m2m:{facts['access_key']}",
        "aud": "meshes-api",
        "org": facts["organization_id"],
        "iat": now,
        "exp": now + 30,
    }
    return jwt.encode(claims, facts["secret_key"], algorithm="HS256", headers={"kid": facts["access_key"]})
