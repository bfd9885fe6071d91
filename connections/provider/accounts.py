"""What a provider exchanges with whoever signs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Client:
    """The vendor's own app at the provider."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Who signed in. ``settings`` may be seen, ``credentials`` are sealed; times in them are seconds since 1970.

    ``settings["account_type"]``, where a provider has kinds of accounts: production, sandbox, test or developer.
    """

    id: str
    name: str
    settings: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an account was not connected, and what a person can do, both in plain sentences."""

    reason: str
    fix: str
