"""Resend: what is sent, what its errors mean, and all of it against the simulator by the true pipeline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from connections import finding
from connections.directory import begin_missing
from connections.models import Connection
from connections.provider import (
    Answer,
    Code,
    Culprit,
    DirectoryPage,
    Inactive,
    Job,
    Outcome,
    Reply,
    Request,
    Step,
    Unread,
)
from connections.providers.resend import PROVIDER, errors
from connections.reading_on import read_on
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery
from deliveries.trying import samples
from deliveries.trying.preview import preview
from sandbox.resend.accounts import SEGMENTS, TEMPLATES
from tests.connections.conftest import permit
from tests.connections.doors import Permit
from tests.connections.providers import contract
from tests.connections.providers.contract import Course, Example, follow, job_of
from tests.deliveries.making import pass_time, settled
from tests.sandbox.running import Running, started
from tests.world import Vendor, make_connection, make_event, make_rule
from workspaces.ids import derive

__all__ = ["permit"]

KEY = "re_sandbox_casterly_8Kq2"
SENDS_ONLY = "re_sandbox_casterly_send"
MAIL = "4ef9a417-02e9-4d39-ad75-9611e0fcc33c"
TEMPLATE = TEMPLATES[0].id
SEGMENT = SEGMENTS[0][0]
SECRET = "whsec_dGhlLXNlY3JldC1vZi10aGUtdGVzdC1oYXJuZXNzIQ=="
VARIABLES = [
    {"key": "TITLE", "type": "string"},
    {"key": "VALUE", "type": "number"},
    {"key": "NOTE", "type": "string", "fallback_value": "-"},
]


def says(answer: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(answer).encode())


def accepted(step: Step) -> Reply:
    assert isinstance(step, Request)
    if step.method == "GET":
        return says({"object": "template", "id": TEMPLATE, "variables": VARIABLES})
    return says({"id": MAIL} if step.url.endswith("/emails") else {"object": "contact_segment"})


def _only_sends(step: Step) -> Reply:
    """Resend's answers to a key that may send and nothing else."""
    assert isinstance(step, Request)
    return says({"name": "restricted_api_key"}, 401) if step.method == "GET" else says({"id": MAIL})


def body_of(step: Step) -> dict[str, Any]:
    assert isinstance(step, Request)
    body: dict[str, Any] = json.loads(step.body or b"{}")
    return body


def assert_fits_resend(step: Step) -> None:
    """The limits of Resend's pages, and no markup but ours."""
    assert isinstance(step, Request)
    assert step.url.startswith("https://api.resend.com/")
    body = body_of(step)
    assert len(body.get("to", [])) <= 50
    assert not re.search("[\x00-\x1f\x7f]", body.get("subject", ""))
    for value in body.get("template", {}).get("variables", {}).values():
        assert not isinstance(value, str) or (len(value) <= 2_000 and not re.search("[<>\"']", value))
    for raw in ("<script", "<img", "<svg"):
        assert raw not in body.get("html", "")
    for tag in body.get("tags", []):
        assert all(re.fullmatch("[A-Za-z0-9_-]{1,256}", part) for part in tag.values())


_TO = "tyrion@casterly.example"
EXAMPLE = Example(
    inputs={
        "send_email": {
            "to": f"{_TO}, bran@winterfell.example",
            "subject": "It is slow",
            "body": "p95 is <slow>",
            "link": "https://app.example.com/alerts/42",
            "from": "",
        },
        "send_email_template": {"id": TEMPLATE, "to": _TO, "variables": "NOTE: by hand", "subject": "", "from": ""},
        "add_to_segment": {"id": SEGMENT, "email": _TO, "first_name": "Tyrion", "last_name": "Lannister"},
        "remove_from_segment": {"id": SEGMENT, "email": _TO},
    },
    settings={"from": "Alerts <alerts@casterly.example>"},
    credentials={"api_key": KEY, "hook_secret": SECRET},
    accepted=accepted,
    fits=assert_fits_resend,
    names_delivery=False,  # mails do, see below; contacts have no place for it
    pasted={
        "template": f"https://resend.com/templates/{TEMPLATE}",
        "segment": f"https://resend.com/audience/segments/{SEGMENT}?page=1",
    },
)


def job(action: str, inputs: Mapping[str, str] | None = None, **changes: Any) -> Job:
    return job_of(EXAMPLE, action, inputs={**EXAMPLE.inputs[action], **(inputs or {})}, **changes)


def course(
    action: str, inputs: Mapping[str, str] | None = None, reply: Callable[[Step], Reply] = accepted, **changes: Any
) -> Course:
    return follow(PROVIDER, job(action, inputs, **changes), reply)


def refused(name: str, status: int, action: str = "send_email") -> Outcome:
    return course(
        action, reply=lambda _: says({"name": name, "message": f"about {KEY}", "statusCode": status}, status)
    ).outcome


# --------------------------------------------------------------------------- mails


def test_a_mail_is_posted_with_the_key_and_named_by_its_delivery() -> None:
    request = course("send_email").request
    assert (request.method, request.url) == ("POST", "https://api.resend.com/emails")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Idempotency-Key"] == str(contract.DELIVERY)
    assert request.secrets == (KEY,)
    body = body_of(request)
    assert body["tags"] == [{"name": "jackfield_delivery", "value": str(contract.DELIVERY)}]


def test_a_retry_is_the_same_mail_byte_for_byte() -> None:
    first, again = (
        course("send_email").request,
        course("send_email", attempt=2, now=contract.NOW.replace(hour=23)).request,
    )
    assert (first.body, first.headers) == (again.body, again.headers)


def test_a_mail_has_recipients_sender_subject_text_and_html() -> None:
    found = course("send_email")
    body = body_of(found.only)
    assert body["to"] == ["tyrion@casterly.example", "bran@winterfell.example"]
    assert body["from"] == "Alerts <alerts@casterly.example>"
    assert body["subject"] == "[High] It is slow"
    assert "p95 is <slow>" in body["text"]
    assert "p95 is &lt;slow&gt;" in body["html"]
    assert "https://app.example.com/alerts/42" in body["html"]
    assert found.outcome == Outcome(code=Code.DELIVERED, reason="Resend took the mail.", reference=MAIL)


def test_a_rule_can_name_another_sender() -> None:
    assert body_of(course("send_email", {"from": "ops@casterly.example"}).only)["from"] == "ops@casterly.example"


@pytest.mark.parametrize("to", ["", "nobody", "a@b", "<script>@x", "\r\nBcc: victim"])
def test_without_an_address_nothing_is_sent(to: str) -> None:
    found = course("send_email", {"to": to})
    assert found.steps == ()
    assert (found.outcome.code, found.outcome.retry) == (Code.MAPPING_ERROR, False)
    assert "no e-mail address" in found.outcome.reason


def test_without_a_sender_or_a_key_nothing_is_sent() -> None:
    assert course("send_email", settings={}).outcome.culprit is Culprit.CONNECTION
    for action in EXAMPLE.inputs:
        found = course(action, credentials={})
        assert (found.steps, found.outcome.inactive) == ((), Inactive.AUTHENTICATION_INVALID)


# --------------------------------------------------------------------------- templates


def test_a_template_is_read_first_and_gets_the_variables_that_it_declares() -> None:
    found = course("send_email_template")
    reading, sending = found.steps
    assert isinstance(reading, Request)
    assert (reading.method, reading.url) == ("GET", f"https://api.resend.com/templates/{TEMPLATE}")
    body = body_of(sending)
    variables = {"TITLE": "Alert triggered", "VALUE": 1840, "NOTE": "by hand"}
    assert body["template"] == {"id": TEMPLATE, "variables": variables}
    assert not {"html", "text", "subject"} & set(body)


def test_the_rules_own_words_come_before_the_events() -> None:
    found = course("send_email_template", {"variables": "TITLE: Mine\nVALUE: 7\nUNKNOWN: x", "subject": "Now"})
    body = body_of(found.steps[1])
    assert body["template"]["variables"] == {"TITLE": "Mine", "VALUE": 7}
    assert body["subject"] == "Now"


def test_a_template_without_a_value_is_not_sent_and_the_value_is_named() -> None:
    found = course("send_email_template", event=contract.with_payload("{}"))
    assert len(found.steps) == 1
    assert (found.outcome.code, found.outcome.culprit) == (Code.MAPPING_ERROR, Culprit.RULE)
    assert found.outcome.reason.endswith("neither the event nor the rule has: VALUE.")


def test_markup_in_a_value_is_disarmed() -> None:
    found = course("send_email_template", {"variables": 'TITLE: <a href="https://evil.example">'})
    said = body_of(found.steps[1])["template"]["variables"]["TITLE"]
    assert said == "&lt;a href=&quot;https://evil.example&quot;&gt;"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-inf", "1e309", "9007199254740993", "many"])
def test_what_is_no_number_that_resend_takes_is_sent_as_text(value: str) -> None:
    found = course("send_email_template", {"variables": f"VALUE: {value}"})
    assert body_of(found.steps[1])["template"]["variables"]["VALUE"] == value


@pytest.mark.parametrize(("value", "number"), [("7", 7), ("-1.5", -1.5), ("9007199254740991", 9007199254740991)])
def test_a_number_is_sent_as_a_number(value: str, number: float) -> None:
    found = course("send_email_template", {"variables": f"VALUE: {value}"})
    assert body_of(found.steps[1])["template"]["variables"]["VALUE"] == number


def test_a_line_whose_name_no_template_can_have_is_no_variable() -> None:
    typed = "NOTE: by hand\nMy note: x\n<b>: x\n" + "N" * 51 + ": x"
    found = course("send_email_template", {"variables": typed}, reply=_only_sends)
    assert body_of(found.steps[1])["template"]["variables"] == {"NOTE": "by hand"}


def test_a_key_that_may_only_send_fills_in_what_the_rule_says() -> None:
    found = course("send_email_template", reply=_only_sends)
    assert body_of(found.steps[1])["template"]["variables"] == {"NOTE": "by hand"}
    assert found.outcome.delivered
    assert "only the variables of the rule" in found.outcome.notes[0]


# --------------------------------------------------------------------------- segments


def test_a_known_contact_goes_into_the_segment_by_one_request() -> None:
    request = course("add_to_segment").request
    assert (request.method, request.body) == ("POST", b"")
    assert request.url == f"https://api.resend.com/contacts/tyrion@casterly.example/segments/{SEGMENT}"


def test_an_unknown_one_is_made_in_the_segment() -> None:
    def reply(step: Step) -> Reply:
        assert isinstance(step, Request)
        return (
            says({"name": "not_found", "message": "Contact not found"}, 404)
            if "segments" in step.url
            else says({}, 201)
        )

    found = course("add_to_segment", reply=reply)
    names = {"first_name": "Tyrion", "last_name": "Lannister"}
    assert body_of(found.steps[1]) == {"email": _TO, **names, "segments": [{"id": SEGMENT}]}
    assert found.outcome.delivered


def test_whom_resend_does_not_know_is_in_no_segment() -> None:
    gone = says({"name": "not_found", "message": "Contact not found"}, 404)
    assert course("remove_from_segment", reply=lambda _: gone).outcome.delivered
    segment = says({"name": "not_found", "message": "Segment not found"}, 404)
    outcome = course("remove_from_segment", reply=lambda _: segment).outcome
    assert outcome.reason == "Resend does not know the segment of the rule: it was deleted."


@pytest.mark.parametrize("email", ["", "a b", "../../x@example.com/y"])
def test_what_is_no_address_never_gets_into_a_path(email: str) -> None:
    assert course("add_to_segment", {"email": email}).steps == ()


# --------------------------------------------------------------------------- errors


@pytest.mark.parametrize("name", sorted(errors.NAMED))
def test_every_named_error_is_told_in_plain_words(name: str) -> None:
    outcome = refused(name, 422)
    contract.assert_sensible(outcome)
    assert name not in outcome.reason
    assert "_" not in outcome.reason


@pytest.mark.parametrize(
    ("name", "status", "culprit", "retry", "inactive"),
    [
        ("missing_api_key", 401, Culprit.CONNECTION, True, Inactive.AUTHENTICATION_INVALID),
        ("invalid_api_key", 403, Culprit.CONNECTION, True, Inactive.AUTHENTICATION_INVALID),
        ("restricted_api_key", 401, Culprit.CONNECTION, False, None),
        ("validation_error", 422, Culprit.RULE, False, None),
        ("validation_error", 403, Culprit.CONNECTION, True, None),
        ("invalid_from_address", 422, Culprit.RULE, False, None),
        ("not_found", 404, Culprit.RULE, False, None),
        ("rate_limit_exceeded", 429, Culprit.PROVIDER, True, None),
        ("daily_quota_exceeded", 429, Culprit.CONNECTION, True, None),
        ("monthly_quota_exceeded", 429, Culprit.CONNECTION, True, None),
        ("invalid_idempotent_request", 409, Culprit.DELIVERY, False, None),
        ("concurrent_idempotent_requests", 409, Culprit.PROVIDER, True, None),
        ("internal_server_error", 500, Culprit.PROVIDER, True, None),
    ],
)
def test_who_has_to_act(name: str, status: int, culprit: Culprit, retry: bool, inactive: Inactive | None) -> None:
    outcome = refused(name, status)
    assert (outcome.culprit, outcome.retry, outcome.inactive) == (culprit, retry, inactive)


def test_waits_are_as_long_as_resend_asks_or_as_makes_sense() -> None:
    def waits(name: str, **headers: str) -> float | None:
        answer = Answer(status=429, headers=headers, body=json.dumps({"name": name}).encode())
        return course("send_email", reply=lambda _: answer).outcome.retry_after

    assert waits("rate_limit_exceeded", **{"retry-after": "3"}) == 3
    assert waits("daily_quota_exceeded") == 900
    assert waits("daily_quota_exceeded", **{"retry-after": "7200"}) == 7_200
    assert refused("concurrent_idempotent_requests", 409).retry_after == 5


# --------------------------------------------------------------------------- settings and inputs


@pytest.mark.parametrize(
    ("settings", "credentials", "wrong"),
    [
        ({"from": "alerts@casterly.example"}, {"api_key": KEY}, []),
        ({"from": "no address"}, {"api_key": KEY}, ["from"]),
        ({"from": "A <a@b.example>\nBcc: x"}, {"api_key": KEY}, ["from"]),
        ({}, {"api_key": "sk_123"}, ["api_key"]),
        ({}, {"api_key": KEY, "hook_secret": "guess"}, ["hook_secret"]),
        ({}, {"api_key": KEY, "hook_secret": "whsec_%%%"}, ["hook_secret"]),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    settings: dict[str, str], credentials: dict[str, str], wrong: list[str]
) -> None:
    assert [fault.field for fault in PROVIDER.check_settings(settings, credentials)] == wrong


def test_a_template_is_named_by_its_id() -> None:
    assert PROVIDER.check_inputs("send_email_template", {"id": TEMPLATE}) == []
    assert [fault.field for fault in PROVIDER.check_inputs("send_email_template", {"id": "Welcome"})] == ["id"]


# --------------------------------------------------------------------------- directories


def page(kind: str, cursor: str, *answers: Answer) -> tuple[list[Request], DirectoryPage | Unread]:
    left = list(answers)
    account = {"settings": EXAMPLE.settings, "credentials": EXAMPLE.credentials}
    return contract.list_page(PROVIDER, kind, cursor, lambda _: left.pop(0), **account)


def test_a_list_goes_on_after_the_last_entry_of_a_page() -> None:
    rows = [{"id": TEMPLATE, "name": "Alert"}, {"id": TEMPLATES[2].id, "name": "New", "status": "draft"}]
    requests_made, found = page("template", "", says({"data": rows, "has_more": True}))
    assert requests_made[0].url == "https://api.resend.com/templates?limit=100"
    assert isinstance(found, DirectoryPage)
    assert [entry.name for entry in found.entries] == ["Alert", "New (draft)"]
    assert found.next_cursor == TEMPLATES[2].id
    requests_made, found = page("segment", TEMPLATE, says({"data": [{"id": SEGMENT, "name": "Us"}], "has_more": False}))
    assert requests_made[0].url == f"https://api.resend.com/segments?limit=100&after={TEMPLATE}"
    assert isinstance(found, DirectoryPage)
    assert found.next_cursor == ""


def test_a_key_that_may_only_send_cannot_list_and_says_so() -> None:
    _, found = page("segment", "", says({"name": "restricted_api_key"}, 401))
    assert isinstance(found, Unread)
    assert (found.retry, "may only send" in found.reason) == (False, True)


# --------------------------------------------------------------------------- Resend's own description


# --------------------------------------------------------------------------- the true pipeline against the simulator


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def resend(sandbox: Running, permit: Permit) -> str:
    sandbox.reset()
    permit(simulated={"api.resend.com": sandbox.addresses.simulated_hosts["api.resend.com"]})
    return sandbox.of("resend")


def connect(vendor: Vendor, key: str = KEY) -> Connection:
    made = make_connection(vendor.workspace, "resend", api_key=key, **{"from": "alerts@casterly.example"})
    return settled(made)


def deliver(vendor: Vendor, connection: Connection, action: str, payload: str = "", **inputs: str) -> Delivery:
    rule = make_rule(connection, "alert.*", action=action, inputs=inputs)
    event = make_event(vendor.workspace, payload=payload or f'{{"value":1840,"email":"{_TO}","resource":"<p95>"}}')
    drain()
    return Delivery.objects.get(id=derive(event.id, rule.id))


def attempt_of(delivery: Delivery) -> Attempt:
    return Attempt.objects.get(delivery_id=delivery.id)


@pytest.mark.django_db
def test_an_event_becomes_a_mail_in_the_outbox(acme: Vendor, resend: str) -> None:
    delivery = deliver(acme, connect(acme), "send_email", subject="{{ resource }}")
    (mail,) = requests.get(f"{resend}/_sandbox/mails", timeout=5).json()
    assert (delivery.state, attempt_of(delivery).reference) == ("delivered", mail["id"])
    assert (mail["to"], mail["subject"]) == ([_TO], "<p95>")
    assert "&lt;p95&gt;" in mail["html"]
    assert mail["tags"] == {"jackfield_delivery": str(delivery.id)}
    assert KEY not in str(attempt_of(delivery).exchanges)
    assert mail["id"] in requests.get(resend, timeout=5).text


@pytest.mark.django_db
def test_a_preview_shows_the_mail_and_sends_nothing(acme: Vendor, resend: str) -> None:
    sample = samples.of(
        workspace=acme.workspace, event="alert.triggered", payload=f'{{"email":"{_TO}","message":"Slow"}}'
    )
    found = preview(
        workspace=acme.workspace, connection=connect(acme), action="send_email", inputs={}, sample=sample
    ).picture
    assert found
    assert (found.kind, found.subject) == ("mail", "Alert triggered")
    assert "Slow" in found.text
    assert requests.get(f"{resend}/_sandbox/mails", timeout=5).json() == []


@pytest.mark.django_db
def test_a_template_is_filled_in(acme: Vendor, resend: str) -> None:
    delivery = deliver(acme, connect(acme), "send_email_template", id=TEMPLATE)
    (mail,) = requests.get(f"{resend}/_sandbox/mails", timeout=5).json()
    assert delivery.state == "delivered"
    assert mail["subject"] == "Info: Alert triggered"
    assert "<p>&lt;p95&gt; is at 1840.</p>" in mail["html"]


@pytest.mark.django_db
def test_a_contact_comes_and_goes(acme: Vendor, resend: str) -> None:
    connection = connect(acme)
    for action, segments in (("add_to_segment", [SEGMENT]), ("remove_from_segment", [])):
        assert deliver(acme, connection, action, id=SEGMENT).state == "delivered"
        assert requests.get(f"{resend}/_sandbox/contacts", timeout=5).json() == [{"email": _TO, "segments": segments}]
        connection.rules.all().delete()
        pass_time(5)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        ("invalid_api_key", "held", "did not accept the API key"),
        ("domain_not_verified", "retrying", "the domain is not verified"),
        ("rate_limit_exceeded", "retrying", "asks us to slow down"),
        ("daily_quota_exceeded", "retrying", "used up its mails for today"),
        ("concurrent_idempotent_requests", "retrying", "still busy"),
        ("internal_server_error", "retrying", "a fault of its own"),
    ],
)
def test_each_fault_comes_through_in_plain_words(
    acme: Vendor, resend: str, sandbox: Running, fault: str, state: str, words: str
) -> None:
    sandbox.dial(resend, target="Casterly", fault=fault)
    delivery = deliver(acme, connect(acme), "send_email")
    assert delivery.state == state
    assert words in delivery.last_error
    assert requests.get(f"{resend}/_sandbox/mails", timeout=5).json() == []


@pytest.mark.django_db
def test_a_mail_that_arrived_although_no_answer_came_is_not_sent_twice(
    acme: Vendor, resend: str, sandbox: Running
) -> None:
    connection = connect(acme)
    delivery = deliver(acme, connection, "send_email")
    Delivery.objects.filter(id=delivery.id).update(state="retrying", due_at=delivery.created_at, ready=True)
    pass_time(5)
    drain()
    assert len(requests.get(f"{resend}/_sandbox/mails", timeout=5).json()) == 1
    assert Delivery.objects.get(id=delivery.id).state == "delivered"


@pytest.mark.django_db
def test_templates_and_segments_are_read_into_their_lists(acme: Vendor, resend: str) -> None:
    connection = connect(acme)
    begin_missing()
    read_on(seconds=30)
    assert [one.name for one in finding.find(connection, "template", "")] == ["Alert", "Unfinished (draft)", "Welcome"]
    assert [one.name for one in finding.find(connection, "segment", "")] == ["Customers", "On trial"]


def test_the_simulator_is_strict(resend: str) -> None:
    def post(body: Any, key: str = KEY, **headers: str) -> tuple[int, str]:
        answer = requests.post(
            f"{resend}/emails", json=body, headers={"Authorization": f"Bearer {key}", **headers}, timeout=5
        )
        return answer.status_code, answer.json().get("name", "")

    mail = {"from": "a@casterly.example", "to": [_TO], "subject": "Hi", "text": "Hi"}
    assert post(mail, key="re_unknown") == (403, "invalid_api_key")
    assert post(mail, key=SENDS_ONLY) == (200, "")
    assert post({**mail, "from": "a@elsewhere.example"}) == (403, "validation_error")
    assert post({**mail, "to": ["nobody"]}) == (422, "validation_error")
    assert post({**mail, "recipient": "x"}) == (422, "validation_error")
    assert post({"from": "a@casterly.example", "to": _TO, "template": {"id": TEMPLATES[2].id}}) == (404, "not_found")
    assert post(mail, **{"Idempotency-Key": "one"}) == post(mail, **{"Idempotency-Key": "one"}) == (200, "")
    assert post({**mail, "text": "Ho"}, **{"Idempotency-Key": "one"}) == (409, "invalid_idempotent_request")
    assert post(mail, **{"Idempotency-Key": "x" * 257}) == (400, "invalid_idempotency_key")
