"""Deliveries whose worker died: the next one may die of them, too, and take others along.

A delivery that was lost twice is a suspect: it is sent while no other suspect is, so that those who only happened to
be beside the culprit get through. One that was lost five times is given up, with a plain reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from connections.provider import Code, Culprit, Outcome
from deliveries.claiming import Claimed
from deliveries.sending import Sent

SUSPECT_AFTER = 2
GIVE_UP_AFTER = 5

_GIVEN_UP = Outcome(
    code=Code.INTERNAL_ERROR,
    culprit=Culprit.US,
    reason=f"Our worker ended abruptly {GIVE_UP_AFTER} times while it was sending this, so it was given up. It"
    " may have arrived.",
    fix="The operator finds the cause in the workers' logs; then send it again.",
)


class Parted(NamedTuple):
    """Claims by what may be done with them."""

    fit: list[Claimed]
    later: list[Claimed]  # suspects while another one is under way
    given_up: list[Claimed]


def is_suspect(claim: Claimed) -> bool:
    """Whether workers may have died of it."""
    return claim.lost >= SUSPECT_AFTER


def part(claims: Sequence[Claimed], *, under_way: Sequence[Claimed]) -> Parted:
    """Which claims may be sent beside those under way."""
    parted = Parted([], [], [])
    busy = any(map(is_suspect, under_way))
    for claim in claims:
        if claim.lost >= GIVE_UP_AFTER:
            parted.given_up.append(claim)
        elif is_suspect(claim) and busy:
            parted.later.append(claim)
        else:
            parted.fit.append(claim)
            busy = busy or is_suspect(claim)
    return parted


def given_up(claim: Claimed) -> Sent:
    """The end of a delivery that nobody survived: an attempt in which nothing was sent."""
    return Sent(claimed=claim, outcome=_GIVEN_UP, started_at=claim.claimed_at)
