"""Send a test from the editor: really sent, what stands in the form, and told as it happens."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connections import http
from connections.provider import Answer, Request
from deliveries.draining import drain
from deliveries.models import TEST, Attempt, Delivery, Event, State
from rules.models import Rule, RuleVersion
from tests.calling import STRANGE_ID
from tests.portal import enter, words
from tests.rules.crm import KIND, Crm, crm, make_crm
from tests.world import Vendor, make_attempt, make_event, make_rule
from workspaces.models import SessionType

__all__ = ["crm"]
pytestmark = pytest.mark.usefixtures("woken")
PATH = "/workspace/rules/test"


def form(vendor: Vendor, **more: Any) -> dict[str, Any]:
    return {"event": "alert.*", "connection": str(vendor.connection.id), **more}


def sent(vendor: Vendor) -> Event:
    return Event.objects.get(workspace_id=vendor.workspace.id, kind=TEST)


def result(event: Event) -> str:
    return f"/workspace/rules/tests/{event.id}"


def test_a_saved_rule_is_tested_as_itself(acme: Vendor, woken: list[bool]) -> None:
    answer = enter(acme, role="member").post(PATH, form(acme, rule=str(acme.rule.id)))
    assert "The test is being sent" in words(answer)
    assert Delivery.objects.get(event_id=sent(acme).id).rule_id == acme.rule.id
    assert woken == [True]


def test_what_is_not_saved_goes_through_the_connection(acme: Vendor) -> None:
    enter(acme, role="member").post(PATH, form(acme, rule=str(acme.rule.id), **{"in-note": "as typed"}))
    delivery = Delivery.objects.get(event_id=sent(acme).id)
    assert delivery.rule_id != acme.rule.id
    assert Rule.objects.count() == 1


@pytest.mark.parametrize(
    ("record", "arrived"), [("", {}), (KIND, {"email": "ann@acme.example"})], ids=["plain", "with a record"]
)
def test_any_action_of_a_draft_is_tested_unsaved_with_its_own_inputs(
    acme: Vendor, crm: Crm, monkeypatch: pytest.MonkeyPatch, record: str, arrived: Any
) -> None:
    first, second = crm.actions
    monkeypatch.setattr(crm, "actions", (first, replace(second, record=record)))
    bodies: list[Any] = []

    def take(request: Request, **_: Any) -> Answer:
        bodies.append(json.loads(request.body))
        return Answer(200)

    monkeypatch.setattr(http, "send", take)
    typed = {"sample_type": "alert.x", "sample_payload": '{"email": "ann@acme.example"}', "in-id": "L1"}
    connection = str(make_crm(acme.workspace).id)
    answer = enter(acme).post(PATH, form(acme, connection=connection, action=second.key, **typed))
    assert "The test is being sent" in words(answer)
    drain()
    delivery = Delivery.objects.get(event_id=sent(acme).id)
    said = RuleVersion.objects.get(id=delivery.rule_version_id)
    assert (said.action, said.inputs, delivery.state) == (second.key, {"id": "L1"}, State.DELIVERED)
    assert bodies == [arrived]
    assert bool(Attempt.objects.get(delivery_id=delivery.id).notes) is bool(record)
    assert Rule.objects.filter(connection__id=connection).count() == 0


def test_the_event_is_the_one_of_the_form(acme: Vendor) -> None:
    payload = {"sample_type": "alert.chosen", "sample_payload": '{"as": "typed"}'}
    enter(acme).post(PATH, form(acme, **payload))
    assert (sent(acme).event, sent(acme).payload) == ("alert.chosen", '{"as": "typed"}')


def test_without_leave_to_see_payloads_the_real_one_is_not_sent_either(acme: Vendor) -> None:
    make_event(acme.workspace, "alert.triggered", '{"secret": "Casterly"}')
    enter(acme, role="member").post(PATH, form(acme))
    assert "Casterly" not in sent(acme).payload


def test_a_session_of_one_resource_tests_with_its_own(acme: Vendor) -> None:
    kind: dict[str, Any] = {"session_type": SessionType.RESOURCE, "resource": "disk", "resource_id": "7"}
    portal = enter(acme, role="member", **kind)
    portal.post(PATH, form(acme))
    assert (sent(acme).resource, sent(acme).resource_id) == ("disk", "7")
    assert portal.get(result(sent(acme))).status_code == 200


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"connection": ""}, "Choose where it goes"),
        ({"in-note": "{{ a"}, "line 1"),
        ({"sample_type": "alert.x", "sample_payload": "{"}, "This is no JSON"),
    ],
    ids=["connection", "template", "payload"],
)
def test_what_cannot_be_sent_is_told_and_nothing_is_sent(
    acme: Vendor, woken: list[bool], more: dict[str, str], said: str
) -> None:
    answer = enter(acme).post(PATH, form(acme) | more)
    assert "No test was sent." in words(answer)
    assert said.lower() in words(answer).lower()
    assert not Event.objects.filter(kind=TEST).exists()
    assert woken == []


def test_a_connection_that_is_off_says_so(acme: Vendor) -> None:
    acme.connection.active = False
    acme.connection.save()
    assert "switched off" in words(enter(acme).post(PATH, form(acme)))


def test_it_asks_again_until_it_is_over(acme: Vendor) -> None:
    portal = enter(acme)
    first = portal.post(PATH, form(acme)).content.decode()
    assert "every 1s" in first
    mark = first.partition("?mark=")[2].partition('"')[0]
    assert portal.get(result(sent(acme)), mark=mark).status_code == 204
    delivery = Delivery.objects.get(event_id=sent(acme).id)
    make_attempt(delivery, code="delivered", culprit="nobody", reason="Kept here.")
    Delivery.objects.filter(id=delivery.id).update(state=State.DELIVERED)
    last = portal.get(result(sent(acme)), mark=mark)
    assert "The test arrived. Kept here." in words(last).replace("  ", " ")
    assert "every 1s" not in last.content.decode()


def test_a_failure_says_what_to_do(acme: Vendor) -> None:
    portal = enter(acme)
    portal.post(PATH, form(acme))
    delivery = Delivery.objects.get(event_id=sent(acme).id)
    make_attempt(delivery, reason="The channel is gone.", fix="Choose another one.")
    Delivery.objects.filter(id=delivery.id).update(state=State.FAILED)
    said = words(portal.get(result(sent(acme))))
    assert "The test did not arrive. The channel is gone. Choose another one." in said


def test_results_are_of_ones_own_tests_alone(acme: Vendor, globex: Vendor) -> None:
    enter(acme).post(PATH, form(acme))
    for id in (sent(acme).id, STRANGE_ID):
        assert enter(globex).get(f"/workspace/rules/tests/{id}").status_code == 404
    assert enter(acme).get(f"/workspace/rules/tests/{acme.event.id}").status_code == 404  # no test


def test_a_strangers_rule_and_connection_are_not_tested(acme: Vendor, globex: Vendor) -> None:
    rule = make_rule(acme.connection)
    portal = enter(globex)
    assert portal.post(PATH, form(globex, rule=str(rule.id))).status_code == 404
    assert "Choose where it goes" in words(portal.post(PATH, form(acme)))
    assert not Event.objects.filter(kind=TEST).exists()


def test_a_viewer_sends_no_test(acme: Vendor) -> None:
    assert enter(acme, role="viewer").post(PATH, form(acme)).status_code == 403
    assert not Event.objects.filter(kind=TEST).exists()
