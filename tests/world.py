"""The world of the tests: two vendors, Acme and Globex, each with workspaces, keys, connections, rules and events.

A pytest plugin with the fixtures ``acme``, ``globex`` and ``nobody``, and the makers behind them. A ``Caller`` speaks
to the API as the published clients do (a JSON content type on every method), and every answer that it gets is held
against the OpenAPI description.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import jwt
import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from connections import settling
from connections.models import Connection
from deliveries.models import Attempt, Decision, Delivery, Event, State
from rules import authoring
from rules.authoring import Wording
from rules.models import Rule
from tests.described import expect_described
from workspaces.access import forget_keys
from workspaces.api import issue_key
from workspaces.ids import derive
from workspaces.keys import new_machine_key
from workspaces.models import Environment, MachineKey, Organization, PublishableKey, Workspace

V1 = "/api/v1"
ACTOR = "test"
_client = Client()  # one for all, since it keeps nothing between requests but cookies, which the API never sets


@pytest.fixture(scope="session", autouse=True)
def _static_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing was collected for a test run, of which WhiteNoise would warn."""
    with override_settings(STATIC_ROOT=tmp_path_factory.mktemp("static")):
        yield


# --------------------------------------------------------------------------- callers


@dataclass(frozen=True)
class Caller:
    """Somebody at the API's door, with the headers that say who."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, headers=headers)

    def put(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("PATCH", path, body)

    def delete(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("DELETE", path, body)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        environ: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        """Send text or bytes as they are, anything else as JSON; the answer must be as the description says."""
        raw = b"" if body is None else body if isinstance(body, bytes) else _text(body).encode()
        spoken = {**self.headers, **{name.replace("_", "-"): value for name, value in (headers or {}).items()}}
        response = _client.generic(
            method,
            V1 + path,
            raw,
            content_type=content_type,
            query_params=dict(query or {}),
            headers=spoken,
            **{"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(raw)), **(environ or {})},
        )
        found = cast("HttpResponse", response)
        expect_described(method, V1 + path, found)
        return found


def read(response: HttpResponse, status: int = 200) -> Any:
    """The JSON of an answer that has the status."""
    assert response.status_code == status, response.content
    return json.loads(response.content)


def fault(response: HttpResponse, status: int) -> dict[str, Any]:
    """The detail of an error that has the status."""
    body = read(response, status)
    assert set(body) == {"message", "error"}
    assert set(body["error"]) <= {"name", "message", "data"}
    return dict(body["error"])


def params(response: HttpResponse, status: int) -> list[str]:
    """The fields that an error names."""
    return [wrong["param"] for wrong in fault(response, status)["data"]]


def walk(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every record of a list, page by page."""
    records: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = read(caller.get(path, **query, **({"cursor": cursor} if cursor else {})))
        assert page["count"] == len(page["records"]) <= page["limit"]
        records += page["records"]
        cursor = page["next_cursor"]
        if cursor is None:
            return records


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


# --------------------------------------------------------------------------- tokens


def machine_token(key: MachineKey, *, secret: str = "", lived: int = 0, life: int = 30, **claims: Any) -> str:
    """A token as the published clients sign it; ``lived`` seconds ago."""
    issued = int(time.time()) - lived
    said = {
        "iss": f"urn:meshes:m2m:{key.access_key}",
        "aud": "meshes-api",
        "org": str(key.organization_id),
        "iat": issued,
        "exp": issued + life,
        **claims,
    }
    return jwt.encode(said, secret or key.unseal("secret"), algorithm="HS256", headers={"kid": key.access_key})


def bearer(token: str) -> Caller:
    return Caller({"Authorization": f"Bearer {token}"})


# --------------------------------------------------------------------------- makers


def make_machine_key(organization: Organization) -> MachineKey:
    parts = new_machine_key()
    key = MachineKey(organization=organization, access_key=parts.access_key)
    key.seal("secret", parts.secret)
    key.save()
    return key


def make_workspace(organization: Organization, name: str, **fields: Any) -> Workspace:
    workspace = Workspace(organization=organization, name=name, **fields)
    workspace.tenant = workspace.tenant or str(workspace.id)
    workspace.save()
    issue_key(workspace)
    return workspace


def make_connection(workspace: Workspace, provider: str = "capture", name: str = "", **metadata: Any) -> Connection:
    """As the API plugs it in; a webhook's address must resolve or is warned of, and is never spoken to here."""
    if provider == "webhook":
        metadata.setdefault("url", "https://hooks.example.com/in")
    return settling.plug_in(
        workspace=workspace,
        provider_slug=provider,
        name=name or f"{workspace.name} {provider}",
        metadata=metadata,
        hidden=False,
        actor=ACTOR,
    ).connection


ACTIONS = {"capture": "record", "webhook": "send_webhook", "email": "send_email", "slack": "send_message"}


def make_rule(connection: Connection, event: str = "alert.*", *, name: str = "", **wording: Any) -> Rule:
    said = Wording(event=event, action=ACTIONS[connection.provider], **wording)
    name = name or f"{connection.name} rule"
    return authoring.create(connection=connection, wording=said, name=name, active=True, hidden=False, actor=ACTOR)


def make_event(
    workspace: Workspace, event: str = "alert.triggered", payload: str = '{"value":1}', **fields: Any
) -> Event:
    return Event.objects.create(
        organization_id=workspace.organization_id,
        workspace_id=workspace.id,
        event=event,
        payload=payload,
        created_by=ACTOR,
        **fields,
    )


def make_delivery(event: Event, rule: Rule, state: State = State.FAILED, **fields: Any) -> Delivery:
    """One event under one rule, with the decision and the counters that the pipeline would have left."""
    assert rule.version_id is not None
    delivery = Delivery.objects.create(
        id=derive(event.id, rule.id),
        organization_id=event.organization_id,
        workspace_id=event.workspace_id,
        event_id=event.id,
        rule_id=rule.id,
        rule_version_id=rule.version_id,
        connection_id=rule.connection_id,
        provider=rule.connection.provider,
        lane=rule.connection_id,
        state=state,
        **fields,
    )
    _count(event, state)
    return delivery


def _count(event: Event, state: State) -> None:
    event.total_rules += 1
    event.decided_at = event.decided_at or event.created_at
    event.failed_count += state is State.FAILED
    event.completed_count += state is State.DELIVERED
    event.canceled_count += state is State.CANCELED
    event.status = state.status
    event.save()
    Decision.objects.get_or_create(
        id=event.id,
        defaults={
            "organization_id": event.organization_id,
            "workspace_id": event.workspace_id,
            "verdicts": [],
            "ruleset_version": 1,
        },
    )


def make_attempt(delivery: Delivery, number: int = 1, **fields: Any) -> Attempt:
    delivery.attempt_count = max(delivery.attempt_count, number)
    delivery.save()
    return Attempt.objects.create(
        id=derive(delivery.id, number),
        organization_id=delivery.organization_id,
        workspace_id=delivery.workspace_id,
        delivery_id=delivery.id,
        number=number,
        started_at=delivery.created_at,
        duration_ms=12,
        **{
            "code": "rejected_server_error",
            "culprit": "provider",
            "reason": "The receiver answered 500.",
            "exchanges": [{"request": {"method": "POST"}, "response": {"status": 500, "body": "no"}}],
            **fields,
        },
    )


# --------------------------------------------------------------------------- two vendors


@dataclass(frozen=True)
class Vendor:
    """A vendor with one tenant in two environments, and what is plugged in and happening in production."""

    organization: Organization
    machine_key: MachineKey
    workspace: Workspace
    staging: Workspace
    connection: Connection
    rule: Rule
    event: Event
    delivery: Delivery
    attempt: Attempt

    @property
    def machine(self) -> Caller:
        """The vendor's back-end."""
        return bearer(machine_token(self.machine_key))

    @property
    def publishable_key(self) -> str:
        return str(PublishableKey.objects.get(workspace=self.workspace).text)

    @property
    def emitter(self) -> Caller:
        """Anybody with the production workspace's publishable key."""
        return Caller({"X-Meshes-Publishable-Key": self.publishable_key})

    @property
    def traces(self) -> set[str]:
        """Every id and name that must never be seen by a stranger."""
        rows = (self.organization, self.machine_key, self.workspace, self.staging, self.connection, self.rule)
        ids = {str(row.pk) for row in (*rows, self.event, self.delivery, self.attempt)}
        names = {self.organization.name, self.workspace.name, self.connection.name, self.rule.name}
        return ids | names | {self.machine_key.access_key, self.publishable_key}


def make_vendor(name: str) -> Vendor:
    """A vendor with everything; whatever it holds is named after it."""
    organization = Organization.objects.create(name=name)
    workspace = make_workspace(organization, name, tenant=f"{name}-tenant", description=f"All of {name}")
    staging = make_workspace(organization, f"{name} staging", tenant=f"{name}-tenant", environment=Environment.STAGING)
    connection = make_connection(workspace)
    rule = make_rule(connection)
    event = make_event(workspace, payload=json.dumps({"value": 1, "of": name}), resource=f"{name}-disk")
    delivery = make_delivery(event, rule)
    attempt = make_attempt(delivery, reason=f"{name} answered 500.")
    return Vendor(
        organization, make_machine_key(organization), workspace, staging, connection, rule, event, delivery, attempt
    )


@pytest.fixture
def acme(db: None) -> Vendor:
    forget_keys()
    return make_vendor("Acme")


@pytest.fixture
def globex(db: None) -> Vendor:
    forget_keys()
    return make_vendor("Globex")


@pytest.fixture
def nobody() -> Caller:
    """No credentials at all."""
    return Caller()


STRANGE_ID = UUID("0190f5fe-7c00-7a00-8000-00000000dead")  # well-formed, and nobody's
