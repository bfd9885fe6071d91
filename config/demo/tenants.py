"""Who plays in the demo: the tenants Casterly and Springfield, and what they have plugged in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ENVIRONMENTS = ("production", "staging", "development")


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
    hubspot: dict[str, str] = field(default_factory=dict)  # environment -> id of the account


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
    hubspot={"production": "40100200", "staging": "40100201"},  # the second is of HubSpot's sandbox kind
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
TENANTS = (CASTERLY, SPRINGFIELD)


def sandbox_seed(facts: dict[str, Any]) -> dict[str, Any]:
    """What the simulators must know to play their part."""
    return {
        "slack_teams": [_team(tenant.team) for tenant in TENANTS],
        "vendor_workspaces": facts["workspaces"],
        "vendor_keys": [{name: facts[name] for name in ("organization_id", "access_key", "secret_key")}],
        "webhook_receivers": [
            {"path": tenant.receiver[0], "name": tenant.receiver[1], "secret": tenant.receiver[2]} for tenant in TENANTS
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
