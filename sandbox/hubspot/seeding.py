"""The seed's object under ``hubspot``: how much there is in which account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.rows import refuse_unknown, rows
from sandbox.seed import SeedFile

SLUG = "hubspot"


@dataclass(frozen=True, slots=True)
class AccountSeed:
    """``generated_lists`` are added to the few that every account has; every tenth of them is filled by HubSpot."""

    hub_id: int
    generated_lists: int = 0
    generated_contacts: int = 0


type Section = dict[int, AccountSeed]


def read(section: Mapping[str, Any]) -> Section:
    """``{"accounts": [{"hub_id": 1, "generated_lists": 300}]}``. Raises ``SeedError``."""
    refuse_unknown(section, known=["accounts"], where=SLUG)
    return {one.hub_id: one for one in rows(AccountSeed, section, "accounts", inside=f"{SLUG}.")}


def account_seed(seeds: SeedFile, hub_id: int) -> AccountSeed:
    """What the seed says of the account."""
    section: Section = seeds.current().sections.get(SLUG, {})
    return section.get(hub_id, AccountSeed(hub_id))
