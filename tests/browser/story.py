"""A day at the pretend product, so that the pages have something to show: events of every fate.

It is told through the public API and the simulators' dials alone, in the production workspace of the first tenant.
"""

from __future__ import annotations

import time
from typing import Any

import requests

from tests.browser.machine import token
from tests.browser.stage import Demo

PATIENCE = 60.0  # seconds for an event to come to what it is meant to come to
BRIDGE = "/casterly/on-call"  # the seed's receiver
STATUS_PAGE = "/casterly/status-page"
Emission = tuple[str, tuple[str, str], dict[str, Any]]  # its type, what it is about, what it says

INCIDENTS = {"event": "incident.*"}
DEPLOYS = {
    "event": "deploy.finished",
    "conditions": {"all": [{"field": "status", "op": "eq", "value": "failed"}]},
}
DEPLOY_MESSAGE = {
    "action": "send_message",
    "id": "C0CRPROD001",
    "name": "alerts",
    "title": "Deployment of {{ payload.service }} failed",
    "template": "Version {{ payload.version }}.",
}


class Story:
    """Makes what the seed lacks, turns dials, emits, and waits until everything has its fate."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._workspace = demo.workspace("casterly")

    def tell(self) -> dict[str, str]:
        """Name of a page that shows one of these fates -> its path. The event that is being retried is the newest."""
        self._rule(self._connect_status_page(), "Incidents on the status page", INCIDENTS, {"action": "send_webhook"})
        self._rule(self._connection("slack"), "Failed deployments", DEPLOYS, DEPLOY_MESSAGE)
        self._call("PATCH", f"/rules/{self._rule_called('New users')}", json={"digest": {"most": 1, "minutes": 30}})
        delivered = [self._emit(*alert) for alert in ALERTS]
        joined = [self._emit(*_user(name)) for name in ("cersei", "jaime", "kevan", "genna")]
        held = self._lose_the_status_page()
        silent = self._emit(*DEPLOY)
        self._dial(BRIDGE, "500")
        retrying = self._wait(self._emit(*CRITICAL), "delivered", "retrying")
        fates = {"delivered": delivered[-1], "silent": silent, "held": held, "retrying": retrying, "digest": joined[-1]}
        events = {f"event-{fate}": f"/workspace/events/{id}" for fate, id in fates.items()}
        return {**events, "rule-alerts": f"/workspace/rules/{self._rule_called('High alerts')}"}

    def _lose_the_status_page(self) -> str:
        """Its receiver says that it is gone for good; what comes after that is held."""
        self._dial(STATUS_PAGE, "410")
        self._wait(self._emit(*_incident("inc_17", "Checkout is slow")), "failed", "held")
        return self._wait(self._emit(*_incident("inc_18", "Checkout answers again")), "held")

    def _connect_status_page(self) -> str:
        url = self._demo.simulator("webhooks") + STATUS_PAGE
        made = self._post("/connections", type="webhook", name="Status page", metadata={"url": url})
        return str(made["connection"]["id"])

    def _rule(self, connection: str, name: str, said: dict[str, Any], metadata: dict[str, Any]) -> None:
        self._post("/rules", connection=connection, name=name, metadata=metadata, **said)

    def _connection(self, kind: str) -> str:
        found = self._get(f"/workspaces/{self._workspace['id']}/connections")["records"]
        return str(next(row["id"] for row in found if row["type"] == kind))

    def _rule_called(self, beginning: str) -> str:
        found = self._get(f"/workspaces/{self._workspace['id']}/rules")["records"]
        return str(next(row["id"] for row in found if row["name"].startswith(beginning)))

    def _emit(self, event: str, about: tuple[str, str], payload: dict[str, Any]) -> str:
        answer = requests.post(
            f"{self._demo.portal}/api/v1/events",
            json={"event": event, "resource": about[0], "resource_id": about[1], "payload": payload},
            headers={"X-Meshes-Publishable-Key": self._workspace["publishable_key"]},
            timeout=10,
        )
        answer.raise_for_status()
        return str(answer.json()["event"]["id"])

    def _wait(self, event: str, *states: str) -> str:
        """Until each of the event's deliveries is in one of these states."""
        deadline = time.monotonic() + PATIENCE
        while not self._is(event, states):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The event {event} never was {' or '.join(states)}.")
            time.sleep(0.2)
        return event

    def _is(self, event: str, states: tuple[str, ...]) -> bool:
        deliveries = self._get(f"/events/{event}")["rule_events"]
        return bool(deliveries) and all(each["state"] in states for each in deliveries)

    def _dial(self, path: str, fault: str) -> None:
        url = f"{self._demo.simulator('webhooks')}/_sandbox/dials"
        requests.put(url, json={"target": path, "fault": fault}, timeout=10).raise_for_status()

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._call("POST", path, json={"workspace": self._workspace["id"], **body})

    def _get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path)

    def _call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token(self._demo.facts)}"}
        answer = requests.request(method, f"{self._demo.portal}/api/v1{path}", headers=headers, timeout=10, **sent)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def _alert(id: str, severity: str, resource: str, value: float, threshold: float) -> Emission:
    payload = {
        "alert_id": id,
        "account_id": "acc_casterly",
        "severity": severity,
        "resource": resource,
        "value": value,
        "threshold": threshold,
        "triggered_at": "2026-04-17T16:02:00Z",
    }
    return "alert.triggered", ("alert", id), payload


def _user(name: str) -> Emission:
    payload = {"user_id": f"usr_{name}", "email": f"{name}@casterly.example", "account_id": "acc_casterly"}
    return "user.created", ("user", f"usr_{name}"), payload


def _incident(id: str, title: str) -> Emission:
    return "incident.updated", ("incident", id), {"title": title, "severity": "medium"}


ALERTS = (
    _alert("alrt_tyrion_43", "medium", "queue_depth", 5200, 5000),
    _alert("alrt_tyrion_44", "low", "disk_used", 86, 85),
    _alert("alrt_tyrion_45", "high", "checkout_error_rate", 4.8, 2),
)
CRITICAL = _alert("alrt_tyrion_46", "critical", "api_latency_p95", 4210, 1000)
DEPLOY: Emission = (
    "deploy.finished",
    ("service", "checkout"),
    {"service": "checkout", "status": "succeeded", "version": "2026.11.2"},
)
