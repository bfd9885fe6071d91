"""The orgs that there are, the one app that they know, and which host is whose."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.oauth import App

LOGIN, TEST = "login.salesforce.com", "test.salesforce.com"


@dataclass(frozen=True, slots=True)
class Org:
    """An org. ``domain`` is its My Domain with the sandbox's name; ``generated_campaigns`` adds numbered ones."""

    id: str
    name: str
    domain: str
    is_sandbox: bool = False
    edition: str = "Enterprise Edition"
    instance: str = "EU55"
    generated_campaigns: int = 0

    @property
    def host(self) -> str:
        if self.is_sandbox:
            return f"{self.domain}.sandbox.my.salesforce.com"
        partition = ".develop" if self.edition == "Developer Edition" else ""
        return f"{self.domain}{partition}.my.salesforce.com"

    @property
    def login(self) -> str:
        """The host that anybody signs in to it at, besides its own."""
        return TEST if self.is_sandbox else LOGIN


# The external client app that orgs are connected through.
APP = App("3MVG9-sandbox-salesforce-client", "sandbox-salesforce-secret")
ORGS = (
    Org("00D5f000001CASTEAR", "Casterly Rock", "casterly-rock"),
    Org("00D5f000002CASTEAR", "Casterly Rock", "casterly-rock--uat", is_sandbox=True, instance="EU39S"),
    Org("00D5f000003SPRINEA", "Springfield Nuclear", "springfield"),
    Org("00D5f000004SPRINEA", "Springfield Test", "springfield-dev-ed", edition="Developer Edition"),
    Org("00D5f000005IRONBEA", "Iron Bank", "iron-bank", generated_campaigns=4_500),
)


def find(org_id: str) -> Org | None:
    return next((org for org in ORGS if org.id == org_id), None)


def at(host: str) -> Org | None:
    """The org whose own host this is."""
    return next((org for org in ORGS if org.host == host), None)


def serves(host: str, org: Org) -> bool:
    """Whether an org's people sign in at that host. The simulator's own address, which browsers use, is everybody's."""
    return host in (org.login, org.host) if host.endswith(".salesforce.com") else True
