"""Every page of the portal, by its path, with ids from the demo that is running.

``test_places.py`` holds this list against the routes that there are.
"""

from __future__ import annotations

from typing import Any

import requests

from config.demo.story import ALERT
from tests.browser.machine import token

_CONNECTION = "/workspace/connections"
# Name of a page -> its path, in the production workspace of the first tenant.
PATHS = {
    "overview": "/workspace/dashboard",
    "connections": _CONNECTION,
    "connect-slack": f"{_CONNECTION}/new/slack",
    "connect-salesforce": f"{_CONNECTION}/new/salesforce",  # asks where, before anybody signs in
    "connect-webhook": f"{_CONNECTION}/new/webhook",
    "connect-email": f"{_CONNECTION}/new/email",
    "connect-resend": f"{_CONNECTION}/new/resend",
    "connect-teams": f"{_CONNECTION}/new/teams",
    "connect-capture": f"{_CONNECTION}/new/capture",
    "connection": f"{_CONNECTION}/{{slack}}",
    "connection-hubspot": f"{_CONNECTION}/{{hubspot}}",
    "connection-webhook": f"{_CONNECTION}/{{webhook}}",
    "connection-email": f"{_CONNECTION}/{{email}}",
    "connection-settings": f"{_CONNECTION}/{{webhook}}/settings",
    "reconnect": f"{_CONNECTION}/{{hubspot}}/reconnect",
    "mapping": f"{_CONNECTION}/{{hubspot}}/mapping",
    "signing-secret": f"{_CONNECTION}/{{webhook}}/signing-secret",
    "signature": f"{_CONNECTION}/{{webhook}}/signature",
    "signature-checked": f"{_CONNECTION}/{{webhook}}/signature?delivery={{delivery}}",
    "rules": "/workspace/rules",
    "rule-new": "/workspace/rules/new?connection={slack}",
    "rule": "/workspace/rules/{rule}",
    "rule-hubspot": "/workspace/rules/{list_rule}",
    "rule-versions": "/workspace/rules/{rule}/versions",
    "activity": "/workspace/events",
    "event": "/workspace/events/{event}",
    "settings": "/workspace/settings",
    "audit": "/workspace/settings/audit",
    "nothing-here": "/workspace/rules/0190f5fe-7c00-7a00-8000-00000000dead",
}
NAMES = tuple(PATHS)
# Another one has the same template with more in it: their layout need not be judged twice.
LAID_OUT_ALIKE = {"connect-teams", "connect-capture", "signature"}
# The pages that stand alone, in a window of their own.
ALONE = {
    "home": "/",
    "doctor": "/embed-doctor",
    "confirm": "/confirm/nothing",
    "unsubscribe": "/unsubscribe/nothing",
    "sign-in-refused": "/oauth/start?ticket=nothing",
    "come-back-refused": "/oauth/callback/slack?state=nothing",
    "patterns": "/patterns",
}


def places(facts: dict[str, Any]) -> dict[str, str]:
    """The paths with the demo's ids in them."""
    ids = _ids(facts, facts["workspaces"][0]["id"])
    return {name: path.format(**ids) for name, path in PATHS.items()}


def _ids(facts: dict[str, Any], workspace: str) -> dict[str, str]:
    newest_first = _records(facts, f"workspaces/{workspace}/connections")
    connections = {row["type"]: row["id"] for row in newest_first}  # the demo's own, whatever was connected since
    rules = {row["name"]: row["id"] for row in _records(facts, f"workspaces/{workspace}/rules")}
    events = _records(facts, f"workspaces/{workspace}/events")
    event = next(row["id"] for row in events if row["resource_id"] == ALERT["resource_id"])
    sent = _get(facts, f"events/{event}")["rule_events"]
    return {
        **connections,
        "rule": rules["High alerts to #alerts"],
        "list_rule": rules["Sign-ups onto “Trial users”"],
        "event": event,
        "delivery": next(row["id"] for row in sent if row["connection"] == connections["webhook"]),
    }


def _records(facts: dict[str, Any], path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _get(facts, path)["records"]
    return found


def _get(facts: dict[str, Any], path: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token(facts)}"}
    answer = requests.get(f"{facts['portal_url']}/api/v1/{path}", headers=headers, timeout=10)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
