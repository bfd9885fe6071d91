"""The JSON of a vendor's answer, read leniently: anything may be missing in it, or be of another kind."""

from __future__ import annotations

import json
from typing import Any

from connections.provider import Answer


def parsed(answer: Answer) -> dict[str, Any]:
    """The answer's object; empty when it is none."""
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
