"""Makers for the tests of renewals: accounts whose access tokens run out, and what a token endpoint says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from connections import credentials
from connections.models import Connection
from connections.provider import Answer, Reply, Request
from workspaces.models import Workspace

ACCESS, REFRESH = "access-canary-1", "refresh-canary-1"
HUBSPOT_NEW = {"access_token": "access-canary-2", "refresh_token": REFRESH, "expires_in": 1_800}


def now() -> datetime:
    """By the database's clock."""
    with database.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def expiring(
    workspace: Workspace,
    provider: str = "hubspot",
    *,
    left: float = 600,
    life: float = 1_800,
    secrets: Mapping[str, str] | None = None,
    **columns: Any,
) -> Connection:
    """An account whose access token has so many seconds left of its life."""
    given = now() - timedelta(seconds=life - left)
    token = {"bot_token" if provider == "slack" else "access_token": ACCESS, "refresh_token": REFRESH}
    row = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider=provider,
        name=f"{workspace.name} {provider}",
        settings={"hub_id": "11", "team_id": "T0ACME"},
        created_by="test",
        **columns,
    )
    ends = str(int((given + timedelta(seconds=life)).timestamp()))
    credentials.store(row, {**(token if secrets is None else secrets), "expires_at": ends}, now=given)
    row.save()
    Connection.objects.filter(id=row.id).update(updated_at=given)
    row.refresh_from_db()
    return row


def due(row: Connection) -> Connection:
    """Its turn to be renewed has come."""
    Connection.objects.filter(id=row.id).update(renew_at=now())
    return row


def fresh(row: Connection) -> Connection:
    found: Connection = Connection.objects.get(id=row.id)
    return found


def says(answer: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=json.dumps(answer).encode())


class Endpoint:
    """Stands where ``connections.http.send`` does: its answers in their order, the last again and again."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []

    def send(self, request: Request, **_: object) -> Reply:
        self.requests.append(request)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
