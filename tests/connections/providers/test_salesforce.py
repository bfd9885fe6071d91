"""Salesforce: what is asked for each action, in which order, and what becomes of a contact."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connections.provider import Answer, Code, Culprit, Failure, Job, Outcome, Reply, Request, Step, Trouble
from connections.providers.salesforce import PROVIDER
from tests.connections.providers import contract
from tests.connections.providers.contract import Course, Example, follow, job_of

ACCESS, REFRESH = "00D5f000000abcd!AQ-not-a-token-Sf71", "5Aep-not-a-token-Sf72"
ORG = "https://casterly.my.salesforce.com"
BASE = f"{ORG}/services/data/v66.0"
CONTACT, OTHER = "0035f00000AAAAAAA1", "0035f00000BBBBBBB2"
CAMPAIGN, MEMBER, MEMBER_TOO = "7015f00000CCCCCCC3", "00v5f00000DDDDDDD4", "00v5f00000EEEEEEE5"
EMAIL = "tyrion@casterly.example"
RECORD = {"Email": EMAIL, "FirstName": "Tyrion", "LastName": "Lannister", "Seats__c": 3, "Trial__c": False}


def says(found: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=json.dumps(found).encode())


def rows(*ids: str) -> Answer:
    return says({"totalSize": len(ids), "done": True, "records": [{"attributes": {}, "Id": id} for id in ids]})


def refuses(code: str, status: int = 400, message: str = "No.", fields: list[str] | None = None) -> Answer:
    return says([{"message": message, "errorCode": code, "fields": fields or []}], status)


MADE = says({"id": CONTACT, "success": True, "errors": []}, 201)
JOINED = says({"id": MEMBER, "success": True, "errors": []}, 201)
DONE = Answer(status=204)


def soql_of(step: Step) -> str:
    assert isinstance(step, Request)
    return parse_qs(urlsplit(step.url).query)["q"][0]


def place_of(step: Step) -> str:
    """``POST /sobjects/Contact``, or of a query the object that it asks."""
    assert isinstance(step, Request)
    assert step.url.startswith(f"{BASE}/")
    path = step.url.removeprefix(BASE).partition("?")[0]
    return f"{step.method} {path}" if path != "/query" else f"query {soql_of(step).split(' FROM ')[1].split()[0]}"


CONTENT: dict[str, Reply] = {
    "query Contact": rows(CONTACT),
    "query CampaignMember": rows(MEMBER),
    "POST /sobjects/Contact": MADE,
    f"PATCH /sobjects/Contact/{CONTACT}": DONE,
    "POST /sobjects/CampaignMember": JOINED,
    f"DELETE /sobjects/CampaignMember/{MEMBER}": DONE,
    f"DELETE /sobjects/CampaignMember/{MEMBER_TOO}": DONE,
}


def answering(answers: Mapping[str, Reply]) -> Callable[[Step], Reply]:
    return lambda step: {**CONTENT, **answers}[place_of(step)]


def body_of(step: Step) -> Any:
    assert isinstance(step, Request)
    return json.loads(step.body)


def assert_fits_salesforce(step: Step) -> None:
    assert isinstance(step, Request)
    assert step.url.startswith(f"{BASE}/")
    assert len(step.url) < 2_000


EXAMPLE = Example(
    inputs={
        "upsert_contact": {},
        "add_to_campaign": {"id": CAMPAIGN, "name": "Trials"},
        "remove_from_campaign": {"id": CAMPAIGN, "name": "Trials"},
        "update_property": {"id": "Last_Alert__c", "value": "api_latency_p95 is slow"},
    },
    settings={"host": "login", "org_id": "00D5f000000abcdEAA", "instance_url": ORG},
    credentials={"access_token": ACCESS, "refresh_token": REFRESH},
    record=RECORD,
    accepted=answering({}),
    fits=assert_fits_salesforce,
    names_delivery=False,  # a contact has no place for it, unless the customer makes one
    pasted={
        "campaign": f"https://casterly.lightning.force.com/lightning/r/Campaign/{CAMPAIGN}/view",
        "contact_field": "Title",
    },
)


def job(action: str = "upsert_contact", inputs: Mapping[str, str] | None = None, **changes: Any) -> Job:
    return job_of(EXAMPLE, action, inputs={**EXAMPLE.inputs[action], **(inputs or {})}, **changes)


def course(answers: Mapping[str, Reply] | None = None, action: str = "upsert_contact", **changes: Any) -> Course:
    found = follow(PROVIDER, job(action, **changes), answering(answers or {}))
    contract.assert_sensible(found.outcome)
    return found


def places(found: Course) -> list[str]:
    return [place_of(step) for step in found.steps]


NOBODY = {"query Contact": rows()}


# --------------------------------------------------------------------------- the contact


def test_a_contact_that_is_there_is_updated_with_what_is_mapped() -> None:
    found = course()
    assert places(found) == ["query Contact", f"PATCH /sobjects/Contact/{CONTACT}"]
    assert body_of(found.steps[1]) == {
        "FirstName": "Tyrion",
        "LastName": "Lannister",
        "Seats__c": 3,
        "Trial__c": False,
    }
    assert (found.outcome.reason, found.outcome.reference) == ("Salesforce updated the contact.", CONTACT)


def test_a_contact_that_is_not_there_is_made() -> None:
    found = course(NOBODY)
    assert places(found) == ["query Contact", "POST /sobjects/Contact"]
    assert body_of(found.steps[1]) == RECORD
    assert (found.outcome.reason, found.outcome.notes) == ("Salesforce made the contact.", ())


def test_a_repeated_attempt_finds_what_the_lost_answer_left_behind() -> None:
    lost = course({**NOBODY, "POST /sobjects/Contact": Failure(Trouble.TIMEOUT)})
    assert (lost.outcome.code, lost.outcome.retry) == (Code.TIMEOUT, True)
    again = course(attempt=2)
    assert "POST /sobjects/Contact" not in places(again)


def test_of_several_the_one_that_was_changed_last_is_taken_and_that_is_said() -> None:
    found = course({"query Contact": rows(CONTACT, OTHER)})
    assert "ORDER BY LastModifiedDate DESC LIMIT 2" in soql_of(found.steps[0])
    assert places(found)[1] == f"PATCH /sobjects/Contact/{CONTACT}"
    assert found.outcome.notes == (
        "Several contacts have this e-mail address; the one that was changed last was taken.",
    )


def test_without_a_last_name_the_part_before_the_at_stands_in_and_that_is_said() -> None:
    found = course(NOBODY, record={"Email": EMAIL, "LastName": None})
    assert body_of(found.steps[1]) == {"LastName": "tyrion", "Email": EMAIL}
    (note,) = found.outcome.notes
    assert "tyrion, from the e-mail address, stands in" in note


def test_a_contact_that_is_there_keeps_its_last_name_when_none_is_mapped() -> None:
    found = course(record={"Email": EMAIL, "FirstName": "Tyrion"})
    assert body_of(found.steps[1]) == {"FirstName": "Tyrion"}


def test_a_null_empties_a_field_of_a_contact_that_is_there_and_is_left_out_of_a_new_one() -> None:
    record = {**RECORD, "Title": None}
    assert body_of(course(record=record).steps[1])["Title"] is None
    assert "Title" not in body_of(course(NOBODY, record=record).steps[1])


def test_where_nothing_but_the_address_is_mapped_nothing_is_written() -> None:
    found = course(record={"Email": EMAIL})
    assert places(found) == ["query Contact"]
    assert found.outcome.delivered


def test_what_is_no_field_name_never_goes_out() -> None:
    found = course(record={"Email": EMAIL, "Id": OTHER, "a b": 1, "x'": 2, "": 3, "Title": "Hand"})
    assert body_of(found.steps[1]) == {"Title": "Hand"}


@pytest.mark.parametrize(
    ("email", "written"),
    [
        ("o'hara@tara.example", r"o\'hara@tara.example"),
        ("a\\'--@b.example", r"a\\\'--@b.example"),
        ("x'OR'1'='1@b.example", r"x\'OR\'1\'=\'1@b.example"),
        ('"q"@b.example', r"\"q\"@b.example"),
        ("ä%_@b.example", "ä%_@b.example"),
    ],
)
def test_an_address_stays_a_text_inside_of_the_query(email: str, written: str) -> None:
    found = course(record={"Email": email, "Title": "x"})
    where = soql_of(found.steps[0])
    assert where == f"SELECT Id FROM Contact WHERE Email = '{written}' ORDER BY LastModifiedDate DESC LIMIT 2"  # noqa: S608


@pytest.mark.parametrize(
    "email", ["", None, "nobody", "a@b", "a b@c.example", "a@b.example\nx", "x" * 80 + "@b.example"]
)
def test_without_an_address_nothing_is_sent(email: str | None) -> None:
    for action in EXAMPLE.inputs:
        found = course(action=action, record={**RECORD, "Email": email})
        assert found.steps == ()
        assert (found.outcome.code, found.outcome.culprit) == (Code.MAPPING_ERROR, Culprit.RULE)
        assert "field Email" in found.outcome.fix


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example",
        "http://casterly.my.salesforce.com",
        "https://casterly.my.salesforce.com.evil.example",
    ],
)
def test_an_address_that_is_not_salesforces_is_never_spoken_to(url: str) -> None:
    for action in EXAMPLE.inputs:
        found = course(action=action, settings={**EXAMPLE.settings, "instance_url": url})
        assert found.steps == ()
        assert (found.outcome.code, found.outcome.culprit) == (Code.AUTH_FAILED, Culprit.CONNECTION)


def test_the_token_goes_in_its_header_only_and_is_named_as_a_secret() -> None:
    for step in course(NOBODY).steps:
        assert isinstance(step, Request)
        assert step.headers["Authorization"] == f"Bearer {ACCESS}"
        assert step.secrets == (ACCESS,)


# --------------------------------------------------------------------------- one field


def test_a_field_is_written_to_the_contact_that_is_there_and_nothing_else() -> None:
    found = course(action="update_property")
    assert body_of(found.steps[1]) == {"Last_Alert__c": "api_latency_p95 is slow"}
    assert found.outcome.reason == "Salesforce set the field Last_Alert__c of the contact."


def test_a_contact_that_is_made_for_a_field_has_what_is_mapped_besides() -> None:
    found = course(NOBODY, action="update_property")
    assert body_of(found.steps[1]) == {**RECORD, "Last_Alert__c": "api_latency_p95 is slow"}


def test_an_empty_value_empties_the_field() -> None:
    found = course(action="update_property", inputs={"value": "  "})
    assert body_of(found.steps[1]) == {"Last_Alert__c": None}
    assert "emptied the field" in found.outcome.reason


def test_a_value_that_is_not_in_the_list_is_told_with_the_field() -> None:
    refused = refuses(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        400,
        "Level: bad value for restricted picklist field: gold",
        ["Level__c"],
    )
    outcome = course({f"PATCH /sobjects/Contact/{CONTACT}": refused}, action="update_property").outcome
    assert (outcome.code, outcome.culprit, outcome.retry) == (Code.REJECTED_CLIENT_ERROR, Culprit.RULE, False)
    assert outcome.reason == (
        "The field Level__c takes only the values of its list in Salesforce: "
        "Level: bad value for restricted picklist field: gold."
    )


@pytest.mark.parametrize(
    ("id", "mend"),
    [
        ("a b", "API name"),
        ("Email", "another field"),
        ("Id", "another field"),
        ("1st", "API name"),
        ("x'--", "API name"),
    ],
)
def test_a_field_that_cannot_be_meant_is_refused_when_the_rule_is_saved(id: str, mend: str) -> None:
    (fault,) = PROVIDER.check_inputs("update_property", {"id": id, "value": "x"})
    assert mend in fault.message


# --------------------------------------------------------------------------- campaigns


def test_a_contact_joins_a_campaign() -> None:
    found = course(action="add_to_campaign")
    assert places(found) == ["query Contact", "POST /sobjects/CampaignMember"]
    assert body_of(found.steps[1]) == {"CampaignId": CAMPAIGN, "ContactId": CONTACT}
    assert found.outcome.reference == MEMBER


def test_who_is_not_there_is_made_first() -> None:
    found = course(NOBODY, action="add_to_campaign")
    assert places(found) == ["query Contact", "POST /sobjects/Contact", "POST /sobjects/CampaignMember"]
    assert body_of(found.steps[1]) == RECORD


def test_who_is_a_member_already_is_fine() -> None:
    twice = refuses("DUPLICATE_VALUE", 400, "Already a campaign member.")
    outcome = course({"POST /sobjects/CampaignMember": twice}, action="add_to_campaign").outcome
    assert outcome.delivered
    assert outcome.notes == ("It was one before.",)


@pytest.mark.parametrize("code", ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "NOT_FOUND"])
def test_a_campaign_that_is_gone_is_the_rules_to_mend(code: str) -> None:
    outcome = course({"POST /sobjects/CampaignMember": refuses(code, 404)}, action="add_to_campaign").outcome
    assert (outcome.culprit, outcome.retry) == (Culprit.RULE, False)
    assert outcome.reason.startswith("Salesforce does not find the campaign")


def test_whoever_has_the_address_leaves_the_campaign() -> None:
    found = course({"query CampaignMember": rows(MEMBER, MEMBER_TOO)}, action="remove_from_campaign")
    assert soql_of(found.steps[0]) == (
        f"SELECT Id FROM CampaignMember WHERE CampaignId = '{CAMPAIGN}' AND Contact.Email = '{EMAIL}' LIMIT 5"  # noqa: S608
    )
    assert places(found)[1:] == [f"DELETE /sobjects/CampaignMember/{id}" for id in (MEMBER, MEMBER_TOO)]
    assert (found.outcome.delivered, found.outcome.notes) == (True, ())


def test_who_was_no_member_is_fine_and_no_contact_is_made() -> None:
    found = course({"query CampaignMember": rows()}, action="remove_from_campaign")
    assert places(found) == ["query CampaignMember"]
    assert found.outcome.notes == ("Nobody with this e-mail address was a member of it.",)


def test_somebody_who_was_faster_does_no_harm() -> None:
    gone = refuses("ENTITY_IS_DELETED", 404)
    assert course({f"DELETE /sobjects/CampaignMember/{MEMBER}": gone}, action="remove_from_campaign").outcome.delivered


@pytest.mark.parametrize("id", ["", "00Q5f00000CCCCCCC3", "701' OR Id != '", "7015f00000CCCCCCC"])
def test_what_is_no_campaigns_id_is_never_asked_about(id: str) -> None:
    for action in ("add_to_campaign", "remove_from_campaign"):
        found = course(action=action, inputs={"id": id})
        assert (found.steps, found.outcome.culprit) == ((), Culprit.RULE)


def test_a_pasted_campaign_is_mended_in_words() -> None:
    (fault,) = PROVIDER.check_inputs("add_to_campaign", {"id": EXAMPLE.pasted["campaign"]})
    assert fault.message == f"Enter the campaign's ID alone: {CAMPAIGN}."
    (fault,) = PROVIDER.check_inputs("add_to_campaign", {"id": "Trials"})
    assert "begin with 701" in fault.message


# --------------------------------------------------------------------------- what is no answer


@pytest.mark.parametrize("reply", [says({}), says({"records": [{"Id": "../../x"}]}), says([]), Answer(200, body=b"<")])
def test_an_answer_that_is_none_is_tried_again(reply: Reply) -> None:
    for action in EXAMPLE.inputs:
        found = course({"query Contact": reply, "query CampaignMember": reply}, action=action)
        assert (found.outcome.code, found.outcome.retry) == (Code.REJECTED_SERVER_ERROR, True)
        assert len(found.steps) == 1


def test_a_contact_that_was_deleted_meanwhile_is_looked_for_anew() -> None:
    outcome: Outcome = course({f"PATCH /sobjects/Contact/{CONTACT}": refuses("ENTITY_IS_DELETED", 404)}).outcome
    assert (outcome.retry, outcome.culprit) == (True, Culprit.DELIVERY)
