"""What the stories of the CRMs have in common: the real pipeline, from an event to a simulated vendor's account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from connections.models import Connection
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery
from rules import authoring
from rules.authoring import Wording
from rules.models import Rule
from tests.sandbox.running import Running
from tests.world import make_event
from workspaces.ids import derive
from workspaces.models import Workspace


@dataclass(frozen=True)
class Story:
    """A workspace with an account that was signed in to. ``payload`` is what its events tell."""

    sandbox: Running
    workspace: Workspace
    connection: Connection
    payload: ClassVar[Mapping[str, Any]]

    def rule(self, action: str, **inputs: str) -> Rule:
        said = Wording(event="*", action=action, inputs=inputs)
        return authoring.create(
            connection=self.connection, wording=said, name="", active=True, hidden=False, actor="test"
        )

    def emit(self, rule: Rule, **payload: Any) -> Delivery:
        """Send an event on its way, with some of its payload told otherwise."""
        event = make_event(self.workspace, "alert.triggered", json.dumps({**self.payload, **payload}))
        drain()
        return Delivery.objects.get(id=derive(event.id, rule.id))

    def attempt(self, delivery: Delivery) -> Attempt:
        """The last one."""
        return Attempt.objects.filter(delivery_id=delivery.id).latest("number")
