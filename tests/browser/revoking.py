"""A customer's Slack whose app was taken away: how that is done from outside, and what is seen of it there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
import requests

from tests.browser.machine import token
from tests.browser.stage import Demo

PATIENCE = 20.0  # seconds for a change to come about
TENANT, ENVIRONMENT = "casterly", "staging"
TEAM, TEAM_ID, CHANNEL = "Casterly Rock", "T0CASTERLY", "C0CRSTAGE01"


@dataclass
class Slack:
    """The customer's connection, its team at the simulator, and what people read in its channel."""

    demo: Demo

    @cached_property
    def connection(self) -> str:
        workspace = self.demo.workspace(TENANT, ENVIRONMENT)["id"]
        found = self._call("GET", f"/workspaces/{workspace}/connections")["records"]
        return str(next(row["id"] for row in found if row["type"] == "slack"))

    @property
    def rules(self) -> list[Any]:
        """The connection's rules, as the API tells them."""
        workspace = self.demo.workspace(TENANT, ENVIRONMENT)["id"]
        found = self._call("GET", f"/workspaces/{workspace}/rules")["records"]
        return [row for row in found if row["connection"] == self.connection]

    def revoke(self) -> None:
        """An admin takes the app away."""
        dial = {"target": TEAM_ID, "fault": "token_revoked"}
        requests.put(self._dials, json=dial, timeout=10).raise_for_status()

    def allow(self) -> None:
        """The admin has nothing against the app any more."""
        requests.delete(self._dials, params={"target": TEAM_ID}, timeout=10).raise_for_status()

    def mend(self) -> None:
        """As it was before, whatever a test has left behind."""
        self.allow()
        row = self._call("GET", f"/connections/{self.connection}")
        if not row["active"]:
            kept = {"name": row["name"], "metadata": row["metadata"]}
            self._call("PUT", f"/connections/{self.connection}", json={**kept, "active": True, "held": "none"})
            _until(self._held, 0)

    def emit(self, about: str, *, value: int) -> str:
        """An alert as the vendor's back-end emits it; the id of the event."""
        payload = {"severity": "high", "resource": "queue_depth", "value": value, "threshold": 10}
        answer = requests.post(
            f"{self.demo.portal}/api/v1/events",
            json={"event": "alert.triggered", "resource": "alert", "resource_id": about, "payload": payload},
            headers={"X-Meshes-Publishable-Key": self.demo.workspace(TENANT, ENVIRONMENT)["publishable_key"]},
            timeout=10,
        )
        answer.raise_for_status()
        return str(answer.json()["event"]["id"])

    def states(self, events: list[str]) -> list[str]:
        """What has become of each event in Slack."""
        found = [self._call("GET", f"/events/{event}")["rule_events"] for event in events]
        return [one["state"] for rows in found for one in rows if one["connection"] == self.connection]

    def wait(self, events: list[str], states: list[str]) -> None:
        """Until each has come to that."""
        _until(lambda: self.states(events), states)

    def wait_message(self, words: str) -> None:
        """Until a message in the channel says that."""
        _until(lambda: self.messages(words), 1)

    def messages(self, words: str) -> int:
        """How many messages in the channel say that as a word of its own: each also ends with a piece of an id."""
        query = {"team": TEAM_ID, "channel": CHANNEL}
        found = requests.get(f"{self.demo.simulator('slack')}/_sandbox/messages", params=query, timeout=10).json()
        return sum(re.search(rf"\b{re.escape(words)}\b", str(each["blocks"])) is not None for each in found)

    def age(self, *, hours: int) -> None:
        """What is held has waited so much longer: the only thing here that no person could do."""
        with psycopg.connect(_database(self.demo)) as database:
            database.execute(
                "UPDATE deliveries_delivery SET created_at = created_at - make_interval(hours => %s)"
                " WHERE state = 'held' AND connection_id = %s",
                [hours, self.connection],
            )

    def _held(self) -> int:
        with psycopg.connect(_database(self.demo)) as database:
            query = "SELECT count(*) FROM deliveries_delivery WHERE state = 'held' AND connection_id = %s"
            row = database.execute(query, [self.connection]).fetchone()
        return int(row[0]) if row else 0

    @property
    def _dials(self) -> str:
        return f"{self.demo.simulator('slack')}/_sandbox/dials"

    def _call(self, method: str, path: str, **sent: Any) -> Any:
        headers = {"Authorization": f"Bearer {token(self.demo.facts)}"}
        answer = requests.request(method, f"{self.demo.portal}/api/v1{path}", headers=headers, timeout=10, **sent)
        answer.raise_for_status()
        return answer.json()


def _until[Found](look: Callable[[], Found], wanted: Found) -> None:
    """Raises ``TimeoutError`` that says what there was instead."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) != wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} instead of {wanted}")
        time.sleep(0.2)


def _database(demo: Demo) -> str:
    """The demo's own, from the files beside its log: the fourth line of PostgreSQL's is its port."""
    here = demo.log.parent / "demo"
    port = (here / "postgres" / "postmaster.pid").read_text().splitlines()[3]
    return f"postgresql://jackfield:{(here / 'password').read_text()}@127.0.0.1:{port}/jackfield"
