"""The tenants that a measurement needs: migrates, fills the database, and writes down the keys and the rules.

Everything goes through the verbs that the API uses, so that secrets are sealed and rule sets have their versions.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

EVENT = "alert.triggered"
ACTOR = "bench"


@dataclass(frozen=True, slots=True)
class Group:
    """Tenants that are alike: each has ``fires`` rules, each to a connection of its own, and ``silent`` ones."""

    name: str
    tenants: int
    fires: int
    silent: int = 0


@dataclass(frozen=True, slots=True)
class Tenant:
    """One workspace: the key to emit with, and for every rule that fires the path it sends to."""

    group: str
    workspace: str
    key: str
    rules: dict[str, str]


def read(facts: Path) -> list[Tenant]:
    """The tenants that ``main`` wrote down."""
    return [Tenant(**row) for row in json.loads(facts.read_text())]


def main() -> None:
    """``python -m bench.world --sink URL --facts FILE GROUP...``, each group as ``name:tenants:fires:silent``."""
    import django
    from django.core.management import call_command
    from django.db import transaction

    parser = argparse.ArgumentParser()
    parser.add_argument("--sink", required=True)
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("groups", nargs="+")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        tenants = [asdict(tenant) for text in options.groups for tenant in _fill(_group(text), sink=options.sink)]
    options.facts.write_text(json.dumps(tenants))


def spec(group: Group) -> str:
    """A group as the command line has it."""
    return f"{group.name}:{group.tenants}:{group.fires}:{group.silent}"


def _group(text: str) -> Group:
    name, tenants, fires, silent = text.split(":")
    return Group(name, int(tenants), int(fires), int(silent))


def _fill(group: Group, *, sink: str) -> Iterator[Tenant]:
    from workspaces.api import issue_key
    from workspaces.models import Organization, Workspace

    vendor, _ = Organization.objects.get_or_create(name="Bench")
    for number in range(group.tenants):
        name = f"{group.name} {number}"
        workspace = Workspace.objects.create(organization=vendor, name=name, tenant=name)
        rules = _rules(workspace, sink=sink, path=f"/{group.name}/{number}", group=group)
        yield Tenant(group.name, str(workspace.id), issue_key(workspace).text, rules)


def _rules(workspace: Any, *, sink: str, path: str, group: Group) -> dict[str, str]:
    from connections.settling import plug_in
    from rules import authoring

    found = {}
    for number in range(group.fires + group.silent):
        fires = number < group.fires
        place = f"{path}/{number if fires else 'silent'}"
        settled = plug_in(
            workspace=workspace,
            provider_slug="webhook",
            name=place,
            metadata={"url": f"{sink}{place}"},
            hidden=False,
            actor=ACTOR,
        )
        wording = authoring.Wording(event=EVENT, action="send_webhook", min_severity="medium" if fires else "critical")
        rule = authoring.create(
            connection=settled.connection, wording=wording, name=place, active=True, hidden=False, actor=ACTOR
        )
        if fires:
            found[str(rule.id)] = place
    return found


if __name__ == "__main__":
    main()
