from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from deliveries.models import Capture, Decision, Delivery, State
from tests.calling import STRANGE_ID, Caller, fault, params, read, walk
from tests.world import Vendor, make_attempt, make_delivery, make_event


def delivery_path(vendor: Vendor) -> str:
    return f"/events/{vendor.event.id}/rules/{vendor.rule.id}"


# --------------------------------------------------------------------------- lists


def test_an_empty_list_is_a_page(acme: Vendor) -> None:
    assert read(acme.machine.get(f"/workspaces/{acme.staging.id}/events")) == {
        "count": 0,
        "limit": 50,
        "next_cursor": None,
        "records": [],
    }


@pytest.mark.parametrize("limit", [1, 2, 7, 8, 200])
def test_walking_the_pages_shows_every_event_once_and_the_newest_first(acme: Vendor, limit: int) -> None:
    made = [acme.event, *(make_event(acme.workspace) for _ in range(6))]
    found = [record["id"] for record in walk(acme.machine, "/events", limit=limit)]
    assert found == [str(event.id) for event in reversed(made)]


def test_pages_hold_still_while_events_arrive(acme: Vendor) -> None:
    made = [acme.event, *(make_event(acme.workspace) for _ in range(3))]
    first = read(acme.machine.get("/events", limit=2))
    make_event(acme.workspace)
    second = read(acme.machine.get("/events", limit=2, cursor=first["next_cursor"]))
    shown = [record["id"] for record in first["records"] + second["records"]]
    assert shown == [str(event.id) for event in reversed(made)]


def test_a_cursor_is_base64url_without_padding(acme: Vendor) -> None:
    make_event(acme.workspace)
    cursor = read(acme.machine.get("/events", limit=1))["next_cursor"]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    assert len(base64.urlsafe_b64decode(cursor + "==")) == 16


@pytest.mark.parametrize("cursor", ["x", "====", "../..", "é", "AAAA", "A" * 22 + "!", "A" * 5_000, "\u0663" * 22])
def test_a_cursor_of_ones_own_making_is_400(acme: Vendor, cursor: str) -> None:
    assert params(acme.machine.get("/events", cursor=cursor), 400) == ["cursor"]


@pytest.mark.parametrize("limit", ["0", "-1", "201", "many", "1.5", "", "9" * 400, "1e3", "0x10", "true"])
def test_a_limit_is_1_to_200(acme: Vendor, limit: str) -> None:
    for path in ("/events", f"/workspaces/{acme.workspace.id}/events", "/workspaces", "/connections", "/rules"):
        assert params(acme.machine.get(path, limit=limit), 400) == ["limit"]


def test_the_limit_is_50_for_events_and_large_for_what_clients_never_page(acme: Vendor) -> None:
    assert read(acme.machine.get("/events"))["limit"] == 50
    for path in ("/workspaces", "/connections", "/rules", f"/workspaces/{acme.workspace.id}/rules"):
        assert read(acme.machine.get(path))["limit"] == 200


def test_the_events_of_a_workspace_are_its_own(acme: Vendor) -> None:
    other = make_event(acme.staging)
    assert [record["id"] for record in walk(acme.machine, f"/workspaces/{acme.staging.id}/events")] == [str(other.id)]
    assert {record["id"] for record in walk(acme.machine, "/events")} == {str(other.id), str(acme.event.id)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 3),
        ({"event": "user.created"}, 1),
        ({"event": "user.*"}, 0),
        ({"status": "failed"}, 1),
        ({"status": "pending"}, 2),
        ({"status": "canceled"}, 0),
        ({"resource": "disk"}, 2),
        ({"resource": "disk", "resource_id": "d-2"}, 1),
        ({"event": "user.created", "status": "failed"}, 0),
        ({"event": ""}, 3),
    ],
)
def test_events_can_be_filtered(acme: Vendor, query: dict[str, str], found: int) -> None:
    make_event(acme.workspace, event="user.created", resource="disk", resource_id="d-1")
    make_event(acme.workspace, event="other", resource="disk", resource_id="d-2")
    for path in ("/events", f"/workspaces/{acme.workspace.id}/events"):
        assert len(walk(acme.machine, path, **query)) == found


def test_a_status_that_is_none_is_400_and_names_those_there_are(acme: Vendor) -> None:
    detail = fault(acme.machine.get("/events", status="done"), 400)
    assert detail["data"][0]["param"] == "status"
    for status in ("pending", "processing", "retrying", "completed", "failed", "canceled"):
        assert status in detail["message"]


@pytest.mark.parametrize("name", ["event", "resource", "resource_id", "status", "cursor", "limit", "\0", "no such"])
def test_nul_in_a_query_is_400(acme: Vendor, name: str) -> None:
    assert fault(acme.machine.get("/events", **{name: "a\0b"}), 400)


# --------------------------------------------------------------------------- one event


def test_an_event_shows_its_deliveries_and_the_decision(acme: Vendor) -> None:
    shown = read(acme.machine.get(f"/events/{acme.event.id}"))
    (delivery,) = shown["rule_events"]
    assert (shown["type"], shown["status"], shown["total_rules"], shown["failed_count"]) == ("event", "failed", 1, 1)
    assert (delivery["type"], delivery["event_id"], delivery["rule"], delivery["connection"]) == (
        "rule",
        str(acme.event.id),
        str(acme.rule.id),
        str(acme.connection.id),
    )
    assert (delivery["integration_type"], delivery["status"], delivery["attempt_count"]) == ("capture", "failed", 1)
    assert shown["decision"]["verdicts"] == []


def test_an_event_that_nobody_has_decided_on_is_pending_and_has_no_decision(acme: Vendor) -> None:
    shown = read(acme.machine.get(f"/events/{make_event(acme.workspace).id}"))
    assert (shown["status"], shown["rule_events"], shown["decision"]) == ("pending", [], None)


def test_the_decision_tells_why_each_rule_fired_or_not(acme: Vendor) -> None:
    verdicts = [{"rule_id": str(acme.rule.id), "fired": False, "because": "severity"}]
    Decision.objects.filter(id=acme.event.id).update(verdicts=verdicts)
    assert read(acme.machine.get(f"/events/{acme.event.id}"))["decision"]["verdicts"] == verdicts


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.PENDING, "pending"),
        (State.SENDING, "processing"),
        (State.RETRYING, "retrying"),
        (State.HELD, "retrying"),
        (State.DELIVERED, "completed"),
        (State.FAILED, "failed"),
        (State.CANCELED, "canceled"),
    ],
)
def test_states_are_told_in_the_contracts_words_and_in_ours(acme: Vendor, state: State, status: str) -> None:
    event = make_event(acme.workspace)
    make_delivery(event, acme.rule, state, last_error="No." if state is State.FAILED else "")
    (shown,) = read(acme.machine.get(f"/events/{event.id}"))["rule_events"]
    assert (shown["status"], shown["state"]) == (status, state.value)
    assert shown["last_error"] == ("No." if state is State.FAILED else None)


def test_the_severity_is_told_by_its_name(acme: Vendor) -> None:
    event = make_event(acme.workspace, severity=4)
    assert read(acme.machine.get(f"/events/{event.id}"))["severity"] == "high"


def test_times_are_rfc_3339_with_their_zone_and_ids_are_uuids(acme: Vendor) -> None:
    for record in _records(read(acme.machine.get(f"/events/{acme.event.id}"))):
        for name, value in record.items():
            if name.endswith("_at") and value is not None:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value)
                assert datetime.fromisoformat(value).tzinfo is not None
            if name in ("id", "workspace", "event_id", "connection", "rule"):
                assert str(UUID(value)) == value


def _records(shown: Any) -> list[dict[str, Any]]:
    if isinstance(shown, list):
        return [record for one in shown for record in _records(one)]
    if not isinstance(shown, dict):
        return []
    return [shown, *(record for value in shown.values() for record in _records(value))]


def test_the_payload_comes_with_the_whole_event(acme: Vendor) -> None:
    shown = read(acme.machine.get(f"/events/{acme.event.id}/payload"))
    assert shown.pop("payload") == {"value": 1, "of": "Acme"}
    assert shown == read(acme.machine.get(f"/events/{acme.event.id}"))


def test_a_payload_that_quotes_us_is_told_as_it_is(acme: Vendor) -> None:
    payload = '{"payload":"}","a":"\\",\\"payload\\":{","b":1e-7 }'
    event = make_event(acme.workspace, payload=payload)
    assert acme.machine.get(f"/events/{event.id}/payload").content.endswith(b',"payload":' + payload.encode() + b"}")


# --------------------------------------------------------------------------- attempts


def test_attempts_are_listed_the_last_first(acme: Vendor) -> None:
    make_attempt(acme.delivery, 2, reason="It answered 503.", fix="Wait.", reference="m-1", notes=["slow"])
    page = read(acme.machine.get(f"{delivery_path(acme)}/attempts"))
    assert (page["count"], page["next_cursor"]) == (2, None)
    last, first = page["records"]
    assert (last["number"], first["number"]) == (2, 1)
    assert (last["result"], last["fix"], last["reference"], last["notes"]) == (
        "It answered 503.",
        "Wait.",
        "m-1",
        ["slow"],
    )
    assert (first["outcome_code"], first["culprit"], first["duration_ms"]) == ("rejected_server_error", "provider", 12)
    assert "exchanges" not in first


def test_a_delivery_that_was_never_tried_has_an_empty_page_of_attempts(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    make_delivery(event, acme.rule, State.PENDING)
    page = read(acme.machine.get(f"/events/{event.id}/rules/{acme.rule.id}/attempts"))
    assert (page["count"], page["records"], page["next_cursor"]) == (0, [], None)
    assert page["limit"] > 0


def test_the_attempt_that_finished_after_a_cancel_is_shown_too(acme: Vendor) -> None:
    make_attempt(acme.delivery, 2)
    Delivery.objects.filter(id=acme.delivery.id).update(attempt_count=1)
    assert read(acme.machine.get(f"{delivery_path(acme)}/attempts"))["count"] == 2


def test_an_attempt_shows_what_was_said(acme: Vendor) -> None:
    shown = read(acme.machine.get(f"{delivery_path(acme)}/attempts/{acme.attempt.id}"))
    assert shown["exchanges"] == [{"request": {"method": "POST"}, "response": {"status": 500, "body": "no"}}]
    answers = read(acme.machine.get(f"{delivery_path(acme)}/attempts/{acme.attempt.id}/response-details"))
    assert answers == [{"status": 500, "body": "no"}]


def test_an_attempt_of_another_delivery_is_404(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    other = make_attempt(make_delivery(event, acme.rule))
    for path in ("", "/response-details"):
        assert acme.machine.get(f"{delivery_path(acme)}/attempts/{other.id}{path}").status_code == 404


def test_a_capture_shows_what_would_have_been_sent(acme: Vendor) -> None:
    assert acme.machine.get(f"{delivery_path(acme)}/capture").status_code == 404
    Capture.objects.create(
        id=acme.delivery.id,
        organization_id=acme.organization.id,
        workspace_id=acme.workspace.id,
        request={"method": "CAPTURE", "headers": {}},
        body='{"n":1e-7}',
    )
    assert read(acme.machine.get(f"{delivery_path(acme)}/capture")) == {
        "id": str(acme.delivery.id),
        "request": {"method": "CAPTURE", "headers": {}},
        "body": '{"n":1e-7}',
    }


# --------------------------------------------------------------------------- retry and cancel


def test_a_failed_delivery_is_retried_by_a_post_without_a_body(acme: Vendor) -> None:
    shown = read(acme.machine.post(f"{delivery_path(acme)}/retry"))
    assert (shown["id"], shown["status"], shown["attempt_count"]) == (str(acme.delivery.id), "retrying", 1)
    assert shown["next_attempt_at"] is not None
    assert read(acme.machine.get(f"/events/{acme.event.id}"))["status"] == "retrying"


@pytest.mark.parametrize(("state", "status"), [(State.DELIVERED, 409), (State.PENDING, 425), (State.SENDING, 425)])
def test_what_cannot_be_retried_says_why(acme: Vendor, state: State, status: int) -> None:
    Delivery.objects.filter(id=acme.delivery.id).update(state=state)
    assert fault(acme.machine.post(f"{delivery_path(acme)}/retry"), status)["message"]


def test_a_delivery_is_canceled(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    make_delivery(event, acme.rule, State.RETRYING)
    path = f"/events/{event.id}/rules/{acme.rule.id}/cancel"
    assert read(acme.machine.post(path))["status"] == "canceled"
    assert fault(acme.machine.post(path), 409)["message"] == "This delivery is canceled already."


def test_an_event_is_canceled(acme: Vendor) -> None:
    event = make_event(acme.workspace)
    make_delivery(event, acme.rule, State.PENDING)
    shown = read(acme.machine.post(f"/events/{event.id}/cancel"))
    assert (shown["status"], [one["status"] for one in shown["rule_events"]]) == ("canceled", ["canceled"])
    assert shown["canceled_count"] == 1
    assert fault(acme.machine.post(f"/events/{event.id}/cancel"), 409)


# --------------------------------------------------------------------------- what is not there

PATHS = [
    ("GET", "/events/{event}"),
    ("GET", "/events/{event}/payload"),
    ("POST", "/events/{event}/cancel"),
    ("GET", "/events/{event}/rules/{rule}/attempts"),
    ("GET", "/events/{event}/rules/{rule}/attempts/{attempt}"),
    ("GET", "/events/{event}/rules/{rule}/attempts/{attempt}/response-details"),
    ("GET", "/events/{event}/rules/{rule}/capture"),
    ("POST", "/events/{event}/rules/{rule}/retry"),
    ("POST", "/events/{event}/rules/{rule}/cancel"),
]


NOBODYS = (str(STRANGE_ID), str(uuid4()), str(UUID(int=0)), "none", "1", "%00", "'", "0190f5fe", "é", "x" * 3_000)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_what_is_not_there_is_404_in_the_same_bytes(acme: Vendor, method: str, path: str) -> None:
    ids = {"event": acme.event.id, "rule": acme.rule.id, "attempt": acme.attempt.id}
    for wrong in re.findall(r"\{(\w+)\}", path):
        for value in NOBODYS:
            answer = acme.machine.send(method, path.format(**{**ids, wrong: value}))
            assert answer.status_code == 404, (wrong, value)
            assert json.loads(answer.content) == {
                "message": "Not Found",
                "error": {"name": "NotFound", "message": "There is nothing here."},
            }


def test_a_json_content_type_without_a_body_is_fine_everywhere(acme: Vendor) -> None:
    for method, path in PATHS:
        answer = acme.machine.send(
            method, path.format(event=acme.event.id, rule=acme.rule.id, attempt=acme.attempt.id), b""
        )
        assert answer.status_code in (200, 404, 409), (method, path)


def test_nobody_learns_anything(acme: Vendor, nobody: Caller) -> None:
    for method, path in PATHS:
        ids = {"event": acme.event.id, "rule": acme.rule.id, "attempt": acme.attempt.id}
        assert fault(nobody.send(method, path.format(**ids)), 401)
