"""Salesforce from the sign-in to the contact: real pages and pipeline, through the real door, into a simulated org."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connections import finding
from connections.connecting import tickets
from connections.directory import begin_missing
from connections.looking_up import look_up
from connections.models import Connection
from connections.provider import Inactive
from connections.reading_on import read_on
from deliveries import waking
from deliveries.draining import drain
from deliveries.models import Delivery
from rules.models import Rule
from sandbox.salesforce.orgs import APP, ORGS, Org
from tests.connections.doors import Permit
from tests.connections.signing_in import browser, come_back, depart, text_of
from tests.deliveries import stories
from tests.deliveries.making import database_now, pass_time, settled
from tests.sandbox.running import Running, started
from tests.sandbox.salesforce.calling import LARGE, PRODUCTION, SANDBOX, contacts, signed_in
from tests.world import make_app, make_workspace
from workspaces.models import Organization, Workspace

pytestmark = pytest.mark.django_db
PAYLOAD = {
    "user": {"email": "Ann.O'Hara@acme.example", "first_name": "Ann", "last_name": "O'Hara"},
    "message": "Latency is <high>",
    "plan": "gold",
}
CAMPAIGN = "7015f00000000002AA"


@dataclass(frozen=True)
class Story(stories.Story):
    """A workspace with a Salesforce org that was signed in to."""

    payload = PAYLOAD

    def dial(self, fault: str, **more: Any) -> None:
        self.sandbox.dial(self.sandbox.of("salesforce"), target=PRODUCTION.id, fault=fault, **more)

    def end_sessions(self) -> None:
        requests.delete(f"{self.sandbox.of('salesforce')}/_sandbox/access-tokens", timeout=5)

    def calls(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = requests.get(f"{self.sandbox.of('salesforce')}/_sandbox/calls", timeout=5).json()
        return found

    @property
    def contact(self) -> dict[str, Any]:
        (found,) = contacts(self.sandbox)
        return found


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("salesforce")) as running:
        yield running


@pytest.fixture
def workspace(process: Running, permit: Permit, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """One whose vendor has an app at the simulated Salesforce."""
    monkeypatch.setattr(waking, "wake", lambda: None)
    process.reset()
    simulator = process.of("salesforce").removeprefix("http://")
    hosts = ("login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com")
    permit(simulator, simulated=dict.fromkeys(hosts, simulator))
    found = make_workspace(Organization.objects.create(name="Acme"), "Acme")
    make_app(found.organization, "salesforce", client_id=APP.client_id, client_secret=APP.client_secret)
    return found


@pytest.fixture
def story(process: Running, workspace: Workspace) -> Story:
    row = settled(connected(process, workspace, PRODUCTION, host="login"))
    Connection.objects.update(token_at=database_now() - timedelta(hours=2))  # a younger one is not renewed at once
    found = Story(process, workspace, row)
    begin_missing()
    read_on(seconds=20)
    return found


def sign_in(sandbox: Running, workspace: Workspace, org: Org, **asked: str) -> str:
    """As a colleague with a link does it. Returns what the last page says."""
    issued = tickets.make_link(workspace=workspace, provider_slug="salesforce", actor="ann", asked=asked)
    question = depart(client := browser(), issued)
    url = f"{sandbox.of('salesforce')}/services/oauth2/authorize"
    form = {**question, "org": org.id, "decision": "allow"}
    back = requests.post(url, form, allow_redirects=False, timeout=5).headers["Location"]
    return text_of(come_back(client, "salesforce", **dict(parse_qsl(urlsplit(back).query))))


def connected(sandbox: Running, workspace: Workspace, org: Org, **asked: str) -> Connection:
    assert "is connected" in sign_in(sandbox, workspace, org, **asked)
    found: Connection = Connection.objects.get(workspace=workspace, settings__org_id=org.id)
    return found


# --------------------------------------------------------------------------- signing in


@pytest.mark.parametrize(
    ("asked", "org", "kind"),
    [
        ({"host": "login"}, PRODUCTION, "production"),
        ({"host": "test"}, SANDBOX, "sandbox"),
        ({"host": "my_domain", "my_domain": "casterly-rock"}, PRODUCTION, "production"),
        ({"host": "my_domain", "my_domain": f"https://{SANDBOX.host}/"}, SANDBOX, "sandbox"),
        ({"host": "login"}, ORGS[3], "developer"),
    ],
    ids=str,
)
def test_each_kind_of_host_connects_its_org(
    process: Running, workspace: Workspace, asked: dict[str, str], org: Org, kind: str
) -> None:
    row = connected(process, workspace, org, **asked)
    assert (row.settings["org_id"], row.settings["account_type"]) == (org.id, kind)
    assert row.settings["instance_url"] == f"https://{org.host}"
    assert row.name == f"Salesforce {org.name}" + (" (sandbox uat)" if org.is_sandbox else "")
    assert {key: row.settings[key] for key in asked} == asked


@pytest.mark.parametrize(
    ("asked", "org"),
    [
        ({"host": "login"}, SANDBOX),
        ({"host": "test"}, PRODUCTION),
        ({"host": "my_domain", "my_domain": "springfield"}, PRODUCTION),
    ],
    ids=str,
)
def test_a_sandbox_cannot_be_signed_in_to_where_production_is(
    process: Running, workspace: Workspace, asked: dict[str, str], org: Org
) -> None:
    assert "was not connected" in sign_in(process, workspace, org, **asked)
    assert not Connection.objects.filter(workspace=workspace).exists()


def test_a_person_who_may_not_use_the_api_learns_what_to_ask_for(process: Running, workspace: Workspace) -> None:
    process.dial(process.of("salesforce"), fault="API_DISABLED_FOR_ORG")
    assert "API Enabled" in sign_in(process, workspace, PRODUCTION, host="login")


# --------------------------------------------------------------------------- each action


def test_an_event_becomes_a_contact_by_the_mapping_that_comes_with_the_connection(story: Story) -> None:
    delivery = story.emit(story.rule("upsert_contact"))
    assert (delivery.state, story.attempt(delivery).reason) == ("delivered", "Salesforce made the contact.")
    assert story.contact["values"] == {"FirstName": "Ann", "LastName": "O'Hara", "Email": "Ann.O'Hara@acme.example"}
    assert story.attempt(delivery).reference == story.contact["id"]


def test_a_second_event_changes_the_same_contact(story: Story) -> None:
    rule = story.rule("upsert_contact")
    story.emit(rule)
    again = story.emit(rule, user={**PAYLOAD["user"], "first_name": "Anna"})  # type: ignore[dict-item]
    assert story.attempt(again).reason == "Salesforce updated the contact."
    assert story.contact["values"]["FirstName"] == "Anna"


def test_a_contact_without_a_last_name_gets_one_and_the_attempt_says_so(story: Story) -> None:
    delivery = story.emit(story.rule("upsert_contact"), user={"email": "ann@acme.example"})
    assert story.contact["values"]["LastName"] == "ann"
    assert any("requires a last name" in note for note in story.attempt(delivery).notes)


def test_of_several_contacts_the_one_that_was_changed_last_is_taken(story: Story) -> None:
    app = signed_in(story.sandbox)
    ids = [app.create(LastName=name, Email="ann@acme.example").json()["id"] for name in ("Old", "New")]
    delivery = story.emit(story.rule("upsert_contact"), user={"email": "ann@acme.example", "first_name": "Ann"})
    assert story.attempt(delivery).reference == ids[1]
    assert any("Several contacts" in note for note in story.attempt(delivery).notes)


def test_a_contact_joins_a_campaign_and_leaves_it(story: Story) -> None:
    rule = story.rule("add_to_campaign", id=CAMPAIGN)
    assert story.emit(rule).state == "delivered"
    assert story.contact["campaigns"] == ["Usage alerts"]
    again = story.emit(rule)
    assert (again.state, story.attempt(again).notes[-1]) == ("delivered", "It was one before.")
    Rule.objects.all().delete()
    leave = story.rule("remove_from_campaign", id=CAMPAIGN)
    assert story.emit(leave).state == "delivered"
    assert story.contact["campaigns"] == []
    again = story.emit(leave)
    assert story.attempt(again).notes[-1] == "Nobody with this e-mail address was a member of it."


def test_who_is_not_there_leaves_nothing_and_is_not_made(story: Story) -> None:
    assert story.emit(story.rule("remove_from_campaign", id=CAMPAIGN)).state == "delivered"
    assert contacts(story.sandbox) == []


def test_a_field_is_set_from_a_template(story: Story) -> None:
    story.emit(story.rule("update_property", id="Level__c", value="{{ plan }}"))
    assert story.contact["values"]["Level__c"] == "gold"


def test_without_an_address_nothing_is_sent_and_the_reason_is_told(story: Story) -> None:
    delivery = story.emit(story.rule("upsert_contact"), user={})
    attempt = story.attempt(delivery)
    assert (delivery.state, attempt.code, attempt.exchanges) == ("failed", "mapping_error", [])
    assert "mail" in attempt.reason


# --------------------------------------------------------------------------- what goes wrong


def test_a_value_that_is_not_in_the_picklist_is_told_and_nothing_is_written(story: Story) -> None:
    delivery = story.emit(story.rule("update_property", id="Level__c", value="platinum"))
    attempt = story.attempt(delivery)
    assert (delivery.state, attempt.culprit) == ("failed", "rule")
    assert attempt.reason.startswith("The field Level__c takes only the values of its list in Salesforce")
    assert contacts(story.sandbox) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A contact needs a phone number before it can be saved."),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", "may not see or change the field Title"),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "may not do this there: insufficient access rights"),
        ("REQUIRED_FIELD_MISSING", "requires a value for the field Level__c"),
        ("STRING_TOO_LONG", "The text for the field Title is longer"),
        ("CANNOT_EXECUTE_FLOW_TRIGGER", "An automation of the Salesforce org"),
    ],
)
def test_what_the_org_does_not_take_is_told_and_the_connection_stays_on(story: Story, fault: str, words: str) -> None:
    story.dial(fault)
    delivery = story.emit(story.rule("upsert_contact"))
    story.connection.refresh_from_db()
    assert (delivery.state, story.connection.active) == ("failed", True)
    assert words in story.attempt(delivery).reason
    assert story.attempt(delivery).fix


@pytest.mark.parametrize(
    "fault", ["UNABLE_TO_LOCK_ROW", "DUPLICATES_DETECTED", "ENTITY_IS_DELETED", "SERVER_UNAVAILABLE", "503", "close"]
)
def test_what_passes_by_itself_is_tried_again_and_arrives_once(story: Story, fault: str) -> None:
    story.dial(fault, times=1)
    delivery = story.emit(story.rule("upsert_contact"))
    assert (delivery.state, contacts(story.sandbox)) == ("retrying", [])
    pass_time(3_600)
    drain()
    delivery.refresh_from_db()
    assert delivery.state == "delivered"
    assert story.contact["values"]["FirstName"] == "Ann"


def test_a_used_up_day_waits_an_hour(story: Story) -> None:
    story.dial("REQUEST_LIMIT_EXCEEDED", times=1)
    delivery = story.emit(story.rule("upsert_contact"))
    attempt = story.attempt(delivery)
    assert (delivery.state, attempt.code) == ("retrying", "rate_limited")
    assert delivery.due_at is not None
    assert (delivery.due_at - attempt.started_at).total_seconds() >= 3_590
    story.connection.refresh_from_db()
    assert (story.connection.active, story.connection.failing_since) == (True, None)


def test_a_campaign_that_is_gone_is_the_rules_fault(story: Story) -> None:
    delivery = story.emit(story.rule("add_to_campaign", id="7015f00000999999AA"))
    assert (delivery.state, story.attempt(delivery).culprit) == ("failed", "rule")


@pytest.mark.parametrize("rotating", [False, True])
def test_an_ended_session_is_renewed_by_itself_and_the_event_arrives(story: Story, rotating: bool) -> None:
    if rotating:
        story.dial("rotation")
    story.end_sessions()
    delivery = story.emit(story.rule("upsert_contact"))
    arrive(delivery)
    assert delivery.state == "delivered"
    story.connection.refresh_from_db()
    assert story.connection.active
    assert [call["host"] for call in story.calls() if call["path"] == "/services/oauth2/token"][
        -1
    ] == "login.salesforce.com"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("invalid_grant", Inactive.REAUTHORIZATION_REQUIRED),
        ("inactive_user", Inactive.AUTHORIZATION_REVOKED),
        ("inactive_org", Inactive.AUTHORIZATION_REVOKED),
    ],
)
def test_access_that_was_taken_back_holds_everything_until_somebody_reconnects(
    story: Story, fault: str, reason: Inactive
) -> None:
    story.dial(fault)
    story.end_sessions()
    delivery = story.emit(story.rule("upsert_contact"))
    arrive(delivery)
    story.connection.refresh_from_db()
    assert (story.connection.active, story.connection.inactive_reason) == (False, reason)
    assert delivery.state == "held"


def arrive(delivery: Delivery) -> None:
    for _ in range(6):
        pass_time(30)
        drain()
    delivery.refresh_from_db()


def test_no_token_is_kept_with_what_was_sent(story: Story) -> None:
    attempt = story.attempt(story.emit(story.rule("upsert_contact")))
    assert len(attempt.exchanges) == 2
    assert f"{PRODUCTION.id[:15]}!" not in json.dumps(attempt.exchanges)


def test_a_sandbox_and_production_are_two_connections_that_do_not_mix(story: Story) -> None:
    other = connected(story.sandbox, story.workspace, SANDBOX, host="test")
    assert other.id != story.connection.id
    story.emit(story.rule("upsert_contact"))
    assert story.contact["org_id"] == PRODUCTION.id


# --------------------------------------------------------------------------- the lists


def test_the_campaigns_and_the_fields_are_read(story: Story) -> None:
    campaigns = finding.find(story.connection, "campaign", "")
    assert {one.name for one in campaigns} == {
        *("Onboarding", "Old newsletter", "Spring trial", "Usage alerts", "Win back"),
    }
    (level,) = finding.find(story.connection, "contact_field", "Level__c")[:1]
    assert (level.external_id, level.facts["type"]) == ("Level__c", "select")
    assert [one["value"] for one in level.facts["options"]] == ["bronze", "silver", "gold"]
    (email,) = finding.find(story.connection, "contact_field", "Email")[:1]
    assert email.facts["identifier"] is True


def test_a_campaign_that_is_newer_than_the_list_is_found_by_its_link(story: Story) -> None:
    finding.find(story.connection, "campaign", "")[0].delete()
    link = f"https://{PRODUCTION.host}/{CAMPAIGN}"
    found = look_up(story.connection, "campaign", link)
    assert found.entry is not None
    assert found.entry.name == "Usage alerts"
    field = look_up(story.connection, "contact_field", "Nope__c")
    assert "no such field" in field.reason


def test_thousands_of_campaigns_are_read_page_by_page(process: Running, workspace: Workspace) -> None:
    row = connected(process, workspace, LARGE, host="login")
    begin_missing()
    read_on(seconds=60)
    told = finding.summary(row, "campaign")
    assert (told.count, told.complete) == (4_505, True)
