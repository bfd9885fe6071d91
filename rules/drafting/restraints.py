"""What holds a rule back, as the form has it: texts and choices, read into the three settings and written back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

HOUR, TODAY, WEEK, DATE, KEEP = "hour", "today", "week", "date", "keep"
WORKDAYS: Final = (0, 1, 2, 3, 4)
_LOCAL: Final = "%Y-%m-%dT%H:%M"  # what a browser sends for a date with a time


@dataclass(frozen=True, slots=True)
class Restraints:
    """The choices. ``mute`` is "" for not muted, or one of the words above; the others are on or off."""

    mute: str = ""
    mute_until: str = ""
    muted_until: datetime | None = None  # as it is stored; ``keep`` means this
    quiet: bool = False
    days: tuple[str, ...] = tuple(map(str, WORKDAYS))
    start: str = "22:00"
    end: str = "07:00"
    zone: str = "UTC"
    digest: bool = False
    most: str = "5"
    minutes: str = "10"

    def settings(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """The settings of a rule's row, faults and all; ``zone`` is where the person sits."""
        quiet = {"days": [_whole(day) for day in self.days], "start": self.start, "end": self.end}
        digest = {"most": _whole(self.most), "minutes": _whole(self.minutes)}
        return {
            "muted_until": self._muted(now, zone),
            "quiet_hours": {**quiet, "time_zone": self.zone} if self.quiet else None,
            "digest": digest if self.digest else None,
        }

    def _muted(self, now: datetime, zone: ZoneInfo) -> Any:
        match self.mute:
            case "hour":
                return now + timedelta(hours=1)
            case "today":
                tomorrow = now.astimezone(zone).date() + timedelta(days=1)
                return datetime.combine(tomorrow, time(), zone).astimezone(UTC)
            case "week":
                return now + timedelta(days=7)
            case "date":
                return _local(self.mute_until, zone)
            case "keep":
                return self.muted_until
            case _:
                return None


def restraints_of(rule: Any, *, now: datetime, zone: ZoneInfo) -> Restraints:
    """The choices that stand for a rule's settings; a mute that is over is none."""
    quiet, digest = rule.quiet_hours or {}, rule.digest or {}
    muted = rule.muted_until if rule.muted_until and rule.muted_until > now else None
    said = Restraints(zone=zone.key)
    return Restraints(
        mute=KEEP if muted else "",
        muted_until=muted,
        quiet=bool(quiet),
        days=tuple(str(day) for day in quiet.get("days", WORKDAYS)),
        start=quiet.get("start", said.start),
        end=quiet.get("end", said.end),
        zone=quiet.get("time_zone", said.zone),
        digest=bool(digest),
        most=str(digest.get("most", said.most)),
        minutes=str(digest.get("minutes", said.minutes)),
    )


def read_restraints(post: Any, *, muted_until: datetime | None, zone: ZoneInfo) -> Restraints:
    """The choices as they were posted."""
    said = Restraints(zone=zone.key)
    return Restraints(
        mute=post.get("mute", ""),
        mute_until=post.get("mute_until", ""),
        muted_until=muted_until,
        quiet=post.get("quiet") == "yes",
        days=tuple(post.getlist("quiet_days")) if post.get("quiet") == "yes" else said.days,
        start=post.get("quiet_start", said.start),
        end=post.get("quiet_end", said.end),
        zone=post.get("quiet_zone", said.zone).strip(),
        digest=post.get("digest") == "yes",
        most=post.get("digest_most", said.most).strip(),
        minutes=post.get("digest_minutes", said.minutes).strip(),
    )


def _whole(text: str) -> Any:
    """A whole number where the text is one; else the text, of which the check says what is wrong."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _local(text: str, zone: ZoneInfo) -> Any:
    try:
        return datetime.strptime(text, _LOCAL).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return text or "nothing"
