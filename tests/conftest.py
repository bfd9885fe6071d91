"""What every test needs."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from django.apps import apps

pytest_plugins = ["tests.world", "tests.live"] if apps.ready else []  # pure tests may run without Django


@pytest.fixture(autouse=True)
def _no_name_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs as on a machine without a network: a name is known when the test itself says so."""
    resolve = socket.getaddrinfo

    def offline(host: Any, *arguments: Any, **options: Any) -> Any:
        if host and not _is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, "Tests run offline: patch socket.getaddrinfo to know a name")
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", offline)


def _is_local(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
