"""Who got what: compares the sink's notes with what the portal accepted. Knows nothing else of the system.

A delivery's id is derived from its event and rule, so that the ids which must arrive are known beforehand; the sink
sees them as ``webhook-id``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from workspaces.ids import derive


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request at the sink. ``at`` is in seconds of the machine's monotonic clock."""

    at: float
    path: str
    id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """One event that got a 201, and when; ``rules`` are those that must fire, with the path of each."""

    at: float
    event_id: str
    rules: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of what was owed. ``last`` is when the last of them came for the first time."""

    delivered: int
    lost: tuple[str, ...]
    strangers: tuple[Arrival, ...]
    duplicates: int
    last: float


def read_notes(notes: Path) -> list[Arrival]:
    """The deliveries in the sink's notes; a request without an id is none, and a line still being written waits."""
    whole = notes.read_text().rpartition("\n")[0]
    rows = (line.split(" ") for line in whole.splitlines())
    return [Arrival(int(at) / 1e9, path, id) for at, path, id in rows if id != "-"]


def owed_by(accepted: Iterable[Accepted]) -> dict[str, str]:
    """The id of every delivery that must arrive, and the path at which it must."""
    return {
        str(derive(UUID(event.event_id), UUID(rule))): path for event in accepted for rule, path in event.rules.items()
    }


def judge(arrivals: Iterable[Arrival], owed: Mapping[str, str]) -> Verdict:
    """What arrived, what did not, what came twice, and what nobody was owed at that path."""
    first: dict[str, float] = {}
    counts: Counter[str] = Counter()
    strangers = []
    for arrival in arrivals:
        if owed.get(arrival.id) != arrival.path:
            strangers.append(arrival)
            continue
        counts[arrival.id] += 1
        first.setdefault(arrival.id, arrival.at)
    return Verdict(
        delivered=len(first),
        lost=tuple(id for id in owed if id not in first),
        strangers=tuple(strangers),
        duplicates=counts.total() - len(counts),
        last=max(first.values(), default=0.0),
    )


def violations(verdict: Verdict, *, in_flight: int, seconds: float, most: float) -> list[str]:
    """What was promised and not kept, one sentence each. ``seconds`` is from the restart to the last delivery."""
    found = []
    if verdict.lost:
        found.append(f"{len(verdict.lost)} deliveries were lost, for example {verdict.lost[0]}.")
    if verdict.strangers:
        first, count = verdict.strangers[0], len(verdict.strangers)
        found.append(f"{count} requests were owed to nobody there, for example {first.id} at {first.path}.")
    if verdict.duplicates > in_flight:
        found.append(f"{verdict.duplicates} duplicates are more than the {in_flight} deliveries that were in flight.")
    if seconds > most:
        found.append(f"The last delivery came {seconds:.1f} s after the restart, later than {most:.0f} s.")
    return found
