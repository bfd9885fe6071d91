"""The sandbox as its users run it: a process of its own, spoken to over HTTP and SMTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox import registry
from sandbox.addresses import Addresses

ROOT = Path(__file__).parents[2]
STEP = 1 + len(registry.addresses(port=0, portal="").ports)
SECRET = "whsec_dGhlLXNlY3JldC1vZi10aGUtdGVzdC1oYXJuZXNzIQ=="
TOKEN, NARROW, READER, CLOSED, HUGE = "xoxb-acme", "xoxb-narrow", "xoxb-reader", "xoxb-closed", "xoxb-huge"
CHANNELS = [
    {"id": "C0ALERTS", "name": "alerts", "is_member": True},
    {"id": "C0LOBBY", "name": "lobby"},
    {"id": "C0VAULT", "name": "vault", "is_private": True, "is_member": True},
    {"id": "C0HIDDEN", "name": "hidden", "is_private": True},
    {"id": "C0OLD", "name": "old", "is_archived": True},
]
SEED: dict[str, Any] = {
    "slack_apps": [
        {"client_id": "1.2", "client_secret": "hush", "name": "Jackfield"},
        {"client_id": "3.4", "client_secret": "hush", "name": "Stranger"},
    ],
    "hubspot_apps": [
        {"client_id": "hub-app", "client_secret": "hush"},
        {"client_id": "hub-stranger", "client_secret": "hush"},
    ],
    "hubspot_accounts": [
        {"hub_id": 11, "hub_domain": "acme.example"},
        {"hub_id": 12, "hub_domain": "acme-sandbox.example", "account_type": "SANDBOX", "lacks": "crm.lists.read"},
    ],
    "slack_teams": [
        {"team_id": "T0ACME", "team_name": "Acme", "bot_token": TOKEN, "channels": CHANNELS, "generated_channels": 40},
        {
            "team_id": "T0NARROW",
            "team_name": "Narrow",
            "bot_token": NARROW,
            "channels": CHANNELS,
            "scopes": "chat:write",
        },
        {"team_id": "T0READER", "team_name": "Reader", "bot_token": READER, "scopes": "channels:read"},
        {"team_id": "T0CLOSED", "team_name": "Closed", "bot_token": CLOSED, "active": False},
        {"team_id": "T0HUGE", "team_name": "Huge", "bot_token": HUGE, "generated_channels": 50_000},
    ],
    "vendor_workspaces": [
        {
            "id": "w1",
            "name": "Acme",
            "tenant": "acme",
            "environment": "production",
            "publishable_key": "mesh_pub_p_1_a",
        },
        {"id": "w2", "name": "Acme", "tenant": "acme", "environment": "staging", "publishable_key": "mesh_pub_s_2_b"},
        {"id": "w3", "name": "Globex", "tenant": "globex", "environment": "production", "publishable_key": "k3"},
    ],
    "webhook_receivers": [{"path": "/harness", "name": "Harness", "secret": SECRET}],
}


@dataclass(frozen=True, slots=True)
class Running:
    """A started sandbox."""

    process: subprocess.Popen[str]
    port: int
    seed: Path
    session: requests.Session

    @property
    def addresses(self) -> Addresses:
        return registry.addresses(port=self.port, portal="http://127.0.0.1:8000")

    def of(self, key: str) -> str:
        """The address of any simulator by its slug."""
        return self.addresses.of(key)

    @property
    def vendor(self) -> str:
        return self.of("vendor")

    @property
    def slack(self) -> str:
        return self.of("slack")

    @property
    def webhooks(self) -> str:
        return self.of("webhooks")

    @property
    def mailbox(self) -> str:
        return self.of("mailbox")

    @property
    def hubspot(self) -> str:
        return self.of("hubspot")

    @property
    def smtp(self) -> int:
        return self.addresses.ports["smtp"]

    def dial(self, simulator: str, **wanted: Any) -> None:
        """Set a fault dial of one of the simulators' addresses."""
        assert requests.put(f"{simulator}/_sandbox/dials", json=wanted, timeout=5).status_code == 200

    def reset(self) -> None:
        """Forget every dial and everything that arrived."""
        keeps = {each.slug: each.keeps for each in self.addresses.simulators}
        for key, kept in (keeps | {"webhooks": "calls", "mailbox": "mails"}).items():
            for what in filter(None, ("dials", kept)):
                self.session.delete(f"{self.of(key)}/_sandbox/{what}", timeout=5)


@contextmanager
def started(directory: Path) -> Iterator[Running]:
    """A sandbox with the seed above, until the block ends."""
    seed = directory / "sandbox.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    port = free_ports()
    with launched("--port", str(port), "--seed", str(seed)) as process, requests.Session() as session:
        assert process.stdout is not None
        assert "sandbox ready" in process.stdout.readline()
        yield Running(process=process, port=port, seed=seed, session=session)


@contextmanager
def launched(*arguments: str, tree: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """``python -m sandbox`` of that tree with those arguments, ended with the block."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    with subprocess.Popen(
        command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def free_ports() -> int:
    """The first of as many free ports in a row as the sandbox needs, and one more."""
    for port in range(21_000 + STEP * (os.getpid() % 1_000), 60_000, STEP):
        if all(map(_is_free, [*registry.addresses(port=port, portal="").ports.values(), port + STEP - 1])):
            return port
    raise AssertionError("no free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
