"""The list of rules: every rule a sentence, each with its switch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.models import DirectoryEntry
from rules.models import Rule
from tests.calling import STRANGE_ID
from tests.connections.vendor import make_slack
from tests.portal import enter, visit, words
from tests.world import Vendor, make_connection, make_rule
from workspaces.models import SessionType

RULES = "/workspace/rules"


def test_each_rule_is_a_sentence(acme: Vendor) -> None:
    conditions = {"all": [{"field": "value", "op": "gt", "value": 5}]}
    make_rule(acme.connection, "alert.triggered", min_severity="high", conditions=conditions)
    said = words(visit(acme, RULES))
    assert "When alert.triggered is high or worse and value is more than 5 , keep it in Acme capture ." in said


def test_a_channel_is_told_by_the_name_that_it_has_today(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    DirectoryEntry.objects.create(
        organization_id=acme.organization.id, workspace=acme.workspace, connection=slack, kind="channel",
        external_id="C0123456789", name="on-call", folded="on-call", seen_in=1, usable=False,
        facts={"is_archived": True},
    )  # fmt: skip
    make_rule(slack, inputs={"id": "C0123456789", "name": "alerts"})
    said = words(visit(acme, RULES))
    assert "post to #on-call" in said
    assert "#on-call is archived or gone" in said


def test_it_tells_what_is_muted_and_what_is_not_connected(acme: Vendor) -> None:
    Rule.objects.update(muted_until=timezone.now() + timedelta(days=1))
    acme.connection.active = False
    acme.connection.save()
    said = words(visit(acme, RULES))
    assert "Muted until" in said
    assert "Not connected" in said


def test_a_mute_that_is_over_is_not_told(acme: Vendor) -> None:
    Rule.objects.update(muted_until=timezone.now() - timedelta(seconds=1))
    assert "Muted until" not in words(visit(acme, RULES))


def test_the_switch_turns_a_rule_off_and_answers_with_its_row(acme: Vendor) -> None:
    answer = enter(acme).post(f"{RULES}/{acme.rule.id}/switch", {"active": "false"})
    assert answer.status_code == 200
    assert 'aria-checked="false"' in answer.content.decode()
    assert "<main" not in answer.content.decode()
    acme.rule.refresh_from_db()
    assert acme.rule.active is False


def test_a_viewer_sees_all_and_changes_nothing(acme: Vendor) -> None:
    page = visit(acme, RULES, role="viewer").content.decode()
    assert acme.rule.name in page
    assert 'role="switch"' not in page
    assert "New rule" not in page
    answer = enter(acme, role="viewer").post(f"{RULES}/{acme.rule.id}/switch", {"active": "false"})
    assert answer.status_code == 403
    acme.rule.refresh_from_db()
    assert acme.rule.active is True


def test_a_strangers_rule_cannot_be_switched(acme: Vendor, globex: Vendor) -> None:
    for id in (acme.rule.id, STRANGE_ID):
        answer = enter(globex).post(f"{RULES}/{id}/switch", {"active": "false"})
        assert answer.status_code == 404
    acme.rule.refresh_from_db()
    assert acme.rule.active is True
    assert "Acme" not in words(visit(globex, RULES))


def test_a_session_of_one_resource_sees_the_rules_about_it(acme: Vendor) -> None:
    make_rule(acme.connection, name="about that one", resource="disk", resource_id="7")
    make_rule(acme.connection, name="about another one", resource="disk", resource_id="8")
    kind = {"session_type": SessionType.RESOURCE, "resource": "disk", "resource_id": "7"}
    said = words(visit(acme, RULES, role="member", **kind))
    assert "about that one" in said
    assert "about another one" not in said
    assert acme.rule.name not in said


def test_a_hidden_rule_is_nobodys_business(acme: Vendor) -> None:
    Rule.objects.update(hidden=True)
    assert acme.rule.name not in words(visit(acme, RULES))
    assert visit(acme, f"{RULES}/{acme.rule.id}").status_code == 404


def test_without_rules_it_leads_to_the_first_one(acme: Vendor) -> None:
    Rule.objects.all().delete()
    said = words(visit(acme, RULES))
    assert "No rules yet" in said
    assert "Make the first rule" in said


def test_without_a_connection_it_leads_to_one(acme: Vendor) -> None:
    said = words(visit(acme.staging, RULES))
    assert "First connect a tool" in said
    assert "Connect a tool" in said


def test_the_filter_answers_with_the_rows_alone(acme: Vendor) -> None:
    make_rule(acme.connection, "user.created", name="sign-ups")
    answer = enter(acme).get(RULES, target="rows", text="sign", event="")
    assert "<main" not in answer.content.decode()
    assert "sign-ups" in words(answer)
    assert acme.rule.name not in words(answer)
    assert "No rule says this" in words(enter(acme).get(RULES, text="nothing such"))


def test_it_asks_as_often_for_thirty_rules_as_for_three(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    portal, asked = enter(acme), []
    for count in (3, 30):
        for number in range(count):
            make_rule(slack, name=str(number), inputs={"id": f"C{number:010d}"})
        with CaptureQueriesContext(database) as queries:
            portal.get(RULES)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_a_place_in_the_list_that_is_none_is_the_beginning(acme: Vendor) -> None:
    assert acme.rule.name in words(enter(acme).get(RULES, before="nowhere"))


@pytest.mark.parametrize("path", ["", "/new"])
def test_a_dashboard_session_has_no_rules(acme: Vendor, path: str) -> None:
    assert visit(acme, RULES + path, session_type=SessionType.DASHBOARD).status_code == 403


def test_a_second_connection_is_named_beside_its_rule(acme: Vendor) -> None:
    make_rule(make_connection(acme.workspace, "webhook", name="On-call bridge"))
    assert "send it to On-call bridge" in words(visit(acme, RULES))
