"""What every page says in the same way: times, numbers, people, severities. ``{% load portal %}``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, npgettext_lazy, pgettext
from django.utils.translation import gettext_noop as _

from workspaces.retelling import retell

register = template.Library()
_RECENT = timedelta(days=30)  # older moments are shown as a date
_AWAY: Any = {  # as they stand after "ago" and "in", where other languages than English decline them
    "year": npgettext_lazy("away", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("away", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("away", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("away", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("away", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("away", "%(num)d minute", "%(num)d minutes", "num"),
}
_WHO = {
    "mk_": _("the back-end (key …%(end)s)"),
    "pub_": _("publishable key …%(end)s"),
    "sess_": _("somebody in the portal (session …%(end)s)"),
}
_SEVERITIES = (_("debug"), _("info"), _("low"), _("medium"), _("high"), _("critical"))


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """A moment as a person says it, with the exact time on hover: ``3 minutes ago``, ``in 2 hours``."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(timespec="seconds"), exact(moment), _said(moment)
    )


@register.filter
def exact(moment: datetime) -> str:
    """A moment to the second, in UTC."""
    at = moment.astimezone(UTC)
    return f"{written(at)}, {date_format(at, 'H:i:s')} UTC"


@register.filter
def written(day: date) -> str:
    """A day as the language writes it: ``3 Nov 2026``, ``3. Nov. 2026``."""
    return date_format(day, pgettext("how a date is written: see Django's date filter", "j M Y"))


@register.filter
def who(name: str) -> str:
    """Somebody as a person would name them: keys and sessions by what they are, with their last characters."""
    said = next((words for prefix, words in _WHO.items() if name.startswith(prefix)), None)
    return gettext(said) % {"end": name[-4:]} if said else name


@register.filter
def retold(text: str) -> str:
    """A sentence that was stored in English, in the reader's language."""
    return retell(text)


@register.filter
def apart(name: str) -> SafeString:
    """A name that somebody gave, for a sentence of ours: whatever it does to the direction of letters ends with it."""
    return format_html("<bdi>{}</bdi>", name)


def around(words: str, **names: str) -> SafeString:
    """``%(name)s needs you`` around the names that it speaks of, each set apart; the words themselves are escaped."""
    return SafeString(escape(words) % {gap: apart(name) for gap, name in names.items()})


@register.filter
def minute(moment: datetime) -> str:
    """A moment to the minute, in UTC, for a sentence that says so."""
    at = moment.astimezone(UTC)
    return f"{written(at)}, {date_format(at, 'H:i')}"


@register.filter
def number(value: int) -> str:
    """A number with the language's own separators: ``1,284``."""
    return number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def severity(step: int | None) -> str:
    """The word of the scale, "" for no severity; see ``severity_key`` for its colour."""
    return gettext(_SEVERITIES[step]) if step is not None else ""


@register.filter
def severity_key(step: int | None) -> str:
    """The word that the style sheet knows, in whatever language the page is."""
    return _SEVERITIES[step] if step is not None else ""


def _said(moment: datetime) -> str:
    now = timezone.now()
    away = abs(now - moment)
    if away < timedelta(minutes=1):
        return gettext("just now") if moment <= now else gettext("in a moment")
    if away > _RECENT:
        return written(moment.astimezone(UTC))
    if moment < now:
        return gettext("%(time)s ago") % {"time": timesince(moment, now, time_strings=_AWAY, depth=1)}
    return gettext("in %(time)s") % {"time": timesince(now, moment, time_strings=_AWAY, depth=1)}
