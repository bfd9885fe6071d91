"""One delivery for each rule that fired: due now or later, held or over at once, as its connection and its rule say."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from connections.provider import Action, Pace
from connections.registry import all_providers
from deliveries import bulk, folding
from deliveries.deciding import Decided, Undecided
from deliveries.folding import AT_ONCE, Place, Restrained
from deliveries.models import State
from deliveries.pacing import lane_of, open_lanes
from rules.matching import Verdict
from workspaces.ids import derive

_HELD = "The connection is switched off; this waits until it is switched on again."


class _Told(NamedTuple):
    """Where a version of a rule sends to, and how fast the vendor lets us go there."""

    provider: str
    active: bool
    lane: UUID
    pace: Pace | None
    folds: bool  # whether one message can tell of many events


class _Fired(NamedTuple):
    """One event under one rule."""

    event: Undecided
    verdict: Verdict
    told: _Told

    @property
    def id(self) -> UUID:
        """The delivery's."""
        return derive(self.event.id, self.verdict.rule_id)


class _Start(NamedTuple):
    """How a delivery begins."""

    state: State
    due_at: datetime | None = None
    finished_at: datetime | None = None
    last_error: str = ""


@dataclass(slots=True)
class Tally:
    """How many deliveries an event has, and how many of them were over before they began."""

    fired: int = 0
    muted: int = 0
    digested: int = 0


def spread(cursor: CursorWrapper, decided: Sequence[Decided]) -> Mapping[UUID, Tally]:
    """Insert the deliveries. Returns how many each event has."""
    fired = _fired(cursor, decided)
    places = folding.place(cursor, [held for one in fired if (held := _restrained(one))])
    placed = [places.get(one.id, AT_ONCE) for one in fired] if places else [AT_ONCE] * len(fired)
    starts = [_start(one, place) for one, place in zip(fired, placed, strict=True)]
    open_lanes(cursor, {one.told.lane: one.told.pace for one in fired if one.told.pace is not None})
    bulk.insert(
        cursor,
        "deliveries_delivery",
        {
            "id": ("uuid", [one.id for one in fired]),
            "organization_id": ("uuid", [one.event.organization_id for one in fired]),
            "workspace_id": ("uuid", [one.event.workspace_id for one in fired]),
            "event_id": ("uuid", [one.event.id for one in fired]),
            "rule_id": ("uuid", [one.verdict.rule_id for one in fired]),
            "rule_version_id": ("uuid", [one.verdict.version_id for one in fired]),
            "connection_id": ("uuid", [one.verdict.connection_id for one in fired]),
            "provider": ("text", [one.told.provider for one in fired]),
            "lane": ("uuid", [one.told.lane for one in fired]),
            "state": ("text", [start.state for start in starts]),
            "due_at": ("timestamptz", [start.due_at for start in starts]),
            "fence": ("int", [0] * len(fired)),
            "attempt_count": ("int", [0] * len(fired)),
            "last_code": ("text", [""] * len(fired)),
            "last_error": ("text", [start.last_error for start in starts]),
            **(_held_back(placed, starts) if places else {}),
        },
    )
    return _tallies(fired, starts)


def _held_back(placed: Sequence[Place], starts: Sequence[_Start]) -> bulk.Columns:
    """What the database knows by itself of deliveries that no rule holds back."""
    return {
        "ready": ("bool", [place.waits_until is None for place in placed]),
        "finished_at": ("timestamptz", [start.finished_at for start in starts]),
        "waits_until": ("timestamptz", [place.waits_until for place in placed]),
        "carrier_id": ("uuid", [place.carrier_id for place in placed]),
        "note": ("text", [place.note for place in placed]),
    }


def _restrained(one: _Fired) -> Restrained | None:
    """What folding has to know of a delivery whose rule may hold it back."""
    verdict = one.verdict
    if verdict.restraint is None:
        return None
    return Restrained(
        id=one.id,
        rule_id=verdict.rule_id,
        route=(verdict.version_id, verdict.connection_id),
        folds=one.told.folds,
        now=one.event.now,
        restraint=verdict.restraint,
        muted=verdict.muted,
    )


def _start(one: _Fired, place: Place) -> _Start:
    if place.state is not State.PENDING:
        return _Start(place.state, finished_at=one.event.now)
    if not one.told.active:
        return _Start(State.HELD, last_error=_HELD)
    return _Start(State.PENDING, due_at=place.waits_until or one.event.now)


def _tallies(fired: Sequence[_Fired], starts: Sequence[_Start]) -> dict[UUID, Tally]:
    tallies: dict[UUID, Tally] = {}
    for one, start in zip(fired, starts, strict=True):
        tally = tallies.setdefault(one.event.id, Tally())
        tally.fired += 1
        tally.muted += start.state is State.MUTED
        tally.digested += start.state is State.DIGESTED
    return tallies


def _fired(cursor: CursorWrapper, decided: Sequence[Decided]) -> list[_Fired]:
    """What fired and can still be told where to go: a connection may have been deleted since the rules were read."""
    pairs = [(found.event, verdict) for found in decided for verdict in found.fired]
    told = _look_up(cursor, {(verdict.version_id, verdict.connection_id) for _, verdict in pairs})
    return [
        _Fired(event, verdict, told[verdict.version_id, verdict.connection_id])
        for event, verdict in pairs
        if (verdict.version_id, verdict.connection_id) in told
    ]


def _look_up(cursor: CursorWrapper, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], _Told]:
    """By cursor: one event may fire hundreds of rules, and to make models of all the rows would take longer."""
    columns: bulk.Columns = {
        "version_id": ("uuid", [version_id for version_id, _ in pairs]),
        "connection_id": ("uuid", [connection_id for _, connection_id in pairs]),
    }
    cursor.execute(
        "SELECT version.id, connection.id, connection.provider, connection.active, version.action, version.inputs"  # noqa: S608
        f" FROM {bulk.rows(columns)} JOIN rules_ruleversion AS version ON version.id = new.version_id"
        " JOIN connections_connection AS connection ON connection.id = new.connection_id",
        bulk.values(columns),
    )
    return {
        (version_id, connection_id): _told(connection_id, provider, active, action, json.loads(inputs))
        for version_id, connection_id, provider, active, action, inputs in cursor.fetchall()
    }


def _told(connection_id: UUID, provider: str, active: bool, action: str, inputs: dict[str, str]) -> _Told:  # noqa: FBT001
    known = _action(provider, action)
    pace = known.pace if known else None
    lane = lane_of(connection_id=connection_id, pace=pace, inputs=inputs)
    return _Told(provider, active, lane, pace, folds=known is not None and known.digest)


def _action(slug: str, key: str) -> Action | None:
    """A provider or an action that is unknown here is told of by the attempt."""
    provider = all_providers().get(slug)
    return next((action for action in provider.actions if action.key == key), None) if provider else None
