"""Figures as people read them: medians, ratios to a yardstick, and whether the goal is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import mean, median


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Without a goal it is a report."""

    figure: str
    value: str
    ratio: float | None = None
    yardstick: str = ""
    goal: float | None = None

    def cells(self) -> tuple[str, ...]:
        """The line, cell by cell."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        goal = "" if self.goal is None else f"≥ {self.goal:g}"
        mark = "" if self.goal is None or self.ratio is None else ("✓" if self.ratio >= self.goal else "✗")
        return self.figure, self.value, ratio, self.yardstick, goal, mark


HEAD = ("figure", "median", "ratio", "yardstick", "goal", "")


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table whose columns stand straight."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (lines[0], rule, *lines[1:])
    )


def paired(ours: Sequence[float], yardsticks: Sequence[Sequence[float]]) -> float:
    """The median ratio. Each measurement is held against those taken just before and after it, so that what slows the
    machine down for a while slows both sides of a ratio."""
    return median(one / mean(around) for one, around in zip(ours, yardsticks, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def per_second(rates: Sequence[float]) -> str:
    """The median of some rates."""
    return f"{median(rates):,.0f}/s"
