"""Every page of the portal, by its path, with ids from the demo that is running."""

from __future__ import annotations

from typing import Any

import requests

from tests.browser.machine import token


def places(facts: dict[str, Any]) -> dict[str, str]:
    """Name of a page -> its path, in the production workspace of the first tenant."""
    workspace = facts["workspaces"][0]["id"]
    rule = _first(facts, f"workspaces/{workspace}/rules")
    event = _first(facts, f"workspaces/{workspace}/events")
    connections = {row["type"]: row["id"] for row in _records(facts, f"workspaces/{workspace}/connections")}
    return {
        "overview": "/workspace/dashboard",
        "connections": "/workspace/connections",
        "connect-slack": "/workspace/connections/new/slack",
        "connect-webhook": "/workspace/connections/new/webhook",
        "connect-email": "/workspace/connections/new/email",
        "connection": f"/workspace/connections/{connections['slack']}",
        "connection-webhook": f"/workspace/connections/{connections['webhook']}",
        "connection-email": f"/workspace/connections/{connections['email']}",
        "rules": "/workspace/rules",
        "rule-new": "/workspace/rules/new",
        "rule": f"/workspace/rules/{rule}",
        "activity": "/workspace/events",
        "event": f"/workspace/events/{event}",
        "settings": "/workspace/settings",
        "nothing-here": "/workspace/rules/0190f5fe-7c00-7a00-8000-00000000dead",
    }


def _first(facts: dict[str, Any], path: str) -> str:
    return str(_records(facts, path)[0]["id"])


def _records(facts: dict[str, Any], path: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token(facts)}"}
    answer = requests.get(f"{facts['portal_url']}/api/v1/{path}", headers=headers, timeout=10)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["records"]
    return found
