from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connections.models import Connection
from rules.models import EventType, Resource, Rule, RuleVersion
from rules.severity import Severity
from tests.calling import STRANGE_ID, Caller, fault, params, read, walk
from tests.connections.vendor import make_slack
from tests.json_cases import INVALID, OPEN, VALID
from tests.world import Vendor, make_connection, make_rule
from workspaces.models import AuditEntry, Workspace

CLAUSE = {"field": "value", "op": "gt", "value": 100}


def body(vendor: Vendor, **more: Any) -> dict[str, Any]:
    return {
        "workspace": str(vendor.workspace.id),
        "connection": str(vendor.connection.id),
        "event": "alert.*",
        "metadata": {"action": "record"},
        **more,
    }


def create(vendor: Vendor, **more: Any) -> dict[str, Any]:
    return dict(read(vendor.machine.post("/rules", body(vendor, **more)), 201)["rule"])


def ruleset(vendor: Vendor) -> int:
    return Workspace.objects.get(id=vendor.workspace.id).ruleset_version


# --------------------------------------------------------------------------- create and read


def test_a_rule_is_made_active_and_shown_at_once(acme: Vendor) -> None:
    before = ruleset(acme)
    made = create(acme, name="All alerts")
    assert made == read(acme.machine.get(f"/rules/{made['id']}"))
    assert (made["type"], made["active"], made["hidden"], made["version"]) == ("capture", True, False, 1)
    assert (made["resource"], made["resource_id"], made["min_severity"], made["conditions"]) == (None, None, None, {})
    assert made["metadata"] == {"action": "record"}
    assert made["created_by"] == acme.machine_key.access_key
    assert ruleset(acme) == before + 1
    assert AuditEntry.objects.filter(subject=made["id"], verb="rule.created").count() == 1


def test_a_rule_says_everything_it_was_told(acme: Vendor) -> None:
    said = {
        "resource": "disk",
        "resource_id": "d:1.2-3_4",
        "min_severity": "high",
        "conditions": {"all": [CLAUSE]},
        "active": False,
        "hidden": True,
        "name": "Ünïcode 🙂",
    }
    made = create(acme, **said)
    assert {name: made[name] for name in said} == said


@pytest.mark.parametrize(("written", "kept"), [("HIGH", "high"), ("sev1", "critical"), ("warn", "medium"), ("", None)])
def test_a_severity_may_have_its_other_names(acme: Vendor, written: str, kept: str | None) -> None:
    made = create(acme, min_severity=written)
    assert made["min_severity"] == kept
    assert kept is None or kept in {level.label for level in Severity}


def test_rules_are_listed_page_by_page(acme: Vendor) -> None:
    made = [str(acme.rule.id), *(str(make_rule(acme.connection).id) for _ in range(4))]
    for path in ("/rules", f"/workspaces/{acme.workspace.id}/rules"):
        assert [record["id"] for record in walk(acme.machine, path, limit=2)] == made[::-1]
    assert walk(acme.machine, f"/workspaces/{acme.staging.id}/rules") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 3),
        ({"event": "alert.*"}, 1),
        ({"event": "user.created"}, 2),
        ({"resource": "disk"}, 1),
        ({"resource": "disk", "resource_id": "d-1"}, 1),
        ({"resource_id": "d-2"}, 0),
    ],
)
def test_rules_can_be_filtered_by_what_they_say(acme: Vendor, query: dict[str, str], found: int) -> None:
    make_rule(acme.connection, "user.created")
    make_rule(acme.connection, "user.created", resource="disk", resource_id="d-1")
    for path in ("/rules", f"/workspaces/{acme.workspace.id}/rules"):
        assert len(walk(acme.machine, path, **query)) == found


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"event": ""}, "event"),
        ({"event": "a**"}, "event"),
        ({"event": " a"}, "event"),
        ({"event": "x" * 129}, "event"),
        ({"event": 5}, "event"),
        ({"event": None}, "event"),
        ({"metadata": {}}, "metadata.action"),
        ({"metadata": {"action": 5}}, "metadata.action"),
        ({"metadata": {"action": "send_pigeon"}}, "metadata.action"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"action": "record", "note": 5}}, "metadata.note"),
        ({"metadata": {"action": "record", "name": 5}}, "metadata.name"),
        ({"metadata": {"action": "record", "nota": "misspelt"}}, "metadata.nota"),
        ({"metadata": {"action": "record", "not asked for": None}}, "metadata.not asked for"),
        ({"metadata": {"action": "record", "note": {"a": 1}}}, "metadata.note"),
        ({"metadata": {"action": "record", "note": "x" * 2_001}}, "metadata.note"),
        ({"min_severity": "very"}, "min_severity"),
        ({"min_severity": 3}, "min_severity"),
        ({"resource": "x" * 129}, "resource"),
        ({"resource_id": "x" * 129}, "resource_id"),
        ({"name": "x" * 129}, "name"),
        ({"active": "perhaps"}, "active"),
        ({"active": 1}, "active"),
        ({"active": "true"}, "active"),
        ({"hidden": []}, "hidden"),
        ({"conditions": []}, "conditions"),
        ({"conditions": "x"}, "conditions"),
        ({"conditions": {"all": [CLAUSE, {**CLAUSE, "op": "above"}]}}, "conditions.all[1].op"),
        ({"conditions": {"any": [{"field": "a"}]}}, "conditions.any[0]"),
        ({"conditions": {"not": {"all": []}}}, "conditions.not.all"),
        ({"conditions": {**CLAUSE, "more": 1}}, "conditions"),
        ({"workspace": "mine"}, "workspace"),
        ({"workspace": None}, "workspace"),
        ({"connection": 5}, "connection"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(acme: Vendor, wrong: dict[str, Any], param: str) -> None:
    before = ruleset(acme)
    detail = fault(acme.machine.post("/rules", body(acme, **wrong)), 400)
    assert [told["param"] for told in detail["data"]] == [param]
    assert param in detail["message"]
    assert len(detail["data"][0]["msg"]) > 8
    assert (Rule.objects.count(), ruleset(acme)) == (1, before)


def test_a_fault_says_how_to_mend_it(acme: Vendor) -> None:
    detail = fault(acme.machine.post("/rules", body(acme, metadata={"action": "send_pigeon"})), 400)
    assert detail["data"][0]["msg"] == "must be one of record for Capture."
    detail = fault(acme.machine.post("/rules", body(acme, conditions={"all": [{**CLAUSE, "op": "above"}]})), 400)
    assert "gt" in detail["data"][0]["msg"]


def test_every_fault_is_named_at_once(acme: Vendor) -> None:
    wrong = {"event": "", "min_severity": "very", "conditions": {**CLAUSE, "op": "above"}, "metadata": {"action": "x"}}
    told = params(acme.machine.post("/rules", body(acme, **wrong)), 400)
    assert told == ["event", "min_severity", "conditions.op", "metadata.action"]


@pytest.mark.parametrize(
    ("inputs", "param"),
    [
        ({"id": ""}, "metadata.id"),
        ({}, "metadata.id"),
        ({"id": "#alerts"}, "metadata.id"),
        ({"id": "C0123456789", "template": "{{ a"}, "metadata.template"),
        ({"id": "C0123456789", "title": "{% include 'x' %}"}, "metadata.title"),
        ({"id": "C0123456789", "template": "x" * 10_001}, "metadata.template"),
        ({"id": "C0123456789", "name": ["alerts"]}, "metadata.name"),
    ],
)
def test_the_inputs_of_an_action_are_checked_when_it_is_saved(acme: Vendor, inputs: dict[str, Any], param: str) -> None:
    slack = Connection.objects.create(
        organization=acme.organization, workspace=acme.workspace, provider="slack", name="Slack", created_by="test"
    )
    wanted = body(acme, connection=str(slack.id), metadata={"action": "send_message", **inputs})
    assert params(acme.machine.post("/rules", wanted), 400) == [param]


def test_inputs_of_the_wire_that_do_not_apply_may_be_left_empty(acme: Vendor) -> None:
    """The contract's clients have one form for all actions."""
    metadata = {"action": "record", "name": "", "option_value": "", "subject": None}
    assert create(acme, metadata=metadata)["metadata"] == metadata


def test_what_a_picked_id_is_called_may_stand_beside_it(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    metadata = {"action": "send_message", "id": "C0123456789", "name": "alerts"}
    assert create(acme, connection=str(slack.id), metadata=metadata)["metadata"] == metadata


@pytest.mark.parametrize("name", ["body", "template", "subject", "id", "name", "event_name_override"])
def test_an_input_of_another_action_is_refused_and_not_swallowed(acme: Vendor, name: str) -> None:
    """The rule would send the standard body, and nobody would know why."""
    webhook = make_connection(acme.workspace, "webhook")
    metadata = {"action": "send_webhook", name: "{{ message }}", "content_type": "text/plain"}
    before = Rule.objects.count()
    detail = fault(acme.machine.post("/rules", body(acme, connection=str(webhook.id), metadata=metadata)), 400)
    said = "is no input of “Send the event”: it takes body_template, content_type."
    assert detail["data"] == [{"param": f"metadata.{name}", "msg": said}]
    assert Rule.objects.count() == before


def test_an_input_that_nobody_knows_is_refused_with_those_there_are(acme: Vendor) -> None:
    detail = fault(acme.machine.post("/rules", body(acme, metadata={"action": "record", "nota": "x"})), 400)
    assert detail["data"] == [{"param": "metadata.nota", "msg": "is no input of “Keep the event”: it takes note."}]


@pytest.mark.parametrize("resource_id", ["", "x" * 65, "a b", "é", "Größe/1", "a\n"])
def test_a_resource_is_named_with_the_characters_of_the_contract(acme: Vendor, resource_id: str) -> None:
    for answer in (
        acme.machine.post("/rules", body(acme, resource_id=resource_id)),
        acme.machine.patch(f"/rules/{acme.rule.id}", {"resource_id": resource_id}),
    ):
        detail = fault(answer, 400)
        assert [wrong["param"] for wrong in detail["data"]] == ["resource_id"]
        assert "1 to 64 letters" in detail["message"]


def test_a_resource_is_taken_away_with_null(acme: Vendor) -> None:
    made = create(acme, resource_id="a")
    assert read(acme.machine.patch(f"/rules/{made['id']}", {"resource_id": None}))["resource_id"] is None


@pytest.mark.parametrize("resource_id", ["x" * 64, "A.b_c:d-1"])
def test_a_rule_may_name_a_resource_that_an_event_can_carry(acme: Vendor, resource_id: str) -> None:
    made = create(acme, event="any.*", resource_id=resource_id)
    assert made["resource_id"] == resource_id
    assert (
        acme.emitter.post("/events", {"event": "any.one", "payload": {}, "resource_id": resource_id}).status_code == 201
    )


def test_a_text_that_would_not_arrive_whole_is_refused_when_it_is_saved(acme: Vendor) -> None:
    metadata = {"action": "record", "note": "x" * 501}
    detail = fault(acme.machine.post("/rules", body(acme, metadata=metadata)), 400)
    assert "500 characters" in detail["data"][0]["msg"]
    assert create(acme, metadata={**metadata, "note": "x" * 500})
    assert create(acme, metadata={**metadata, "note": "{{ a }}" + "x" * 501})  # what it comes to, only an event shows


@pytest.mark.parametrize("wrong", ["workspace", "connection"])
def test_a_rule_for_what_is_not_there_is_404(acme: Vendor, wrong: str) -> None:
    assert params(acme.machine.post("/rules", body(acme, **{wrong: str(STRANGE_ID)})), 404) == [wrong]


def test_a_rule_and_its_connection_live_in_one_workspace(acme: Vendor) -> None:
    elsewhere = make_connection(acme.staging)
    assert acme.machine.post("/rules", body(acme, connection=str(elsewhere.id))).status_code == 404
    path = f"/rules/{acme.rule.id}"
    assert acme.machine.patch(path, {"connection": str(elsewhere.id)}).status_code == 404
    assert read(acme.machine.get(path))["connection"] == str(acme.connection.id)


# --------------------------------------------------------------------------- change


def test_another_wording_is_the_next_version(acme: Vendor) -> None:
    path, before = f"/rules/{acme.rule.id}", ruleset(acme)
    changed = read(acme.machine.patch(path, {"event": "user.created", "conditions": CLAUSE}))
    assert (changed["version"], changed["event"], changed["conditions"]) == (2, "user.created", CLAUSE)
    assert changed == read(acme.machine.get(path))
    assert ruleset(acme) == before + 1
    assert list(
        RuleVersion.objects.filter(rule_id=acme.rule.id).order_by("number").values_list("event", flat=True)
    ) == [
        "alert.*",
        "user.created",
    ]


@pytest.mark.parametrize("change", [{"active": False}, {"hidden": True}, {"name": "Other"}, {"event": "alert.*"}, {}])
def test_the_same_wording_is_no_version_and_still_moves_the_rule_set(acme: Vendor, change: dict[str, Any]) -> None:
    before = ruleset(acme)
    changed = read(acme.machine.patch(f"/rules/{acme.rule.id}", change))
    assert changed["version"] == 1
    assert {name: changed[name] for name in change} == change
    assert ruleset(acme) == before + 1


def test_what_a_patch_leaves_out_stays_and_null_takes_away(acme: Vendor) -> None:
    made = create(acme, resource="disk", resource_id="d-1", min_severity="high", conditions=CLAUSE, name="A")
    path = f"/rules/{made['id']}"
    kept = read(acme.machine.patch(path, {"event": "other"}))
    assert {**made, "event": "other", "version": 2} == {**kept, "updated_at": made["updated_at"]}
    nulls = dict.fromkeys(("resource", "resource_id", "min_severity", "conditions"))
    emptied = read(acme.machine.patch(path, nulls))
    assert [emptied[name] for name in nulls] == [None, None, None, {}]
    still = read(acme.machine.patch(path, dict.fromkeys(("name", "active", "hidden", "metadata", "connection"))))
    assert (still["name"], still["active"], still["metadata"]) == ("A", True, {"action": "record"})


def test_a_rule_may_move_to_another_connection_of_its_workspace(acme: Vendor) -> None:
    other = make_connection(acme.workspace, name="Second")
    changed = read(acme.machine.patch(f"/rules/{acme.rule.id}", {"connection": str(other.id)}))
    assert (changed["connection"], changed["version"]) == (str(other.id), 1)


def test_a_rule_that_moves_must_fit_where_it_goes(acme: Vendor) -> None:
    webhook = make_connection(acme.workspace, "webhook")
    change = {"connection": str(webhook.id)}
    assert params(acme.machine.patch(f"/rules/{acme.rule.id}", change), 400) == ["metadata.action"]
    moved = acme.machine.patch(f"/rules/{acme.rule.id}", {**change, "metadata": {"action": "send_webhook"}})
    assert read(moved)["type"] == "webhook"


def test_a_change_that_is_refused_changes_nothing(acme: Vendor) -> None:
    path, before = f"/rules/{acme.rule.id}", ruleset(acme)
    shown = read(acme.machine.get(path))
    wrongs: list[dict[str, Any]] = [{"event": ""}, {"event": None}, {"metadata": {}}, {"conditions": {"op": "gt"}}]
    for text in (b"[]", b"[null]", b"5", b'"x"', b"null", b"true", b"[{}]"):
        assert "object" in fault(acme.machine.patch(path, text), 400)["message"]
    for wrong in wrongs:
        assert params(acme.machine.patch(path, {"active": False, **wrong}), 400)
    assert read(acme.machine.get(path)) == shown
    assert ruleset(acme) == before


# --------------------------------------------------------------------------- delete


def test_a_deleted_rule_is_gone_and_its_deliveries_stay(acme: Vendor) -> None:
    path, before = f"/rules/{acme.rule.id}", ruleset(acme)
    removed = read(acme.machine.delete(path))
    assert removed == {
        "id": str(acme.rule.id),
        "connection": str(acme.connection.id),
        "type": "capture",
        "event": "alert.*",
        "resource": None,
        "resource_id": None,
    }
    assert acme.machine.get(path).status_code == 404
    assert acme.machine.delete(path).status_code == 404
    assert ruleset(acme) == before + 1
    shown = read(acme.machine.get(f"/events/{acme.event.id}"))
    assert [one["rule"] for one in shown["rule_events"]] == [str(acme.rule.id)]
    assert AuditEntry.objects.filter(subject=str(acme.rule.id), verb="rule.deleted").count() == 1


# --------------------------------------------------------------------------- hostile bodies


def test_no_json_of_any_kind_is_a_fault(acme: Vendor) -> None:
    path = f"/rules/{acme.rule.id}"
    for kinds in (VALID, INVALID, OPEN):
        for name, text in kinds.items():
            refusals = {400} if kinds is INVALID else {400, 422}
            assert acme.machine.post("/rules", text).status_code in refusals, name
            taken = set() if kinds is INVALID or not text.startswith(b"{") else {200}
            assert acme.machine.patch(path, text).status_code in refusals | taken, name
            nested = acme.machine.patch(path, b'{"conditions":{"field":"a","op":"in","value":[%s]}}' % text)
            assert nested.status_code in refusals | (set() if kinds is INVALID else {200}), name


HOSTILE: list[Any] = [
    None, True, -1, 1e308, 2**400, "", "x" * 70_000, "\ud83d\ude00", "\u202e", "'; DROP TABLE a",
    "{{ 7 | times: 7 }}", "{% for i in (1..1000000000) %}", "{{", "%s%n", "../..", [], {}, [[]], [None], {"": None},
    {"__proto__": {}}, {"a": {"a": {"a": {"a": {"a": {}}}}}}, ["x"] * 1_000,
    {str(number): number for number in range(500)},
]  # fmt: skip


def test_no_value_in_any_field_is_a_fault(acme: Vendor) -> None:
    names = [*body(acme), "resource", "resource_id", "active", "hidden", "name", "min_severity", "conditions"]
    path = f"/rules/{acme.rule.id}"
    for value in HOSTILE:
        for name in names:
            made = acme.machine.post("/rules", body(acme, **{name: value}))
            assert made.status_code in (201, 400, 404, 422), (name, value)
            changed = acme.machine.patch(path, {name: value})
            assert changed.status_code in (200, 400, 404, 422), (name, value)
        for nested in (
            {"conditions": {"all": [{**CLAUSE, "value": value}]}},
            {"conditions": {"all": [{**CLAUSE, "field": value}]}},
            {"conditions": {"any": [value]}},
            {"metadata": {"action": "record", "note": value}},
            {"metadata": {"action": value}},
        ):
            assert acme.machine.patch(path, nested).status_code in (200, 400, 422), nested
    assert read(acme.machine.get(path))["id"] == str(acme.rule.id)


# --------------------------------------------------------------------------- the catalogue


def test_event_types_and_resources_are_bare_arrays(acme: Vendor) -> None:
    for model, path in ((EventType, "event-types"), (Resource, "resources")):
        for key, seen in (("user.created", True), ("alert.triggered", False)):
            model.objects.create(
                organization=acme.organization,
                workspace=acme.workspace,
                key=key,
                label=key.title(),
                seen=seen,
                created_by="test",
            )
        shown = read(acme.machine.get(f"/workspaces/{acme.workspace.id}/{path}"))
        assert [row["key"] for row in shown] == ["alert.triggered", "user.created"]
        assert set(shown[0]) == {
            "id", "key", "label", "description", "active", "seen", "created_by", "created_at", "updated_at"
        }  # fmt: skip
        assert read(acme.machine.get(f"/workspaces/{acme.staging.id}/{path}")) == []


def test_the_schema_of_conditions_is_public_and_judges_what_is_saved(acme: Vendor, nobody: Caller) -> None:
    schema = read(nobody.get("/conditions-schema"))
    Draft202012Validator.check_schema(schema)
    tried: list[dict[str, Any]] = [
        {"all": [CLAUSE]},
        {"all": [{**CLAUSE, "op": "above"}]},
        {"any": []},
        {"not": CLAUSE},
    ]
    for conditions in tried:
        answer = acme.machine.post("/rules", body(acme, conditions=conditions))
        expected = 201 if Draft202012Validator(schema).is_valid(conditions) else 400
        assert answer.status_code == expected, json.dumps(conditions)


# --------------------------------------------------------------------------- misspelt


@pytest.mark.parametrize("misspelt", ["min_severty", "condition", "connexion"])
def test_a_misspelt_field_makes_no_rule_that_fires_on_everything(acme: Vendor, misspelt: str) -> None:
    answer = acme.machine.post("/rules", body(acme, **{misspelt: "high"}))
    assert params(answer, 400) == [misspelt]
    assert not Rule.objects.exclude(id=acme.rule.id).exists()
