"""The editor of a rule: nothing that was typed is lost, and every fault stands beside its field."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from connections.models import Connection, DirectoryEntry
from connections.registry import provider
from rules.authoring import Wording
from rules.models import Rule
from tests.calling import STRANGE_ID
from tests.connections.vendor import make_slack
from tests.portal import Portal, enter, visit, words
from tests.world import Vendor, make_connection, make_rule
from workspaces.models import SessionType

RULES = "/workspace/rules"
CHANNEL = "C0123456789"
RESOURCE: dict[str, Any] = {"session_type": SessionType.RESOURCE, "resource": "disk", "resource_id": "7"}


@pytest.fixture
def slack(acme: Vendor) -> Connection:
    return make_slack(acme.workspace)


def form(connection: Connection, **more: Any) -> dict[str, Any]:
    """What a person would post."""
    return {"event": "alert.triggered", "connection": str(connection.id), "in-id": CHANNEL, **more}


def saved(answer: HttpResponse) -> Rule:
    assert answer.status_code == 204, words(answer)
    return Rule.objects.select_related("version", "connection").latest("created_at")


def error_of(answer: HttpResponse, control: str) -> str:
    """What is said beside the control, which must point at it."""
    page = answer.content.decode()
    assert f'aria-describedby="error-{control}"' in page or f'error-{control}"' in page
    found = re.search(rf'id="error-{control}">(.*?)</p>', page)
    assert found, words(answer)
    return found[1]


# --------------------------------------------------------------------------- saving


def test_a_new_rule_says_what_was_typed(acme: Vendor, slack: Connection) -> None:
    rows = {"row": ["1"], "c-1-field": "value", "c-1-op": "gt", "c-1-value": "5", "joined": "all"}
    more = {"min_severity": "high", "name": "Loud ones", "find-id": "#alerts", "in-title": "{{ value }}", **rows}
    rule = saved(enter(acme, role="member").post(f"{RULES}/new", form(slack, **more)))
    assert (rule.name, rule.active, rule.connection) == ("Loud ones", True, slack)
    assert Wording.of(rule.version) == Wording(
        event="alert.triggered",
        action="send_message",
        min_severity="high",
        conditions={"all": [{"field": "value", "op": "gt", "value": 5}]},
        inputs={"id": CHANNEL, "name": "alerts", "title": "{{ value }}"},
    )


def test_a_text_that_is_written_anyway_is_not_kept(acme: Vendor, slack: Connection) -> None:
    """So that the rule goes on following the provider's own."""
    default = slack_default("title")
    rule = saved(enter(acme).post(f"{RULES}/new", form(slack, **{"in-title": default})))
    assert rule.version is not None
    assert "title" not in rule.version.inputs


def slack_default(key: str) -> str:
    return next(asked.default for asked in provider("slack").actions[0].fields if asked.key == key)


def test_it_is_muted_quiet_and_digested_as_was_chosen(acme: Vendor, slack: Connection) -> None:
    quiet = {
        "quiet": "yes",
        "quiet_days": ["0", "4"],
        "quiet_start": "20:00",
        "quiet_end": "08:00",
        "quiet_zone": "UTC",
    }
    more = {"mute": "week", **quiet, "digest": "yes", "digest_most": "3", "digest_minutes": "15"}
    rule = saved(enter(acme).post(f"{RULES}/new", form(slack, **more)))
    assert rule.muted_until is not None
    assert rule.muted_until > timezone.now() + timedelta(days=6)
    assert rule.quiet_hours == {"days": [0, 4], "start": "20:00", "end": "08:00", "time_zone": "UTC"}
    assert rule.digest == {"most": 3, "minutes": 15}


def test_a_change_is_a_new_version_and_keeps_what_the_form_does_not_show(acme: Vendor, slack: Connection) -> None:
    deep = {"all": [{"any": [{"not": {"field": "a", "op": "exists"}}, {"field": "b", "op": "exists"}]}]}
    rule = make_rule(slack, conditions=deep, inputs={"id": CHANNEL, "name": "alerts"})
    page = visit(acme, f"{RULES}/{rule.id}").content.decode()
    kept = re.search(r'name="c-1-kept" value="([^"]*)"', page)
    assert kept
    rows = {"row": ["1"], "c-1-kept": kept[1].replace("&quot;", '"')}
    answer = enter(acme).post(f"{RULES}/{rule.id}", form(slack, event="user.created", **{"find-id": "#alerts", **rows}))
    assert answer.status_code == 204
    rule.refresh_from_db()
    assert rule.version is not None
    assert (rule.version.number, rule.version.conditions) == (2, deep)
    assert rule.version.inputs == {"id": CHANNEL, "name": "alerts"}


def test_another_provider_gets_none_of_the_old_inputs(acme: Vendor, slack: Connection) -> None:
    rule = make_rule(slack, inputs={"id": CHANNEL, "title": "x"})
    answer = enter(acme).post(f"{RULES}/{rule.id}", {"event": "a", "connection": str(acme.connection.id)})
    assert answer.status_code == 204
    rule.refresh_from_db()
    assert rule.version is not None
    assert (rule.connection_id, rule.version.action, rule.version.inputs) == (acme.connection.id, "record", {})


def test_a_name_that_was_typed_and_not_picked_is_looked_up(acme: Vendor, slack: Connection) -> None:
    DirectoryEntry.objects.create(
        organization_id=acme.organization.id, workspace=acme.workspace, connection=slack, kind="channel",
        external_id=CHANNEL, name="on-call", folded="on-call", seen_in=1,
    )  # fmt: skip
    rule = saved(enter(acme).post(f"{RULES}/new", form(slack, **{"in-id": "", "find-id": "#On-Call"})))
    assert rule.version is not None
    assert rule.version.inputs == {"id": CHANNEL, "name": "on-call"}


# --------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("more", "control", "said"),
    [
        ({"event": ""}, "event", "is empty"),
        ({"event": "a**b"}, "event", "one * instead"),
        ({"in-id": "", "find-id": "#nowhere"}, "in-id", "Choose the channel"),
        ({"in-id": ""}, "in-id", "missing"),
        ({"in-title": "{{ value"}, "in-title", "line 1"),
        ({"name": "n" * 129}, "name", "at most 128"),
        ({"resource": "r" * 129}, "resource", "at most 128"),
        ({"resource_id": "r" * 129}, "resource_id", "at most 128"),
        ({"connection": ""}, "connection", "Choose where it goes"),
        ({"connection": str(STRANGE_ID)}, "connection", "Choose where it goes"),
        ({"min_severity": "loud"}, "min_severity", "must be one of"),
        ({"mute": "date", "mute_until": "soon"}, "mute_until", "Must be a moment"),
        ({"quiet": "yes", "quiet_zone": "Berlin", "quiet_days": "1"}, "quiet_zone", "time zone"),
        ({"quiet": "yes"}, "quiet_days", "must list"),
        ({"quiet": "yes", "quiet_days": "1", "quiet_start": "9"}, "quiet_start", "time of day"),
        ({"quiet": "yes", "quiet_days": "1", "quiet_start": "09:00", "quiet_end": "09:00"}, "quiet_end", "differ"),
        ({"digest": "yes", "digest_most": "-1"}, "digest_most", "whole number"),
        ({"digest": "yes", "digest_minutes": "0"}, "digest_minutes", "whole number"),
        ({"row": "4", "c-4-value": "5"}, "c-4-field", "Must be a path"),
        ({"row": "4", "c-4-field": "a"}, "c-4-value", "compared with"),
        ({"row": "4", "c-4-field": "a", "c-4-op": "gt", "c-4-value": "x"}, "c-4-value", "a number"),
        (
            {"row": "4", "c-4-field": "a", "c-4-op": "between", "c-4-value": "1", "c-4-highest": "x"},
            "c-4-highest",
            "date",
        ),
        ({"row": "4", "c-4-field": "a", "c-4-against": "field"}, "c-4-other", "Must be a path"),
        (
            {
                "row": "4",
                "c-4-field": "a",
                "c-4-op": "gt",
                "c-4-against": "field",
                "c-4-other": "b",
                "c-4-factor": "-1",
            },
            "c-4-factor",
            "above 0",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_fault_stands_beside_its_field(
    acme: Vendor, slack: Connection, more: dict[str, Any], control: str, said: str
) -> None:
    answer = enter(acme).post(f"{RULES}/new", form(slack, name="kept") | more)
    assert answer.status_code == 422
    assert said.lower() in error_of(answer, control).lower()
    assert f'href="#{control}"' in answer.content.decode()
    assert f'id="{control}"' in answer.content.decode()
    assert Rule.objects.count() == 1


def test_nothing_that_was_typed_is_lost(acme: Vendor, slack: Connection) -> None:
    rows = {"row": ["3", "5", "6"], "c-3-field": "a<b", "c-3-op": "in", "c-3-value": 'x, "y"', "joined": "any"}
    group = {"c-5-joined": "all", "c-6-in": "5", "c-6-field": "deep.path", "c-6-op": "absent"}
    texts = {"in-template": "First\n\nsecond", "in-link": "https://x.example/{{ id }}", "find-id": "#somewhere"}
    more = {"event": "**", "name": "My rule", "resource": "disk", "min_severity": "low", **rows, **group, **texts}
    page = enter(acme).post(f"{RULES}/new", form(slack) | more).content.decode()
    for typed in (
        "a&lt;b",
        "x, &quot;y&quot;",
        "deep.path",
        "My rule",
        "disk",
        "https://x.example/{{ id }}",
        "#somewhere",
    ):
        assert typed in page, typed
    assert "First\n\nsecond</textarea>" in page
    assert '<option value="absent" selected>' in page
    assert '<option value="any" selected>' in page
    assert '<input type="radio" name="min_severity" value="low" checked>' in page


def test_what_a_database_cannot_hold_is_replaced(acme: Vendor, slack: Connection) -> None:
    rule = saved(enter(acme).post(f"{RULES}/new", form(slack, name="a\0b", **{"in-title": "c\0d"})))
    assert rule.name == "a\ufffdb"


# --------------------------------------------------------------------------- showing


def test_a_saved_rule_is_shown_as_it_is(acme: Vendor, slack: Connection) -> None:
    conditions = {"all": [{"field": "value", "op": "gt", "other": {"field": "threshold", "factor": 1.2}}]}
    rule = make_rule(
        slack, "alert.*", min_severity="high", conditions=conditions, inputs={"id": CHANNEL, "name": "ops"}
    )
    page = visit(acme, f"{RULES}/{rule.id}").content.decode()
    assert 'value="alert.*"' in page
    assert '<input type="radio" name="min_severity" value="high" checked>' in page
    for value in (
        'name="c-1-field" value="value"',
        'name="c-1-other" value="threshold"',
        'name="c-1-factor" value="1.2"',
    ):
        assert value in page, value
    assert f'name="in-id" value="{CHANNEL}"' in page
    assert 'value="#ops"' in page


def test_the_form_of_another_connection_asks_for_what_that_one_needs(acme: Vendor, slack: Connection) -> None:
    answer = enter(acme).post(f"{RULES}/action", form(slack), target="does")
    page = answer.content.decode()
    assert "<main" not in page
    assert 'role="combobox"' in page
    assert f'hx-get="/workspace/connections/{slack.id}/directory/channel"' in page
    other = enter(acme).post(f"{RULES}/action", form(acme.connection), target="does").content.decode()
    assert 'name="in-note"' in other
    assert 'role="combobox"' not in other


def test_a_connection_that_is_asked_for_is_chosen(acme: Vendor, slack: Connection) -> None:
    page = enter(acme).get(f"{RULES}/new", connection=str(acme.connection.id), event="user.created").content.decode()
    assert f'<option value="{acme.connection.id}" selected>' in page
    assert 'value="user.created"' in page


def test_a_viewer_reads_the_rule_and_cannot_change_it(acme: Vendor) -> None:
    portal = enter(acme, role="viewer")
    page = portal.get(f"{RULES}/{acme.rule.id}")
    assert page.status_code == 200
    assert "keep it in Acme capture" in words(page)
    assert "Save" not in words(page)
    changes: list[tuple[str, dict[str, str]]] = [
        (f"/{acme.rule.id}", {"event": "stolen", "connection": str(acme.connection.id)}),
        (f"/{acme.rule.id}/delete", {}),
        ("/new", {"event": "stolen", "connection": str(acme.connection.id)}),
    ]
    for path, sent in changes:
        assert portal.post(RULES + path, sent).status_code == 403
    assert portal.get(f"{RULES}/new").status_code == 403
    assert [rule.version.event for rule in Rule.objects.select_related("version") if rule.version] == ["alert.*"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["", "/delete", "/versions"])
def test_a_strangers_rule_is_not_there(acme: Vendor, globex: Vendor, method: str, path: str) -> None:
    portal = enter(globex)
    for id in (acme.rule.id, STRANGE_ID):
        answer = getattr(portal, method)(f"{RULES}/{id}{path}")
        assert answer.status_code in (404, 405)
        assert "Acme" not in answer.content.decode()
    assert Rule.objects.filter(id=acme.rule.id).exists()


def test_a_strangers_connection_cannot_be_used(acme: Vendor, globex: Vendor) -> None:
    answer = enter(globex).post(f"{RULES}/new", {"event": "a", "connection": str(acme.connection.id)})
    assert answer.status_code == 422
    assert "Acme" not in answer.content.decode()
    assert not Rule.objects.filter(connection=acme.connection).exclude(id=acme.rule.id).exists()


def test_a_rule_is_deleted_and_its_versions_stay(acme: Vendor) -> None:
    answer = enter(acme, role="member").post(f"{RULES}/{acme.rule.id}/delete")
    assert answer.status_code == 204
    assert "portal:go" in answer["HX-Trigger"]
    assert not Rule.objects.filter(id=acme.rule.id).exists()


# --------------------------------------------------------------------------- one resource


def resource_portal(acme: Vendor) -> Portal:
    return enter(acme, role="member", **RESOURCE)


def test_a_session_of_one_resource_writes_rules_about_it_alone(acme: Vendor) -> None:
    sent = {"event": "a", "connection": str(acme.connection.id), "resource": "everything", "resource_id": ""}
    rule = saved(resource_portal(acme).post(f"{RULES}/new", sent))
    assert rule.version is not None
    assert (rule.version.resource, rule.version.resource_id) == ("disk", "7")


def test_it_cannot_turn_its_rule_to_another_resource(acme: Vendor) -> None:
    own = make_rule(acme.connection, resource="disk", resource_id="7")
    sent = {"event": "a", "connection": str(acme.connection.id), "resource": "disk", "resource_id": "8"}
    assert resource_portal(acme).post(f"{RULES}/{own.id}", sent).status_code == 204
    own.refresh_from_db()
    assert own.version is not None
    assert own.version.resource_id == "7"


def test_it_does_not_get_at_rules_about_anything_else(acme: Vendor) -> None:
    other, portal = make_rule(acme.connection, resource="disk", resource_id="8"), resource_portal(acme)
    for rule in (other, acme.rule):
        assert portal.get(f"{RULES}/{rule.id}").status_code == 404
        assert portal.post(f"{RULES}/{rule.id}/delete").status_code == 404
        assert portal.get(f"{RULES}/{rule.id}/versions").status_code == 404


def test_a_hidden_connection_is_not_offered(acme: Vendor) -> None:
    hidden = make_connection(acme.workspace, name="Backstage")
    Connection.objects.filter(id=hidden.id).update(hidden=True)
    assert "Backstage" not in visit(acme, f"{RULES}/new").content.decode()
    answer = enter(acme).post(f"{RULES}/new", {"event": "a", "connection": str(hidden.id)})
    assert answer.status_code == 422


def test_saving_what_was_not_changed_makes_no_version(acme: Vendor, slack: Connection) -> None:
    inputs = {"id": CHANNEL, "name": "ops", "title": "{{ value }}"}
    conditions = {"all": [{"field": "region", "op": "in", "value": ["eu", "5"]}]}
    rule = make_rule(slack, "alert.*", min_severity="high", conditions=conditions, inputs=inputs)
    page = visit(acme, f"{RULES}/{rule.id}").content.decode()
    assert enter(acme).post(f"{RULES}/{rule.id}", posted_by(page)).status_code == 204
    rule.refresh_from_db()
    assert rule.version is not None
    assert rule.version.number == 1


def posted_by(page: str) -> dict[str, Any]:
    """What a browser would post of the form as it came."""
    form = page.partition('<form id="rule"')[2].partition("</form>")[0]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'\b{word}="([^"]*)"', tag) for word in ("name", "value"))
        chosen = ("checkbox" not in tag and "radio" not in tag) or " checked" in tag
        if name and chosen:
            found.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, inside in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(inside)
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        options = re.findall(r'<option value="([^"]*)"( selected)?', inside)
        found[name] = next((value for value, selected in options if selected), options[0][0])
    return found
