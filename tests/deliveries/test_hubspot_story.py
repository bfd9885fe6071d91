"""HubSpot from the event to the contact: the real pipeline, through the real door, into the simulated account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from connections import finding
from connections.directory import begin_missing
from connections.models import Connection
from connections.provider import Inactive
from connections.providers.hubspot.lists import DYNAMIC
from connections.reading_on import read_on
from deliveries import waking
from deliveries.draining import drain
from deliveries.models import Delivery
from rules.models import Rule
from tests.connections.doors import Permit
from tests.deliveries import stories
from tests.deliveries.making import pass_time, settled
from tests.portal import enter, words
from tests.sandbox.hubspot.calling import SCOPES, contacts, sign_in
from tests.sandbox.running import Running, started
from tests.world import make_app, make_workspace
from workspaces.models import Organization, Workspace

pytestmark = pytest.mark.django_db
PAYLOAD = {
    "user": {"email": "Ann@acme.example", "first_name": "Ann", "last_name": "Ärger", "phone": ""},
    "message": "Latency is <high>",
    "plan": "team",
}


@dataclass(frozen=True)
class Story(stories.Story):
    """A workspace with a HubSpot account that was signed in to."""

    payload = PAYLOAD

    def emit(self, rule: Rule, **payload: Any) -> Delivery:
        pass_time(1)  # the account's own pace
        return super().emit(rule, **payload)

    def dial(self, fault: str, **more: Any) -> None:
        self.sandbox.dial(self.sandbox.hubspot, target="11", fault=fault, **more)

    @property
    def contact(self) -> dict[str, Any]:
        (found,) = contacts(self.sandbox)
        return found


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("hubspot")) as running:
        yield running


@pytest.fixture
def story(process: Running, permit: Permit, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setattr(waking, "wake", lambda: None)
    process.reset()
    simulator = process.hubspot.removeprefix("http://")
    permit(simulator, simulated={"api.hubapi.com": simulator, "app.hubspot.com": simulator})
    workspace = make_workspace(Organization.objects.create(name="Acme"), "Acme")
    make_app(workspace.organization, "hubspot", client_id="hub-app", client_secret="hush")
    found = Story(process, workspace, connected(workspace, process))
    begin_missing()
    read_on(seconds=20)
    return found


def connected(workspace: Workspace, sandbox: Running) -> Connection:
    granted = sign_in(sandbox)
    row = Connection(
        organization_id=workspace.organization_id,
        workspace=workspace,
        provider="hubspot",
        name="HubSpot",
        settings={"hub_id": "11", "hub_domain": "acme.example", "account_type": "production", "scopes": SCOPES.split()},
        created_by="test",
    )
    row.seal_values("credentials", {key: granted[key] for key in ("access_token", "refresh_token")})
    row.save()
    return settled(row)


def test_an_event_becomes_a_contact_by_the_mapping_that_comes_with_the_connection(story: Story) -> None:
    delivery = story.emit(story.rule("upsert_contact"))
    assert (delivery.state, story.attempt(delivery).reason) == ("delivered", "HubSpot made a new contact.")
    assert story.contact["properties"] == {"email": "ann@acme.example", "firstname": "Ann", "lastname": "Ärger"}
    assert story.attempt(delivery).reference == story.contact["id"]


def test_an_empty_value_leaves_what_hubspot_has(story: Story) -> None:
    rule = story.rule("upsert_contact")
    story.emit(rule, user={**PAYLOAD["user"], "phone": "+49 30 1"})  # type: ignore[dict-item]
    assert story.emit(rule).state == "delivered"
    assert story.contact["properties"]["phone"] == "+49 30 1"


def test_a_contact_is_put_on_a_list_and_taken_off_it(story: Story) -> None:
    added = story.emit(story.rule("add_to_list", id="2"))
    assert story.attempt(added).reason == "HubSpot put the contact on the list 2."
    assert story.contact["lists"] == ["2"]
    Rule.objects.all().delete()
    removed = story.emit(story.rule("remove_from_list", id="2"))
    assert (removed.state, story.contact["lists"]) == ("delivered", [])


def test_who_is_not_in_hubspot_is_taken_off_nothing_and_not_made(story: Story) -> None:
    delivery = story.emit(story.rule("remove_from_list", id="2"))
    assert delivery.state == "delivered"
    assert any("no contact with this e-mail address" in note for note in story.attempt(delivery).notes)
    assert contacts(story.sandbox) == []


def test_a_property_is_set_from_a_template(story: Story) -> None:
    story.emit(story.rule("update_property", id="membership_level", value="{{ plan | upcase }}"))
    assert story.contact["properties"]["membership_level"] == "TEAM"


def test_an_alert_becomes_a_note_on_the_contact(story: Story) -> None:
    delivery = story.emit(story.rule("add_note"))
    assert delivery.state == "delivered"
    (note,) = story.contact["notes"]
    assert "<strong>Alert triggered</strong>" in note["body"]
    assert "<p>Latency is &lt;high&gt;</p>" in note["body"]


def test_a_property_that_hubspot_does_not_have_is_told_and_nothing_is_written(story: Story) -> None:
    delivery = story.emit(story.rule("update_property", id="no_such_thing", value="x"))
    attempt = story.attempt(delivery)
    assert (delivery.state, attempt.culprit) == ("failed", "rule")
    assert attempt.reason == "HubSpot's contacts have no property no_such_thing."
    assert contacts(story.sandbox) == []


@pytest.mark.parametrize(("list", "words"), [("77", "no longer has the list 77"), ("3", "fills the list 3 by itself")])
def test_a_list_that_cannot_be_written_is_the_rules_fault_and_the_connection_stays_on(
    story: Story, list: str, words: str
) -> None:
    delivery = story.emit(story.rule("add_to_list", id=list))
    story.connection.refresh_from_db()
    assert (delivery.state, story.connection.active) == ("failed", True)
    assert words in story.attempt(delivery).reason


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("admin_rule", "the property jobtitle must be filled in"),
        ("invalid_value", "breaks a rule of the HubSpot account (INVALID_ALPHA)"),
    ],
)
def test_a_rule_of_the_accounts_admins_is_told_in_plain_words(story: Story, fault: str, words: str) -> None:
    story.dial(fault)
    delivery = story.emit(story.rule("upsert_contact"))
    assert delivery.state == "failed"
    assert words in story.attempt(delivery).reason


@pytest.mark.parametrize("fault", ["locked", "conflict", "ten_secondly", "503", "close"])
def test_what_passes_by_itself_is_tried_again_and_arrives_once(story: Story, fault: str) -> None:
    story.dial(fault, times=1)
    delivery = story.emit(story.rule("upsert_contact"))
    assert (delivery.state, contacts(story.sandbox)) == ("retrying", [])
    pass_time(3_600)
    drain()
    delivery.refresh_from_db()
    assert delivery.state == "delivered"
    assert story.contact["properties"]["firstname"] == "Ann"


def test_a_token_that_ended_is_renewed_by_itself(story: Story) -> None:
    requests.delete(f"{story.sandbox.hubspot}/_sandbox/access-tokens", timeout=5)
    delivery = story.emit(story.rule("upsert_contact"))
    for _ in range(6):
        pass_time(30)
        drain()
    delivery.refresh_from_db()
    assert delivery.state == "delivered"
    story.connection.refresh_from_db()
    assert story.connection.active


def test_a_token_that_was_taken_back_holds_everything_until_somebody_reconnects(story: Story) -> None:
    story.dial("invalid_authentication")
    delivery = story.emit(story.rule("upsert_contact"))
    story.connection.refresh_from_db()
    assert (story.connection.active, story.connection.inactive_reason) == (False, Inactive.AUTHORIZATION_REVOKED)
    assert delivery.state == "held"


def test_the_lists_and_properties_of_the_account_are_read(story: Story) -> None:
    lists = finding.find(story.connection, "list", "")
    assert [one.name for one in lists] == [
        *("Everybody in the app", "Last year's customers", "Product alerts", "Trial users"),
    ]
    portal, lists_of = enter(story.workspace), f"/workspace/connections/{story.connection.id}/directory/list"
    assert DYNAMIC in words(portal.get(lists_of, by="x", x="", list="y"))
    assert f"{DYNAMIC} Choose another one." in words(portal.get(f"{lists_of}/entry", by="x", x="3"))
    (email,) = finding.find(story.connection, "contact_field", "email")[:1]
    assert (email.external_id, email.facts["identifier"]) == ("email", True)


def test_no_token_is_kept_with_what_was_sent(story: Story) -> None:
    attempt = story.attempt(story.emit(story.rule("add_note")))
    assert len(attempt.exchanges) == 2
    assert "Bearer CI" not in json.dumps(attempt.exchanges)
