"""How long the server takes for each page of the portal, with 100,000 deliveries of one workspace in the last week.

Measured inside one process with Django's test client, one request at a time, on the PostgreSQL of the benchmark: from
the request to the last byte of the answer, without a network and a browser. A page is one line of ``PAGES``.

    python -m bench.pages [--deliveries 100000] [--looks 15]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.figures import Row

if TYPE_CHECKING:
    from rules.models import Rule
    from workspaces.models import Workspace

DELIVERIES = 100_000
GOAL = 60.0  # milliseconds
PAGES = (  # what it is, and its address; ``{event}`` and ``{connection}`` are filled in
    ("Overview", "/workspace/dashboard"),
    ("Connections", "/workspace/connections"),
    ("Rules", "/workspace/rules"),
    ("Activity", "/workspace/events"),
    ("Activity, failed", "/workspace/events?status=failed"),
    ("Activity, one rule", "/workspace/events?rule={rule}"),
    ("Activity, one type without a hit", "/workspace/events?type=never.seen"),
    ("Event", "/workspace/events/{event}"),
    ("Settings", "/workspace/settings"),
)
COUNTED_ANEW = "Overview, the whole week counted anew"  # the first look in a minute: see deliveries/showing/figures.py
FAN_OUT = 2
CONNECTIONS = 10
STATES = ("delivered",) * 95 + ("failed",) * 3 + ("canceled", "held")
PAYLOAD = json.dumps({"severity": "high", "value": 1840, "threshold": 1000, "resource": "api_latency_p95"})


def rows(told: str) -> list[Row]:
    """The lines of the table, from what ``main`` printed."""
    return [
        Row(f"page: {name}", f"{took:.0f} ms{'' if took <= GOAL else f' (aim {GOAL:.0f})'}")
        for name, took in json.loads(told.splitlines()[-1])
    ]


def main() -> None:
    """Fill the database, look at every page, and print ``[[page, milliseconds]]`` as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--deliveries", type=int, default=DELIVERIES)
    parser.add_argument("--looks", type=int, default=15)
    options = parser.parse_args()
    _set_up()
    workspace, names = _fill(options.deliveries)
    print(json.dumps(list(_measure(workspace, names, looks=options.looks))))


def _set_up() -> None:
    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0)


# --------------------------------------------------------------------------- look


def _measure(workspace: Workspace, names: dict[str, str], *, looks: int) -> Iterator[tuple[str, float]]:
    from django.test import Client

    from deliveries.showing import figures
    from workspaces.embed import sessions
    from workspaces.models import Role

    wanted = sessions.Wanted(role=Role.OWNER, ttl_seconds=3600, scopes=["events.payload:read"])
    token = sessions.mint(workspace=workspace, wanted=wanted, actor="bench").access_token
    client = Client(headers={"Authorization": f"Bearer {token}", "HX-Request": "true"})
    for name, path in PAGES:
        yield name, median(_looks(client, path.format(**names), looks))
    yield COUNTED_ANEW, median(_looks(client, "/workspace/dashboard", looks, before=figures.forget))


def _looks(client: Any, path: str, looks: int, *, before: Callable[[], None] = lambda: None) -> list[float]:
    """Milliseconds of each look; the first two, which load templates and open connections, do not count."""
    took = []
    for _ in range(looks + 2):
        before()
        began = time.perf_counter()
        answer = client.get(path)
        took.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            sys.exit(f"{path} answered {answer.status_code}.")
    return took[2:]


# --------------------------------------------------------------------------- fill


@dataclass(frozen=True, slots=True)
class _Happened:
    """An event with its deliveries, as rows."""

    event: UUID
    at: datetime
    rules: Sequence[Any]
    states: Sequence[str]


def _fill(deliveries: int) -> tuple[Workspace, dict[str, str]]:
    from django.db import connection

    from workspaces.models import Organization, Workspace

    vendor, _ = Organization.objects.get_or_create(name="Bench")
    name = f"Pages {time.time_ns()}"
    workspace = Workspace.objects.create(organization=vendor, name=name, tenant=name)
    rules = _rules(workspace)
    happened = sorted(_happened(deliveries // FAN_OUT, rules), key=lambda one: one.at)
    with connection.cursor() as cursor:
        for table, columns, lines in _tables(workspace, happened):
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        cursor.execute("ANALYZE")
    last = happened[-1]
    return workspace, {
        "event": str(last.event),
        "rule": str(last.rules[0].id),
        "connection": str(last.rules[0].connection_id),
    }


def _rules(workspace: Workspace) -> list[Rule]:
    from connections.settling import plug_in
    from rules import authoring

    found = []
    for number in range(CONNECTIONS):
        connection = plug_in(
            workspace=workspace,
            provider_slug="capture",
            name=f"Capture {number}",
            metadata={},
            hidden=False,
            actor="bench",
        ).connection
        wording = authoring.Wording(event="alert.*", action="record", min_severity="low")
        found.append(
            authoring.create(
                connection=connection, wording=wording, name=f"Rule {number}", active=True, hidden=False, actor="bench"
            )
        )
    return found


def _happened(events: int, rules: Sequence[Rule]) -> Iterator[_Happened]:
    from workspaces.ids import uuid7

    now = datetime.now(UTC)
    for _ in range(events):
        at = now - timedelta(days=7) * random.random()
        yield _Happened(uuid7(at), at, random.sample(rules, FAN_OUT), random.choices(STATES, k=FAN_OUT))


def _tables(workspace: Workspace, happened: Sequence[_Happened]) -> Iterator[tuple[str, str, Iterator[Sequence[Any]]]]:
    whose = (workspace.organization_id, workspace.id)
    events = "kind, event, resource, resource_id, payload, severity, status, total_rules, completed_count, failed_count"
    yield (
        "deliveries_event",
        f"id, organization_id, workspace_id, {events}, canceled_count, created_by, created_at, decided_at",
        (_event(one, whose) for one in happened),
    )
    yield (
        "deliveries_decision",
        "id, organization_id, workspace_id, verdicts, ruleset_version",
        ((one.event, *whose, _verdicts(one), 1) for one in happened),
    )
    kept = "lane, state, due_at, fence, attempt_count, first_sent_at, finished_at, last_code, last_error, created_at"
    yield (
        "deliveries_delivery",
        f"id, organization_id, workspace_id, event_id, rule_id, rule_version_id, connection_id, provider, {kept}",
        (line for one in happened for line in _deliveries(one, whose)),
    )
    told = "code, culprit, reason, fix, exchanges, notes, reference, started_at, duration_ms"
    yield (
        "deliveries_attempt",
        f"id, organization_id, workspace_id, delivery_id, number, {told}",
        (line for one in happened for line in _attempts(one, whose)),
    )


def _event(one: _Happened, whose: tuple[UUID, UUID]) -> Sequence[Any]:
    counts = [one.states.count(state) for state in ("delivered", "failed", "canceled")]
    status = "failed" if counts[1] else "completed" if sum(counts) == FAN_OUT else "retrying"
    about = ("event", "alert.triggered", "alert", "alrt_1", PAYLOAD, 4, status, FAN_OUT, *counts)
    return (one.event, *whose, *about, "bench", one.at, one.at)


def _verdicts(one: _Happened) -> str:
    return json.dumps(
        [
            {
                "rule_id": str(rule.id),
                "version_id": str(rule.version_id),
                "connection_id": str(rule.connection_id),
                "name": rule.name,
                "fired": True,
                "summary": "Fired.",
                "clauses": [],
            }
            for rule in one.rules
        ]
    )


def _deliveries(one: _Happened, whose: tuple[UUID, UUID]) -> Iterator[Sequence[Any]]:
    from workspaces.ids import derive

    for rule, state in zip(one.rules, one.states, strict=True):
        id = derive(one.event, rule.id)
        of = (one.event, rule.id, rule.version_id, rule.connection_id, "capture", rule.connection_id)
        finished = None if state == "held" else one.at
        yield (id, *whose, *of, state, None, 1, 1, one.at, finished, "", "", one.at)


def _attempts(one: _Happened, whose: tuple[UUID, UUID]) -> Iterator[Sequence[Any]]:
    from workspaces.ids import derive

    exchange = json.dumps([{"request": {"method": "CAPTURE", "body": PAYLOAD}, "response": {"status": 200}}])
    for rule in one.rules:
        id = derive(one.event, rule.id)
        said = ("delivered", "nobody", "It arrived.", "", exchange, "[]", "", one.at, 12)
        yield (derive(id, 1), *whose, id, 1, *said)


if __name__ == "__main__":
    main()
