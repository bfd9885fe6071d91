"""Makers for the tests of the pipeline: tenants with a destination, events, backlogs, and time that passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import F

from connections.models import Connection
from deliveries.claiming import Claimed, claim, make_ready
from deliveries.models import Delivery, Event, Lane, Window
from deliveries.turns import Round
from rules.models import Rule
from tests.world import make_connection, make_event, make_rule, make_workspace
from workspaces.ids import derive, uuid7
from workspaces.models import Organization, Workspace


@dataclass(frozen=True)
class Tenant:
    """A workspace with one destination and one rule that sends everything there."""

    workspace: Workspace
    connection: Connection
    rule: Rule

    def emit(self, payload: str = '{"value":1}', event: str = "alert.triggered", **fields: Any) -> Event:
        return make_event(self.workspace, event, payload, **fields)

    def delivery(self, event: Event) -> Delivery:
        return Delivery.objects.get(id=derive(event.id, self.rule.id))


def make_tenant(name: str = "Acme", provider: str = "capture", *, event: str = "*", **metadata: Any) -> Tenant:
    organization = Organization.objects.create(name=name)
    workspace = make_workspace(organization, name, tenant=name)
    connection = settled(make_connection(workspace, provider, **metadata))
    return Tenant(workspace, connection, make_rule(connection, event))


def make_slack(name: str = "Acme", channels: Sequence[str] = ("C00000001",)) -> list[Tenant]:
    """One Slack account with a rule for each channel. Made by hand: accounts are connected in the portal."""
    workspace = make_workspace(Organization.objects.create(name=name), name, tenant=name)
    connection = Connection(
        organization_id=workspace.organization_id, workspace=workspace, provider="slack", name=name, created_by="test"
    )
    connection.seal_values("credentials", {"bot_token": "xoxb-canary-slack-token"})
    connection.save()
    settled(connection)
    return [Tenant(workspace, connection, make_rule(connection, "*", inputs={"id": id})) for id in channels]


def settled(connection: Connection) -> Connection:
    """Connected a while ago: an answer of now is about it as it is."""
    Connection.objects.filter(id=connection.id).update(updated_at=F("created_at") - timedelta(days=1))
    connection.refresh_from_db()
    return connection


def make_backlog(tenant: Tenant, count: int = 0, lanes: Sequence[UUID] = (), **columns: Any) -> list[UUID]:
    """So many deliveries in the connection's lane, or one in each of the lanes; due for a minute, in one statement."""
    lanes = lanes or [tenant.connection.id] * count
    event = tenant.emit(total_rules=len(lanes), decided_at=database_now())
    ids = sorted(uuid7() for _ in lanes)
    assert tenant.rule.version_id is not None
    same = {
        "organization_id": tenant.workspace.organization_id,
        "workspace_id": tenant.workspace.id,
        "event_id": event.id,
        "rule_id": tenant.rule.id,
        "rule_version_id": tenant.rule.version_id,
        "connection_id": tenant.connection.id,
        "provider": tenant.connection.provider,
        "state": "pending",
        "due_at": database_now() - timedelta(minutes=1),
        "ready": True,
        "fence": 0,
        "lost": 0,
        "attempt_count": 0,
        "last_code": "",
        "last_error": "",
        **columns,
    }
    with database.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO deliveries_delivery (id, lane, {', '.join(same)})"  # noqa: S608
            f" SELECT id, lane, {', '.join(['%s'] * len(same))} FROM unnest(%s::uuid[], %s::uuid[]) AS new(id, lane)",
            [*same.values(), ids, list(lanes)],
        )
    return ids


def claim_all(limit: int = 1_000) -> list[Claimed]:
    """What a worker gets that has just started."""
    make_ready()
    return claim(limit, round=Round())


# --------------------------------------------------------------------------- time


def database_now() -> datetime:
    with database.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now


def pass_time(seconds: float) -> None:
    """The database's clock is the only one that the pipeline asks, so whatever it compares with is moved back."""
    gone = timedelta(seconds=seconds)
    Delivery.objects.update(due_at=F("due_at") - gone, waits_until=F("waits_until") - gone)
    Window.objects.update(ends_at=F("ends_at") - gone)
    Lane.objects.update(next_at=F("next_at") - gone)


def wait_of(delivery: Delivery) -> float:
    """Seconds until it is due."""
    due_at = Delivery.objects.values_list("due_at", flat=True).get(id=delivery.id)
    assert due_at is not None
    return (due_at - database_now()).total_seconds()


# --------------------------------------------------------------------------- several at once


def somebody_waits() -> bool:
    """Whether a statement of another connection waits for a lock."""
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        waiting: int = cursor.fetchone()[0]
    return waiting > 0


def until(condition: Callable[[], object]) -> None:
    """Give another thread its time; a test that waits in vain fails by what it asserts next."""
    patience = Flag()
    for _ in range(500):
        if condition():
            return
        patience.wait(0.01)
