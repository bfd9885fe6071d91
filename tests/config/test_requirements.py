from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = PROJECT["project"]["dependencies"]
BESIDES = PROJECT["dependency-groups"]["dev"]


@pytest.mark.parametrize(
    ("file", "asked"), [("requirements.txt", NEEDED), ("requirements-dev.txt", [*NEEDED, *BESIDES])]
)
def test_whatever_the_project_asks_for_is_pinned_with_hashes(file: str, asked: list[str]) -> None:
    pins = pinned(file)
    assert {name_of(line) for line in asked} <= set(pins)
    assert all("--hash=sha256:" in pin for pin in pins.values())


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_no_registry_is_named(file: str) -> None:
    assert "://" not in (ROOT / file).read_text(encoding="utf-8")


def test_production_does_not_get_what_only_development_needs() -> None:
    assert not {name_of(line) for line in BESIDES if "types" in line or "postgres" in line} & set(
        pinned("requirements.txt")
    )


def pinned(file: str) -> dict[str, str]:
    """Each pin with its hashes, by name."""
    pins = re.split(r"^(?=[a-z0-9])", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {pin.partition("==")[0]: pin for pin in pins if "==" in pin}


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=~! ]", requirement)[0].lower()
