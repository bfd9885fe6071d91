"""What holds a rule back although it fires: a mute, quiet hours, a digest. What is critical is never held back.

These are settings of the rule itself and not of its versions: they change how loud it is, not what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext

from rules import quiet
from rules.instants import instant
from rules.quiet import Fault, QuietHours
from rules.severity import Severity

SETTINGS: Final = ("muted_until", "quiet_hours", "digest")
MOST: Final = (0, 100)  # single messages in a window
MINUTES: Final = (1, 1_440)  # of a window


@dataclass(frozen=True, slots=True)
class Digest:
    """At most so many single messages in a window of so many minutes; the others become one at its end."""

    most: int
    minutes: int

    @property
    def length(self) -> timedelta:
        """Of the window."""
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Restraint:
    """The three settings of one rule."""

    muted_until: datetime | None = None
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None

    @classmethod
    def of(cls, rule: Any) -> Restraint | None:
        """The settings of a rule's row; None when it has none."""
        if rule.muted_until is None and rule.quiet_hours is None and rule.digest is None:
            return None
        return cls(
            muted_until=rule.muted_until,
            quiet_hours=QuietHours.of(rule.quiet_hours) if rule.quiet_hours is not None else None,
            digest=Digest(**rule.digest) if rule.digest is not None else None,
        )

    def holds(self, severity: Severity | None) -> bool:
        """Whether it is heeded at all: what is critical always goes through, at once and alone."""
        return severity is not Severity.CRITICAL

    def mutes(self, now: datetime) -> bool:
        """Whether the rule is muted at that moment."""
        return self.muted_until is not None and now < self.muted_until

    @property
    def mute_said(self) -> str:
        """``muted until 24 November 2026, 08:00 UTC``."""
        assert self.muted_until is not None  # noqa: S101  asked only of a rule that is muted
        until = self.muted_until.astimezone(UTC)
        return f"muted until {until.day} {until:%B %Y, %H:%M} UTC"


def faults(settings: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the settings that are given; null takes one away."""
    given = {name: value for name, value in settings.items() if value is not None}
    found: list[Fault] = []
    if "muted_until" in given and _moment(given["muted_until"]) is None:
        found.append(("muted_until", gettext("must be a moment such as 2026-12-24T08:00:00Z, or null for not muted.")))
    if "quiet_hours" in given:
        found += quiet.faults(given["quiet_hours"])
    if "digest" in given:
        found += _digest_faults(given["digest"])
    return found


def settings_of(rule: Any) -> dict[str, Any]:
    """The three settings as they stand in a rule's row."""
    return {name: getattr(rule, name) for name in SETTINGS}


def written(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as plain JSON, without those that are not there."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in settings.items()
        if value is not None
    }


def tidied(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without faults as they are stored: moments in UTC, days in their order."""
    found = dict(settings)
    if found.get("muted_until") is not None:
        found["muted_until"] = _moment(found["muted_until"])
    if found.get("quiet_hours") is not None:
        found["quiet_hours"] = {**found["quiet_hours"], "days": sorted(found["quiet_hours"]["days"])}
    return found


def _moment(value: Any) -> datetime | None:
    moment = value if isinstance(value, datetime) and value.tzinfo else instant(value)
    try:
        return moment.astimezone(UTC) if moment else None
    except OverflowError:  # the first and the last day of all, in a time zone that has them elsewhere
        return None


def _digest_faults(said: Any) -> list[Fault]:
    if not isinstance(said, Mapping):
        return [("digest", "must be an object with most and minutes, or null for none.")]
    found = [(f"digest.{key}", "is not known here. Take it out.") for key in said if key not in ("most", "minutes")]
    for key, (least, most) in (("most", MOST), ("minutes", MINUTES)):
        if type(said.get(key)) is not int or not least <= said[key] <= most:
            words = gettext("must be a whole number from %(least)s to %(most)s.")
            found.append((f"digest.{key}", words % {"least": least, "most": number_format(most, force_grouping=True)}))
    return found
