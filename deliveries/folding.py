"""Fold: what a rule would say too often, or in its quiet hours, becomes one message.

The first delivery that has to wait becomes the *carrier*: it waits, pending, for the end of the window, and
``carrier_id`` is its own id. Those after it end at once, as ``digested``, and name it. When it is sent, its message
tells of all of them (see ``digests.py``); when it fails or is called off, each of them shows that (``carried.py``):
what became of a digested delivery is what became of its carrier.

A rule's window is one row, which every worker locks that decides for the rule; rules without such settings have none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from deliveries import bulk
from deliveries.models import State
from rules.restraint import Digest, Restraint

_FOLDED = "Folded into one message with others of this rule."


class Restrained(NamedTuple):
    """A delivery to be, whose rule's settings may hold it back."""

    id: UUID
    rule_id: UUID
    route: tuple[UUID, UUID]  # what the rule said and where it goes: only what agrees in both may share a message
    folds: bool  # whether one message can tell of many at all
    now: datetime
    restraint: Restraint
    muted: bool


class Place(NamedTuple):
    """Where such a delivery begins, and why, in words for a person."""

    state: State
    waits_until: datetime | None = None
    carrier_id: UUID | None = None
    note: str = ""


AT_ONCE = Place(State.PENDING)


@dataclass
class _Window:
    """What a rule has said in its window, and the carrier that may still be folded into."""

    ends_at: datetime | None
    singles: int
    carrier_id: UUID | None
    carrier_route: tuple[UUID, UUID] | None = None


def place(cursor: CursorWrapper, restrained: Sequence[Restrained]) -> dict[UUID, Place]:
    """The place of each, in the order in which they were given."""
    places = {one.id: _mute(one) for one in restrained if one.muted}
    heeded = [one for one in restrained if not one.muted and _may_wait(one)]
    if heeded:
        windows = _locked(cursor, {one.rule_id for one in heeded})
        places |= {one.id: _place(one, windows[one.rule_id]) for one in heeded}
        _keep(cursor, windows)
    return places


def _mute(one: Restrained) -> Place:
    said = one.restraint.mute_said
    return Place(State.MUTED, note=f"{said[:1].upper()}{said[1:]}.")


def _may_wait(one: Restrained) -> bool:
    """Rules that are only quiet at times need no window at others."""
    quiet = one.restraint.quiet_hours
    return _digest(one) is not None or (quiet is not None and quiet.end_after(one.now) is not None)


def _digest(one: Restrained) -> Digest | None:
    return one.restraint.digest if one.folds else None


def _place(one: Restrained, window: _Window) -> Place:
    return _quiet(one, window, one.now) or _within(one, window) or _overflow(one, window)


def _quiet(one: Restrained, window: _Window, moment: datetime) -> Place | None:
    hours = one.restraint.quiet_hours
    until = hours.end_after(moment) if hours else None
    if hours is None or until is None:
        return None
    return _wait(one, window, until, f"Waits for the end of quiet hours at {hours.wall(until)}.")


def _within(one: Restrained, window: _Window) -> Place | None:
    """A single message, as long as the window has room; a window begins with the first after the last one's end."""
    digest = _digest(one)
    if digest is None:
        return AT_ONCE
    if window.ends_at is None or one.now >= window.ends_at:
        window.ends_at, window.singles = one.now + digest.length, 0
    if window.singles >= digest.most:
        return None
    window.singles += 1
    return AT_ONCE


def _overflow(one: Restrained, window: _Window) -> Place:
    """More than the window has room for: until its end, or that of the quiet hours into which it would fall."""
    digest, until = _digest(one), window.ends_at
    assert digest is not None and until is not None  # noqa: S101, PT018  without them, everything is within
    return _quiet(one, window, until) or _wait(one, window, until, _too_many(digest, until))


def _too_many(digest: Digest, until: datetime) -> str:
    minutes = f"{digest.minutes} minutes" if digest.minutes > 1 else "a minute"
    return f"More than {digest.most} in {minutes}: waits for the digest at {until.astimezone(UTC):%H:%M:%S} UTC."


def _wait(one: Restrained, window: _Window, until: datetime, why: str) -> Place:
    if not one.folds:
        return Place(State.PENDING, until, note=why)
    if window.carrier_id is not None and window.carrier_route == one.route:
        return Place(State.DIGESTED, carrier_id=window.carrier_id, note=_FOLDED)
    window.carrier_id, window.carrier_route = one.id, one.route
    return Place(State.PENDING, until, one.id, why)


# --------------------------------------------------------------------------- the statements


def _locked(cursor: CursorWrapper, rule_ids: Collection[UUID]) -> dict[UUID, _Window]:
    """The rules' windows. Race: two workers decide for one rule at once, and each would count without the other's.

    The row is made or locked in one statement, so the second waits here for the first one's commit. Rows are taken
    in one order by everybody, and before any lane or delivery: nobody waits in a circle.
    """
    cursor.execute(
        "INSERT INTO deliveries_window (id) SELECT id FROM unnest(%s::uuid[]) AS rule(id) ORDER BY id"
        " ON CONFLICT (id) DO UPDATE SET touched_at = now() RETURNING id, ends_at, singles, carrier_id",
        [bulk.array("uuid", rule_ids)],
    )
    windows = {id: _Window(ends_at, singles, carrier_id) for id, ends_at, singles, carrier_id in cursor.fetchall()}
    _lock_carriers(cursor, [window for window in windows.values() if window.carrier_id])
    return windows


# A carrier whose time has come is let alone, so that no flood keeps it from being claimed.
_CARRIERS = """
SELECT id, rule_version_id, connection_id FROM deliveries_delivery
 WHERE id = ANY(%s::uuid[]) AND carrier_id = id AND first_sent_at IS NULL
   AND (state = 'pending' AND waits_until > now() OR state = 'held')
   FOR UPDATE SKIP LOCKED
"""


def _lock_carriers(cursor: CursorWrapper, windows: Collection[_Window]) -> None:
    """Find out which carriers can still be folded into. Race: one is claimed, or called off, at this very moment.

    Who claims it first has it: its message is being written, so nothing more may join it, and the next becomes a
    carrier of its own. While we have it, a claim skips it, and finds what was folded when it comes back.
    """
    if not windows:
        return
    cursor.execute(_CARRIERS, [bulk.array("uuid", [window.carrier_id for window in windows])])
    routes = {id: (version_id, connection_id) for id, version_id, connection_id in cursor.fetchall()}
    for window in windows:
        window.carrier_route = routes.get(window.carrier_id) if window.carrier_id else None


def _keep(cursor: CursorWrapper, windows: dict[UUID, _Window]) -> None:
    columns: bulk.Columns = {
        "id": ("uuid", list(windows)),
        "ends_at": ("timestamptz", [window.ends_at for window in windows.values()]),
        "singles": ("int", [window.singles for window in windows.values()]),
        "carrier_id": ("uuid", [window.carrier_id for window in windows.values()]),
    }
    cursor.execute(
        "UPDATE deliveries_window AS known SET ends_at = new.ends_at, singles = new.singles,"  # noqa: S608
        f" carrier_id = new.carrier_id FROM {bulk.rows(columns)} WHERE known.id = new.id",
        bulk.values(columns),
    )
