"""The workflows: each has an address that is its secret, and posts in one channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.rows import refuse_unknown, rows
from sandbox.seed import SeedFile

PATH = "/workflows/{workflow}/triggers/manual/paths/invoke"
YOUNGER = "/powerautomate/automations/direct"  # stands before it at *.powerplatform.com


@dataclass(frozen=True, slots=True)
class Workflow:
    """``signature`` is what ``sig`` must be in a call."""

    id: str
    team: str
    channel: str
    signature: str

    @property
    def address(self) -> str:
        """The address as Teams shows it once, to be pasted elsewhere."""
        path = PATH.replace("{workflow}", self.id)
        query = f"api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={self.signature}"
        return f"https://prod-07.westeurope.logic.azure.com:443{path}?{query}"


BUILT_IN = (
    Workflow("5e1ce0f2a4b84b0c9d1f7a3e6b2c8d90", "Casterly Rock", "Alerts", "sandbox-casterly-0oF3kq7RzTn"),
    Workflow("a7d94c3e1b6f4f52b8e0c5d7f9a1b3c4", "Springfield Nuclear", "Control room", "sandbox-springfield-x9Lm2Q"),
)


class Workflows:
    """Those of the seed, or the ones built in."""

    def __init__(self, seeds: SeedFile) -> None:
        self._seeds = seeds

    def all(self) -> tuple[Workflow, ...]:
        found: tuple[Workflow, ...] = self._seeds.current().sections.get("teams", ())
        return found or BUILT_IN

    def find(self, id: str) -> Workflow | None:
        return next((workflow for workflow in self.all() if workflow.id == id), None)


def read_section(found: Mapping[str, Any]) -> tuple[Workflow, ...]:
    """``{"workflows": […]}``. Raises ``SeedError``."""
    refuse_unknown(found, known=["workflows"], where="teams")
    return rows(Workflow, found, "workflows", inside="teams.")
