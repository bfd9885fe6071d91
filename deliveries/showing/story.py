"""The story of one event, top to bottom: received, decided, sent, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connections.provider import Afterwards
from deliveries import aftermath, carried, lost, waiting
from deliveries.models import OPEN_STATES, TEST, Aftermath, Attempt, Decision, Delivery, Event, State
from deliveries.showing import telling
from deliveries.showing.exchanges import Exchange, exchange, pretty
from deliveries.showing.health import Plugged, health
from deliveries.showing.links import connection_url, rule_url
from deliveries.showing.words import MARKS, Mark
from rules.models import Rule
from workspaces.ids import derive

_RETRIED = (State.RETRYING, State.FAILED, State.CANCELED, State.MUTED, State.SUPERSEDED, State.DIGESTED)
_DECIDED_AGAINST = (State.CANCELED, State.SUPERSEDED)
SILENT_MOST = 20  # rules that did not fire, told before somebody asks for the others


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule that wanted the event's type, and what it said."""

    rule_id: UUID
    name: str
    url: str  # "": it was deleted
    fired: bool
    muted: bool
    summary: str
    clauses: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt."""

    attempt: Attempt
    exchanges: Sequence[Exchange]

    @property
    def good(self) -> bool:
        """Whether it arrived."""
        return self.attempt.code == "delivered"


@dataclass(frozen=True, slots=True)
class After:
    """What became of a delivery afterwards."""

    title: str
    words: str
    at: datetime
    bad: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery with its attempts."""

    delivery: Delivery
    mark: Mark
    connection: str  # "": it was deleted
    url: str  # of the connection
    needs: Plugged | None  # the connection, while the delivery is held for it
    rule: str
    reason: str
    next_at: datetime | None
    due: bool  # as soon as it is its turn
    notes: Sequence[str]
    attempts: Sequence[Tried]
    after: Sequence[After]  # what was told of it once it had arrived

    @property
    def open(self) -> bool:
        """Whether it can be called off."""
        return self.delivery.state in OPEN_STATES

    @property
    def fix(self) -> str:
        """What a person can do, as the last attempt said; nothing once it was decided not to send it."""
        over = self.delivery.state in _DECIDED_AGAINST or not self.attempts or self.attempts[0].good
        return "" if over else self.attempts[0].attempt.fix

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again."""
        return self.delivery.state in _RETRIED and bool(self.connection)


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one event. ``payload`` is "" for those who may not see it."""

    event: Event
    considered: Sequence[Considered]
    sent: Sequence[Sent]
    whole: Mark | None  # of an event without deliveries
    payload: str

    @property
    def foremost(self) -> Sequence[Considered]:
        """The rules that fired, and the first of the others."""
        return self.considered[: sum(one.fired for one in self.considered) + SILENT_MOST]

    @property
    def test(self) -> bool:
        """Whether somebody asked for it by hand."""
        return self.event.kind == TEST

    @property
    def open(self) -> bool:
        """Whether something may still change by itself."""
        return self.event.decided_at is None or any(one.open for one in self.sent)

    @property
    def silent(self) -> bool:
        """Whether it was decided, and no rule fired."""
        return self.event.decided_at is not None and not self.sent


def tell(event: Event, *, payload: bool) -> Story:
    """Read all of it: the same number of statements however many rules and attempts there are."""
    deliveries = telling.of_events([event]).get(event.id, [])
    decision = Decision.objects.for_workspace(event.workspace_id).filter(id=event.id).first()
    considered = _considered(event, decision)
    sent = _sent(event, deliveries, {one.rule_id: one.name for one in considered}, payload=payload)
    return Story(
        event=event,
        considered=considered,
        sent=sent,
        whole=None if deliveries else telling.whole(event),
        payload=pretty(event.payload) if payload else "",
    )


def _considered(event: Event, decision: Decision | None) -> list[Considered]:
    verdicts = decision.verdicts if decision else []
    ids = [verdict["rule_id"] for verdict in verdicts]
    left = set(Rule.objects.for_workspace(event.workspace_id).filter(id__in=ids).values_list("id", flat=True))
    return [
        Considered(
            rule_id=UUID(verdict["rule_id"]),
            name=verdict["name"],
            url=rule_url(UUID(verdict["rule_id"])) if UUID(verdict["rule_id"]) in left else "",
            fired=verdict["fired"],
            muted=verdict.get("muted", False),
            summary=verdict["summary"],
            clauses=verdict["clauses"],
        )
        for verdict in sorted(verdicts, key=lambda verdict: not verdict["fired"])
    ]


# --------------------------------------------------------------------------- sent


def _sent(event: Event, deliveries: Sequence[Delivery], rules: Mapping[UUID, str], *, payload: bool) -> list[Sent]:
    if not deliveries:
        return []
    turns, carriers = waiting.turns(deliveries), carried.carriers(deliveries)
    names = telling.connection_names(row.connection_id for row in deliveries)
    held = {row.connection_id for row in deliveries if row.state == State.HELD}
    plugged = {one.id: one for one in health(event.workspace_id)} if held else {}
    attempts, afterwards = _attempts(deliveries), aftermath.of_deliveries(deliveries)
    return [
        Sent(
            delivery=row,
            mark=MARKS[State(row.state)],
            connection=names.get(row.connection_id, ""),
            url=connection_url(row.connection_id),
            needs=plugged.get(row.connection_id) if row.state == State.HELD else None,
            rule=rules.get(row.rule_id, ""),
            reason=waiting.reason(row, turns),
            next_at=waiting.shown_at(row, turns),
            due=waiting.is_due(row, turns),
            notes=[
                *lost.notes(row.lost, attempts=row.attempt_count, first_sent_at=row.first_sent_at),
                *waiting.notes(row, turns),
                *carried.notes(row, carriers),
            ],
            attempts=[_tried(one, payload=payload) for one in attempts.get(row.id, [])],
            after=[_after(one) for one in afterwards.get(row.id, [])],
        )
        for row in deliveries
    ]


def _attempts(deliveries: Sequence[Delivery]) -> Mapping[UUID, list[Attempt]]:
    """By their derived ids: one more than were counted, for the one that finished after a cancel. Newest first."""
    ids = [derive(row.id, number) for row in deliveries for number in range(1, row.attempt_count + 2)]
    found: dict[UUID, list[Attempt]] = {}
    for attempt in sorted(Attempt.objects.filter(id__in=ids), key=lambda one: -one.number):
        found.setdefault(attempt.delivery_id, []).append(attempt)
    return found


def _after(row: Aftermath) -> After:
    kind = Afterwards(row.kind)
    return After(aftermath.TITLES[kind], row.words, row.happened_at, bad=kind is not Afterwards.DELAYED)


def _tried(attempt: Attempt, *, payload: bool) -> Tried:
    return Tried(attempt, [exchange(one, payload=payload) for one in attempt.exchanges])
