"""The first line of the overview: the truth about this workspace, and the one click that mends what is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deliveries.showing.figures import Day
from deliveries.showing.health import Plugged
from deliveries.showing.words import Words
from workspaces.templatetags.portal import apart, around, number


@dataclass(frozen=True, slots=True)
class Headline:
    """``tone`` is good, wait or bad. ``needs`` is the connection that needs somebody first, ``more`` what follows."""

    title: str
    words: str
    more: str = ""
    tone: str = "good"
    needs: Plugged | None = None
    click: Words = ""
    url: str = ""

    @property
    def stem(self) -> str:
        """The words without their full stop, for a time to follow."""
        stem = self.words.removesuffix(".")
        return SafeString(stem) if isinstance(self.words, SafeString) else stem


def headline(plugged: Sequence[Plugged], days: Sequence[Day], *, rules: bool) -> Headline:
    """For somebody who sees the connections of the workspace. ``plugged``: those that need somebody come first."""
    if not plugged:
        return Headline(
            _("Nothing is connected yet"),
            _("Connect Slack, e-mail or a webhook. Then say what should arrive there, and see it happen here."),
            click=_("Connect something"),
            url=reverse("connections"),
        )
    broken = [one for one in plugged if one.how.tone == "bad"]
    if broken:
        return _broken(broken)
    asked = [one for one in plugged if one.asked]
    if asked:
        return _asked(asked[0])
    if not rules:
        return Headline(
            _("Nothing is sent yet"),
            around(_("No rule says what should arrive in %(name)s."), name=plugged[0].name),
            tone="wait",
            click=_("Make a rule"),
            url=reverse("rules"),
        )
    failing = [one for one in plugged if one.how.tone == "wait"]
    if failing:
        return _troubled(failing)
    return Headline(_healthy(plugged), arrived(days))


def about_resource(days: Sequence[Day], resource: str, resource_id: str) -> Headline:
    """For somebody who sees one resource only."""
    title = around(_("Alerts about %(resource)s %(id)s"), resource=resource, id=resource_id)
    return Headline(title, arrived(days))


def arrived(days: Sequence[Day]) -> str:
    """How much was delivered, failed and waits in these days."""
    delivered, failed, waiting = (
        sum(getattr(day, name) for day in days) for name in ("delivered", "failed", "waiting")
    )
    said = [
        ngettext("%(n)s alert delivered in the last 7 days", "%(n)s alerts delivered in the last 7 days", delivered)
        % {"n": number(delivered)}
    ]
    if failed:
        said.append(ngettext("%(n)s failed", "%(n)s failed", failed) % {"n": number(failed)})
    if waiting:
        said.append(ngettext("%(n)s on its way", "%(n)s on their way", waiting) % {"n": number(waiting)})
    return ", ".join(said) + "."


def _broken(broken: Sequence[Plugged]) -> Headline:
    first, waiting = broken[0], sum(one.waiting for one in broken)
    title: str = around(_("%(name)s needs you"), name=first.name)
    if len(broken) > 1:
        title = _("%(n)s connections need you") % {"n": number(len(broken))}
    words = first.how.what if len(broken) == 1 else format_html("{}: {}", apart(first.name), first.how.what)
    held = ngettext(
        "%(n)s alert is waiting, and is kept until it is mended.",
        "%(n)s alerts are waiting, and are kept until it is mended.",
        waiting,
    )
    return Headline(
        title,
        words,
        more=held % {"n": number(waiting)} if waiting else "",
        tone="bad",
        needs=first,
        click=first.how.click,
        url=first.url,
    )


def _asked(one: Plugged) -> Headline:
    words = ngettext(
        "%(n)s alert has waited for it. Say what shall become of it.",
        "%(n)s alerts have waited for it. Say what shall become of them.",
        one.waiting,
    )
    return Headline(
        around(_("%(name)s works again"), name=one.name),
        words % {"n": number(one.waiting)},
        tone="wait",
        click=_("Choose"),
        url=one.url,
    )


def _troubled(failing: Sequence[Plugged]) -> Headline:
    first = failing[0]
    return Headline(
        around(_("%(name)s is in trouble"), name=first.name),
        first.how.what,
        more=str(first.how.next),
        tone="wait",
        needs=first,
        click=first.how.click,
        url=first.url,
    )


def _healthy(plugged: Sequence[Plugged]) -> str:
    well = sum(one.how.tone == "good" for one in plugged)
    if well < len(plugged):
        said = ngettext(
            "%(well)s connection works, %(off)s switched off", "%(well)s connections work, %(off)s switched off", well
        )
        return said % {"well": number(well), "off": number(len(plugged) - well)}
    if well == 1:
        return _("%(name)s is healthy") % {"name": plugged[0].name}
    return _("All %(n)s connections are healthy") % {"n": number(well)}
