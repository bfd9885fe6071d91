"""The simulated CRM: as strict as HubSpot, with faults to dial, and a page that shows the effect."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.hubspot.crm import Crm
from sandbox.hubspot.seeding import AccountSeed, read
from sandbox.rows import SeedError
from tests.sandbox.hubspot.calling import SCOPES, UPSERT, call, contacts, sign_in, upsert
from tests.sandbox.running import Running

LISTS, NOTES = "/crm/lists/2026-03", "/crm/objects/2026-03/notes"
READ, PROPERTIES = "/crm/objects/2026-03/contacts/batch/read", "/crm/properties/2026-03/contacts"
SEARCH = {"listIds": [], "processingTypes": [], "additionalProperties": [], "offset": 0}
ON_CONTACT = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]


@pytest.fixture
def token(sandbox: Running) -> str:
    return str(sign_in(sandbox)["access_token"])


def note(contact: str, **properties: Any) -> dict[str, Any]:
    told = {"hs_timestamp": "2026-04-17T16:02:00.500Z", "hs_note_body": "<p>Hi</p>", **properties}
    return {"properties": told, "associations": [{"to": {"id": contact}, "types": ON_CONTACT}]}


# --------------------------------------------------------------------------- contacts


def test_a_contact_is_made_once_and_then_changed(sandbox: Running, token: str) -> None:
    first = upsert(sandbox, token, firstname="Ann", seats="3").json()["results"][0]
    again = upsert(sandbox, token, "ANN@acme.example", firstname="Anna", seats="").json()["results"][0]
    assert (first["new"], again["new"], first["id"] == again["id"]) == (True, False, True)
    assert first["objectWriteTraceId"] == "d-1"
    (found,) = contacts(sandbox)
    assert found["properties"] == {"email": "ann@acme.example", "firstname": "Anna"}


@pytest.mark.parametrize(
    ("email", "properties", "word"),
    [
        ("nobody", {}, "INVALID_EMAIL"),
        ("a@b.example", {"plan": "x"}, "PROPERTY_DOESNT_EXIST"),
        ("a@b.example", {"hs_object_id": "1"}, "READ_ONLY_VALUE"),
        ("a@b.example", {"seats": "1,5"}, "INVALID_LONG"),
        ("a@b.example", {"lifecyclestage": "Lead"}, "INVALID_OPTION"),
        ("a@b.example", {"renewal_date": "soon"}, "INVALID_DATE"),
        ("a@b.example", {"on_trial": "yes"}, "INVALID_OPTION"),
        ("a@b.example", {"alert_tools": "slack;pager"}, "INVALID_OPTION"),
        ("a@b.example", {"city": "x" * 65_537}, "STRING_TOO_LONG"),
    ],
)
def test_a_value_that_hubspot_does_not_take_is_refused_by_its_property(
    sandbox: Running, token: str, email: str, properties: dict[str, str], word: str
) -> None:
    answer = upsert(sandbox, token, email, **properties)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert word in answer.json()["message"]
    assert contacts(sandbox) == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"inputs": []},
        {"inputs": [{"id": "a@b.example"}]},
        {"inputs": [{"id": 7, "idProperty": "email", "properties": {}}]},
        {"inputs": [{"id": "a@b.example", "properties": {}}]},
        {"inputs": [{"id": "a@b.example", "idProperty": "phone", "properties": {}}]},
        {"inputs": [{"id": "a@b.example", "idProperty": "email", "properties": {"seats": 3}}]},
        {"inputs": [{"id": "a@b.example", "idProperty": "email", "properties": {}, "odd": 1}]},
        {"inputs": [{"id": one, "idProperty": "email", "properties": {}} for one in ("a@b.example", "A@b.example")]},
        {"inputs": [{"id": f"{n}@b.example", "idProperty": "email", "properties": {}} for n in range(101)]},
    ],
    ids=str,
)
def test_a_request_of_another_form_is_refused(sandbox: Running, token: str, body: Any) -> None:
    assert call(sandbox, "POST", UPSERT, token=token, body=body).status_code == 400
    assert contacts(sandbox) == []


def test_a_contact_is_read_by_its_address_and_a_missing_one_is_told_of(sandbox: Running, token: str) -> None:
    made = upsert(sandbox, token).json()["results"][0]["id"]
    asked = {"idProperty": "email", "properties": ["email"], "propertiesWithHistory": []}
    inputs = [{"id": "ann@acme.example"}, {"id": "none@acme.example"}]
    answer = call(sandbox, "POST", READ, token=token, body={**asked, "inputs": inputs})
    assert (answer.status_code, [one["id"] for one in answer.json()["results"]]) == (207, [made])
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert call(sandbox, "POST", READ, token=token, body={**asked, "inputs": inputs[:1]}).status_code == 200


def test_properties_are_described(sandbox: Running, token: str) -> None:
    names = [one["name"] for one in call(sandbox, "GET", PROPERTIES, token=token).json()["results"]]
    assert {"email", "firstname", "membership_level", "last_alert"} <= set(names)
    assert call(sandbox, "GET", f"{PROPERTIES}/email", token=token).json()["label"] == "Email"
    assert call(sandbox, "GET", f"{PROPERTIES}/nope", token=token).status_code == 404


# --------------------------------------------------------------------------- lists and notes


def test_a_contact_goes_on_a_list_and_off_again(sandbox: Running, token: str) -> None:
    made = upsert(sandbox, token).json()["results"][0]["id"]
    added = [call(sandbox, "PUT", f"{LISTS}/1/memberships/add", token=token, body=[made, "9"]) for _ in range(2)]
    assert [one.json()["recordsIdsAdded"] for one in added] == [[made], []]
    assert added[0].json()["recordIdsMissing"] == ["9"]
    assert contacts(sandbox)[0]["lists"] == ["1"]
    removed = call(sandbox, "PUT", f"{LISTS}/1/memberships/remove", token=token, body=[made])
    assert removed.json()["recordIdsRemoved"] == [made]
    assert contacts(sandbox)[0]["lists"] == []


@pytest.mark.parametrize(("list", "status"), [("3", 400), ("77", 404)], ids=["dynamic", "none"])
def test_only_lists_that_people_fill_can_be_written(sandbox: Running, token: str, list: str, status: int) -> None:
    assert call(sandbox, "PUT", f"{LISTS}/{list}/memberships/add", token=token, body=["1"]).status_code == status


def test_lists_are_searched_by_kind_and_name_in_pages(sandbox: Running, token: str) -> None:
    search = {**SEARCH, "count": 2, "objectTypeId": "0-1"}
    first = call(sandbox, "POST", f"{LISTS}/search", token=token, body=search).json()
    assert (first["hasMore"], first["offset"], len(first["lists"])) == (True, 2, 2)
    named = call(sandbox, "POST", f"{LISTS}/search", token=token, body={**SEARCH, "query": "trial"}).json()
    assert [one["name"] for one in named["lists"]] == ["Trial users"]
    too_many = call(sandbox, "POST", f"{LISTS}/search", token=token, body={**search, "count": 501})
    assert too_many.status_code == 400
    assert call(sandbox, "POST", f"{LISTS}/search", token=token, body={"count": 2}).status_code == 400


def test_a_note_is_kept_on_its_contact(sandbox: Running, token: str) -> None:
    made = upsert(sandbox, token).json()["results"][0]["id"]
    assert call(sandbox, "POST", NOTES, token=token, body=note(made)).status_code == 201
    assert contacts(sandbox)[0]["notes"] == [{"body": "<p>Hi</p>", "timestamp": "2026-04-17T16:02:00.500Z"}]


@pytest.mark.parametrize(
    "change",
    [
        {"properties": {"hs_note_body": "x"}},
        {"properties": {"hs_timestamp": "2026-04-17T16:02:00Z", "hs_note_body": "x" * 65_537}},
        {"properties": {"hs_timestamp": "2026-04-17T16:02:00Z", "odd": "x"}},
        {"associations": [{"to": {"id": "30001"}, "types": [{**ON_CONTACT[0], "associationTypeId": 3}]}]},
        {"associations": [{"to": {"id": "30001"}}]},
    ],
    ids=["no time", "too long", "unknown property", "wrong association", "no type"],
)
def test_a_note_of_another_form_is_refused(sandbox: Running, token: str, change: dict[str, Any]) -> None:
    made = upsert(sandbox, token).json()["results"][0]["id"]
    assert call(sandbox, "POST", NOTES, token=token, body={**note(made), **change}).status_code == 400
    assert contacts(sandbox)[0]["notes"] == []


# --------------------------------------------------------------------------- who may, and how fast


@pytest.mark.parametrize(
    ("scope", "method", "path", "body"),
    [
        ("crm.objects.contacts.write", "POST", UPSERT, {}),
        ("crm.objects.contacts.read", "POST", READ, {}),
        ("crm.lists.read", "POST", f"{LISTS}/search", SEARCH),
        ("crm.lists.write", "PUT", f"{LISTS}/1/memberships/add", []),
    ],
)
def test_what_was_not_granted_is_refused_by_name(
    sandbox: Running, scope: str, method: str, path: str, body: Any
) -> None:
    granted = sign_in(sandbox, scopes=" ".join(one for one in SCOPES.split() if one != scope))
    answer = call(sandbox, method, path, token=granted["access_token"], body=body)
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == [scope]


def test_one_accounts_token_sees_nothing_of_anothers(sandbox: Running, token: str) -> None:
    upsert(sandbox, token)
    other = sign_in(sandbox, account="12")["access_token"]
    asked = {"idProperty": "email", "properties": [], "propertiesWithHistory": []}
    body = {**asked, "inputs": [{"id": "ann@acme.example"}]}
    assert call(sandbox, "POST", READ, token=other, body=body).json()["results"] == []
    assert contacts(sandbox, "12") == []


def test_the_eleventh_call_in_ten_seconds_is_refused_on_the_strict_pace(sandbox: Running, token: str) -> None:
    sandbox.dial(sandbox.hubspot, fault="strict_pace")
    answers = [upsert(sandbox, token) for _ in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [429]
    assert answers[-1].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert answers[0].headers["X-HubSpot-RateLimit-Remaining"] == "9"


@pytest.mark.parametrize(
    ("fault", "status", "category"),
    [
        ("expired_authentication", 401, "EXPIRED_AUTHENTICATION"),
        ("invalid_authentication", 401, "INVALID_AUTHENTICATION"),
        ("missing_scopes", 403, "MISSING_SCOPES"),
        ("admin_rule", 400, "VALIDATION_ERROR"),
        ("invalid_value", 400, "VALIDATION_ERROR"),
        ("conflict", 409, "CONFLICT"),
        ("locked", 423, "LOCKED"),
        ("migrating", 477, "MIGRATION_IN_PROGRESS"),
        ("ten_secondly", 429, "RATE_LIMITS"),
        ("daily", 429, "RATE_LIMITS"),
        ("503", 503, "INTERNAL_ERROR"),
    ],
)
def test_every_error_can_be_dialled(sandbox: Running, token: str, fault: str, status: int, category: str) -> None:
    sandbox.dial(sandbox.hubspot, target="11", fault=fault, times=1)
    answer = upsert(sandbox, token)
    assert (answer.status_code, answer.json()["category"]) == (status, category)
    assert upsert(sandbox, token).status_code == 200


# --------------------------------------------------------------------------- the page, and the seed


def test_its_page_shows_a_contact_with_its_lists_and_notes(sandbox: Running, token: str) -> None:
    made = upsert(sandbox, token, firstname="<b>Ann</b>").json()["results"][0]["id"]
    call(sandbox, "PUT", f"{LISTS}/2/memberships/add", token=token, body=[made])
    call(sandbox, "POST", NOTES, token=token, body=note(made, hs_note_body="<p>One &lt;1&gt;</p><p>Two</p>"))
    page = requests.get(sandbox.hubspot, {"account": "11"}, timeout=5).text
    assert all(words in page for words in ("&lt;b&gt;Ann", "Trial users", "1 note", "One &lt;1&gt;\nTwo"))
    assert "<b>Ann" not in page
    fed = requests.get(f"{sandbox.hubspot}/_sandbox/feed", {"account": "11"}, timeout=5).json()
    assert "ann@acme.example" in fed["html"]
    same = {"account": "11", "version": fed["version"]}
    assert requests.get(f"{sandbox.hubspot}/_sandbox/feed", same, timeout=5).status_code == 204


def test_what_arrived_can_be_emptied(sandbox: Running, token: str) -> None:
    upsert(sandbox, token)
    requests.delete(f"{sandbox.hubspot}/_sandbox/contacts", timeout=5)
    assert contacts(sandbox) == []


def test_the_seed_says_how_much_there_is() -> None:
    section = read({"accounts": [{"hub_id": 1, "generated_lists": 300, "generated_contacts": 5}]})
    crm = Crm(section[1])
    assert (len(crm.lists), len(crm.contacts)) == (305, 5)
    assert sum(not one.writable for one in crm.lists.values()) == 31
    assert Crm(AccountSeed(2)).contacts == {}


@pytest.mark.parametrize("wrong", [{"odd": 1}, {"accounts": [{}]}, {"accounts": [{"hub_id": 1, "odd": 2}]}], ids=str)
def test_a_wrong_seed_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(SeedError, match="hubspot"):
        read(wrong)
