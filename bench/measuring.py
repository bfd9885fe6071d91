"""The measurements, each on a stage that is set. All rates are per second; a wrong result is no figure but a fault."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from bench.client import BODY, Client
from bench.judge import Accepted, judge, owed_by, read_notes
from bench.stage import Stage
from bench.world import Tenant
from config.stack import StackError

BULK = 100  # events in one call, the most that the API takes
LOAD_CONNECTIONS = 8
CLIENT_THREADS = 4
TABLES = "deliveries_delivery, deliveries_attempt, deliveries_decision, deliveries_event, deliveries_idempotencyrecord"
VIEWS_TABLE = "CREATE TABLE bench_insert (id bigserial PRIMARY KEY, body text NOT NULL, at timestamptz DEFAULT now())"
RECORDED = "SELECT count(*) FROM deliveries_delivery WHERE state = 'delivered'"


def raw_loop(stage: Stage, requests: int) -> float:
    """Requests of the pinned ``requests.Session`` loop."""
    return float(stage.run("bench.raw_loop", f"{stage.sink}/raw", str(requests)))


def drain(stage: Stage, tenants: Sequence[Tenant], events: int) -> float:
    """Deliveries from an undecided backlog: from letting the workers loose until the last one is recorded."""
    stage.command(f"TRUNCATE {TABLES}")
    before = len(read_notes(stage.notes))
    stage.freeze("worker")
    owed = owed_by(_backlog(Client(stage.portal), tenants, events))
    began = time.monotonic()
    stage.thaw()
    stage.wait_for(RECORDED, len(owed))
    seconds = time.monotonic() - began
    verdict = judge(read_notes(stage.notes)[before:], owed)
    if verdict.lost or verdict.strangers or verdict.duplicates:
        raise StackError(f"The drain did not deliver what was owed: {verdict}")
    return len(owed) / seconds


def naive(stage: Stage, tenants: Sequence[Tenant], events: int) -> float:
    """The same for the naive Celery app, whose queue is filled while its worker is frozen."""
    stage.command(f"TRUNCATE {TABLES}")
    workspaces = [tenant.workspace for tenant in tenants]
    stage.freeze("naive")
    stage.run("bench.naive.backlog", str(events), *workspaces)
    began = time.monotonic()
    stage.thaw()
    owed = events * len(tenants[0].rules)
    stage.wait_for(RECORDED, owed)
    return owed / (time.monotonic() - began)


def ingest(stage: Stage, tenant: Tenant, *, seconds: float) -> float:
    """``POST /api/v1/events`` under load, workers at rest."""
    stage.command(f"TRUNCATE {TABLES}")
    return _load(stage.portal, "/api/v1/events", BODY, key=tenant.key, seconds=seconds)


def one_insert(stage: Stage, port: int, *, seconds: float) -> float:
    """The one-insert view under the same load."""
    stage.command("TRUNCATE bench_insert")
    return _load(port, "/insert", BODY, key="", seconds=seconds)


def delays(stage: Stage, tenants: Sequence[Tenant], *, per_second: int, seconds: int) -> list[float]:
    """Seconds from each 201 to the arrival at the sink, at a steady rate of single events on an idle system."""
    before = len(read_notes(stage.notes))
    client, began = Client(stage.portal), time.monotonic()
    emits = []
    with ThreadPoolExecutor(CLIENT_THREADS) as pool:
        for number, tenant in enumerate(islice(cycle(tenants), per_second * seconds)):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            emits.append(pool.submit(client.emit, tenant))
        sent = {id: event.at for emit in emits for event in [emit.result()] for id in owed_by([event])}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        arrivals = {arrival.id: arrival.at for arrival in read_notes(stage.notes)[before:]}
        if set(sent) <= set(arrivals):
            return [arrivals[id] - at for id, at in sent.items()]
        time.sleep(0.1)
    raise StackError("Not every event of the latency measurement arrived.")


def _backlog(client: Client, tenants: Sequence[Tenant], events: int) -> list[Accepted]:
    share, more = divmod(events, len(tenants))
    accepted: list[Accepted] = []
    for place, tenant in enumerate(tenants):
        left = share + (place < more)
        while left:
            accepted += client.emit_bulk(tenant, min(left, BULK))
            left -= min(left, BULK)
    return accepted


def _load(port: int, path: str, body: bytes, *, key: str, seconds: float) -> float:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    request = f"{head}\r\nX-Meshes-Publishable-Key: {key}\r\n\r\n".encode() + body
    options = ("--port", str(port), "--seconds", str(seconds), "--connections", str(LOAD_CONNECTIONS))
    command = [sys.executable, "-m", "bench.load", *options, "--status", "201"]
    done = subprocess.run(command, input=request, capture_output=True, check=False)
    if done.returncode:
        raise StackError(f"The load found a fault: {done.stderr.decode().strip()[-500:]}")
    return float(done.stdout)
