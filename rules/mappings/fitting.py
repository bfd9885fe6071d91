"""Values turned into what is wanted: each returns the value, or a ``Misfit`` that says in words why it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from rules.mappings.moments import day, moment, written
from rules.showing import cut, described

SAW_MOST: Final = 80  # characters of a value inside a sentence
UTC: Final = ZoneInfo("UTC")
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,300})(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")
_TRUE: Final = ("true", "yes", "y", "on", "1")
_FALSE: Final = ("false", "no", "n", "off", "0")


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a value cannot be used; it goes on a sentence that begins with where the value is from."""

    words: str


Fit = Callable[[Any], Any]


def refuse(value: Any, words: str) -> Misfit:
    """``is the text "many", which is no number``."""
    return Misfit(gettext("is %(value)s, %(why)s") % {"value": cut(described(value), most=SAW_MOST), "why": words})


def text(value: Any) -> Any:
    """A text as it is, anything else that is single as it is written, the members of a list with commas between."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(not isinstance(member, list | dict) for member in value):
        return ", ".join(text(member) for member in value if member is not None)
    if value is None or isinstance(value, list | dict):
        return refuse(value, gettext("which cannot be written as one text"))
    return json.dumps(value)


def number(value: Any) -> Any:
    """A number as it is, or the one that a text writes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        found = _read(value.strip())
        if isfinite(found):
            return found
    return refuse(value, gettext("which is no number"))


def _read(told: str) -> int | float:
    whole = told.lstrip("+-").isdigit()
    return int(told) if whole else float(told)


def truth(value: Any) -> Any:
    """True or false, or a usual word or number for one of them."""
    if isinstance(value, bool):
        return value
    said = value.strip().casefold() if isinstance(value, str) else str(value) if value in (0, 1) else ""
    if said in _TRUE or said in _FALSE:
        return said in _TRUE
    return refuse(value, gettext("which is neither yes nor no"))


def date_in(zone: ZoneInfo) -> Fit:
    """A day as ``2026-04-17``."""

    def fit(value: Any) -> Any:
        found = day(value, zone)
        return found.isoformat() if found else refuse(value, gettext("which is no date such as 2026-04-17"))

    return fit


def datetime_in(zone: ZoneInfo) -> Fit:
    """A moment as ``2026-04-17T16:02:00Z``."""

    def fit(value: Any) -> Any:
        found = moment(value, zone)
        return written(found) if found else refuse(value, gettext("which is no time such as 2026-04-17T16:02:00Z"))

    return fit
