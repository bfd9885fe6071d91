"""What the pretend product watches: a handful of checks with a believable day behind each."""

from __future__ import annotations

import math
from dataclasses import dataclass

POINTS = 48
WIDTH, HEIGHT = 160, 36


@dataclass(frozen=True, slots=True)
class Check:
    """One measured thing. ``resource`` is the name that its alerts carry."""

    resource: str
    title: str
    unit: str
    value: float
    threshold: float
    phase: float

    @property
    def breached(self) -> bool:
        return self.value > self.threshold

    @property
    def line(self) -> str:
        """The day as the points of an SVG line, ending at the value."""
        top = max(self.value, self.threshold) * 1.15
        pairs = ((WIDTH * step / (POINTS - 1), self._at(step)) for step in range(POINTS))
        return " ".join(f"{x:.1f},{HEIGHT * (1 - min(y, top) / top):.1f}" for x, y in pairs)

    @property
    def threshold_y(self) -> float:
        top = max(self.value, self.threshold) * 1.15
        return round(HEIGHT * (1 - self.threshold / top), 1)

    def _at(self, step: int) -> float:
        """A calm wave with a little noise; a breached check climbs to its value in the last sixth."""
        calm = min(self.value, self.threshold * 0.72)
        noise = math.sin(step * 1.9 + self.phase * 3) + math.sin(step * 4.3 + self.phase)
        wave = calm * (1 + 0.10 * math.sin(step / 5 + self.phase) + 0.03 * noise)
        climb = max(0.0, (step - POINTS * 5 / 6) / (POINTS / 6 - 1))
        return wave + (self.value - wave) * climb**2


CHECKS = (
    Check("api_latency_p95", "API latency, 95th percentile", "ms", 1840, 1000, 0.4),
    Check("checkout_error_rate", "Checkout error rate", "%", 1.2, 2, 1.7),
    Check("queue_depth", "Job queue depth", "jobs", 3120, 5000, 2.9),
    Check("disk_used", "Disk used, primary", "%", 71, 85, 4.1),
)

# Alerts to try the portal with, loud and quiet ones by turns.
DRILLS = (
    {"severity": "high", "resource": "api_latency_p95", "value": 1840, "threshold": 1000},
    {"severity": "low", "resource": "disk_used", "value": 86, "threshold": 85},
    {"severity": "critical", "resource": "checkout_error_rate", "value": 6.4, "threshold": 2},
    {"severity": "medium", "resource": "queue_depth", "value": 5600, "threshold": 5000},
)
