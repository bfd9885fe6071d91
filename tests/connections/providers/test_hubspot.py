"""HubSpot: what is asked for each action, and what HubSpot's answers mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from connections.provider import (
    Answer,
    Code,
    Culprit,
    Failure,
    Inactive,
    Job,
    Outcome,
    Reply,
    Request,
    Step,
    Trouble,
)
from connections.providers.hubspot import PROVIDER, actions, notes
from tests.connections.providers import contract
from tests.connections.providers.contract import Course, Example, follow, job_of

ACCESS, REFRESH = "access-not-a-token-Hs81", "refresh-not-a-token-Hs82"
CONTACT = "30501"
API = "https://api.hubapi.com"
UPSERT = f"{API}/crm/objects/2026-03/contacts/batch/upsert"
READ = f"{API}/crm/objects/2026-03/contacts/batch/read"
ADD, REMOVE = (f"{API}/crm/lists/2026-03/17/memberships/{verb}" for verb in ("add", "remove"))
LIST, NOTES = f"{API}/crm/lists/2026-03/17", f"{API}/crm/objects/2026-03/notes"
RECORD = {"email": "tyrion@casterly.example", "firstname": "Tyrion", "seats": 3, "trial": False, "phone": None}


def says(found: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=json.dumps(found).encode())


def refuses(status: int, category: str, **more: Any) -> Answer:
    """HubSpot's own error envelope."""
    return says({"status": "error", "message": "No.", "correlationId": "c-1", "category": category, **more}, status)


SAVED = {"status": "COMPLETE", "results": [{"id": CONTACT, "new": False, "properties": {}}]}
CHANGED = {"recordsIdsAdded": [CONTACT], "recordIdsRemoved": [CONTACT], "recordIdsMissing": []}
CONTENT: dict[str, Answer] = {
    UPSERT: says(SAVED),
    READ: says(SAVED),
    ADD: says(CHANGED),
    REMOVE: says(CHANGED),
    NOTES: says({"id": "77001"}, 201),
}


def content(step: Step) -> Reply:
    assert isinstance(step, Request)
    return CONTENT[step.url]


def body_of(step: Step) -> Any:
    assert isinstance(step, Request)
    return json.loads(step.body)


class Texts(HTMLParser):
    """The tags and the text of a note."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        assert not attributes
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_fits_hubspot(step: Step) -> None:
    assert isinstance(step, Request)
    assert step.url.startswith(f"{API}/crm/")
    if step.url == NOTES:
        html = body_of(step)["properties"]["hs_note_body"]
        assert 0 < len(html) <= 65_536
        assert Texts(html).tags <= {"p", "strong"}
    if step.url == UPSERT:
        (told,) = body_of(step)["inputs"]
        assert all(isinstance(value, str) and len(value) <= 65_536 for value in told["properties"].values())


EXAMPLE = Example(
    inputs={
        "upsert_contact": {},
        "add_to_list": {"id": "17", "name": "Trials"},
        "remove_from_list": {"id": "17", "name": "Trials"},
        "update_property": {"id": "last_alert", "value": "api_latency_p95 is slow"},
        "add_note": {"title": "Alert triggered", "template": "api_latency_p95 is <slow>"},
    },
    settings={"hub_id": "62515", "scopes": ["oauth", "crm.lists.read"]},
    credentials={"access_token": ACCESS, "refresh_token": REFRESH},
    record=RECORD,
    accepted=content,
    fits=assert_fits_hubspot,
    names_delivery=False,  # all that write name it, as the tests below say; taking off a list has no place for it
    pasted={"list": "https://app.hubspot.com/contacts/62515/objectLists/17/filters", "contact_field": "firstname"},
)


def job(action: str = "upsert_contact", inputs: Mapping[str, str] | None = None, **changes: Any) -> Job:
    return job_of(EXAMPLE, action, inputs={**EXAMPLE.inputs[action], **(inputs or {})}, **changes)


def course(action: str = "upsert_contact", inputs: Mapping[str, str] | None = None, **changes: Any) -> Course:
    return follow(PROVIDER, job(action, inputs, **changes), content)


def meets(answers: Mapping[str, Reply], action: str = "upsert_contact", **changes: Any) -> Outcome:
    """The outcome where some addresses answer otherwise."""
    reply: Callable[[Step], Reply] = lambda step: {**CONTENT, **answers}[step.url]  # type: ignore[union-attr]  # noqa: E731
    outcome = follow(PROVIDER, job(action, **changes), reply).outcome
    contract.assert_sensible(outcome)
    return outcome


def urls(found: Course) -> list[str]:
    return [step.url for step in found.steps if isinstance(step, Request)]


# --------------------------------------------------------------------------- the contact


def test_a_contact_is_made_or_changed_by_its_address_in_one_call() -> None:
    found = course()
    request = found.request
    assert (request.method, request.url) == ("POST", UPSERT)
    assert request.headers["Authorization"] == f"Bearer {ACCESS}"
    assert request.secrets == (ACCESS,)
    assert body_of(request) == {
        "inputs": [
            {
                "id": "tyrion@casterly.example",
                "idProperty": "email",
                "objectWriteTraceId": str(contract.DELIVERY),
                "properties": {"firstname": "Tyrion", "seats": "3", "trial": "false"},
            }
        ]
    }
    assert found.outcome == Outcome(Code.DELIVERED, "HubSpot updated the contact.", reference=CONTACT)


def test_a_new_contact_is_told_of() -> None:
    new = says({"status": "COMPLETE", "results": [{"id": CONTACT, "new": True}]}, 201)
    assert meets({UPSERT: new}).reason == "HubSpot made a new contact."


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, "true"),
        (12, "12"),
        (2.5, "2.5"),
        (1e16, "10000000000000000"),
        (5e-07, "0.0000005"),
        (" Jäger\u202e\x00 ", "Jäger"),
        ("half \ud83d", "half"),
        ("x" * 70_000, "x" * 65_535 + "…"),
    ],
    ids=["boolean", "integer", "fraction", "large", "small", "hostile", "surrogate", "long"],
)
def test_values_go_as_hubspot_takes_them(value: Any, told: str) -> None:
    found = course(record={"email": "a@b.example", "odd": value})
    assert body_of(found.request)["inputs"][0]["properties"] == {"odd": told}
    assert bool(found.outcome.notes) == (len(str(value)) > 65_536)


@pytest.mark.parametrize("empty", [None, "", "  ", float("nan")], ids=str)
def test_an_empty_value_never_wipes_out_what_hubspot_has(empty: Any) -> None:
    assert body_of(course(record={"email": "a@b.example", "phone": empty}).request)["inputs"][0]["properties"] == {}


@pytest.mark.parametrize("action", EXAMPLE.inputs)
@pytest.mark.parametrize(
    ("record", "culprit", "words"),
    [
        ({"firstname": "T"}, Culprit.RULE, "gave no e-mail address"),
        ({"email": None}, Culprit.RULE, "gave no e-mail address"),
        ({"email": " "}, Culprit.DELIVERY, "an empty e-mail address"),
        ({"email": "tyrion"}, Culprit.DELIVERY, "is none"),
        ({"email": "a@b.example " * 40}, Culprit.DELIVERY, "is none"),
    ],
    ids=["not mapped", "emptied by the mapping", "blank", "no address", "too long"],
)
def test_without_an_address_nothing_is_sent(action: str, record: Any, culprit: Culprit, words: str) -> None:
    found = course(action, record=record)
    assert found.steps == ()
    assert (found.outcome.code, found.outcome.culprit, found.outcome.retry) == (Code.MAPPING_ERROR, culprit, False)
    assert words in found.outcome.reason
    assert "tyrion" not in found.outcome.reason


@pytest.mark.parametrize("action", EXAMPLE.inputs)
def test_without_a_token_nothing_is_sent(action: str) -> None:
    found = course(action, credentials={})
    assert found.steps == ()
    assert found.outcome.inactive is Inactive.REAUTHORIZATION_REQUIRED


@pytest.mark.parametrize("text", contract.HOSTILE, ids=ascii)
@pytest.mark.parametrize("action", EXAMPLE.inputs)
def test_a_hostile_record_is_only_text(action: str, text: str) -> None:
    found = course(action, record={"email": "a@b.example", "firstname": text, text: "x"})
    for step in found.steps:
        contract.assert_sound(step)
        assert_fits_hubspot(step)


# --------------------------------------------------------------------------- a property


def test_a_property_is_set_besides_the_record() -> None:
    (told,) = body_of(course("update_property").request)["inputs"]
    assert told["properties"] == {
        "firstname": "Tyrion",
        "seats": "3",
        "trial": "false",
        "last_alert": "api_latency_p95 is slow",
    }


def test_a_value_that_came_out_empty_is_not_set() -> None:
    found = course("update_property", {"value": " "})
    assert found.steps == ()
    assert (found.outcome.code, found.outcome.culprit) == (Code.MAPPING_ERROR, Culprit.DELIVERY)


# --------------------------------------------------------------------------- lists


def test_a_contact_is_put_on_a_list_by_its_id() -> None:
    found = course("add_to_list")
    assert urls(found) == [UPSERT, ADD]
    assert (found.steps[1].method, body_of(found.steps[1])) == ("PUT", [CONTACT])  # type: ignore[union-attr]
    assert found.outcome.reason == "HubSpot put the contact on the list “Trials”."


def test_who_is_on_the_list_already_stays_and_it_is_said() -> None:
    outcome = meets({ADD: says({**CHANGED, "recordsIdsAdded": []})}, "add_to_list")
    assert outcome.delivered
    assert outcome.notes == ("It was on the list before.",)


def test_a_contact_that_vanished_meanwhile_is_tried_again() -> None:
    outcome = meets({ADD: says({**CHANGED, "recordsIdsAdded": [], "recordIdsMissing": [CONTACT]})}, "add_to_list")
    assert (outcome.code, outcome.retry) == (Code.REJECTED_CLIENT_ERROR, True)


def test_a_contact_is_taken_off_a_list_and_else_left_as_it_is() -> None:
    found = course("remove_from_list")
    assert urls(found) == [READ, REMOVE]
    assert body_of(found.steps[0]) == {
        "idProperty": "email",
        "inputs": [{"id": "tyrion@casterly.example"}],
        "properties": ["email"],
        "propertiesWithHistory": [],
    }
    assert found.outcome.reason == "HubSpot took the contact off the list “Trials”."


@pytest.mark.parametrize(
    "none",
    [
        says({"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [{"category": "OBJECT_NOT_FOUND"}]}, 207),
        says({"status": "COMPLETE", "results": []}),
    ],
    ids=["207", "200"],
)
def test_a_contact_that_does_not_exist_is_on_no_list(none: Answer) -> None:
    outcome = meets({READ: none}, "remove_from_list")
    assert outcome.delivered
    assert outcome.reason == "The contact is not on the list “Trials”."
    assert "no contact with this e-mail address" in outcome.notes[0]


def test_who_was_not_on_the_list_is_told_of() -> None:
    outcome = meets({REMOVE: says({**CHANGED, "recordIdsRemoved": []})}, "remove_from_list")
    assert (outcome.delivered, outcome.notes) == (True, ("It was not on the list before.",))


@pytest.mark.parametrize(("action", "url"), [("add_to_list", ADD), ("remove_from_list", REMOVE)])
def test_a_list_that_was_deleted_is_the_rules_fault_and_leaves_the_connection_alone(action: str, url: str) -> None:
    outcome = meets({url: refuses(404, "OBJECT_NOT_FOUND")}, action)
    assert (outcome.culprit, outcome.inactive, outcome.retry) == (Culprit.RULE, None, False)
    assert outcome.reason == "HubSpot no longer has the list “Trials”: it was deleted."


def test_a_list_that_hubspot_fills_itself_is_found_out_and_told_of() -> None:
    dynamic = says({"list": {"listId": "17", "processingType": "DYNAMIC"}})
    outcome = meets({ADD: refuses(400, "VALIDATION_ERROR"), LIST: dynamic}, "add_to_list")
    assert outcome.culprit is Culprit.RULE
    assert outcome.reason.startswith("HubSpot fills the list “Trials” by itself")


@pytest.mark.parametrize("then", [says({"list": {"processingType": "MANUAL"}}), Answer(503), Failure(Trouble.TIMEOUT)])
def test_another_refusal_of_a_list_stays_what_it_was(then: Reply) -> None:
    outcome = meets({ADD: refuses(400, "VALIDATION_ERROR"), LIST: then}, "add_to_list")
    assert outcome.reason.startswith("HubSpot refused the values")


def test_a_list_without_a_known_name_is_called_by_its_number() -> None:
    assert course("add_to_list", {"name": ""}).outcome.reason == "HubSpot put the contact on the list 17."


# --------------------------------------------------------------------------- notes


def test_a_note_tells_the_alert_on_the_contact() -> None:
    found = course("add_note")
    assert urls(found) == [UPSERT, NOTES]
    told = body_of(found.steps[1])
    assert told["associations"] == [
        {
            "to": {"id": CONTACT},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}],
        }
    ]
    assert told["properties"]["hs_timestamp"] == "2026-04-17T16:02:00.500Z"
    html = told["properties"]["hs_note_body"]
    assert "<p>api_latency_p95 is &lt;slow&gt;</p>" in html
    text = Texts(html).text
    assert text.startswith("🟠 High: Alert triggered")
    assert text.endswith("alert.triggered · Acme · event aaaa1111")
    assert (found.outcome.reason, found.outcome.reference) == ("HubSpot keeps the note on the contact.", "77001")


def test_a_note_without_a_text_shows_the_events_own_values() -> None:
    html = body_of(course("add_note", {"template": ""}).steps[1])["properties"]["hs_note_body"]
    assert "<p>Value: 1840</p>" in html


def test_a_long_note_is_cut_and_it_is_said() -> None:
    assert course("add_note", {"template": "x" * 5_000}).outcome.notes == (
        "The text is longer than 4,000 characters, so its end is missing.",
    )


@pytest.mark.parametrize("fault", [Failure(Trouble.TIMEOUT), Answer(502), says({"odd": 1})], ids=["late", "502", "odd"])
def test_a_note_that_may_have_been_kept_says_so(fault: Reply) -> None:
    outcome = meets({NOTES: fault}, "add_note")
    assert outcome.retry
    assert notes.MAY_SHOW_TWICE in outcome.notes


def test_a_note_that_never_left_cannot_show_twice() -> None:
    assert meets({NOTES: Failure(Trouble.REFUSED)}, "add_note").notes == ()


# --------------------------------------------------------------------------- what HubSpot refuses


def test_an_ended_token_is_renewed_and_what_waits_is_sent_again() -> None:
    outcome = meets({UPSERT: refuses(401, "EXPIRED_AUTHENTICATION")})
    assert (outcome.code, outcome.renew, outcome.retry) == (Code.AUTH_FAILED, True, True)
    assert outcome.inactive is Inactive.REAUTHORIZATION_REQUIRED


@pytest.mark.parametrize("answer", [refuses(401, "INVALID_AUTHENTICATION"), Answer(401)], ids=["named", "bare"])
def test_a_revoked_token_asks_for_reconnecting(answer: Answer) -> None:
    outcome = meets({UPSERT: answer})
    assert (outcome.renew, outcome.inactive) == (False, Inactive.AUTHORIZATION_REVOKED)


@pytest.mark.parametrize(
    ("context", "inactive"),
    [
        ({"context": {"missingScopes": ["crm.objects.contacts.write"]}}, Inactive.REAUTHORIZATION_REQUIRED),
        ({"errors": [{"context": {"requiredGranularScopes": ["crm.lists.write"]}}]}, None),
    ],
    ids=["vital", "lists only"],
)
def test_the_missing_permission_is_named_and_one_for_lists_leaves_all_else_going(
    context: dict[str, Any], inactive: Inactive | None
) -> None:
    outcome = meets({ADD: refuses(403, "MISSING_SCOPES", **context)}, "add_to_list")
    assert (outcome.culprit, outcome.inactive) == (Culprit.CONNECTION, inactive)
    assert re.search(r"a permission is missing: crm\.\S+\.write\.$", outcome.reason)


def test_a_permission_that_is_no_word_is_not_quoted() -> None:
    outcome = meets({UPSERT: refuses(403, "MISSING_SCOPES", context={"missingScopes": ["<b>", ACCESS + " x"]})})
    assert outcome.reason == "HubSpot says that a permission is missing."


def test_another_prohibition_does_not_switch_the_connection_off() -> None:
    outcome = meets({UPSERT: refuses(403, "FORBIDDEN")})
    assert (outcome.culprit, outcome.inactive) == (Culprit.CONNECTION, None)


IN_THE_MESSAGE = (
    'Property values were not valid: [{"isValid":false,"message":"Enter only letters","error":"%s","name":"%s"}]'
)


@pytest.mark.parametrize(
    ("word", "name", "culprit", "words"),
    [
        ("PROPERTY_DOESNT_EXIST", "plan", Culprit.RULE, "HubSpot's contacts have no property plan."),
        ("READ_ONLY_VALUE", "hs_score", Culprit.RULE, "HubSpot fills in the property hs_score itself"),
        ("INVALID_OPTION", "stage", Culprit.DELIVERY, "property stage is none of the options"),
        ("INVALID_EMAIL", "email", Culprit.DELIVERY, "HubSpot does not take the e-mail address."),
        ("INVALID_LONG", "seats", Culprit.DELIVERY, "property seats is no number"),
        ("INVALID_DATE", "renewal", Culprit.DELIVERY, "property renewal is no date"),
        ("INVALID_ALPHA", "firstname", Culprit.DELIVERY, "breaks a rule of the HubSpot account (INVALID_ALPHA)"),
        ("CONFLICTING_UNIQUE_VALUE", "customer_no", Culprit.DELIVERY, "same value of the property customer_no"),
    ],
)
def test_a_refused_value_is_told_with_its_property(word: str, name: str, culprit: Culprit, words: str) -> None:
    old = refuses(400, "VALIDATION_ERROR", message=IN_THE_MESSAGE % (word, name))
    new = refuses(400, "VALIDATION_ERROR", errors=[{"message": "x", "code": word, "context": {"propertyName": [name]}}])
    for answer in (old, new):
        outcome = meets({UPSERT: answer})
        assert (outcome.code, outcome.culprit, outcome.retry) == (Code.REJECTED_CLIENT_ERROR, culprit, False)
        assert words in outcome.reason


def test_a_rule_of_the_accounts_admins_is_told_in_plain_words() -> None:
    asked = {"message": 'Property "jobtitle" is required.', "code": "CONDITIONAL_REQUIRED_PROPERTY"}
    outcome = meets({UPSERT: refuses(400, "VALIDATION_ERROR", errors=[asked])})
    assert outcome.culprit is Culprit.RULE
    assert outcome.reason == (
        "An admin of the HubSpot account has ruled that the property jobtitle must be filled in, and it is empty."
    )


def test_several_refused_properties_are_all_named() -> None:
    errors = [{"code": "INVALID_ALPHA", "context": {"propertyName": [name]}} for name in ("lastname", "firstname")]
    assert "has trouble with lastname." in meets({UPSERT: refuses(400, "VALIDATION_ERROR", errors=errors)}).reason


def test_what_hubspot_says_in_free_words_is_never_quoted() -> None:
    errors = [{"message": f"{ACCESS} <b>", "code": "<b>", "context": {"propertyName": ["<b>", ACCESS]}}]
    outcome = meets({UPSERT: refuses(400, "VALIDATION_ERROR", message=f"[{ACCESS}", errors=errors)})
    assert outcome.reason.startswith("HubSpot refused the values, and does not name the property")


def test_an_error_inside_of_a_207_counts_as_one() -> None:
    error = {"category": "VALIDATION_ERROR", "context": {"propertyName": ["plan"]}, "message": "x", "errors": []}
    outcome = meets({UPSERT: says({"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]}, 207)})
    assert outcome.code is Code.REJECTED_CLIENT_ERROR
    assert "plan" in outcome.reason


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (says({"policyName": "TEN_SECONDLY_ROLLING"}, 429), 10),
        (says({"policyName": "SECONDLY"}, 429), 1),
        (says({"policyName": "DAILY"}, 429), 3_600),
        (says({"policyName": "DAILY"}, 429, **{"retry-after": "7200"}), 7_200),
        (says({}, 429, **{"x-hubspot-ratelimit-interval-milliseconds": "5000"}), 5),
        (says({}, 429, **{"x-hubspot-ratelimit-interval-milliseconds": "soon"}), 10),
        (refuses(423, "LOCKED"), 2),
        (says({}, 477, **{"retry-after": "600"}), 600),
    ],
)
def test_it_waits_as_long_as_the_limit_lasts(answer: Answer, seconds: float) -> None:
    outcome = meets({UPSERT: answer})
    assert (outcome.retry, outcome.retry_after, outcome.culprit) == (True, seconds, Culprit.PROVIDER)


def test_a_daily_limit_is_told_from_a_short_one() -> None:
    assert "calls of the day" in meets({UPSERT: says({"policyName": "DAILY"}, 429)}).reason


def test_two_who_make_the_same_contact_at_once_do_not_lose_the_second() -> None:
    outcome = meets({UPSERT: refuses(409, "CONFLICT", message="Contact already exists. Existing ID: 51")})
    assert (outcome.retry, outcome.culprit) == (True, Culprit.PROVIDER)


@pytest.mark.parametrize("answer", [says({}), says({"results": [{"id": "<b>"}]}), Answer(200, body=b"<html>")])
def test_an_answer_without_a_contact_is_tried_again(answer: Answer) -> None:
    outcome = meets({UPSERT: answer})
    assert (outcome.code, outcome.retry) == (Code.REJECTED_SERVER_ERROR, True)


# --------------------------------------------------------------------------- the rule's inputs, and the pace


def test_all_that_a_connection_does_stays_below_a_hundred_calls_in_ten_seconds() -> None:
    for action in PROVIDER.actions:
        assert action.pace == actions.PACE
        assert action.pace.by == ()
        assert action.pace.per_second * action.max_requests * 10 < 100


def test_the_actions_have_the_names_that_rules_know() -> None:
    assert {action.key: [field.key for field in action.fields] for action in PROVIDER.actions} == {
        "upsert_contact": [],
        "add_to_list": ["id"],
        "remove_from_list": ["id"],
        "update_property": ["id", "value"],
        "add_note": ["title", "template"],
    }
    assert {action.record for action in PROVIDER.actions} == {"contact_field"}


@pytest.mark.parametrize(
    ("action", "typed", "mend"),
    [
        ("add_to_list", "Trials", "a number"),
        ("add_to_list", "https://app.hubspot.com/contacts/1/objectLists/2", "a number"),
        ("remove_from_list", "0", "a number"),
        ("update_property", "First name", "internal name"),
        ("update_property", "email", "cannot be set"),
    ],
)
def test_it_refuses_what_can_be_no_id(action: str, typed: str, mend: str) -> None:
    (fault,) = PROVIDER.check_inputs(action, {"id": typed, "value": "x"})
    assert (fault.field, mend in fault.message) == ("id", True)


def test_the_usual_places_of_a_contacts_values_are_known() -> None:
    assert {"email", "firstname", "lastname", "phone", "company"} <= set(PROVIDER.usual_paths)
