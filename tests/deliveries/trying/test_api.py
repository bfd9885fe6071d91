"""Trying a rule over the API: a test, a preview, a back-test, its versions and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deliveries.draining import drain
from deliveries.models import TEST, Capture, Delivery, Event
from deliveries.reading import PAYLOAD_MOST
from rules.models import Rule, RuleVersion
from tests.calling import fault, params, read
from tests.world import Vendor, make_event, make_rule

pytestmark = pytest.mark.usefixtures("woken")


def backtest_of(vendor: Vendor, **more: Any) -> dict[str, Any]:
    return {"workspace": str(vendor.workspace.id), "event": "alert.*", **more}


def preview_of(vendor: Vendor, **more: Any) -> dict[str, Any]:
    place = {"workspace": str(vendor.workspace.id), "connection": str(vendor.connection.id)}
    return {**place, "metadata": {"action": "record", "note": "{{ value }}"}, **more}


# --------------------------------------------------------------------------- a test


def test_a_test_is_sent_and_can_be_followed_by_its_event(acme: Vendor, woken: list[bool]) -> None:
    event = read(acme.machine.post(f"/rules/{acme.rule.id}/test"), 201)["event"]
    assert (event["type"], event["event"], event["created_by"]) == (
        "test",
        "alert.triggered",
        acme.machine_key.access_key,
    )
    assert woken
    drain()
    shown = read(acme.machine.get(f"/events/{event['id']}"))
    assert (shown["status"], [one["rule"] for one in shown["rule_events"]]) == ("completed", [str(acme.rule.id)])


def test_a_test_takes_a_payload_and_an_event_type(acme: Vendor) -> None:
    body = {"event": "alert.disk.full", "payload": {"value": 7, "größe": "ä"}}
    event = read(acme.machine.post(f"/rules/{acme.rule.id}/test", body), 201)["event"]
    row = Event.objects.get(id=event["id"])
    assert (row.event, json.loads(row.payload)) == ("alert.disk.full", body["payload"])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"event": "user.created"}, "event"),
        ({"event": ""}, ""),
        ({"event": "a**"}, "event"),
        ({"payload": 5}, "payload"),
        ({"payload": []}, "payload"),
        ({"only_rule": "x"}, "only_rule"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_test_is_named(acme: Vendor, body: dict[str, Any], param: str) -> None:
    answer = acme.machine.post(f"/rules/{acme.rule.id}/test", body)
    if param:
        assert params(answer, 400) == [param]
        assert not Event.objects.filter(kind=TEST).exists()
    else:  # an empty text asks for nothing
        assert answer.status_code == 201


def test_a_payload_that_no_event_may_have_is_refused(acme: Vendor) -> None:
    body = {"payload": {"x": "y" * PAYLOAD_MOST}}
    assert params(acme.machine.post(f"/rules/{acme.rule.id}/test", body), 413) == ["payload"]


def test_a_test_while_the_connection_is_off_is_409(acme: Vendor) -> None:
    type(acme.connection).objects.update(active=False)
    assert "switched off" in fault(acme.machine.post(f"/rules/{acme.rule.id}/test"), 409)["message"]


def test_a_switched_off_rule_is_tested_all_the_same(acme: Vendor) -> None:
    Rule.objects.update(active=False)
    event = read(acme.machine.post(f"/rules/{acme.rule.id}/test"), 201)["event"]
    assert event["total_rules"] == 1


def test_nobody_outside_can_aim_an_event_at_a_rule(acme: Vendor) -> None:
    """The wire's ``type`` may be any text, also "test"; the event is held against every rule."""
    make_rule(acme.connection, "*", name="second")
    body = {"event": "alert.a", "payload": {}, "type": "test", "only_rule_id": str(acme.rule.id)}
    event = read(acme.emitter.post("/events", body), 201)["event"]
    assert event["type"] == "test"
    drain()
    assert Delivery.objects.filter(event_id=event["id"]).count() == 2


# --------------------------------------------------------------------------- a back-test


def test_a_back_test_counts(acme: Vendor) -> None:
    make_event(acme.workspace, payload='{"value":9}')
    found = read(
        acme.machine.post(
            "/rules/backtest", backtest_of(acme, conditions={"field": "value", "op": "gt", "value": 5}, days=2)
        )
    )
    assert (found["considered"], found["fired"], found["complete"]) == (2, 1, True)
    assert sum(day["fired"] for day in found["days"]) == 1
    assert [one["event_id"] for one in found["silent_examples"]] == [str(acme.event.id)]
    assert found["silent_examples"][0]["reason"] == "value is 1, not more than 5."


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"conditions": {"op": "?"}}, "conditions.op"),
        ({"event": ""}, "event"),
        ({"days": 8}, "days"),
        ({"days": "x"}, "days"),
        ({"min_severty": "high"}, "min_severty"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_back_test_is_named(acme: Vendor, more: dict[str, Any], param: str) -> None:
    assert param in params(acme.machine.post("/rules/backtest", backtest_of(acme, **more)), 400)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "America", "../../etc/passwd", "/etc/passwd", "é", "x" * 60, "."])
def test_a_time_zone_that_is_none_is_named(acme: Vendor, zone: str) -> None:
    answer = acme.machine.post("/rules/backtest", backtest_of(acme, time_zone=zone))
    assert params(answer, 400) == ["time_zone"]


def test_a_back_test_sees_one_workspace(acme: Vendor) -> None:
    found = read(acme.machine.post("/rules/backtest", {"workspace": str(acme.staging.id), "event": "*"}))
    assert found["considered"] == 0


# --------------------------------------------------------------------------- a preview


def test_a_preview_shows_what_would_be_sent(acme: Vendor) -> None:
    found = read(acme.machine.post("/rules/preview", preview_of(acme, event="alert.*")))
    assert found["picture"]["headers"]["X-Jackfield-Note"] == "1"
    assert json.loads(found["picture"]["body"])["uuid"] == str(acme.event.id)
    assert (found["faults"], found["reason"]) == ([], None)
    assert not Capture.objects.exists()


def test_a_preview_takes_a_payload_and_tells_its_faults(acme: Vendor) -> None:
    metadata = {"action": "record", "note": "{{ value | no_such }}"}
    found = read(acme.machine.post("/rules/preview", preview_of(acme, payload={"value": 2}, metadata=metadata)))
    assert [one["param"] for one in found["faults"]] == ["metadata.note"]
    assert json.loads(found["picture"]["body"])["payload"] == {"value": 2}


@pytest.mark.parametrize(
    ("more", "param"),
    [({"metadata": {}}, "metadata.action"), ({"event": "a**b"}, "event"), ({"payload": 1}, "payload")],
    ids=str,
)
def test_what_is_wrong_with_a_preview_is_named(acme: Vendor, more: dict[str, Any], param: str) -> None:
    assert params(acme.machine.post("/rules/preview", preview_of(acme, **more)), 400) == [param]


def test_a_connection_of_another_workspace_is_404(acme: Vendor) -> None:
    body = preview_of(acme, workspace=str(acme.staging.id))
    assert fault(acme.machine.post("/rules/preview", body), 404)


# --------------------------------------------------------------------------- versions


def test_versions_are_listed_with_what_changed(acme: Vendor) -> None:
    acme.machine.patch(f"/rules/{acme.rule.id}", {"min_severity": "high"})
    found = read(acme.machine.get(f"/rules/{acme.rule.id}/versions"))
    assert [row["number"] for row in found["records"]] == [2, 1]
    assert found["records"][0]["changes"] == [{"label": "Severity", "before": "nothing", "after": "high or worse"}]
    assert found["records"][1]["changes"] == []


def test_a_rule_goes_back_to_a_version(acme: Vendor) -> None:
    acme.machine.patch(f"/rules/{acme.rule.id}", {"event": "user.*"})
    shown = read(acme.machine.post(f"/rules/{acme.rule.id}/revert", {"version": 1}))
    assert (shown["event"], shown["version"]) == ("alert.*", 3)


@pytest.mark.parametrize(("version", "status"), [(0, 404), (2, 404), (10**30, 404), ("1", 400), (None, 400)])
def test_a_version_that_is_not_there_is_told(acme: Vendor, version: Any, status: int) -> None:
    answer = acme.machine.post(f"/rules/{acme.rule.id}/revert", {"version": version})
    assert fault(answer, status)
    assert RuleVersion.objects.filter(rule_id=acme.rule.id).count() == 1


def test_trying_a_rule_is_a_word_and_no_id(acme: Vendor) -> None:
    """``/rules/backtest`` stands beside ``/rules/{id}``: neither hides the other."""
    assert acme.machine.get("/rules/backtest").status_code == 405
    assert read(acme.machine.get(f"/rules/{acme.rule.id}"))
