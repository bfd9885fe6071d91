"""What the tests of the doors need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connections import addresses, lines
from connections.addresses import Policy
from tests.connections.doors import Permit


@pytest.fixture
def permit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Permit]:
    """Let the door speak to these ``host:port`` of the test's own servers, and to nothing else."""

    def allow(*targets: str, simulated: dict[str, str] | None = None, ports: frozenset[int] = frozenset({443})) -> None:
        policy = Policy(ports=ports, sandbox_targets=frozenset(targets), simulated_hosts=simulated or {})
        monkeypatch.setattr(addresses, "policy", lambda: policy)

    allow()
    yield allow
    lines.pool.forget()
