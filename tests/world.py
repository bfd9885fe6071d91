"""The world of the tests: two vendors, Acme and Globex, each with workspaces, keys, connections, rules and events.

A pytest plugin with the fixtures ``acme``, ``globex`` and ``nobody``, and the makers behind them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import override_settings

from connections import settling
from connections.models import Connection, ProviderApp
from connections.registry import provider as provider_of
from deliveries.models import Attempt, Decision, Delivery, Event, State
from rules import authoring
from rules.authoring import Wording
from rules.models import Rule
from tests.calling import Caller, bearer, machine_token
from workspaces.access import forget_keys
from workspaces.api import issue_key
from workspaces.embed import sessions
from workspaces.embed.sessions import Wanted
from workspaces.ids import derive
from workspaces.keys import new_machine_key
from workspaces.models import (
    Environment,
    LifecycleWebhook,
    MachineKey,
    Organization,
    PublishableKey,
    Workspace,
)

ACTOR = "test"


@pytest.fixture(scope="session", autouse=True)
def _static_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing was collected for a test run, of which WhiteNoise would warn."""
    with override_settings(STATIC_ROOT=tmp_path_factory.mktemp("static")):
        yield


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


def make_rule(
    connection: Connection, event: str = "alert.*", *, action: str = "", name: str = "", **wording: Any
) -> Rule:
    """A rule for the provider's first action, unless another is named."""
    said = Wording(event=event, action=action or provider_of(connection.provider).actions[0].key, **wording)
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


def make_app(organization: Organization, provider: str, environment: str = "production", **keys: str) -> ProviderApp:
    """The vendor's own app at a provider."""
    app = ProviderApp(
        organization=organization,
        provider=provider,
        environment=environment,
        client_id=keys.get("client_id", f"{organization.name}-{provider}-client"),
    )
    app.seal("client_secret", keys.get("client_secret", f"{organization.name}-{provider}-secret"))
    app.save()
    return app


def make_lifecycle_webhook(organization: Organization, url: str, **fields: Any) -> LifecycleWebhook:
    """Where the vendor hears of connections that break."""
    webhook = LifecycleWebhook(organization=organization, url=url, created_by=ACTOR, **fields)
    webhook.seal("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    webhook.save()
    return webhook


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
    app: ProviderApp

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
        rows = (self.organization, self.machine_key, self.workspace, self.staging, self.connection, self.rule, self.app)
        ids = {str(row.pk) for row in (*rows, self.event, self.delivery, self.attempt)}
        names = {self.organization.name, self.workspace.name, self.connection.name, self.rule.name, self.app.client_id}
        names.add(f"{self.organization.name}-person")
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
    key, app = make_machine_key(organization), make_app(organization, "slack")
    sessions.mint(workspace=workspace, wanted=Wanted(external_user_id=f"{name}-person"), actor=ACTOR)
    return Vendor(organization, key, workspace, staging, connection, rule, event, delivery, attempt, app)


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
