"""The sample events and what became of them, read through the same API that any vendor has."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import jwt
import requests

ALERT = {
    "event": "alert.triggered",
    "resource": "alert",
    "resource_id": "alrt_tyrion_42",
    "payload": {
        "alert_id": "alrt_tyrion_42",
        "account_id": "acc_casterly",
        "severity": "high",
        "resource": "api_latency_p95",
        "value": 1840,
        "threshold": 1000,
        "triggered_at": "2026-04-17T16:02:00Z",
    },
}
SIGN_UP = {
    "event": "user.created",
    "resource": "membership_level",
    "resource_id": "starter",
    "payload": {
        "user_id": "usr_homer",
        "email": "homer@springfield-npp.dev",
        "account_id": "acc_springfield",
        "environment": "staging",
        "created_at": "2026-04-17T12:00:00Z",
    },
}
TRIAL: dict[str, Any] = {
    **SIGN_UP,
    "payload": {
        "user_id": "usr_bronn",
        "email": "bronn@casterly.example",
        "account_id": "acc_casterly",
        "environment": "staging",
        "created_at": "2026-04-17T12:00:00Z",
    },
}
SAMPLES = (
    ("casterly", "production", ALERT),
    ("casterly", "staging", TRIAL),
    ("springfield", "production", ALERT),
    ("springfield", "staging", SIGN_UP),
)
PATIENCE = 30.0  # seconds for everything of one event to be over


class Story:
    """Emits the samples and tells what happened to each."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = facts
        self._api = f"{facts['portal_url']}/api/v1"
        self._session = requests.Session()
        self._session.trust_env = False

    def tell(self) -> None:
        """Emit each sample, wait until it is over, and print it."""
        rules = {rule["id"]: rule for rule in self._get("/rules")["records"]}
        connections = {row["id"]: row for row in self._get("/connections")["records"]}
        for tenant, environment, sample in SAMPLES:
            workspace = self._workspace(tenant, environment)
            event = self._finished(self._emit(workspace, sample))
            print(f"{event['event']} → {_named(workspace)}")
            for delivery in sorted(event["rule_events"], key=lambda each: str(each["rule"])):  # as the rules were made
                print(self._delivered(delivery, event, rules, connections))
            for verdict in event["decision"]["verdicts"]:
                if not verdict["fired"]:
                    print(f"  ∅ “{rules[verdict['rule_id']]['name']}” stayed silent: {verdict['summary']}")
            print()

    def _emit(self, workspace: dict[str, str], sample: dict[str, Any]) -> str:
        answer = self._session.post(
            f"{self._api}/events",
            json=sample,
            headers={"X-Meshes-Publishable-Key": workspace["publishable_key"]},
            timeout=10,
        )
        answer.raise_for_status()
        return str(answer.json()["event"]["id"])

    def _finished(self, event_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while True:
            event = self._get(f"/events/{event_id}")
            if event["status"] in ("completed", "failed", "canceled") or time.monotonic() > deadline:
                return event
            time.sleep(0.05)

    def _delivered(
        self, delivery: dict[str, Any], event: dict[str, Any], rules: dict[str, Any], connections: dict[str, Any]
    ) -> str:
        rule, connection = rules[delivery["rule"]], connections[delivery["connection"]]
        where = self._where(rule, connection)
        if delivery["status"] != "completed":
            return f"  ✗ {where}: {delivery['last_error'] or delivery['status']}"
        return f"  ✓ {where}, {_milliseconds(event['created_at'], delivery['completed_at'])} ms"

    def _where(self, rule: dict[str, Any], connection: dict[str, Any]) -> str:
        metadata = connection["metadata"]
        match connection["type"]:
            case "slack":
                return f"#{rule['metadata'].get('name')} in Slack of {metadata['team_name']}"
            case "webhook":
                return f"signed webhook to {metadata['url']}"
            case "email":
                return f"mail to {', '.join(metadata['recipients'])}"
            case "hubspot":
                return f"{_record(rule['metadata'])} in HubSpot of {metadata['hub_domain']}"
        return str(connection["name"])

    def _workspace(self, tenant: str, environment: str) -> dict[str, str]:
        rows: list[dict[str, str]] = self._facts["workspaces"]
        return next(row for row in rows if row["tenant"] == tenant and row["environment"] == environment)

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._session.get(f"{self._api}{path}", headers=self._bearer(), timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _bearer(self) -> dict[str, str]:
        access, now = self._facts["access_key"], int(time.time())
        claims = {
            "iss": f"urn:meshes:m2m:{access}",
            "aud": "meshes-api",
            "org": self._facts["organization_id"],
            "iat": now,
            "exp": now + 30,
        }
        token = jwt.encode(claims, self._facts["secret_key"], algorithm="HS256", headers={"kid": access})
        return {"Authorization": f"Bearer {token}"}


def _named(workspace: dict[str, str]) -> str:
    name, environment = workspace["name"], workspace["environment"]
    return name if environment in name else f"{name} ({environment})"


def _record(metadata: dict[str, Any]) -> str:
    """What was written into a CRM."""
    what = {"upsert_contact": "contact", "add_to_list": f"list “{metadata.get('name')}”", "add_note": "note"}
    return what.get(metadata["action"], "record")


def _milliseconds(start: str, end: str) -> int:
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() * 1000)
