from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from pytest_socket import SocketConnectBlockedError

from tests.services import forget_settings, own_database

ROOT = Path(__file__).parents[1]
KILLED = """
import os, signal

def test_it_is_killed_politely():
    assert os.environ["DATABASE_URL"]
    os.kill(os.getpid(), signal.SIGTERM)
"""


def test_the_world_ends_at_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with pytest.raises(SocketConnectBlockedError), pytest.warns(UserWarning, match="192.0.2.1"):
        socket.create_connection(("192.0.2.1", 443))


@pytest.mark.parametrize("name", ["hooks.example", b"hooks.example"])
def test_no_name_resolves_unless_a_test_says_so(name: str | bytes) -> None:
    with pytest.raises(socket.gaierror, match="Tests run offline"):
        socket.getaddrinfo(name, 443)
    for local in ("localhost", "127.0.0.1", "::1", None):
        assert socket.getaddrinfo(local, 443)


def test_what_the_developer_has_exported_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JACKFIELD_MODE", "SECRET_KEY", "EMAIL_URL", "SECRET_KEY_FILE", "DATABASE_URL"):
        monkeypatch.setenv(name, "theirs")
    forget_settings()
    assert {"SECRET_KEY", "EMAIL_URL", "SECRET_KEY_FILE"}.isdisjoint(os.environ)
    assert os.environ["DATABASE_URL"] == "theirs"
    assert settings.MODE == "test"


def test_each_worker_has_a_redis_database_of_its_own() -> None:
    assert own_database("redis://:secret@127.0.0.1:6379/0", "gw0") == "redis://:secret@127.0.0.1:6379/1"
    assert own_database("redis://cache.example:6379", "gw11") == "redis://cache.example:6379/12"


def test_a_run_that_is_killed_politely_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "test_killed.py").write_text(KILLED)
    surroundings = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # plugins take seconds to load
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "tests.services", "test_killed.py"]
    ended = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)
    assert "KeyboardInterrupt" in ended.stdout
    assert not list(tmp_path.glob("jackfield-test-*"))
