from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.stack import Stack, running
from tests.connections.conftest import permit

__all__ = ["permit"]

SERVERS = ("DATABASE_URL", "REDIS_URL")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where nobody has set a server up."""
    for name in SERVERS:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One that a module's tests share, in ``stack.directory``."""
    with ExitStack() as closing:
        with pytest.MonkeyPatch.context() as monkeypatch:
            for name in SERVERS:
                monkeypatch.delenv(name)
            stack = closing.enter_context(running(tmp_path_factory.mktemp("stack"), durable=False))
        yield stack
