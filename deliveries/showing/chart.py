"""Seven days as bars: the shares of a drawing that has no width of its own, so that it fits every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deliveries.showing.figures import Day

_WIDTH = 0.62  # of a bar, in its day's share
_LEAST = 2.0  # percent: a single failure among thousands is still seen


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a day's bar, in percent of the drawing, as text: a page in German must not write commas here."""

    tone: str
    x: str
    y: str
    width: str
    height: str


def bars(days: Sequence[Day]) -> list[Bar]:
    """From the ground up: delivered, waiting, failed."""
    most = max((day.drawn for day in days), default=0)
    return [bar for place, day in enumerate(days) for bar in _stack(day, place / len(days), 1 / len(days), most)]


def _stack(day: Day, left: float, share: float, most: int) -> list[Bar]:
    found, top = [], 100.0
    for tone, count in (("good", day.delivered), ("wait", day.waiting), ("bad", day.failed)):
        if count:
            height = max(_LEAST, 96 * count / most)
            top -= height
            found.append(
                Bar(tone, *map(_percent, (100 * (left + share * (1 - _WIDTH) / 2), top, 100 * share * _WIDTH, height)))
            )
    return found


def _percent(value: float) -> str:
    return f"{value:.2f}%"
