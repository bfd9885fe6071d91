"""How often a rule would have fired lately, before it is saved.

The rule is held against past events by the very code that decides (``rules.matching``); nothing is written. The work is
bounded three ways, because a workspace may hold millions of events and a payload may be large. When a bound is met, the
answer covers the latest events only, and says since when.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from deliveries.models import TEST, Event
from deliveries.trying.samples import severity_paths
from rules.authoring import Wording, asking_faults
from rules.conditions import compile_conditions
from rules.matching import CompiledRule, EventValues, Verdict, decide
from rules.patterns import compile_pattern
from rules.severity import SEVERITY_PATH, parse, read
from workspaces.errors import ApiError
from workspaces.ids import floor, timestamp
from workspaces.models import Workspace

DAYS_MOST = 7
LOOKED_AT_MOST = 200_000  # events, by their types alone
EXAMINED_MOST = 20_000  # events that the pattern wants, by their payloads
CHARACTERS_MOST = 64 * 1024 * 1024  # of those payloads together
EXAMPLES_MOST = 5  # of each kind
_LOOK, _EXAMINE = 5_000, 100  # events in one statement
_NOBODY, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day on the calendar of the asker's time zone."""

    date: date
    considered: int
    fired: int


@dataclass(frozen=True, slots=True)
class Example:
    """One event, and what the rule says to it in one sentence."""

    event_id: UUID
    type: str
    created_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """What would have been: of the events ``considered`` (their type is what the rule wants), so many ``fired`` it.

    Every event since ``since`` was looked at; unless ``complete``, that is later than what was asked for.
    """

    days: tuple[Day, ...]
    considered: int
    fired: int
    fired_examples: tuple[Example, ...]
    silent_examples: tuple[Example, ...]
    complete: bool
    since: datetime


def backtest(*, workspace: Workspace, wording: Wording, zone: ZoneInfo, days: int = DAYS_MOST) -> Backtest:
    """Hold what a rule would say against the events of the last days, tests left out.

    Raises ApiError 400 naming every fault of the wording, or of ``days``, which is 1 to 7.
    """
    faults = asking_faults(wording)
    if not 1 <= days <= DAYS_MOST:
        faults.append(("days", f"must be a whole number from 1 to {DAYS_MOST}."))
    if faults:
        raise ApiError(400, "; ".join(f"{param}: {message}" for param, message in faults), faults=faults)
    now = timezone.now()
    begin = now - timedelta(days=days)
    tally = _Tally(rule=_compiled(wording), paths=severity_paths(workspace), zone=zone)
    complete, since = _examine(workspace, tally, begin)
    return tally.result(complete=complete, since=since, until=now)


def _compiled(wording: Wording) -> CompiledRule:
    return CompiledRule(
        id=_NOBODY,
        version_id=_NOBODY,
        connection_id=_NOBODY,
        name="",
        pattern=compile_pattern(wording.event),
        resource=wording.resource,
        resource_id=wording.resource_id,
        min_severity=parse(wording.min_severity),
        conditions=compile_conditions(wording.conditions),
    )


# --------------------------------------------------------------------------- the events


def _examine(workspace: Workspace, tally: _Tally, begin: datetime) -> tuple[bool, datetime]:
    """Fill the tally, from the newest event to the oldest. Returns whether that was all of them, and since when."""
    looked_at = 0
    for found in _looks(workspace, begin):
        wanted = [id for id, event in found if tally.rule.pattern.matches(event)]
        for ids in batched(wanted, _EXAMINE):
            if tally.full:
                return False, timestamp(ids[0]) + timedelta(milliseconds=1)
            tally.examine(ids)
        looked_at += len(found)
        if looked_at >= LOOKED_AT_MOST:
            return False, timestamp(found[-1][0])
    return True, begin


def _looks(workspace: Workspace, begin: datetime) -> Iterator[list[tuple[UUID, str]]]:
    """The events' ids and types since then, newest first, by keyset: however far back, each look costs the same."""
    rows = Event.objects.for_workspace(workspace.id).exclude(kind=TEST).filter(id__gte=floor(begin)).order_by("-id")
    before = _LAST
    while found := list(rows.filter(id__lt=before).values_list("id", "event")[:_LOOK]):
        before = found[-1][0]
        yield found


# --------------------------------------------------------------------------- the count


@dataclass
class _Tally:
    """What was found so far."""

    rule: CompiledRule
    paths: dict[str, str]
    zone: ZoneInfo
    considered: Counter[date] = field(default_factory=Counter)
    fired: Counter[date] = field(default_factory=Counter)
    examples: dict[bool, list[Example]] = field(default_factory=lambda: {True: [], False: []})
    characters: int = 0

    @property
    def full(self) -> bool:
        """Whether no more may be examined."""
        return self.considered.total() >= EXAMINED_MOST or self.characters >= CHARACTERS_MOST

    def examine(self, ids: Sequence[UUID]) -> None:
        for row in Event.objects.filter(id__in=ids).defer("created_by").order_by("-id"):
            self.characters += len(row.payload)
            for verdict in decide([self.rule], self._values(row)):
                self._count(row, verdict)

    def _values(self, row: Event) -> EventValues:
        payload: dict[str, Any] = json.loads(row.payload)
        path = self.paths.get(row.event, SEVERITY_PATH)
        return EventValues(
            type=row.event,
            payload=payload,
            resource=row.resource,
            resource_id=row.resource_id,
            severity=read(payload, path=path),
            severity_path=path,
        )

    def _count(self, row: Event, verdict: Verdict) -> None:
        day = row.created_at.astimezone(self.zone).date()
        self.considered[day] += 1
        self.fired[day] += verdict.fired
        examples = self.examples[verdict.fired]
        if len(examples) < EXAMPLES_MOST:
            examples.append(Example(row.id, row.event, row.created_at, verdict.summary))

    def result(self, *, complete: bool, since: datetime, until: datetime) -> Backtest:
        """With a count for every day since then, also where it is none."""
        first, last = (moment.astimezone(self.zone).date() for moment in (since, until))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return Backtest(
            days=tuple(Day(day, self.considered[day], self.fired[day]) for day in days),
            considered=self.considered.total(),
            fired=self.fired.total(),
            fired_examples=tuple(self.examples[True]),
            silent_examples=tuple(self.examples[False]),
            complete=complete,
            since=since.astimezone(UTC),
        )
