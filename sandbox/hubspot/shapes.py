"""Reading a call's JSON as strictly as HubSpot: what is missing, of another kind or unknown ends it with a 400."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from aiohttp import web

from sandbox.hubspot.errors import HubSpotError, invalid

BATCH_MOST = 100


async def body_of(request: web.Request) -> Any:
    """The JSON that came. Raises ``HubSpotError``."""
    if request.content_type != "application/json":
        raise HubSpotError(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise invalid("Invalid input JSON on line 1, column 1") from None


def an_object(
    value: Any, *, required: Collection[str], optional: Collection[str] = (), where: str = "body"
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"{where} must be an object")
    missing = sorted(set(required) - set(value))
    if missing:
        words = [{"message": f"Some required fields were not set: [{name}]", "in": where} for name in missing]
        raise invalid(f"Invalid request to {where}: {', '.join(missing)} must be set", errors=words)
    unknown = sorted(set(value) - set(required) - set(optional))
    if unknown:
        raise invalid(f'Invalid input JSON: Unrecognized field "{unknown[0]}" in {where}')
    return value


def texts(value: Any, *, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(f"{where} must be a list of strings")
    return value


def a_text(value: Any, *, where: str) -> str:
    if not isinstance(value, str):
        raise invalid(f"{where} must be a string")
    return value


def values(value: Any, *, where: str) -> dict[str, str]:
    """Properties: "additionalProperties" of type string, says the published description."""
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise invalid(f"{where} must be an object of strings")
    return value


def batch(parsed: dict[str, Any]) -> list[Any]:
    """The inputs of a batch: a hundred at most, and at least one."""
    found = parsed["inputs"]
    if not isinstance(found, list) or not 1 <= len(found) <= BATCH_MOST:
        raise invalid(f"inputs must hold from 1 to {BATCH_MOST} objects")
    return found
