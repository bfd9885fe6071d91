"""What the editor knows of what happened: fields, samples, preview, back-test."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse

from connections.models import Connection
from deliveries.models import TEST
from tests.calling import STRANGE_ID
from tests.connections.vendor import make_slack
from tests.portal import Portal, enter, words
from tests.world import Vendor, make_connection, make_delivery, make_event, make_rule
from workspaces.models import SessionType
from workspaces.permissions import PAYLOAD_SCOPE

RULES = "/workspace/rules"
SEES: dict[str, Any] = {"scopes": [PAYLOAD_SCOPE]}
RESOURCE: dict[str, Any] = {"session_type": SessionType.RESOURCE, "resource": "disk", "resource_id": "7"}
PAYLOAD = json.dumps({"message": "Disk is full", "value": 97, "severity": "critical", "host": {"name": "db-1"}})


@pytest.fixture
def slack(acme: Vendor) -> Connection:
    return make_slack(acme.workspace)


@pytest.fixture
def happened(acme: Vendor) -> None:
    make_event(acme.workspace, "disk.full", PAYLOAD, resource="disk", resource_id="7")


def ask(portal: Portal, what: str, **sent: Any) -> HttpResponse:
    answer = portal.post(f"{RULES}/{what}", {"event": "disk.full", **sent})
    assert answer.status_code == 200
    assert "<main" not in answer.content.decode()
    return answer


# --------------------------------------------------------------------------- fields and rows


@pytest.mark.usefixtures("happened")
def test_it_offers_the_fields_that_events_had_with_their_values(acme: Vendor) -> None:
    page = ask(enter(acme, **SEES), "fields").content.decode()
    for path in ("message", "value", "severity", "host.name"):
        assert f'<option value="{path}">' in page
    assert "number: 97" in page


@pytest.mark.usefixtures("happened")
def test_without_leave_to_see_payloads_it_offers_no_values(acme: Vendor) -> None:
    rows = {"row": "1", "c-1-field": "host.name", "asked": "row-1"}
    for role, scopes in (("owner", []), ("member", [PAYLOAD_SCOPE])):
        portal = enter(acme, role=role, scopes=scopes)
        page = ask(portal, "fields").content.decode()
        assert '<option value="host.name">' in page
        everything = page + "".join(ask(portal, what, **rows).content.decode() for what in ("conditions", "sample"))
        assert "db-1" not in everything
        assert "Disk is full" not in everything


@pytest.mark.usefixtures("happened")
def test_a_field_decides_on_the_operators_and_the_samples(acme: Vendor) -> None:
    portal = enter(acme, **SEES)
    row = {"row": "1", "c-1-field": "value", "c-1-op": "eq", "asked": "row-1"}
    page = ask(portal, "conditions", **row).content.decode()
    assert page.count('id="row-1"') == 1
    assert '<option value="gt">' in page
    assert '<option value="contains">' not in page
    assert '<option value="97">' in page
    assert 'name="c-1-form" value="number"' in page


@pytest.mark.usefixtures("happened")
def test_an_operator_that_was_chosen_stays_although_the_field_does_not_suggest_it(acme: Vendor) -> None:
    row = {"row": "1", "c-1-field": "value", "c-1-op": "contains", "asked": "row-1"}
    assert '<option value="contains" selected>' in ask(enter(acme), "conditions", **row).content.decode()


def test_a_button_adds_a_row_and_loses_nothing(acme: Vendor) -> None:
    row = {"row": "3", "c-3-field": "my.field", "c-3-op": "starts_with", "c-3-value": "abc", "asked": "add"}
    page = ask(enter(acme), "conditions", **row).content.decode()
    assert 'value="my.field"' in page
    assert 'value="abc"' in page
    assert 'id="row-4"' in page
    assert re.search(r'<input id="c-4-field"[^>]* data-next', page)


def test_a_row_that_is_removed_leaves_the_focus_to_the_next_button(acme: Vendor) -> None:
    page = ask(enter(acme), "conditions", row="3", asked="remove-3").content.decode()
    assert "row-3" not in page
    assert re.search(r'id="add-condition" data-next', page)


# --------------------------------------------------------------------------- samples


@pytest.mark.usefixtures("happened")
def test_it_tries_the_latest_event_that_the_pattern_wants(acme: Vendor) -> None:
    answer = ask(enter(acme, **SEES), "sample")
    assert "Tried on disk.full" in words(answer)
    assert "db-1" in answer.content.decode()
    assert answer["HX-Trigger-After-Swap"] == "sampled"


def test_where_nothing_has_happened_it_makes_an_event_up(acme: Vendor) -> None:
    said = words(ask(enter(acme, **SEES), "sample", event="nothing.such"))
    assert "Tried on nothing.such , an example made up" in said


def test_an_example_is_made_up_until_there_is_an_event(acme: Vendor) -> None:
    """Nobody chose it, so it must not stay chosen when another event type is written."""
    sent = {"event": "alert.triggered", "sample": "made-up"}
    assert "Tried on alert.triggered , just now" in words(ask(enter(acme, **SEES), "sample", **sent))


def test_tests_are_no_samples(acme: Vendor) -> None:
    make_event(acme.workspace, "disk.full", PAYLOAD, kind=TEST)
    assert "made up" in words(ask(enter(acme, **SEES), "sample"))


@pytest.mark.usefixtures("happened")
def test_a_session_of_one_resource_gets_no_event_of_another(acme: Vendor) -> None:
    make_event(acme.workspace, "disk.full", '{"of": "another"}', resource="disk", resource_id="8")
    portal = enter(acme, role="admin", **SEES, **RESOURCE)
    page = ask(portal, "sample").content.decode() + ask(portal, "fields").content.decode()
    assert "db-1" in page
    assert "another" not in page


# --------------------------------------------------------------------------- preview


@pytest.mark.usefixtures("happened")
def test_it_shows_the_message_as_slack_will(acme: Vendor, slack: Connection) -> None:
    texts = {"in-id": "C0123456789", "in-title": "{{ host.name }} <is> full", "in-template": "*{{ value }}* & more"}
    page = ask(enter(acme, **SEES), "preview", connection=str(slack.id), **texts).content.decode()
    assert "db-1 &lt;is&gt; full" in page
    assert "<strong>97</strong> &amp; more" in page
    assert "xoxb" not in page


@pytest.fixture
def teams(acme: Vendor) -> Connection:
    url = "https://prod-27.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef/triggers/manual"
    return make_connection(
        acme.workspace, "teams", url=f"{url}/paths/invoke?api-version=2016-06-01&sp=x&sv=1.0&sig=canary"
    )


@pytest.mark.usefixtures("happened")
def test_it_shows_the_card_as_teams_will(acme: Vendor, teams: Connection) -> None:
    texts = {
        "in-title": "{{ host.name }} <is> full",
        "in-template": "*{{ value }}* & more\nTwo",
        "in-fields": "Host: {{ host.name }}",
        "in-link": "https://app.example.com/a?b=c&d=e",
    }
    page = ask(enter(acme, **SEES), "preview", connection=str(teams.id), severity_from="severity", **texts)
    text = page.content.decode()
    assert "*97* &amp; more</span></p>" in text  # Teams' text runs know no markup
    assert "db-1 &lt;is&gt; full" in text
    assert '<span class="run run-bold">Host: </span><span class="run">db-1</span>' in text
    assert 'href="https://app.example.com/a?b=c&amp;d=e"' in text
    assert "Open app.example.com" in words(page)
    assert "AdaptiveCard" not in text
    assert "canary" not in text


@pytest.mark.usefixtures("happened")
def test_a_note_stands_beside_the_text_that_it_is_about(acme: Vendor, slack: Connection) -> None:
    texts = {"in-title": "{{ nowhere }}", "in-template": "{{ value"}
    page = ask(enter(acme, **SEES), "preview", connection=str(slack.id), **texts).content.decode()
    assert re.search(r'id="note-title" hx-swap-oob="true">.*?nowhere', page)
    assert re.search(r'id="note-template" hx-swap-oob="true"><p class="error">Line 1|line 1', page)
    assert re.search(r'id="note-id" hx-swap-oob="true"></div>', page)  # nothing is blamed before it is saved


@pytest.mark.usefixtures("happened")
def test_the_sample_can_be_changed_by_hand(acme: Vendor, slack: Connection) -> None:
    sent = {"connection": str(slack.id), "in-title": "{{ message }}", "sample_type": "disk.full"}
    page = ask(enter(acme), "preview", **sent, sample_payload='{"message": "as typed"}').content.decode()
    assert "as typed" in page


@pytest.mark.parametrize("payload", ["{", "[1]", '{"a": NaN}', '{"a": "' + "x" * 300_000 + '"}', "\0"])
def test_a_sample_that_no_event_could_be_is_told(acme: Vendor, slack: Connection, payload: str) -> None:
    sent = {"connection": str(slack.id), "sample_type": "disk.full", "sample_payload": payload}
    page = ask(enter(acme), "preview", **sent).content.decode()
    assert re.search(r'id="sample-error" hx-swap-oob="true"><p class="error">This', page)


def test_a_mail_and_a_body_are_shown_too(acme: Vendor) -> None:
    page = ask(enter(acme, **SEES), "preview", connection=str(acme.connection.id)).content.decode()
    assert "webhook-id" in page
    assert "&quot;event&quot;: &quot;disk.full&quot;" in page


def test_a_preview_without_leave_has_no_value_of_a_payload(acme: Vendor, slack: Connection, happened: None) -> None:
    sent = {"connection": str(slack.id), "in-title": "{{ message }} {{ host.name }}"}
    for role in ("viewer", "member", "owner"):
        page = ask(enter(acme, role=role), "preview", **sent).content.decode()
        assert "db-1" not in page
        assert "example example" in page


def test_a_strangers_connection_is_none(acme: Vendor, globex: Vendor) -> None:
    for id in (acme.connection.id, STRANGE_ID):
        page = ask(enter(globex), "preview", connection=str(id)).content.decode()
        assert "Choose where it goes" in page
        assert "Acme" not in page


def test_without_a_connection_it_says_what_to_do(acme: Vendor) -> None:
    assert "Choose where it goes" in words(ask(enter(acme), "preview"))


# --------------------------------------------------------------------------- back-test


@pytest.mark.usefixtures("happened")
def test_it_tells_how_often_it_would_have_fired_and_why_not(acme: Vendor) -> None:
    make_event(acme.workspace, "disk.full", '{"value": 1, "severity": "low"}')
    said = words(ask(enter(acme, **SEES), "backtest", min_severity="high"))
    assert "This would have fired 1 time ." in said
    assert "2 events of that type came." in said
    assert "Severity low is below high." in said


@pytest.mark.usefixtures("happened")
def test_the_days_stand_in_a_table_for_those_who_do_not_see_bars(acme: Vendor) -> None:
    page = ask(enter(acme), "backtest").content.decode()
    assert "<caption>" in page
    assert "<rect" in page
    assert page.count('<th scope="row">') == 8  # seven days touch eight dates


@pytest.mark.usefixtures("happened")
def test_without_leave_to_see_payloads_no_reason_is_given(acme: Vendor) -> None:
    row = {"row": "1", "c-1-field": "host.name", "c-1-op": "eq", "c-1-value": "db-2"}
    assert "db-1" in ask(enter(acme, **SEES), "backtest", **row).content.decode()
    assert "db-1" not in ask(enter(acme), "backtest", **row).content.decode()


@pytest.mark.usefixtures("happened")
def test_a_session_of_one_resource_is_told_of_it_alone(acme: Vendor) -> None:
    other = make_event(acme.workspace, "disk.full", "{}", resource="disk", resource_id="8")
    answer = ask(enter(acme, role="admin", **SEES, **RESOURCE), "backtest")
    assert "This would have fired 1 time ." in words(answer)
    assert "came" not in words(answer)
    assert str(other.id) not in answer.content.decode()


def test_what_keeps_it_from_counting_is_told(acme: Vendor) -> None:
    row = {"row": "1", "c-1-field": "a", "c-1-op": "gt", "c-1-value": "x"}
    assert "The value must be a number" in words(ask(enter(acme), "backtest", **row))
    assert "Choose an event type" in words(ask(enter(acme), "backtest", event=""))


# --------------------------------------------------------------------------- who may


@pytest.mark.parametrize("what", ["conditions", "fields", "backtest", "action", "test"])
def test_a_viewer_tries_nothing(acme: Vendor, what: str) -> None:
    assert enter(acme, role="viewer").post(f"{RULES}/{what}", {"event": "a"}).status_code == 403


@pytest.mark.parametrize("what", ["conditions", "fields", "sample", "preview", "backtest", "fired", "action", "test"])
def test_a_dashboard_session_has_none_of_it(acme: Vendor, what: str) -> None:
    portal = enter(acme, session_type=SessionType.DASHBOARD)
    assert portal.post(f"{RULES}/{what}", {"event": "a"}).status_code == 403


def test_nobody_gets_a_fragment_without_a_token(acme: Vendor) -> None:
    assert Portal("").post(f"{RULES}/preview", {"event": "a"}).status_code == 401


# --------------------------------------------------------------------------- last fired


def test_it_tells_when_each_rule_last_fired(acme: Vendor) -> None:
    silent = make_rule(acme.connection)
    page = (
        enter(acme, role="viewer").post(f"{RULES}/fired", {"rules": f"{acme.rule.id} {silent.id} x"}).content.decode()
    )
    assert re.search(rf'id="fired-{acme.rule.id}" hx-swap-oob="true">last fired <time', page)
    assert re.search(rf'id="fired-{silent.id}" hx-swap-oob="true">has not fired', page)


def test_a_test_is_no_firing(acme: Vendor) -> None:
    rule = make_rule(acme.connection)
    make_delivery(make_event(acme.workspace, kind=TEST), rule)
    assert "has not fired" in words(enter(acme).post(f"{RULES}/fired", {"rules": str(rule.id)}))


def test_it_tells_nothing_of_strangers_rules(acme: Vendor, globex: Vendor) -> None:
    assert str(acme.rule.id) not in enter(globex).post(f"{RULES}/fired", {"rules": str(acme.rule.id)}).content.decode()
