"""What every test needs."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.apps import apps
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["tests.world", "tests.live"] if apps.ready else []  # pure tests may run without Django

# How busy a machine is, is no property of the code: a test that is slow is no test that fails.
hypothesis_settings.register_profile(
    "jackfield", hypothesis_settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("jackfield")


class OneBrowser(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A file of tests to whoever is free; all that drive the browser to one worker.

    They share one demo, whose start takes longer than most of them. (xdist's own groups are without effect here.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else nodeid.partition("::")[0]


# What takes longest begins first, so that nobody waits for it at the end.
LONGEST = ("tests/browser/", "tests/test_isolation.py", "tests/deliveries/test_renewal.py", "tests/config/")


@pytest.hookimpl(trylast=True)  # after pytest-django, which sorts by what a test does to the database
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneBrowser:
    return OneBrowser(config, log)


@pytest.fixture(autouse=True)
def _no_name_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs as on a machine without a network: a name is known when the test itself says so."""
    resolve = socket.getaddrinfo

    def offline(host: Any, *arguments: Any, **options: Any) -> Any:
        if host and not _is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, "Tests run offline: patch socket.getaddrinfo to know a name")
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", offline)


@pytest.fixture
def broker(settings: Settings) -> Iterator[redis.Redis]:
    """The test run's own Redis, with nothing in it."""
    with redis.Redis.from_url(settings.REDIS_URL) as found:
        found.flushdb()
        yield found
        found.flushdb()


def _is_local(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
