from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

ROOT = Path(__file__).parents[2]
WELL_SET = {"SECRET_KEY": "x" * 50, "ENCRYPTION_KEYS": "one:" + "A" * 44, "ALLOWED_HOSTS": "jackfield.example"}


def test_a_secret_may_be_mounted_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(" from the file\n")
    monkeypatch.setenv("A_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("A", "from the variable")
    assert env.text("A") == "from the file"


@pytest.mark.parametrize(
    ("value", "read", "expected"),
    [
        ("17", lambda: env.number("A", 1), 17),
        (" x, ,y ", lambda: env.words("A"), ["x", "y"]),
        ("y", lambda: env.one_of("A", ("x", "y"), "x"), "y"),
        ("a=1, b=2=3", lambda: env.pairs("A"), {"a": "1", "b": "2=3"}),
    ],
)
def test_it_reads_what_is_set(
    value: str, read: Callable[[], object], expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A", value)
    assert read() == expected


def test_without_a_value_the_default_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A", raising=False)
    assert (env.text("A", "x"), env.number("A", 1), env.words("A", "x,y")) == ("x", 1, ["x", "y"])
    assert (env.one_of("A", ("x", "y"), "x"), env.pairs("A"), env.database("A")) == ("x", {}, None)


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        ("many", lambda: env.number("A", 1), "A must be a whole number, not 'many'."),
        ("z", lambda: env.one_of("A", ("x", "y"), "x"), "A must be one of x, y, not 'z'."),
        ("slack.com", lambda: env.pairs("A"), "A must hold key=value pairs, but 'slack.com' has no '='."),
        ("mysql://h/n", lambda: env.database("A"), "A must look like postgresql://user:password@host:5432/name."),
        ("postgresql://h", lambda: env.database("A"), "A must look like postgresql://user:password@host:5432/name."),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(
    value: str, read: Callable[[], object], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A", value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    assert str(refused.value) == sentence


def test_a_database_url_may_hold_quoted_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "postgresql://me%40home:p%2Fw@db.example:6543/my%20db")
    found = env.database("A")
    assert found
    assert [found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "my db",
        "me@home",
        "p/w",
        "db.example",
        "6543",
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set: "),
        ({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS is not set: "),
        ({"SANDBOX_TARGETS": "127.0.0.1:8003"}, "SIMULATED_HOSTS and SANDBOX_TARGETS are for the sandbox only: "),
        (
            {"SIMULATED_HOSTS": "slack.com=127.0.0.1:8002"},
            "SIMULATED_HOSTS and SANDBOX_TARGETS are for the sandbox only: ",
        ),
        (
            {"SIMULATED_HOSTS": "*.my.example.com=127.0.0.1:8007"},
            "SIMULATED_HOSTS and SANDBOX_TARGETS are for the sandbox only: ",
        ),
        ({"JACKFIELD_MODE": "prod"}, "JACKFIELD_MODE must be one of production, sandbox, test, not 'prod'."),
    ],
)
def test_production_does_not_start_on_a_wrong_setting(change: dict[str, str], sentence: str) -> None:
    stopped = read_settings({**WELL_SET, **change})
    assert stopped.returncode == 1
    assert sentence in stopped.stderr.splitlines()[-1]


def test_production_is_what_it_is_unless_told_otherwise() -> None:
    started = read_settings(WELL_SET)
    assert started.stderr == ""
    assert started.stdout.split() == ["production", "False", "jackfield.example"]


def read_settings(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process that knows these variables only."""
    script = "from config import settings; print(settings.MODE, settings.DEBUG, *settings.ALLOWED_HOSTS)"
    surroundings = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
