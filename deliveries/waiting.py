"""When a delivery that waits will really be tried: not before its own time, its turn in its lane, and the lane's pause.

A lane is paused when its destination asked for time, or cannot be used at the moment. It goes at a pace where a vendor
sets one, so what waits behind many others waits for its turn. The short steps of a pace are nothing that anybody would
have to be told of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor, log10
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import gettext

from deliveries import places
from deliveries.models import Delivery, State
from deliveries.queueing import Standing, standings

MOMENT = timedelta(seconds=2)  # what waits no longer than that is not told to wait
_MINUTE = timedelta(minutes=1)
_EXACT_MOST = 20  # more than so many before it are told roughly, for the number changes while it is read


@dataclass(frozen=True, slots=True)
class Turn:
    """What holds a delivery up in its lane. ``place`` is its lane's name, given while it waits behind others there."""

    standing: Standing
    place: str = ""

    @property
    def paused_until(self) -> datetime | None:
        """When a paused lane goes on; None for one that goes."""
        opens_at = self.standing.opens_at
        paused = opens_at is not None and opens_at > self.standing.now + max(MOMENT, self.standing.pace)
        return opens_at if paused else None


Turns = Mapping[UUID, Turn]
"""By the deliveries' ids; of those that wait for a time."""


def turns(deliveries: Sequence[Delivery]) -> Turns:
    """Where each of those that wait stands: one statement, and three more when some wait behind others."""
    waiting = {row.id: row for row in deliveries if waits(row) and row.due_at is not None}
    found = standings(list(waiting.values()))
    named = places.names_of([row for id, row in waiting.items() if _is_behind(row, found[id])])
    return {id: Turn(standing, named.get(id, "")) for id, standing in found.items()}


def waits(row: Delivery) -> bool:
    """Whether it waits for a time, and not for a worker's answer or its connection."""
    return row.state in (State.PENDING, State.RETRYING)


def next_attempt(row: Delivery, turns: Turns) -> datetime | None:
    """When it is tried next, as far as can be known; never in the past. None when nothing is planned."""
    turn = turns.get(row.id)
    if turn is None or row.due_at is None:
        return None
    return max(row.due_at, turn.standing.turn_at)


def is_due(row: Delivery, turns: Turns) -> bool:
    """Whether nothing is left to wait for but its turn, which comes in a moment or at a time that nobody can know."""
    planned = next_attempt(row, turns)
    return planned is not None and planned <= turns[row.id].standing.now + MOMENT


def shown_at(row: Delivery, turns: Turns) -> datetime | None:
    """When it is tried next, for a page that looks again and again: an estimate is rounded up to its minute.

    None for what is due: its time would be another one with every look.
    """
    planned = next_attempt(row, turns)
    if planned is None or is_due(row, turns):
        return None
    return planned.replace(second=0, microsecond=0) + _MINUTE if turns[row.id].place else planned


def reason(row: Delivery, turns: Turns) -> str:
    """What the last attempt said, or else that its destination is paused; empty when there is nothing to tell."""
    turn = turns.get(row.id)
    if row.last_error or turn is None or turn.paused_until is None:
        return row.last_error
    words = gettext("Its destination is paused until %(until)s; it is sent after that by itself.")
    return words % {"until": clock(turn.paused_until)}


def notes(row: Delivery, turns: Turns) -> list[str]:
    """Behind how many it waits, and until about when; nothing for what waits behind none, or is sent in a moment."""
    turn = turns.get(row.id)
    if turn is None or not turn.place:
        return []
    gaps = {"place": turn.place, "n": _count(turn.standing), "pace": _pace(turn.standing.pace)}
    if not turn.standing.pace:
        return [gettext("It waits for its turn in %(place)s: %(n)s before it.") % gaps]
    line = gettext("It waits for its turn in %(place)s: %(n)s before it, at %(pace)s.") % gaps
    return [f"{line} {_when(turn.standing)}"]


def clock(moment: datetime) -> str:
    """A time as a sentence has it: UTC, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _is_behind(row: Delivery, standing: Standing) -> bool:
    """Whether others keep it waiting for longer than a moment: by the pace, or because all of them are sent slowly."""
    if not standing.before or row.due_at is None:
        return False
    if standing.pace:
        return standing.turn_at > max(row.due_at, standing.now) + MOMENT
    return max(row.due_at, standing.opens_at or row.due_at) < standing.now - MOMENT


# --------------------------------------------------------------------------- words


def _count(standing: Standing) -> str:
    if standing.more:
        return gettext("more than %(n)s") % {"n": _number(standing.before)}
    if standing.before <= _EXACT_MOST:
        return _number(standing.before)
    step = 10 ** (floor(log10(standing.before)) - 1)  # two digits are kept
    return gettext("about %(n)s") % {"n": _number(round(standing.before / step) * step)}


def _pace(pace: timedelta) -> str:
    seconds = pace.total_seconds()
    if seconds == 1:
        return gettext("one a second")
    if seconds > 1:
        return gettext("one every %(n)s seconds") % {"n": _number(round(seconds, 1))}
    return gettext("%(n)s a second") % {"n": _number(round(1 / seconds, 1))} if seconds else ""


def _when(standing: Standing) -> str:
    said = gettext("Its turn comes after %(time)s.") if standing.more else gettext("Its turn comes at about %(time)s.")
    return said % {"time": _minute(standing.turn_at, standing.now)}


def _minute(moment: datetime, now: datetime) -> str:
    """The time of day, with its date when that is not today's."""
    at, today = (moment + _MINUTE / 2).astimezone(UTC), now.astimezone(UTC).date()
    return f"{at:%H:%M} UTC" if at.date() == today else f"{at:%Y-%m-%d %H:%M} UTC"


def _number(value: float) -> str:
    return number_format(f"{value:g}", use_l10n=True, force_grouping=True)
