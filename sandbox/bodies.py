"""What a call brings with it, read leniently: whether it is what was asked for, each vendor judges in its own words."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


def parsed(body: bytes) -> Any:
    """The JSON of a body; None when it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form; empty when it is none."""
    return {key: str(value) for key, value in (await request.post()).items()}
