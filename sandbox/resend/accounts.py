"""The accounts, what stands in each, and who a key opens it for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.resend.errors import ResendError
from sandbox.rows import refuse_unknown, rows
from sandbox.seed import SeedFile


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``sending_key`` may send and nothing else; ``domain`` is the one that is verified."""

    name: str
    api_key: str
    domain: str
    sending_key: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template with its variables: name -> (type, fallback); None: it must be given."""

    id: str
    name: str
    subject: str
    html: str
    variables: tuple[tuple[str, str, str | None], ...] = ()
    status: str = "published"

    @property
    def sender(self) -> str:
        return "Team <team@{domain}>"


BUILT_IN = (
    Account("Casterly", "re_sandbox_casterly_8Kq2", "casterly.example", "re_sandbox_casterly_send"),
    Account("Springfield", "re_sandbox_springfield_4Vt7", "springfield.example"),
)
TEMPLATES = (
    Template(
        id="7a1d0c52-3f4b-4f8e-9c55-0d1e2f3a4b5c",
        name="Alert",
        subject="{{{SEVERITY}}}: {{{TITLE}}}",
        html="<h1>{{{TITLE}}}</h1><p>{{{RESOURCE}}} is at {{{VALUE}}}.</p><p>{{{NOTE}}}</p>",
        variables=(
            ("TITLE", "string", None),
            ("SEVERITY", "string", "Info"),
            ("RESOURCE", "string", "Something"),
            ("VALUE", "number", None),
            ("NOTE", "string", ""),
        ),
    ),
    Template(
        id="1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9",
        name="Welcome",
        subject="Welcome",
        html="<p>Hello {{{FIRST_NAME}}}</p>",
    ),
    Template(
        id="9e8d7c6b-5a49-4838-a726-150493827160", name="Unfinished", subject="?", html="<p>?</p>", status="draft"
    ),
)
SEGMENTS = (
    ("78261eea-8f8b-4381-83c6-79fa7120f1cf", "Customers"),
    ("5d0a3b1c-27e4-4f06-8b39-6c7d8e9f0a1b", "On trial"),
)


class Accounts:
    """Those of the seed, or the ones built in."""

    def __init__(self, seeds: SeedFile) -> None:
        self._seeds = seeds

    def all(self) -> tuple[Account, ...]:
        found: tuple[Account, ...] = self._seeds.current().sections.get("resend", ())
        return found or BUILT_IN

    def opened(self, authorization: str, *, sends_only: bool) -> Account:
        """The account of a key. Raises ``ResendError``."""
        key = authorization.removeprefix("Bearer ").strip()
        if not key:
            raise ResendError(401, "missing_api_key", "Missing API Key")
        for account in self.all():
            if key == account.api_key or (sends_only and key == account.sending_key):
                return account
            if key == account.sending_key:
                raise ResendError(401, "restricted_api_key", "This API key is restricted to only send emails")
        raise ResendError(403, "invalid_api_key", "API key is invalid")


def read_section(found: Mapping[str, Any]) -> tuple[Account, ...]:
    """``{"accounts": […]}``. Raises ``SeedError``."""
    refuse_unknown(found, known=["accounts"], where="resend")
    return rows(Account, found, "accounts", inside="resend.")
