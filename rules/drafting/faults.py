"""Faults of a draft, each beside the control that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rules.drafting.rows import Member

_ROW: Final = re.compile(r"(?P<place>conditions(?:\.(?:all|any)\[\d+\])+)(?P<rest>.*)")
_PARTS: Final = {".field": "field", ".op": "op", ".other.field": "other", ".other.factor": "factor"}
_CONTROLS: Final = {
    "muted_until": "mute_until",
    "quiet_hours": "quiet",
    "quiet_hours.days": "quiet_days",
    "quiet_hours.start": "quiet_start",
    "quiet_hours.end": "quiet_end",
    "quiet_hours.time_zone": "quiet_zone",
    "digest.most": "digest_most",
    "digest.minutes": "digest_minutes",
    "metadata.action": "action",
}

_LABELS: Final = {  # of the controls whose faults begin in the middle of a sentence
    "name": _("The name"),
    "resource": _("The resource"),
    "resource_id": _("The ID"),
    "min_severity": _("The severity"),
    "conditions": _("The list of conditions"),
    "field": _("The field"),
    "op": _("The comparison"),
    "value": _("The value"),
    "highest": _("The highest value"),
    "other": _("The other field"),
    "factor": _("The factor"),
    "mute_until": _("The date"),
    "quiet": _("The quiet hours"),
    "quiet_days": _("The days"),
    "quiet_start": _("The beginning"),
    "quiet_end": _("The end"),
    "quiet_zone": _("The time zone"),
    "digest": _("Putting them together"),
    "digest_most": _("The number of messages"),
    "digest_minutes": _("The number of minutes"),
    "action": _("The action"),
}
_MISSING: Final = "needs value or other"  # how a check says that a row compares with nothing

Fault = tuple[str, str]


def by_control(faults: Iterable[Fault], places: Mapping[str, Member]) -> dict[str, str]:
    """The first fault of each control, by the control's id; ``places`` says which row stands where."""
    found: dict[str, str] = {}
    for param, message in faults:
        control = control_of(param, places)
        found.setdefault(control, _sentence(control, message))
    return found


def control_of(param: str, places: Mapping[str, Member]) -> str:
    """The id of the control that a parameter is typed into."""
    if row := _ROW.fullmatch(param):
        return _of_row(row["place"], row["rest"], places)
    if param in _CONTROLS:
        return _CONTROLS[param]
    return f"in-{param.removeprefix('metadata.')}" if param.startswith("metadata.") else param


def _of_row(place: str, rest: str, places: Mapping[str, Member]) -> str:
    member = places.get(place)
    if member is None:
        return "conditions"
    return f"c-{member.number}-{_PARTS.get(rest, 'highest' if rest == '.value[1]' else 'value')}"


def _sentence(control: str, message: str) -> str:
    """A whole sentence, that can stand in a list of faults as well."""
    if message.startswith(_MISSING):
        return gettext("Write what the field is compared with.")
    label = _LABELS.get(control.rpartition("-")[2] if control.startswith("c-") else control)
    return f"{label} {message}" if label and message[:1].islower() else f"{message[:1].upper()}{message[1:]}"
