"""The page of one event: its story, and what can be done."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connections.models import Choice, Connection
from deliveries.models import TEST, Decision, Delivery, Event, State
from deliveries.showing.story import SILENT_MOST, tell
from rules.models import Rule
from tests.calling import STRANGE_ID
from tests.deliveries.pages.test_overview import poll_of, queries
from tests.portal import enter, visit, words
from tests.world import Vendor, make_attempt, make_delivery, make_event, make_rule
from workspaces.models import AuditEntry, SessionType
from workspaces.permissions import PAYLOAD_SCOPE

SECRET = "the-events-own-words"
SILENT = {
    "fired": False,
    "summary": "Severity low is below high.",
    "clauses": [
        {"kind": "severity", "asked": "severity is at least high", "saw": '"low"', "passed": False, "why": "Too low."},
        {"kind": "condition", "asked": "value is more than 5", "saw": "9", "passed": True},
    ],
}


def path(event: Event) -> str:
    return f"/workspace/events/{event.id}"


def decide(event: Event, rule: Rule, **verdict: Any) -> None:
    said = {"rule_id": str(rule.id), "version_id": str(rule.version_id), "connection_id": str(rule.connection_id)}
    row, _ = Decision.objects.get_or_create(
        id=event.id,
        defaults={
            "organization_id": event.organization_id,
            "workspace_id": event.workspace_id,
            "verdicts": [],
            "ruleset_version": 1,
        },
    )
    row.verdicts.append({**said, "name": rule.name, "fired": True, "summary": "Yes.", "clauses": [], **verdict})
    row.save()
    Event.objects.filter(id=event.id).update(decided_at=event.created_at)


@pytest.fixture
def told(acme: Vendor) -> Vendor:
    """An event whose payload, request and answer hold words that not everybody may see."""
    Event.objects.filter(id=acme.event.id).update(payload=f'{{"note":"{SECRET}"}}')
    acme.attempt.exchanges = [
        {
            "request": {"method": "POST", "url": "https://hooks.example.com/in", "headers": {}, "body": SECRET},
            "response": {"status": 500, "headers": {}, "body": f"no: {SECRET}"},
        }
    ]
    acme.attempt.save()
    return acme


# --------------------------------------------------------------------------- who sees what


def test_payloads_and_bodies_are_shown_to_those_who_may_see_them(told: Vendor) -> None:
    text = words(visit(told, path(told.event), role="admin", scopes=[PAYLOAD_SCOPE]))
    assert text.count(SECRET) == 3
    assert "POST https://hooks.example.com/in" in text


@pytest.mark.parametrize(("role", "scopes"), [("owner", []), ("member", [PAYLOAD_SCOPE]), ("viewer", [PAYLOAD_SCOPE])])
def test_without_the_permission_not_a_word_of_the_event_is_in_the_page(
    told: Vendor, role: str, scopes: list[str]
) -> None:
    page = visit(told, path(told.event), role=role, scopes=scopes)
    assert page.status_code == 200
    assert SECRET not in page.content.decode()
    assert "your access does not include the content of events" in words(page)
    assert "POST https://hooks.example.com/in" in words(page)  # what is no content is still told


def test_what_may_not_be_seen_is_not_even_in_the_story(told: Vendor) -> None:
    event = Event.objects.get(id=told.event.id)
    assert SECRET in repr(tell(event, payload=True))
    assert SECRET not in repr(tell(event, payload=False))


def test_strangers_and_other_environments_get_404(acme: Vendor, globex: Vendor) -> None:
    never = visit(globex, f"/workspace/events/{STRANGE_ID}")
    for whose in (globex, acme.staging):
        page = visit(whose, path(acme.event))
        assert (page.status_code, page.content) == (404, never.content)


def test_a_session_of_another_resource_gets_404(acme: Vendor) -> None:
    other = {"session_type": SessionType.RESOURCE, "resource": "part", "resource_id": "disk"}
    assert visit(acme, path(acme.event), **other).status_code == 404
    form = f"{path(acme.event)}/rules/{acme.rule.id}/retry"
    assert enter(acme, **other).post(form).status_code == 404


# --------------------------------------------------------------------------- the story


def test_every_rule_tells_its_clauses_with_what_each_saw(acme: Vendor) -> None:
    second = make_rule(acme.connection, name="Only loud ones")
    decide(acme.event, acme.rule)
    decide(acme.event, second, **SILENT)
    page = visit(acme, path(acme.event))
    text = words(page)
    assert "Acme capture rule fired Yes." in text
    assert "Only loud ones stayed silent Severity low is below high." in text
    assert 'no: severity is at least high (saw "low")' in text
    assert "yes: value is more than 5 (saw 9)" in text
    assert f'href="/workspace/rules/{second.id}"' in page.content.decode()


def test_many_rules_that_stayed_silent_are_folded_until_somebody_asks(acme: Vendor) -> None:
    portal, event = enter(acme), make_event(acme.workspace)
    names = [f"Silent-{number:03}." for number in range(SILENT_MOST + 3)]
    for name in names:
        decide(event, acme.rule, name=name, **SILENT)
    decide(event, acme.rule, name="Loud.")
    folded = portal.get(path(event))
    assert [name for name in ["Loud.", *names] if name in words(folded)] == ["Loud.", *names[:SILENT_MOST]]
    assert "Show the other 3 rules" in words(folded)
    assert f'hx-get="{path(event)}?rules=all"' in folded.content.decode()
    whole = portal.get(path(event), rules="all")
    assert all(name in words(whole) for name in ["Loud.", *names])
    assert "Show the other" not in words(whole)
    assert len(re.findall("<li[^>]* data-next>", whole.content.decode())) == 1
    assert queries(portal, path(event)) == queries(portal, f"{path(event)}?rules=all")


def test_a_rule_that_was_deleted_since_is_still_named(acme: Vendor) -> None:
    second = make_rule(acme.connection, name="Gone one")
    decide(acme.event, second, **SILENT)
    Rule.objects.filter(id=second.id).delete()
    page = visit(acme, path(acme.event))
    assert "Gone one stayed silent (deleted since)" in words(page)
    assert f"/workspace/rules/{second.id}" not in page.content.decode()


def test_a_silent_event_says_why_and_leads_to_the_rules(acme: Vendor) -> None:
    event = make_event(acme.workspace, "quiet.event", status="completed")
    Event.objects.filter(id=event.id).update(decided_at=event.created_at)
    page = visit(acme, path(event))
    assert "No rule listens to quiet.event, so nothing was sent." in words(page)
    assert 'href="/workspace/rules">' in page.content.decode()
    decide(event, acme.rule, **SILENT)
    assert "No rule fired, so nothing was sent." in words(visit(acme, path(event)))


def test_an_attempt_tells_when_how_long_what_came_back_and_what_to_do(acme: Vendor) -> None:
    make_attempt(acme.delivery, 2, fix="Look at the receiver's log.", notes=["One field stayed empty."])
    text = words(visit(acme, path(acme.event)))
    assert "Attempt 2 just now · took 12 ms" in text
    assert text.index("Attempt 2") < text.index("Attempt 1")
    assert "Acme answered 500." in text
    assert "One field stayed empty." in text
    assert "What to do: Look at the receiver's log." in text


def test_what_is_held_says_what_it_waits_for_and_leads_there(acme: Vendor) -> None:
    Connection.objects.filter(id=acme.connection.id).update(active=False, inactive_reason="endpoint_gone")
    event = make_event(acme.workspace)
    make_delivery(event, acme.rule, State.HELD)
    page = visit(acme, path(event))
    assert "It waits for Acme capture. The receiver said that it is gone for good." in words(page)
    assert 'href="/workspace/connections' in page.content.decode()


def test_what_waits_for_a_choice_says_so_and_leads_there(acme: Vendor) -> None:
    Connection.objects.filter(id=acme.connection.id).update(held_choice=Choice.ASKED)
    event = make_event(acme.workspace)
    make_delivery(event, acme.rule, State.HELD)
    text = words(visit(acme, path(event)))
    assert "Acme capture works again. It waits until somebody says what shall become of what was kept. Choose" in text


def test_what_was_left_out_after_an_attempt_says_why_and_asks_nothing_of_anybody(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    delivery = make_delivery(event, acme.rule, State.SUPERSEDED)
    make_attempt(delivery, 1, fix="Reconnect it.")
    Delivery.objects.filter(id=delivery.id).update(attempt_count=1, last_error="A newer one was sent instead.")
    text = words(visit(acme, path(event)))
    assert "A newer one was sent instead." in text
    assert "Attempt 1" in text
    assert "What to do" not in text


def test_tests_are_marked(acme: Vendor) -> None:
    event = make_event(acme.workspace, kind=TEST)
    assert "Somebody asked for this test by hand." in words(visit(acme, path(event)))


def test_it_asks_again_until_all_is_final_and_then_stops(acme: Vendor) -> None:
    portal, event = enter(acme), make_event(acme.workspace)
    delivery = make_delivery(event, acme.rule, State.SENDING)
    poll = poll_of(portal.get(path(event)).content.decode(), target="story")
    assert portal.get(poll, target="story").status_code == 204
    Delivery.objects.filter(id=delivery.id).update(state=State.DELIVERED)
    story = portal.get(poll, target="story").content.decode()
    assert story.strip().startswith('<div id="story"')
    assert "hx-trigger" not in story


def test_it_asks_the_database_no_more_often_for_more(acme: Vendor) -> None:
    portal = enter(acme, scopes=[PAYLOAD_SCOPE])
    decide(acme.event, acme.rule)
    few = queries(portal, path(acme.event))
    for _ in range(20):
        rule = make_rule(acme.connection)
        decide(acme.event, rule)
        delivery = make_delivery(acme.event, rule, State.FAILED)
        for number in (1, 2, 3):
            make_attempt(delivery, number)
    assert queries(portal, path(acme.event)) == few


# --------------------------------------------------------------------------- what can be done


def test_a_failed_delivery_is_sent_again_and_traced(acme: Vendor) -> None:
    form = f"{path(acme.event)}/rules/{acme.rule.id}/retry"
    answer = enter(acme, role="member", external_user_id="ann").post(form, target="story")
    assert answer.status_code == 200
    assert "trying again" in words(answer)
    assert Delivery.objects.get(id=acme.delivery.id).state == State.RETRYING
    assert AuditEntry.objects.latest("id").actor == "ann"
    assert f'id="to-{acme.delivery.id}" tabindex="-1" data-next' in answer.content.decode()
    assert f'hx-get="{path(acme.event)}?mark=' in answer.content.decode()


def test_what_is_open_can_be_called_off(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    delivery = make_delivery(event, acme.rule, State.RETRYING)
    answer = enter(acme).post(f"{path(event)}/rules/{acme.rule.id}/cancel", target="story")
    assert "called off" in words(answer)
    assert Delivery.objects.get(id=delivery.id).state == State.CANCELED


def test_a_refusal_is_told_beside_the_story(acme: Vendor) -> None:
    Delivery.objects.filter(id=acme.delivery.id).update(state=State.DELIVERED)
    answer = enter(acme).post(f"{path(acme.event)}/rules/{acme.rule.id}/retry", target="story")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()
    assert "This delivery has arrived" in words(answer)


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_a_viewer_is_not_offered_it_and_cannot_do_it(acme: Vendor, verb: str) -> None:
    form = f"{path(acme.event)}/rules/{acme.rule.id}/{verb}"
    assert form not in visit(acme, path(acme.event), role="viewer").content.decode()
    assert enter(acme, role="viewer").post(form).status_code == 403
    assert Delivery.objects.get(id=acme.delivery.id).state == State.FAILED


def test_an_event_and_a_rule_that_never_met_are_404(acme: Vendor) -> None:
    other = make_rule(acme.connection)
    assert enter(acme).post(f"{path(acme.event)}/rules/{other.id}/retry").status_code == 404
