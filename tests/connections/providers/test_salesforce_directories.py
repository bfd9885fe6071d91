"""Salesforce: the campaigns and the fields of a contact, page by page and one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connections.provider import DirectoryPage, Entry, Reply, Request, Step, Unread
from connections.providers.salesforce import PROVIDER
from tests.connections.providers import contract
from tests.connections.providers.test_salesforce import CAMPAIGN, EXAMPLE, ORG, refuses, says, soql_of

ACCOUNT: dict[str, Any] = {"settings": EXAMPLE.settings, "credentials": EXAMPLE.credentials}
NEXT = "/services/data/v66.0/query/01g5f00000AAAAAAAA-2000"


def page(kind: str, reply: Reply, cursor: str = "") -> tuple[list[Request], DirectoryPage | Unread]:
    return contract.list_page(PROVIDER, kind, cursor, lambda _: reply, **ACCOUNT)


def find(kind: str, text: str, reply: Reply | Callable[[Step], Reply]) -> tuple[list[Request], Entry | Unread]:
    asked = reply if callable(reply) else lambda _: reply
    return contract.look_up(PROVIDER, kind, text, asked, **ACCOUNT)


def campaign(id: str = CAMPAIGN, **changes: Any) -> dict[str, Any]:
    return {"Id": id, "Name": "Trials", "IsActive": True, "Status": "In Progress", **changes}


# --------------------------------------------------------------------------- campaigns


def test_campaigns_come_in_pages() -> None:
    requests, first = page("campaign", says({"records": [campaign()], "done": False, "nextRecordsUrl": NEXT}))
    assert first == DirectoryPage(
        entries=(Entry(CAMPAIGN, "Trials", {"is_active": True, "status": "In Progress"}),), next_cursor=NEXT
    )
    assert soql_of(requests[0]) == "SELECT Id, Name, IsActive, Status FROM Campaign ORDER BY Id"
    requests, last = page("campaign", says({"records": [], "done": True}), NEXT)
    assert [request.url for request in requests] == [ORG + NEXT]
    assert last == DirectoryPage(entries=())


@pytest.mark.parametrize(
    "hostile",
    [
        *(
            "https://evil.example/x",
            "//evil.example",
            "@evil.example",
            ".evil.example/",
            "/services/data/v66.0/sobjects",
        ),
        *(
            f"{NEXT}/../../x",
            f"{NEXT}?x",
            f"{NEXT}\r\nX: y",
            "/services/data/v66.0/query/?q=SELECT",
            NEXT.replace("66", "1"),
        ),
    ],
    ids=ascii,
)
def test_a_next_page_that_leads_elsewhere_is_neither_kept_nor_asked_for(hostile: str) -> None:
    _, told = page("campaign", says({"records": [], "nextRecordsUrl": hostile}))
    assert isinstance(told, Unread)
    requests, stale = page("campaign", says({"records": []}), hostile)
    assert (requests, isinstance(stale, Unread) and stale.anew) == ([], True)


def test_a_list_that_salesforce_forgot_is_read_anew() -> None:
    _, told = page("campaign", refuses("INVALID_QUERY_LOCATOR", 400), NEXT)
    assert isinstance(told, Unread)
    assert told.anew


def test_one_campaign_is_found_by_its_link() -> None:
    requests, found = find("campaign", EXAMPLE.pasted["campaign"], says({"records": [campaign(IsActive=False)]}))
    assert soql_of(requests[0]).endswith(f"WHERE Id = '{CAMPAIGN}'")
    assert found == Entry(CAMPAIGN, "Trials", {"is_active": False, "status": "In Progress"})


def test_a_campaign_that_is_not_shown_is_told_of() -> None:
    _, found = find("campaign", CAMPAIGN, says({"records": []}))
    assert isinstance(found, Unread)
    assert "was deleted, or is not shown" in found.reason


@pytest.mark.parametrize(
    ("text", "id"),
    [
        (CAMPAIGN, CAMPAIGN),
        (f" {CAMPAIGN[:15]} ", CAMPAIGN[:15]),
        (f"https://casterly.my.salesforce.com/{CAMPAIGN}", CAMPAIGN),
        (f"https://casterly.lightning.force.com/lightning/r/Campaign/{CAMPAIGN}/view?x=1", CAMPAIGN),
        (f"https://evil.example/{CAMPAIGN}", ""),
        ("Trials", ""),
        ("00Q5f00000CCCCCCC3", ""),
    ],
)
def test_an_id_is_read_from_what_was_pasted(text: str, id: str) -> None:
    assert PROVIDER.entry_id("campaign", text) == id


# --------------------------------------------------------------------------- fields


def field(name: str, type: str = "string", **changes: Any) -> dict[str, Any]:
    usual = {"createable": True, "updateable": True, "nillable": True, "defaultedOnCreate": False}
    return {"name": name, "label": f"The {name}", "type": type, **usual, **changes}


def facts(**told: Any) -> dict[str, Any]:
    _, found = page("contact_field", says({"fields": [field("Some__c", **told)]}))
    assert isinstance(found, DirectoryPage)
    return dict(found.entries[0].facts)


def test_fields_are_told_in_the_words_that_all_destinations_have() -> None:
    fields = [
        field("Email", "email"),
        field("LastName", nillable=False),
        field("Plan__c", nillable=False),
        field("CreatedDate", "datetime", createable=False, updateable=False, nillable=False),
        field("MailingAddress", "address"),
        field("x'", "string"),
    ]
    requests, found = page("contact_field", says({"fields": fields}))
    assert requests[0].url == f"{ORG}/services/data/v66.0/sobjects/Contact/describe"
    assert isinstance(found, DirectoryPage)
    assert [(entry.id, entry.name, dict(entry.facts)) for entry in found.entries] == [
        ("Email", "The Email", {"type": "email", "required": False, "read_only": False, "identifier": True}),
        ("LastName", "The LastName", {"type": "text", "required": False, "read_only": False, "identifier": False}),
        ("Plan__c", "The Plan__c", {"type": "text", "required": True, "read_only": False, "identifier": False}),
        (
            "CreatedDate",
            "The CreatedDate",
            {"type": "datetime", "required": False, "read_only": True, "identifier": False},
        ),
    ]


@pytest.mark.parametrize(
    ("type", "ours"),
    [
        *(("string", "text"), ("textarea", "text"), ("reference", "text"), ("int", "number"), ("double", "number")),
        *(
            ("currency", "number"),
            ("percent", "number"),
            ("boolean", "boolean"),
            ("date", "date"),
            ("datetime", "datetime"),
        ),
        *(
            ("picklist", "select"),
            ("multipicklist", "multiselect"),
            ("phone", "phone"),
            ("url", "url"),
            ("new", "text"),
        ),
    ],
)
def test_each_of_salesforces_types_is_one_of_ours(type: str, ours: str) -> None:
    assert facts(type=type)["type"] == ours


def test_a_list_of_values_holds_the_active_ones_up_to_two_hundred() -> None:
    values = [{"value": f"v{n}", "label": f"V {n}", "active": n != 1} for n in range(300)]
    options = facts(type="picklist", picklistValues=values)["options"]
    assert options[:2] == [{"value": "v0", "label": "V 0"}, {"value": "v2", "label": "V 2"}]
    assert len(options) == 200


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"DataType": "Text(80)", "IsNillable": False}, {"type": "text", "required": True, "read_only": False}),
        ({"DataType": "Picklist"}, {"type": "select", "required": False, "read_only": False}),
        ({"DataType": "Picklist (Multi-Select)"}, {"type": "multiselect", "required": False, "read_only": False}),
        ({"DataType": "Checkbox", "IsNillable": False}, {"type": "boolean", "required": False, "read_only": False}),
        ({"DataType": "Number(18, 0)"}, {"type": "number", "required": False, "read_only": False}),
        ({"DataType": "Formula (Text)", "IsNillable": False}, {"type": "text", "required": False, "read_only": True}),
    ],
)
def test_one_field_is_found_by_its_name(told: dict[str, Any], expected: dict[str, Any]) -> None:
    row = {"QualifiedApiName": "Plan__c", "Label": "Plan", "IsNillable": True, **told}
    requests, found = find("contact_field", "Plan__c", says({"records": [row]}))
    assert soql_of(requests[0]).endswith("AND QualifiedApiName = 'Plan__c'")
    assert found == Entry("Plan__c", "Plan", {**expected, "identifier": False})


def test_what_is_no_field_is_told_of() -> None:
    for text in ("a b", "x'"):
        requests, found = find("contact_field", text, says({}))
        assert (requests, isinstance(found, Unread)) == ([], True)
    _, found = find("contact_field", "Plan__c", says({"records": []}))
    assert isinstance(found, Unread)
    assert "no such field" in found.reason
