"""What somebody has to look at: what waits for a word, who is told, accounts of the wrong kind, quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from connections.models import Connection, Recipient
from deliveries.breaking.backlog import Backlog
from deliveries.breaking.choosing import Offer
from rules.drafting.restraints import Restraints
from workspaces.models import Environment

HOUR = timedelta(hours=1)


def samples(now: datetime) -> dict[str, Any]:
    """Everything once, and each in all its states."""
    return {
        "connection_on": Connection(provider="slack", name="Slack Casterly Rock", active=True),
        "offer": Offer(Backlog(15, now - 3 * HOUR), newest=3, until=now + 21 * HOUR, failed=2),
        "people": [_person(now, *one) for one in PEOPLE],
        "written": "\n".join([*(address for address, *_ in PEOPLE), "kevan@casterly"]),
        "fault": "kevan@casterly is no mail address.",
        "accounts": [_account(kind) for kind in ("production", "sandbox", "test", "developer")],
        "mismatches": [
            {"connection": _account("sandbox"), "visitor": _visitor(Environment.PRODUCTION)},
            {"connection": _account("production"), "visitor": _visitor(Environment.STAGING)},
        ],
        "quiet": {"name": "High alerts", "active": True, "restraints": _restraints(now)},
        "weekdays": [(number, word, number < 5) for number, word in enumerate(WEEKDAYS)],
    }


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Address, then how long ago: asked, said yes, wished for no more.
PEOPLE = (
    ("tyrion@casterly.example", 50 * HOUR, 49 * HOUR, None),
    ("cersei@casterly.example", 3 * HOUR, None, None),
    ("jaime@casterly.example", None, None, None),
    ("tywin@casterly.example", 900 * HOUR, 899 * HOUR, 20 * HOUR),
)


def _person(
    now: datetime, address: str, asked: timedelta | None, yes: timedelta | None, left: timedelta | None
) -> dict[str, Any]:
    since = [now - each if each else None for each in (asked, yes, left)]
    row = Recipient(address=address, asked_at=since[0], confirmed_at=since[1], left_at=since[2])
    return {"row": row, "may_be_asked": yes is None and asked is not None}


def _account(kind: str) -> Connection:
    return Connection(provider="hubspot", name=f"HubSpot {kind}", settings={"account_type": kind})


def _visitor(environment: Environment) -> SimpleNamespace:
    return SimpleNamespace(workspace=SimpleNamespace(environment=environment))


def _restraints(now: datetime) -> Restraints:
    return Restraints(
        mute="keep", muted_until=now + 3 * HOUR, quiet=True, zone="Europe/Berlin", digest=True, most="3", minutes="15"
    )
