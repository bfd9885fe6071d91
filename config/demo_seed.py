"""The demo's world: one vendor, the tenants Casterly and Springfield, each in three environments.

The rules are chosen so that the two sample events show every kind of ending: Slack in two teams, a signed webhook,
an inbox, a capture, and rules that stay silent for a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from connections.models import Connection, Recipient
from connections.provider import Client
from connections.provider_apps import set_app
from connections.recipients import name_recipients
from rules import authoring
from rules.authoring import Wording
from rules.models import EventType, Rule
from workspaces.api import issue_key
from workspaces.keys import new_machine_key
from workspaces.models import Environment, MachineKey, Organization, PublishableKey, Workspace

ACTOR = "demo"
STAFF = ("support", "support")  # the demo's staff account: user name and password


@dataclass(frozen=True)
class Team:
    """A tenant's Slack."""

    id: str
    name: str
    token: str
    channels: dict[str, tuple[str, str]]  # environment -> (id, name)
    generated_channels: int = 0  # so many more, for the picker to cope with


@dataclass(frozen=True)
class Tenant:
    """A customer of the vendor."""

    key: str
    name: str
    team: Team
    receiver: tuple[str, str, str]  # path, name, signing secret
    inbox: str


CASTERLY = Tenant(
    key="casterly",
    name="Casterly",
    team=Team(
        id="T0CASTERLY",
        name="Casterly Rock",
        token="xoxb-sandbox-casterly",  # noqa: S106  the simulator's own
        channels={
            "production": ("C0CRPROD001", "alerts"),
            "staging": ("C0CRSTAGE01", "staging-alerts"),
            "development": ("C0CRDEV0001", "dev-alerts"),
        },
    ),
    receiver=("/casterly/on-call", "Casterly on-call bridge", "whsec_Y2FzdGVybHktc2FuZGJveC1zaWduaW5nLXNlY3JldCE="),
    inbox="tyrion@casterly.example",
)
SPRINGFIELD = Tenant(
    key="springfield",
    name="Springfield",
    team=Team(
        id="T0SPRINGF",
        name="Springfield Nuclear",
        token="xoxb-sandbox-springfield",  # noqa: S106  the simulator's own
        channels={
            "production": ("C0SPPROD001", "plant-alerts"),
            "staging": ("C0SPSTAGE01", "staging-alerts"),
            "development": ("C0SPDEV0001", "dev-alerts"),
        },
        generated_channels=50_000,
    ),
    receiver=("/springfield/harness", "Springfield test harness", "whsec_c3ByaW5nZmllbGQtc2FuZGJveC1zaWduaW5nLWtleSE="),
    inbox="homer@springfield-npp.dev",
)
ENVIRONMENTS = ("production", "staging", "development")
ALERT = {
    "id": "",
    "title": "{{ payload.resource }} is at {{ payload.value }}",
    "template": "It crossed its threshold at {{ payload.triggered_at | date: '%H:%M' }} UTC.",
    "fields": "Value: {{ payload.value }}\nThreshold: {{ payload.threshold }}\nAccount: {{ payload.account_id }}",
    "link": "https://beaconry.example/alerts/{{ payload.alert_id }}",
}
SIGN_UP = {"title": "New user", "template": "{{ email }} joined {{ account_id }}."}


def seed(*, catcher: str, vendor: str) -> dict[str, Any]:
    """Make what is missing, and return the keys and ids of all of it."""
    organization, _ = Organization.objects.update_or_create(name="Beaconry", defaults={"embed_origins": [vendor]})
    machine = _machine_key(organization)
    rows = [
        _Place(organization, tenant, environment, catcher).fill()
        for tenant in (CASTERLY, SPRINGFIELD)
        for environment in ENVIRONMENTS
    ]
    _apps(organization)
    _staff()
    return {
        "organization_id": str(organization.id),
        "access_key": machine.access_key,
        "secret_key": machine.unseal("secret"),
        "workspaces": rows,
        "staff": {"username": STAFF[0], "password": STAFF[1]},
    }


def sandbox_seed(facts: dict[str, Any]) -> dict[str, Any]:
    """What the simulators must know to play their part."""
    tenants = (CASTERLY, SPRINGFIELD)
    return {
        "slack_teams": [_team(tenant.team) for tenant in tenants],
        "vendor_workspaces": facts["workspaces"],
        "vendor_keys": [{name: facts[name] for name in ("organization_id", "access_key", "secret_key")}],
        "webhook_receivers": [
            {"path": tenant.receiver[0], "name": tenant.receiver[1], "secret": tenant.receiver[2]} for tenant in tenants
        ],
    }


def _team(team: Team) -> dict[str, Any]:
    own = [{"id": id, "name": name, "is_member": True} for id, name in team.channels.values()]
    others = [
        {"id": f"{team.id}GEN".replace("T0", "C0", 1), "name": "general"},
        {"id": f"{team.id}OLD".replace("T0", "C0", 1), "name": "old-ops", "is_archived": True},
        {"id": f"{team.id}BOARD".replace("T0", "C0", 1), "name": "board", "is_private": True},  # without the bot
    ]
    return {
        "team_id": team.id,
        "team_name": team.name,
        "bot_token": team.token,
        "channels": [*own, *others],
        "generated_channels": team.generated_channels,
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
