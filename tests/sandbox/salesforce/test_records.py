"""The Salesforce simulator: queries, contacts, campaign members, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.salesforce import refusals
from tests.sandbox.running import Running
from tests.sandbox.salesforce.calling import LARGE, SANDBOX, App, contacts, signed_in

EMAIL = "o'hara@tara.example"
CAMPAIGN = "7015f00000000000AA"


def find(app: App, literal: str) -> Any:
    return app.query(f"SELECT Id FROM Contact WHERE Email = {literal} ORDER BY LastModifiedDate DESC LIMIT 2")  # noqa: S608


def ids(found: Any) -> list[str]:
    return [row["Id"] for row in found["records"]]


def code_of(answer: requests.Response) -> str:
    return str(answer.json()[0]["errorCode"])


def test_a_contact_is_made_found_changed_and_deleted(sandbox: Running) -> None:
    app = signed_in(sandbox)
    made = app.create(LastName="O'Hara", Email=EMAIL)
    assert (made.status_code, made.json()["success"]) == (201, True)
    id = made.json()["id"]
    assert ids(find(app, r"'O\'HARA@tara.example'")) == [id]
    assert app.call("PATCH", f"/sobjects/Contact/{id}", {"Title": "Owner", "Seats__c": 3}).status_code == 204
    (shown,) = contacts(sandbox)
    assert shown["values"] == {"LastName": "O'Hara", "Email": EMAIL, "Title": "Owner", "Seats__c": 3.0}
    assert app.call("DELETE", f"/sobjects/Contact/{id}").status_code == 204
    assert find(app, r"'o\'hara@tara.example'")["totalSize"] == 0
    assert code_of(app.call("PATCH", f"/sobjects/Contact/{id}", {"Title": "x"})) == "ENTITY_IS_DELETED"


def test_the_contact_that_was_changed_last_comes_first(sandbox: Running) -> None:
    app = signed_in(sandbox)
    first, second, third = (app.create(LastName=name, Email="a@b.example").json()["id"] for name in ("A", "B", "C"))
    app.call("PATCH", f"/sobjects/Contact/{first}", {"Title": "x"})
    assert ids(find(app, "'a@b.example'")) == [first, third]
    assert second not in ids(find(app, "'a@b.example'"))


def test_an_org_does_not_see_the_contacts_of_another(sandbox: Running) -> None:
    mine, other = signed_in(sandbox), signed_in(sandbox, SANDBOX.id)
    id = mine.create(LastName="A", Email="a@b.example").json()["id"]
    assert find(other, "'a@b.example'")["totalSize"] == 0
    assert code_of(other.call("PATCH", f"/sobjects/Contact/{id}", {"Title": "x"})) == "NOT_FOUND"


@pytest.mark.parametrize(
    "query",
    [
        *("", "SELECT Id FROM Contact", "SELECT Id FROM Contact WHERE Email = 'x' OR Id != '' LIMIT 2"),
        "SELECT Id FROM Contact WHERE Email = 'a' OR Email != '' ORDER BY LastModifiedDate DESC LIMIT 2",
        "SELECT Id FROM Contact WHERE Email = 'a\\q' ORDER BY LastModifiedDate DESC LIMIT 2",
        "SELECT Id FROM Contact WHERE Email = 'a'' ORDER BY LastModifiedDate DESC LIMIT 2",
        "SELECT Password FROM User",
    ],
)
def test_a_query_that_is_not_known_is_refused(sandbox: Running, query: str) -> None:
    assert signed_in(sandbox).query(query)[0]["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"LastName": ""}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ({"LastName": "A", "Level__c": "platinum"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Level__c"]),
        ({"LastName": "A", "Name": "B"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        ({"LastName": "A", "Nope__c": "B"}, "INVALID_FIELD", []),
        ({"LastName": "A", "Seats__c": "many"}, "JSON_PARSER_ERROR", []),
        ({"LastName": "A", "Birthdate": "tomorrow"}, "JSON_PARSER_ERROR", []),
        ({"LastName": "A", "HasOptedOutOfEmail": "maybe"}, "JSON_PARSER_ERROR", []),
        ({"LastName": "A", "Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
    ],
    ids=str,
)
def test_what_salesforce_does_not_take_is_refused(sandbox: Running, body: Any, code: str, field: list[str]) -> None:
    answer = signed_in(sandbox).create(**body)
    assert (answer.status_code, code_of(answer), answer.json()[0]["fields"]) == (400, code, field)
    assert contacts(sandbox) == []


def test_somebody_joins_a_campaign_once_and_leaves_it(sandbox: Running) -> None:
    app = signed_in(sandbox)
    contact = app.create(LastName="A", Email="a@b.example").json()["id"]
    joined = app.create("CampaignMember", CampaignId=CAMPAIGN, ContactId=contact)
    assert joined.status_code == 201
    assert contacts(sandbox)[0]["campaigns"] == ["Spring trial"]
    assert code_of(app.create("CampaignMember", CampaignId=CAMPAIGN, ContactId=contact)) == "DUPLICATE_VALUE"
    where = f"CampaignId = '{CAMPAIGN}' AND Contact.Email = 'A@B.example' LIMIT 5"
    (member,) = ids(app.query(f"SELECT Id FROM CampaignMember WHERE {where}"))  # noqa: S608
    assert app.call("DELETE", f"/sobjects/CampaignMember/{member}").status_code == 204
    assert code_of(app.call("DELETE", f"/sobjects/CampaignMember/{member}")) == "ENTITY_IS_DELETED"


def test_a_campaign_or_a_contact_that_is_not_there_cannot_be_joined(sandbox: Running) -> None:
    app = signed_in(sandbox)
    contact = app.create(LastName="A").json()["id"]
    gone = app.create("CampaignMember", CampaignId="7015f00000999999AA", ContactId=contact)
    assert code_of(gone) == "INVALID_CROSS_REFERENCE_KEY"
    assert code_of(app.create("CampaignMember", CampaignId=CAMPAIGN, ContactId="x")) == "NOT_FOUND"


def test_many_campaigns_come_in_pages_of_two_thousand(sandbox: Running) -> None:
    app = signed_in(sandbox, LARGE.id)
    told = app.query("SELECT Id, Name, IsActive, Status FROM Campaign ORDER BY Id")
    sizes = [len(told["records"])]
    while not told["done"]:
        told = app.call("GET", told["nextRecordsUrl"]).json()
        sizes.append(len(told["records"]))
    assert sizes == [2_000, 2_000, 505]
    assert code_of(app.call("GET", "/query/01g5fAAAAAAAAAAAAA-2000")) == "INVALID_QUERY_LOCATOR"


def test_the_fields_are_described(sandbox: Running) -> None:
    fields = signed_in(sandbox).call("GET", "/sobjects/Contact/describe").json()["fields"]
    level = next(field for field in fields if field["name"] == "Level__c")
    assert (level["type"], [value["value"] for value in level["picklistValues"]]) == (
        "picklist",
        ["bronze", "silver", "gold"],
    )


@pytest.mark.parametrize("code", refusals.ANYWHERE)
def test_each_dialled_error_comes_with_its_status(sandbox: Running, code: str) -> None:
    app = signed_in(sandbox)
    sandbox.dial(sandbox.of("salesforce"), fault=code, times=1)
    refused = app.call("GET", "/limits")
    assert (refused.status_code, code_of(refused)) == (refusals.ANYWHERE[code][0], code)
    assert app.call("GET", "/limits").status_code == 200


@pytest.mark.parametrize("code", refusals.WRITES)
def test_an_error_of_writes_leaves_reading_alone(sandbox: Running, code: str) -> None:
    app = signed_in(sandbox)
    sandbox.dial(sandbox.of("salesforce"), fault=code)
    assert app.call("GET", "/limits").status_code == 200
    assert code_of(app.create(LastName="A")) == code
    assert contacts(sandbox) == []


def test_a_status_can_be_dialled_for_one_org(sandbox: Running) -> None:
    production, sandboxed = signed_in(sandbox), signed_in(sandbox, SANDBOX.id)
    sandbox.dial(sandbox.of("salesforce"), fault="503", target=SANDBOX.id, retry_after=7)
    assert production.call("GET", "/limits").status_code == 200
    away = sandboxed.call("GET", "/limits")
    assert (away.status_code, away.headers["Retry-After"], code_of(away)) == (503, "7", "SERVER_UNAVAILABLE")


def test_the_page_shows_who_is_there_and_in_which_campaign(sandbox: Running) -> None:
    app = signed_in(sandbox)
    contact = app.create(FirstName="Scarlett", LastName="<b>O'Hara</b>", Email=EMAIL).json()["id"]
    app.create("CampaignMember", CampaignId=CAMPAIGN, ContactId=contact)
    page = requests.get(f"{sandbox.of('salesforce')}/", timeout=5).text
    assert "Scarlett &lt;b&gt;O&#39;Hara&lt;/b&gt;" in page
    assert '<span class="badge good">Spring trial</span>' in page
    other = requests.get(f"{sandbox.of('salesforce')}/", {"org": SANDBOX.id}, timeout=5).text
    assert "No contacts yet" in other
