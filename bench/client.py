"""Emits events as a product would: over HTTP, with a publishable key, again and again until it gets its 201."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import local
from typing import Self
from uuid import uuid4

from bench.judge import Accepted
from bench.world import EVENT, Tenant

PAUSE = 0.1  # seconds before another try
PATIENCE = 60.0  # seconds until one event must be accepted
PAYLOAD = {
    "severity": "high",
    "resource": "db-1",
    "value": 97.5,
    "threshold": 80,
    "account_id": "acme",
    "alert_id": "a-1",
}
PAYLOAD_TEXT = json.dumps(PAYLOAD)
BODY = f'{{"event":"{EVENT}","payload":{PAYLOAD_TEXT}}}'.encode()


class NotAccepted(Exception):  # noqa: N818  it says what happened
    """The portal refused an event, or did not take it for a long time."""


class Client:
    """Emits to one portal. Each thread that uses it has a connection of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._mine = local()
        self._closed = False

    def close(self) -> None:
        """Give up what is still being tried."""
        self._closed = True

    def emit(self, tenant: Tenant) -> Accepted:
        """One event. A 503 or a broken connection says nothing about what was stored: the same key is sent again."""
        headers = {"Idempotency-Key": str(uuid4())}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self._closed:
            with suppress(OSError, HTTPException):
                status, answer = self._post("/api/v1/events", tenant.key, BODY, headers)
                if status == 201:
                    return Accepted(time.monotonic(), json.loads(answer)["event"]["id"], tenant.rules)
                if status != 503:
                    raise NotAccepted(f"The portal answered {status}: {answer.decode()}")
            time.sleep(PAUSE)
        raise NotAccepted(f"The portal did not accept an event within {PATIENCE:.0f} s.")

    def emit_bulk(self, tenant: Tenant, count: int) -> list[Accepted]:
        """Up to 100 events in one call, which must succeed."""
        body = b"[" + b",".join([BODY] * count) + b"]"
        status, answer = self._post("/api/v1/events/bulk", tenant.key, body, {})
        if status != 201:
            raise NotAccepted(f"The portal answered {status}: {answer.decode()}")
        return [Accepted(time.monotonic(), row["id"], tenant.rules) for row in json.loads(answer)["records"]]

    def _post(self, path: str, key: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._connection()
        everything = {"Content-Type": "application/json", "X-Meshes-Publishable-Key": key, **headers}
        try:
            connection.request("POST", path, body, everything)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException):
            connection.close()
            raise

    def _connection(self) -> HTTPConnection:
        if not hasattr(self._mine, "connection"):
            self._mine.connection = HTTPConnection("127.0.0.1", self._port, timeout=15)
        connection: HTTPConnection = self._mine.connection
        return connection


class Emission:
    """Events on their way, one for each tenant of a plan, from a few threads; leave the block, and nothing is sent."""

    def __init__(self, client: Client, plan: Iterable[Tenant], *, threads: int) -> None:
        self.accepted: list[Accepted] = []
        self._client = client
        self._pool = ThreadPoolExecutor(threads)
        self._emits = [self._pool.submit(self._emit, tenant) for tenant in plan]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._pool.shutdown(cancel_futures=True)

    @property
    def owed(self) -> int:
        """How many deliveries the events accepted so far must lead to."""
        return sum(len(event.rules) for event in self.accepted[:])

    def finish(self) -> list[Accepted]:
        """Wait until every event has its 201. Raises ``NotAccepted`` for one that has none."""
        for emit in self._emits:
            emit.result()
        return self.accepted

    def _emit(self, tenant: Tenant) -> None:
        self.accepted.append(self._client.emit(tenant))
