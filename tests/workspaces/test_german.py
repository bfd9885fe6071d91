"""The portal in German, page by page: what has a translation is not said in English."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from connections.connecting import tickets
from connections.connecting.tickets import Issued
from connections.models import Connection
from connections.provider import Inactive
from deliveries.models import Attempt, Delivery, State
from tests import words as catalogue
from tests.connections.signing_in import browser, now_of, sign_in, text_of
from tests.connections.vendor import make_slack
from tests.portal import enter, visit, words
from tests.world import ACTOR, Vendor, make_rule
from workspaces.embed import sessions
from workspaces.embed.sessions import Wanted

WORKSPACE = "/workspace"
PAGES = (
    "dashboard",
    "connections",
    "connections/{connection}",
    "connections/{connection}/lately",
    "connections/{connection}/test",
    "connections/{connection}/settings",
    "connections/{slack}",
    "connections/{slack}/lately",
    "connections/{slack}/directory/channel",
    "connections/new/capture",
    "connections/new/email",
    "connections/new/hubspot",
    "connections/new/slack",
    "connections/new/webhook",
    "rules",
    "rules/new",
    "rules/new?connection={slack}",
    "rules/{rule}",
    "rules/{rule}/versions",
    "events",
    "events?q=nothing-like-it",
    "events/{event}",
    "settings",
    "settings/audit",
    "rules/{event}",
)
FORMS = {
    "rules/conditions": {"asked": "add", "event": "alert.triggered"},
    "rules/preview": {"event": "alert.triggered"},
    "rules/backtest": {"event": "alert.triggered"},
    "rules/sample": {"event": "alert.triggered"},
    "rules/new": {"event": "", "mute": "date"},
    "connections/new/webhook": {"name": ""},
}
_GAP = re.compile(r"%\(\w+\)[sd]|\{\w*\}|<[^>]*>")
_WORDS_LEAST = 3


@pytest.fixture
def lively(acme: Vendor) -> Vendor:
    """Everything has something to tell: what waits, what failed, what needs somebody."""
    slack = make_slack(acme.workspace)
    make_rule(slack, inputs={"id": "C0123456789"}, min_severity="high")
    Connection.objects.filter(id=slack.id).update(active=False, inactive_reason=Inactive.AUTHORIZATION_REVOKED)
    Delivery.objects.filter(id=acme.delivery.id).update(state=State.RETRYING)
    return acme


@pytest.mark.parametrize("page", PAGES)
def test_no_page_says_in_english_what_has_a_translation(lively: Vendor, page: str) -> None:
    slack = Connection.objects.get(workspace=lively.workspace, provider="slack")
    ids = {"connection": lively.connection.id, "slack": slack.id, "rule": lively.rule.id, "event": lively.event.id}
    expect_german(visit(lively, f"{WORKSPACE}/{page.format(**ids)}", language="de"))


@pytest.mark.parametrize("form", FORMS)
def test_no_form_answers_in_english_what_has_a_translation(lively: Vendor, form: str) -> None:
    sent: dict[str, Any] = {"connection": str(lively.connection.id), "action": "record", **FORMS[form]}
    expect_german(enter(lively, language="de").post(f"{WORKSPACE}/{form}", sent))


def test_a_rule_is_read_in_german(lively: Vendor) -> None:
    text = words(visit(lively, f"{WORKSPACE}/rules", language="de"))
    assert "oder schlimmer ist, in C0123456789 posten." in text


def test_what_to_do_about_an_attempt_is_said_in_german(lively: Vendor) -> None:
    Attempt.objects.filter(id=lively.attempt.id).update(fix="Check the receiver's log at that time.")
    page = visit(lively, f"{WORKSPACE}/events/{lively.event.id}", language="de")
    assert "Was zu tun ist: Bitte im Protokoll des Empfängers zu dieser Zeit nachsehen." in words(page)


def test_times_are_declined(lively: Vendor) -> None:
    Connection.objects.filter(id=lively.connection.id).update(created_at=timezone.now() - timedelta(days=3, hours=1))
    assert (
        "vor 3\xa0Tagen"
        in visit(lively, f"{WORKSPACE}/connections/{lively.connection.id}", language="de").content.decode()
    )


# --------------------------------------------------------------------------- pages outside of the portal


def begin(vendor: Vendor, *, language: str) -> Issued:
    session = sessions.mint(workspace=vendor.workspace, wanted=Wanted(language=language), actor=ACTOR).session
    return tickets.begin(session=session, provider_slug="slack", actor="ann")


def opened(path: str, *, language: str) -> HttpResponse:
    """The page for a browser that asks for that language."""
    answer = browser().get(path, headers={"Accept-Language": language})
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_sign_in_speaks_as_its_session_does(acme: Vendor) -> None:
    page = opened(begin(acme, language="de").path, language="en")
    assert '<html lang="de">' in page.content.decode()
    assert "Slack für Acme verbinden" in text_of(page)
    expect_german(page)


def test_why_a_sign_in_failed_is_kept_as_its_session_speaks(acme: Vendor) -> None:
    issued = begin(acme, language="de")
    page = sign_in(browser(), issued, error="access_denied")
    assert "Slack hat keine Erlaubnis erhalten." in text_of(page)
    assert now_of(issued.pending).error.startswith("Slack hat keine Erlaubnis erhalten. Es wurde nichts geändert.")
    expect_german(page)


def test_a_link_speaks_as_its_readers_browser_does(acme: Vendor) -> None:
    issued = tickets.make_link(workspace=acme.workspace, provider_slug="slack", actor="ann")
    for language, words_of_it in (("de-AT", "Slack für Acme verbinden"), ("en", "Connect Slack for Acme")):
        assert words_of_it in text_of(opened(issued.path, language=language))


@pytest.mark.parametrize(
    "path", ["/confirm/unknown", "/oauth/start?link=unknown", "/oauth/callback/slack?state=unknown"]
)
def test_what_cannot_be_found_is_told_as_the_browser_speaks(acme: Vendor, path: str) -> None:
    expect_german(opened(path, language="de"))


# --------------------------------------------------------------------------- English that should be German


def expect_german(answer: HttpResponse) -> None:
    """Attributes are read, too: a placeholder and a name for a screen reader are words."""
    text = " ".join(html.unescape(answer.content.decode()).split())
    assert text
    assert [phrase for phrase in phrases() if phrase in text] == []


@cache
def phrases() -> frozenset[str]:
    """What would be English: the texts that are said otherwise in German, between their gaps."""
    kept = [message for home in catalogue.homes() for message in catalogue.read(home, "de") if message.id]
    german = " ".join(text for message in kept for text in texts(message.string))
    english = {part for message in kept for text in texts(message.id) for part in parts(text)}
    return frozenset(part for part in english if part not in german)


def texts(one: Any) -> list[str]:
    return [one] if isinstance(one, str) else list(one)


def parts(text: str) -> list[str]:
    found = (part.strip(" .,:;()“”") for part in _GAP.split(text))
    return [part for part in found if len(part.split()) >= _WORDS_LEAST]
