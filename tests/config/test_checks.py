"""What a wrongly configured installation is told before it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from config import checks

ROOT = Path(__file__).parents[2]
GOOD: dict[str, Any] = {
    "MODE": "production",
    "SECRET_KEY": "".join(chr(33 + number) for number in range(50)),
    "ALLOWED_HOSTS": ["jackfield.example"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "PUBLIC_URL": "https://jackfield.example",
    "EMAIL_URL": "smtps://mail.example",
}


def found(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> list[CheckMessage]:
    collected = {"STATIC_ROOT": ROOT / "static"}  # any directory with files in it
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**{**GOOD, **collected, **changed}))
    return checks.production_is_complete(None)


def test_a_complete_production_has_nothing_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch) == []


@pytest.mark.parametrize(
    ("name", "changed", "serious"),
    [
        ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": []}, True),
        ("DATABASE_URL", {"DATABASES": {}}, True),
        ("DATABASE_URL", {"DATABASES": {"default": {"ENGINE": "django.db.backends.dummy"}}}, True),
        ("SECRET_KEY", {"SECRET_KEY": "short"}, False),
        ("SECRET_KEY", {"SECRET_KEY": "a" * 60}, False),
        ("JACKFIELD_URL", {"PUBLIC_URL": "http://jackfield.example"}, False),
        ("JACKFIELD_URL", {"PUBLIC_URL": "jackfield.example"}, True),
        ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": ["*"]}, False),
        ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": ["other.example"]}, False),
        ("EMAIL_URL", {"EMAIL_URL": ""}, False),
    ],
    ids=lambda given: str(given) if isinstance(given, str | bool) else "-".join(str(value) for value in given.values()),
)
def test_what_is_missing_or_weak_is_named_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, name: str, changed: dict[str, Any], serious: bool
) -> None:
    (message,) = found(monkeypatch, **changed)
    assert name in str(message.msg)
    assert message.hint
    assert message.is_serious() is serious


def test_static_files_that_nobody_collected_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "not there"):
        (message,) = found(monkeypatch, STATIC_ROOT=place)
        assert "collectstatic" in str(message.hint)
        assert not message.is_serious()


@pytest.mark.parametrize("host", ["jackfield.example", ".example", "Jackfield.Example"])
def test_a_host_name_that_holds_the_address_is_fine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert found(monkeypatch, ALLOWED_HOSTS=[host]) == []


@pytest.mark.parametrize("mode", ["sandbox", "test"])
def test_the_sandbox_and_the_tests_are_left_alone(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    assert found(monkeypatch, MODE=mode, ALLOWED_HOSTS=[], DATABASES={}, PUBLIC_URL="http://x", SECRET_KEY="x") == []


def test_a_server_or_worker_stops_with_every_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, ALLOWED_HOSTS=[], DATABASES={}, SECRET_KEY="short")
    with pytest.raises(ImproperlyConfigured) as stopped:
        checks.stop_if_incomplete()
    lines = str(stopped.value).splitlines()
    assert [line.split()[0] for line in lines] == ["DATABASE_URL", "ALLOWED_HOSTS"]


def test_a_warning_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, SECRET_KEY="short")
    checks.stop_if_incomplete()


def manage(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "JACKFIELD_MODE")}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**kept, "SECRET_KEY": "x" * 50, "ENCRYPTION_KEYS": "one:" + "A" * 43 + "=", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_security_check_names_every_variable_that_production_lacks() -> None:
    told = manage("check", "--tag", "security")
    assert told.returncode == 1
    for name in ("ALLOWED_HOSTS", "DATABASE_URL", "SECRET_KEY", "JACKFIELD_URL", "EMAIL_URL"):
        assert name in told.stderr


def test_a_command_without_a_database_says_which_variable_is_missing() -> None:
    told = manage("new_organization", "Acme", ALLOWED_HOSTS="jackfield.example")
    assert told.returncode != 0
    assert "DATABASE_URL is not set" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    "program",
    [
        ("granian", "--interface", "wsgi", "--workers-kill-timeout", "1", "config.wsgi:application"),
        ("celery", "-A", "config.celery", "worker", "-P", "solo"),
        ("celery", "-A", "config.celery", "beat"),
    ],
    ids=["server", "worker", "beat"],
)
def test_nothing_starts_without_a_database(program: tuple[str, ...], tmp_path: Path) -> None:
    with (tmp_path / "said").open("w+") as said:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "JACKFIELD_MODE")}
        secrets = {"SECRET_KEY": "x" * 50, "ENCRYPTION_KEYS": "one:" + "A" * 43 + "="}
        ended = subprocess.run(
            [sys.executable, "-m", *program],
            cwd=ROOT,
            env={**kept, **secrets},
            stdout=said,
            stderr=said,
            check=False,
            timeout=120,
        )
        said.seek(0)
        assert "DATABASE_URL is not set" in said.read()
        assert ended.returncode != 0
