"""A pytest plugin: a throwaway PostgreSQL and Redis for the run, and a world that ends at loopback.

It has to run before pytest-django reads the settings, hence ``-p tests.services`` and not a fixture.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from config.stack import StackError, running

LOOPBACK = "127.0.0.1,::1,localhost"
DOCUMENTED = Path(__file__).parent.parent / ".env.example"
SERVICES = ("DATABASE_URL", "REDIS_URL")  # these may come from outside: a server of the developer's


# A run makes millions of objects and hardly a cycle: to look for cycles as often as usual takes a tenth of its time.
gc.set_threshold(100_000, 50, 100)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    forget_settings()
    os.environ["JACKFIELD_MODE"] = "test"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        os.environ["REDIS_URL"] = own_database(os.environ["REDIS_URL"], worker)
    else:
        early_config.add_cleanup(start().close)
    return (yield)


@pytest.hookimpl(tryfirst=True)  # before pytest-socket reads its options
def pytest_configure(config: pytest.Config) -> None:
    config.option.allow_hosts = LOOPBACK


def start() -> ExitStack:
    """Start what the environment does not name, for this process and its xdist workers, until the result is closed."""
    closing = ExitStack()
    directory = Path(closing.enter_context(TemporaryDirectory(prefix="jackfield-test-")))
    directory.chmod(0o711)  # as root, PostgreSQL runs as nobody, who must get in
    try:
        stack = closing.enter_context(running(directory, durable=False))
    except StackError as error:
        closing.close()
        raise pytest.UsageError(str(error)) from error
    for name, url in stack.environment().items():
        os.environ.pop(f"{name}_FILE", None)  # it would be read first
        os.environ[name] = url
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a polite kill cleans up, too
    return closing


def forget_settings() -> None:
    """A test means the same on every machine, whatever its owner has exported."""
    for line in DOCUMENTED.read_text(encoding="utf-8").splitlines():
        name, separator, _ = line.partition("=")
        if separator and name not in SERVICES:
            os.environ.pop(name, None)
            os.environ.pop(f"{name}_FILE", None)


def own_database(redis_url: str, worker: str) -> str:
    """The Redis database of one xdist worker: ``gw0`` has number 1, ``gw1`` number 2, and so on."""
    return urlsplit(redis_url)._replace(path=f"/{int(worker.removeprefix('gw')) + 1}").geturl()
