"""The demo's world: one vendor, the tenants Casterly and Springfield, each in three environments.

The rules are chosen so that the two sample events show every kind of ending: Slack in two teams, a signed webhook,
HubSpot, an inbox, a capture, and rules that stay silent for a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from config.demo.signing_in import HUBSPOT, sign_in
from config.demo.tenants import ENVIRONMENTS, TENANTS, Tenant
from config.demo.wordings import ALERT, NOTE, SIGN_UP, TRIAL_USERS, contact_mapping
from connections.models import Connection, Recipient
from connections.provider import Client
from connections.provider_apps import set_app
from connections.recipients import name_recipients
from rules import authoring, mapping_saving
from rules.authoring import Wording
from rules.models import EventType, Rule
from workspaces.api import issue_key
from workspaces.keys import new_machine_key
from workspaces.models import Environment, MachineKey, Organization, PublishableKey, Workspace

ACTOR = "demo"
STAFF = ("support", "support")  # the demo's staff account: user name and password


def seed(*, catcher: str, vendor: str) -> dict[str, Any]:
    """Make what is missing, and return the keys and ids of all of it."""
    organization, _ = Organization.objects.update_or_create(name="Beaconry", defaults={"embed_origins": [vendor]})
    machine = _machine_key(organization)
    _apps(organization)
    rows = [
        _Place(organization, tenant, environment, catcher).fill() for tenant in TENANTS for environment in ENVIRONMENTS
    ]
    _staff()
    return {
        "organization_id": str(organization.id),
        "access_key": machine.access_key,
        "secret_key": machine.unseal("secret"),
        "workspaces": rows,
        "staff": {"username": STAFF[0], "password": STAFF[1]},
    }


@dataclass
class _Place:
    """One tenant in one environment, being filled."""

    organization: Organization
    tenant: Tenant
    environment: str
    catcher: str
    workspace: Workspace = field(init=False)

    def fill(self) -> dict[str, str]:
        name = self.tenant.name if self.environment == "production" else f"{self.tenant.name} {self.environment}"
        self.workspace, created = Workspace.objects.get_or_create(
            organization=self.organization,
            tenant=self.tenant.key,
            environment=self.environment,
            defaults={"name": name, "description": f"{self.tenant.name} in {self.environment}"},
        )
        if created:
            issue_key(self.workspace)
        self._declare()
        self._rules()
        key = PublishableKey.objects.for_workspace(self.workspace.id).latest("id")
        return {
            "id": str(self.workspace.id),
            "name": self.workspace.name,
            "tenant": self.tenant.key,
            "environment": self.environment,
            "publishable_key": key.text,
        }

    def _declare(self) -> None:
        for key, label in (("alert.triggered", "An alert was triggered"), ("user.created", "A user was created")):
            EventType.objects.get_or_create(
                organization=self.organization,
                workspace=self.workspace,
                key=key,
                defaults={"label": label, "created_by": ACTOR},
            )

    def _rules(self) -> None:
        slack = self._slack()
        channel_id, channel = self.tenant.team.channels[self.environment]
        post = {"id": channel_id, "name": channel}
        above = {"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}}
        self._rule(
            slack,
            f"High alerts to #{channel}",
            Wording(
                event="alert.*",
                action="send_message",
                min_severity="high" if self.environment == "production" else "debug",
                conditions=above if self.environment == "production" else {},
                inputs={**ALERT, **post},
            ),
        )
        self._rule(
            slack,
            f"New users to #{channel}",
            Wording(event="user.created", action="send_message", inputs={**SIGN_UP, **post}),
        )
        self._beside()
        if account := self.tenant.hubspot.get(self.environment):
            self._crm(self._hubspot(account))

    def _crm(self, hubspot: Connection) -> None:
        if mapping_saving.current(hubspot.id) is None:
            mapping_saving.save(hubspot, schema=contact_mapping(self.tenant.inbox), actor=ACTOR)
        joined = Wording(event="user.created", action="add_to_list", inputs=TRIAL_USERS)
        self._rule(hubspot, f"Sign-ups onto “{TRIAL_USERS['name']}”", joined)
        if self.environment == "production":
            self._rule(hubspot, "Sign-ups become contacts", Wording(event="user.created", action="upsert_contact"))
            noted = Wording(event="alert.triggered", action="add_note", inputs=NOTE)
            self._rule(hubspot, "Alerts into the timeline", noted)

    def _beside(self) -> None:
        everything = {"production": "alert.*", "staging": "*", "development": "*"}[self.environment]
        if self.environment == "development":
            self._rule(self._capture(), "Capture everything", Wording(event=everything, action="record"))
        else:
            self._rule(self._webhook(), "Everything to the bridge", Wording(event=everything, action="send_webhook"))
        if self.environment == "production":
            mail = self._mail()
            self._rule(mail, "Alerts to the inbox", Wording(event="alert.triggered", action="send_email"))
            self._rule(
                self._webhook(),
                "Only critical alerts page somebody",
                Wording(event="alert.triggered", action="send_webhook", min_severity="critical"),
            )

    def _rule(self, connection: Connection, name: str, wording: Wording) -> None:
        if not Rule.objects.for_workspace(self.workspace.id).filter(name=name).exists():
            authoring.create(connection=connection, wording=wording, name=name, active=True, hidden=False, actor=ACTOR)

    def _slack(self) -> Connection:
        team = self.tenant.team
        settings = {"team_id": team.id, "team_name": team.name}
        return self._connection("slack", f"Slack {team.name}", settings, {"bot_token": team.token})

    def _webhook(self) -> Connection:
        path, name, secret = self.tenant.receiver
        return self._connection("webhook", name, {"url": f"{self.catcher}{path}"}, {"signing_secret": secret})

    def _hubspot(self, account: str) -> Connection:
        found = Connection.objects.for_workspace(self.workspace.id).filter(provider=HUBSPOT).first()
        return found or sign_in(self.workspace, account=account, actor=ACTOR)

    def _capture(self) -> Connection:
        return self._connection("capture", "Capture", {}, {})

    def _mail(self) -> Connection:
        connection = self._connection("email", "Mail", {"recipients": [self.tenant.inbox]}, {})
        name_recipients(connection, [self.tenant.inbox])
        Recipient.objects.filter(connection=connection).update(asked_at=timezone.now(), confirmed_at=timezone.now())
        return connection

    def _connection(
        self, provider: str, name: str, settings: dict[str, Any], credentials: dict[str, str]
    ) -> Connection:
        found: Connection | None = Connection.objects.filter(workspace=self.workspace, name=name).first()
        if found is None:
            found = Connection(
                organization=self.organization,
                workspace=self.workspace,
                provider=provider,
                name=name,
                settings=settings,
                created_by=ACTOR,
            )
            found.seal_values("credentials", credentials)
        found.settings = settings  # the catcher's port may have moved
        found.save()
        return found


def _machine_key(organization: Organization) -> MachineKey:
    found = MachineKey.objects.filter(organization=organization).first()
    if found is None:
        parts = new_machine_key()
        found = MachineKey(organization=organization, access_key=parts.access_key)
        found.seal("secret", parts.secret)
        found.save()
    return found


def _apps(organization: Organization) -> None:
    """The simulators know one app each, and so it serves all three environments."""
    from sandbox.registry import all_simulators  # with libraries that an installation need not have

    clients = {slug: Client(*each.client) for slug, each in all_simulators().items() if each.client}
    for provider, client in clients.items():
        for environment in Environment:
            set_app(organization=organization, provider=provider, environment=environment, client=client, actor=ACTOR)


def _staff() -> None:
    users = get_user_model().objects
    if not users.filter(username=STAFF[0]).exists():
        users.create_superuser(STAFF[0], password=STAFF[1])
