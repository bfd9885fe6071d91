"""How a connection is, in words: what happened, what happens next by itself, and the one click that mends it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connections.models import Connection
from connections.provider import Auth, Inactive, Kind
from connections.registry import all_providers
from workspaces.retelling import retell
from workspaces.templatetags.portal import minute

A_MOMENT = timedelta(minutes=1)  # in which a renewal may fail before anybody is bothered with it
Words = str | Promise


class Mend(StrEnum):
    """What the one click does."""

    NONE = ""
    RECONNECT = "reconnect"
    SETTINGS = "settings"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Standing:
    """``tone`` is the style sheet's word: good, wait (it fails or waits), bad (it needs somebody), muted (off)."""

    tone: str
    icon: str  # a symbol of icons.svg
    word: Words
    what: str  # a sentence
    next: Words = ""  # a sentence; "" when there is nothing to wait for
    mend: Mend = Mend.NONE
    click: Words = ""  # the words of the click
    since: datetime | None = None

    @property
    def good(self) -> bool:
        """Whether nobody has to do anything."""
        return self.tone == "good"


_GOOD = _("Everything is in order.")
_TRIES_ON = _("Everything is tried again by itself, ten times over three days.")
_WARNED = _("If that lasts for five days, it is switched off. One success is enough to keep it on.")
_OUTAGE = _("%(provider)s has trouble at the moment, for many of its customers at once.")
_NOT_YOURS = _("There is nothing for you to do: everything is tried again by itself.")
_STILL_SENT = _(
    "Renewing the access at %(provider)s has failed since %(since)s; messages still go out until %(until)s."
)
_WAITS = _("Renewing the access at %(provider)s has failed since %(since)s; messages have waited since %(until)s.")
_RENEWED_ON = _("It is tried again by itself, and what waits goes then. Last time: %(why)s")
_HELD = _("What is meant for it is kept meanwhile, and can go as soon as it is on again.")
_UNASKED = _("Nothing is sent before one of them opens the link in the message that we mail them.")

# What happened, and the words of the click; ``%(provider)s`` is its name.
_OFF: Mapping[str, tuple[Words, Words]] = {
    Inactive.AUTHENTICATION_INVALID: (_("%(provider)s no longer accepts the credentials."), _("Enter new ones")),
    Inactive.AUTHORIZATION_REVOKED: (_("The authorization was revoked at %(provider)s."), _("Reconnect")),
    Inactive.REAUTHORIZATION_REQUIRED: (_("%(provider)s asks for signing in again."), _("Reconnect")),
    Inactive.ENDPOINT_GONE: (_("The receiver said that it is gone for good."), _("Check the address")),
    Inactive.FAILING_FOR_DAYS: (
        _("Everything sent there failed for five days, so it was switched off."),
        _("Check its settings"),
    ),
}
_BY_HAND = _("It was switched off by hand.")
_OTHERWISE = (_("It was switched off."), _("Switch it on"))


def standing(
    row: Connection, *, unconfirmed: bool = False, outages: Collection[str] = (), refusal: str = ""
) -> Standing:
    """How it is. ``unconfirmed``: it has recipients, and none of them has said yes.

    ``outages`` are the destinations that have trouble of their own at the moment. ``refusal`` is why its credentials
    were not accepted when one of its lists was read, and what to do.
    """
    if not row.active:
        return _off(row)
    now = timezone.now()
    if is_unrenewed(row, now) and (_is_over(row, now) or not row.failing_since):
        return _unrenewed(row, now)
    if refusal:
        return _refused(row, refusal)
    if row.failing_since:
        return _failing(row, outage=row.provider in outages)
    if unconfirmed:
        what = gettext("None of its recipients has confirmed yet.")
        return Standing("wait", "clock", _("waiting for a yes"), what, _UNASKED)
    return Standing("good", "check", _("healthy"), str(_GOOD))


def is_unrenewed(row: Connection, now: datetime) -> bool:
    """Whether its access could not be renewed for a while, or not in time. What passes in a moment is not told."""
    since = row.renew_failing_since
    return row.active and since is not None and (since <= now - A_MOMENT or _is_over(row, now))


def _is_over(row: Connection, now: datetime) -> bool:
    """Nothing is sent with the token any more."""
    return row.token_until is not None and row.token_until <= now


def _unrenewed(row: Connection, now: datetime) -> Standing:
    since, until = row.renew_failing_since or now, row.token_until or now
    words = _WAITS if _is_over(row, now) else _STILL_SENT
    names = {"provider": _who(all_providers().get(row.provider), row), "since": _time(since, now)}
    what = str(words) % {**names, "until": _time(until, now)}
    return Standing("wait", "clock", _("not renewed"), what, str(_RENEWED_ON) % {"why": retell(row.renew_trouble)})


def _time(moment: datetime, now: datetime) -> str:
    """``14:02 UTC``, with the day before it unless that is today."""
    at = moment.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == now.astimezone(UTC).date() else f"{minute(at)} UTC"


def _failing(row: Connection, *, outage: bool) -> Standing:
    if outage:
        what = str(_OUTAGE) % {"provider": _who(all_providers().get(row.provider), row)}
        return Standing("wait", "clock", _("failing"), what, _NOT_YOURS, since=row.failing_since)
    what = gettext("Nothing has arrived there lately.")
    if not row.warned_at:
        return Standing("wait", "clock", _("failing"), what, _TRIES_ON, since=row.failing_since)
    kind: Any = all_providers().get(row.provider)
    mend = Mend.SETTINGS if kind and kind.fields else Mend.NONE
    click = _("Check its settings") if mend else ""
    return Standing("wait", "warning", _("failing for days"), what, _WARNED, mend, click, row.failing_since)


def _refused(row: Connection, refusal: str) -> Standing:
    signed_in = all_providers()[row.provider].auth is Auth.OAUTH
    _said, click = _OFF[Inactive.AUTHORIZATION_REVOKED if signed_in else Inactive.AUTHENTICATION_INVALID]
    mend = Mend.RECONNECT if signed_in else Mend.SETTINGS
    return Standing("bad", "warning", _("needs you"), retell(refusal), mend=mend, click=click)


def _off(row: Connection) -> Standing:
    if row.inactive_reason == Inactive.MANUALLY_INACTIVATED:
        return Standing("muted", "silent", _("off"), str(_BY_HAND), _HELD, Mend.SWITCH, _OTHERWISE[1], row.updated_at)
    kind: Any = all_providers().get(row.provider)
    what, fix = _OFF.get(row.inactive_reason, _OTHERWISE)
    mend = _mend(row.inactive_reason, kind)
    said = str(what) % {"provider": _who(kind, row)}
    click = _OTHERWISE[1] if mend is Mend.SWITCH else fix
    return Standing("bad", "warning", _("needs you"), said, _HELD, mend, click, row.updated_at)


def _mend(reason: str, kind: Any) -> Mend:
    if kind is None:
        return Mend.NONE
    if kind.auth is Auth.OAUTH:
        return Mend.SWITCH if reason == Inactive.FAILING_FOR_DAYS or reason not in _OFF else Mend.RECONNECT
    return Mend.SETTINGS if kind.fields and reason in _OFF else Mend.SWITCH


def _who(kind: Any, row: Connection) -> str:
    """Whose no it is: an endpoint of the customer's own is "the receiver"."""
    if kind is None:
        return row.provider
    own = any(asked.kind is Kind.URL for asked in kind.fields)
    return gettext("The receiver") if own else str(kind.name)
