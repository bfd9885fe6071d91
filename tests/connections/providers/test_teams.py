"""Microsoft Teams: the message as an Adaptive Card, what a workflow answers, and both against the simulator."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from connections import settling
from connections.models import Connection
from connections.provider import Answer, Code, Culprit, Failure, Inactive, Job, Outcome, Step, Trouble
from connections.providers.teams import PROVIDER, answers, card
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery
from deliveries.trying.preview import preview
from deliveries.trying.samples import of
from sandbox.teams.cards import MAX_BYTES, complaints
from sandbox.teams.workflows import BUILT_IN
from tests.connections.conftest import permit
from tests.connections.doors import Permit
from tests.connections.providers import contract
from tests.connections.providers.contract import Course, Example, follow, job_of, message_in
from tests.deliveries.making import settled
from tests.sandbox.running import Running, started
from tests.world import ACTOR, Vendor, make_connection, make_event, make_rule
from workspaces.errors import ApiError
from workspaces.ids import derive

__all__ = ["permit"]

WORKFLOW, OTHER = BUILT_IN
URL = WORKFLOW.address
YOUNGER = (
    "https://default4bd1.5a.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/"
    "86ffea6392fe4f3f/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abc"
)


def card_in(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = message_in(step)["attachments"][0]["content"]
    return found


def texts_in(node: object) -> Iterator[str]:
    """Every text that people read in a card."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key in ("text", "title", "fallbackText"))
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from texts_in(child)


def assert_fits_teams(step: Step) -> None:
    """As the simulator judges it; only runs have text, since those know no Markdown; nothing invisible."""
    message = message_in(step)
    assert list(complaints(message)) == []
    packed = json.dumps(json.dumps(message, ensure_ascii=False), ensure_ascii=False).encode()
    assert len(packed) < 20_000 < MAX_BYTES
    for text in texts_in(message):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    for action in card_in(step).get("actions", []):
        assert re.match("https?://", action["url"])
        assert action["title"] == f"Open {urlsplit(action['url']).hostname}" or action["title"].endswith("…")


EXAMPLE = Example(
    inputs={
        "send_message": {
            "title": "Alert triggered",
            "template": "api_latency_p95 is *slow*",
            "fields": "Value: 1840\nThreshold: 1000",
            "link": "https://app.example.com/alerts/42?tab=a&b=c",
        }
    },
    credentials={"url": URL},
    accepted=lambda _step: Answer(status=202),
    fits=assert_fits_teams,
)


def course(inputs: Mapping[str, str] | None = None, **changes: Any) -> Course:
    return follow(PROVIDER, job(inputs, **changes), EXAMPLE.accepted)


def job(inputs: Mapping[str, str] | None = None, **changes: Any) -> Job:
    return job_of(EXAMPLE, "send_message", inputs={**EXAMPLE.inputs["send_message"], **(inputs or {})}, **changes)


def sent(inputs: Mapping[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    return card_in(course(inputs, **changes).only)


def lines(found: dict[str, Any]) -> list[str]:
    """What a card says below its head, line by line."""
    return ["".join(run["text"] for run in block["inlines"]) for block in found["body"][1:]]


def outcome_of(reply: Answer | Failure) -> Outcome:
    return follow(PROVIDER, job(), lambda _step: reply).outcome


def refused(status: int, word: str = "") -> Outcome:
    return outcome_of(Answer(status=status, body=json.dumps({"error": {"code": word}}).encode()))


# --------------------------------------------------------------------------- the card


def test_it_posts_the_card_in_its_envelope_to_the_address_alone() -> None:
    request = course().request
    assert (request.method, request.url) == ("POST", URL)
    message = message_in(request)
    (attachment,) = message["attachments"]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (attachment["content"]["type"], attachment["content"]["version"]) == ("AdaptiveCard", "1.4")


def test_an_alert_has_severity_title_text_fields_origin_and_a_button() -> None:
    found = sent()
    head = found["body"][0]
    assert (head["style"], head["id"]) == ("attention", str(contract.DELIVERY))
    assert list(texts_in(head)) == ["🟠 High", "Alert triggered"]
    assert lines(found) == [
        *("api_latency_p95 is *slow*", "Value: 1840", "Threshold: 1000"),
        "alert.triggered · Acme · event aaaa1111",
    ]
    link = "https://app.example.com/alerts/42?tab=a&b=c"
    assert found["actions"] == [{"type": "Action.OpenUrl", "title": "Open app.example.com", "url": link}]
    assert found["fallbackText"] == "High: Alert triggered"


@pytest.mark.parametrize(
    ("severity", "style"),
    [("critical", "attention"), ("medium", "warning"), ("low", "accent"), ("info", "emphasis"), ("", "emphasis")],
)
def test_the_severity_is_told_by_colour_and_by_word(severity: str, style: str) -> None:
    head = sent(event=replace(contract.EVENT, severity=severity))["body"][0]
    assert head["style"] == style
    assert len(head["items"]) == (2 if severity else 1)
    assert severity.capitalize() in "".join(texts_in(head))


def test_staging_and_tests_are_badged() -> None:
    found = sent(workspace=replace(contract.WORKSPACE, environment="staging"), test=True)
    assert found["fallbackText"].startswith("[staging] [test] High: ")
    assert lines(found)[-1] == "alert.triggered · Acme · staging · test · event aaaa1111"


def test_markdown_and_mentions_are_only_text() -> None:
    hostile = "[Sign in](https://evil.example) **now** <at>everyone</at>"
    found = sent({"template": hostile, "title": hostile, "fields": f"Note: {hostile}"})
    said = json.dumps(found)
    assert said.count(hostile) == 4  # title, fallback, text and field: as written, in runs
    assert '"TextBlock"' not in said
    assert '"FactSet"' not in said
    assert "entities" not in said


def test_lines_stay_lines() -> None:
    assert lines(sent({"template": "One\n\nTwo\r\nThree", "fields": ""}))[:-1] == ["One", "Two", "Three"]


def test_a_message_that_says_nothing_shows_the_events_own_values() -> None:
    assert "Resource: api_latency_p95" in lines(sent({"template": "", "fields": ""}))


@pytest.mark.parametrize("text", ["x" * 20_000, "*" * 8_000, "\n".join("abcdefgh") * 20, "🙂" * 5_000])
def test_what_does_not_fit_is_cut_between_characters_and_the_outcome_says_so(text: str) -> None:
    found = course({"template": text})
    assert_fits_teams(found.only)
    assert "The text is longer than a message in Teams can be, so its end is missing." in found.outcome.notes
    assert any(line.endswith("…") for line in lines(card_in(found.only)))


def test_a_text_that_fits_is_whole() -> None:
    found = course({"template": "x" * 5_900})
    assert lines(card_in(found.only))[0] == "x" * 5_900
    assert found.outcome.notes == ()


def test_the_eleventh_field_and_what_is_no_address_are_missing_and_the_outcome_says_so() -> None:
    found = course({"fields": "\n".join(f"Field {n}: {n}" for n in range(11)), "link": "javascript:alert(1)"})
    assert "actions" not in card_in(found.only)
    assert found.outcome.notes == (
        f"A card shows {card.FIELDS_MOST} fields, so the others are missing.",
        "The link is no web address of a fitting length, so it is missing.",
    )


def test_a_digest_tells_of_all_and_nothing_of_the_one_event() -> None:
    found = sent({"title": "Alone", "template": "Alone"}, digest=contract.digest_of("Disk is full", 12))
    said = "\n".join(texts_in(found))
    for words in ("12 events: Disk is full, and 11 more", "🔴 Critical", "• 🟠 High: Disk is full", "… and 7 more"):
        assert words in said
    assert "Alone" not in said
    assert "actions" not in found


# --------------------------------------------------------------------------- the address


@pytest.mark.parametrize("url", [URL, YOUNGER])
def test_it_takes_the_addresses_of_workflows(url: str) -> None:
    assert PROVIDER.check_settings({}, {"url": url}) == []


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4", "Make a workflow instead"),
        ("https://hooks.example.com/in?sig=x", "no address of a workflow"),
        ("https://logic.azure.com.evil.example/workflows/1?sig=x", "no address of a workflow"),
        ("https://evil.example/?x=.logic.azure.com&sig=x", "no address of a workflow"),
        ("https://evillogic.azure.com/?sig=x", "no address of a workflow"),
        ("http://a.logic.azure.com/?sig=x", "no address of a workflow"),
        ("https://[::1", "no address of a workflow"),
        (URL.partition("&sig=")[0], "Copy the whole address"),
    ],
)
def test_it_refuses_every_other_address_beside_the_field(url: str, mend: str) -> None:
    (fault,) = PROVIDER.check_settings({}, {"url": url})
    assert fault.field == "url"
    assert mend in fault.message


def test_an_address_of_somebody_else_that_is_stored_all_the_same_is_not_called() -> None:
    for url in ("", "https://hooks.example.com/in"):
        found = course(credentials={"url": url})
        assert found.steps == ()
        assert (found.outcome.culprit, found.outcome.retry) == (Culprit.CONNECTION, False)


def test_no_part_of_the_address_that_opens_it_is_left_in_what_is_kept() -> None:
    written = contract.written(course().request)
    assert WORKFLOW.signature not in written
    assert WORKFLOW.id not in written


# --------------------------------------------------------------------------- the answers


@pytest.mark.parametrize("status", [200, 202])
def test_the_workflow_took_it(status: int) -> None:
    assert outcome_of(Answer(status=status)).delivered


@pytest.mark.parametrize(
    ("status", "word", "words", "inactive"),
    [
        (400, "", "changed or switched off", None),
        (400, "WorkflowTriggerIsNotEnabled", "switched off", Inactive.ENDPOINT_GONE),
        (404, "WorkflowTriggerIsNotEnabled", "switched off", Inactive.ENDPOINT_GONE),
        (401, "", "its owner left", Inactive.AUTHENTICATION_INVALID),
        (401, "DirectApiAuthorizationRequired", "only people of its own organization", Inactive.AUTHENTICATION_INVALID),
        (403, "", "its owner left", Inactive.AUTHENTICATION_INVALID),
        (404, "WorkflowNotFound", "deleted, or its owner left", Inactive.ENDPOINT_GONE),
        (410, "", "deleted, or its owner left", Inactive.ENDPOINT_GONE),
    ],
)
def test_a_workflow_that_is_gone_is_the_connections_to_mend_and_nothing_is_lost(
    status: int, word: str, words: str, inactive: Inactive | None
) -> None:
    outcome = refused(status, word)
    contract.assert_sensible(outcome)
    assert words in outcome.reason
    assert (outcome.culprit, outcome.retry, outcome.inactive) == (Culprit.CONNECTION, True, inactive)


def test_a_message_that_is_too_large_is_not_sent_again() -> None:
    outcome = refused(413)
    assert (outcome.culprit, outcome.retry) == (Culprit.DELIVERY, False)


def test_throttling_waits_as_long_as_it_is_asked() -> None:
    outcome = outcome_of(Answer(status=429, headers={"retry-after": "42"}))
    assert (outcome.code, outcome.retry_after) == (Code.RATE_LIMITED, 42)


@pytest.mark.parametrize(
    "reply", [Failure(Trouble.TIMEOUT), Failure(Trouble.RESET), Answer(status=500), Answer(status=502)], ids=str
)
def test_a_silence_may_show_twice(reply: Answer | Failure) -> None:
    outcome = outcome_of(reply)
    assert outcome.retry
    assert outcome.notes == (answers.MAY_SHOW_TWICE,)


def test_a_name_that_is_not_found_is_the_connections_to_mend() -> None:
    assert outcome_of(Failure(Trouble.NAME_NOT_FOUND)).culprit is Culprit.CONNECTION
    assert outcome_of(Failure(Trouble.REFUSED)).culprit is Culprit.PROVIDER


# --------------------------------------------------------------------------- the true pipeline against the simulator


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def teams(sandbox: Running, permit: Permit) -> str:
    sandbox.reset()
    permit(simulated={host: to for host, to in sandbox.addresses.simulated_hosts.items() if "azure" in host})
    return sandbox.of("teams")


def connect(vendor: Vendor) -> Connection:
    return settled(make_connection(vendor.workspace, "teams", url=URL))


def deliver(vendor: Vendor, connection: Connection) -> Delivery:
    rule = make_rule(connection, "alert.*", inputs={"template": "{{ value }} is <too> **much**"})
    event = make_event(vendor.workspace, payload='{"value":1840,"severity":"critical"}')
    drain()
    return Delivery.objects.get(id=derive(event.id, rule.id))


@pytest.mark.django_db
def test_an_event_becomes_a_card_in_the_channel(acme: Vendor, teams: str) -> None:
    delivery = deliver(acme, connect(acme))
    assert delivery.state == "delivered"
    (run,) = requests.get(f"{teams}/_sandbox/cards", timeout=5).json()
    assert (run["channel"], run["wrong"]) == ("Alerts", [])
    assert lines(run["card"])[0] == "1840 is <too> **much**"
    page = requests.get(teams, timeout=5).text
    assert "1840 is &lt;too&gt; **much**" in page
    attempt = Attempt.objects.get(delivery_id=delivery.id)
    assert WORKFLOW.signature not in str(attempt.exchanges)
    assert WORKFLOW.id not in str(attempt.exchanges)


@pytest.mark.django_db
def test_a_deleted_workflow_holds_what_comes_until_there_is_a_new_address(
    acme: Vendor, teams: str, sandbox: Running
) -> None:
    connection = connect(acme)
    sandbox.dial(teams, target=WORKFLOW.id, fault="deleted")
    delivery = deliver(acme, connection)
    assert (delivery.state, delivery.last_error) == (
        "held",
        "The workflow was deleted, or its owner left the organization.",
    )
    connection.refresh_from_db()
    assert (connection.active, connection.inactive_reason) == (False, Inactive.ENDPOINT_GONE)


@pytest.mark.django_db
def test_a_throttled_workflow_is_asked_again_later(acme: Vendor, teams: str, sandbox: Running) -> None:
    sandbox.dial(teams, fault="429", retry_after=17, times=1)
    delivery = deliver(acme, connect(acme))
    assert (delivery.state, delivery.last_code) == ("retrying", "rate_limited")


def test_the_simulator_refuses_what_teams_would_refuse(teams: str) -> None:
    at = f"{teams}{urlsplit(URL).path}?{urlsplit(URL).query}"
    good = course().request.body
    whole = json.loads(good)
    whole["attachments"][0]["content"]["body"].append({"type": "Marquee"})
    cases: list[tuple[str, bytes, int]] = [
        (at, good, 202),
        (at, json.dumps(whole).encode(), 202),
        (at, b"{}", 202),
        (at.replace(WORKFLOW.signature, OTHER.signature), good, 401),
        (at.replace(WORKFLOW.id, "0" * 32), good, 404),
    ]
    assert [requests.post(url, data=body, timeout=5).status_code for url, body, _ in cases] == [
        each[2] for each in cases
    ]
    runs = requests.get(f"{teams}/_sandbox/cards", timeout=5).json()
    assert [len(run["wrong"]) for run in runs] == [0, 1, 1]
    assert "run failed" in requests.get(teams, timeout=5).text


# --------------------------------------------------------------------------- a secret address in the house


@pytest.mark.django_db
def test_the_address_is_sealed_tidied_and_never_shown(acme: Vendor, teams: str) -> None:
    connection = make_connection(acme.workspace, "teams", url=f" {URL}\n")
    assert connection.settings == {}
    assert connection.unseal_values("credentials") == {"url": URL}


@pytest.mark.django_db
def test_a_forbidden_address_is_refused_although_it_is_a_secret(acme: Vendor, teams: str) -> None:
    with pytest.raises(ApiError) as caught:
        make_connection(acme.workspace, "teams", url=URL.replace(":443", ":8443"))
    assert [param for param, _ in caught.value.faults] == ["url"]
    assert WORKFLOW.signature not in str(caught.value.faults)


@pytest.mark.django_db
def test_a_preview_shows_the_card_and_nothing_of_the_address(acme: Vendor, teams: str) -> None:
    connection = connect(acme)
    sample = of(workspace=acme.workspace, event="alert.triggered", payload='{"severity":"high","message":"Slow"}')
    found = preview(workspace=acme.workspace, connection=connection, action="send_message", inputs={}, sample=sample)
    assert found.picture
    assert "Slow" in found.picture.body
    assert WORKFLOW.signature not in str(found)
    assert WORKFLOW.id not in str(found)


@pytest.mark.django_db
def test_a_new_address_takes_the_place_of_the_old_one_and_an_empty_one_leaves_it(acme: Vendor, teams: str) -> None:
    connection = connect(acme)
    for typed, kept in ((OTHER.address, OTHER.address), ("", OTHER.address)):
        settling.change(Connection.objects.get(id=connection.id), metadata={"url": typed}, actor=ACTOR)
        assert Connection.objects.get(id=connection.id).unseal_values("credentials") == {"url": kept}
