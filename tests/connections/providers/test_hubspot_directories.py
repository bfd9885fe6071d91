"""HubSpot's directories: the lists of contacts, and their properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from connections.provider import Answer, DirectoryPage, Entry, Reply, Request, Unread
from connections.providers.hubspot import PROVIDER
from connections.providers.hubspot.fields import READ_ONLY
from connections.providers.hubspot.lists import DYNAMIC
from tests.connections.providers import contract
from tests.connections.providers.test_hubspot import API, EXAMPLE, refuses, says

LISTS = f"{API}/crm/lists/2026-03"
PROPERTIES = f"{API}/crm/properties/2026-03/contacts"


def page(kind: str, reply: Reply, cursor: str = "", **settings: Any) -> tuple[list[Request], DirectoryPage | Unread]:
    account = {"settings": {**EXAMPLE.settings, **settings}, "credentials": EXAMPLE.credentials}
    return contract.list_page(PROVIDER, kind, cursor, lambda _: reply, **account)


def look_up(kind: str, text: str, reply: Reply) -> tuple[list[Request], Entry | Unread]:
    account = {"settings": EXAMPLE.settings, "credentials": EXAMPLE.credentials}
    return contract.look_up(PROVIDER, kind, text, lambda _: reply, **account)


def entries(found: DirectoryPage | Unread) -> list[Entry]:
    assert isinstance(found, DirectoryPage), found
    return list(found.entries)


def a_list(id: str = "17", type: str = "MANUAL", **more: Any) -> dict[str, Any]:
    about = {"listId": id, "name": f"List {id}", "objectTypeId": "0-1", "processingType": type}
    return {**about, "additionalProperties": {"hs_list_size": "12"}, **more}


def lists(*found: Mapping[str, Any], offset: int = 0, more: bool = False) -> Answer:
    return says({"lists": list(found), "offset": offset, "hasMore": more, "total": 1_000})


def a_property(name: str, type: str = "string", field: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name.title(), "type": type, "fieldType": field, "options": [], **more}


def facts(**more: Any) -> dict[str, Any]:
    (entry,) = entries(page("contact_field", says({"results": [{**a_property("x"), **more}]}))[1])
    return dict(entry.facts)


# --------------------------------------------------------------------------- lists


def test_lists_of_contacts_are_asked_for_five_hundred_at_a_time() -> None:
    (request,), found = page("list", lists(a_list(), offset=500, more=True), cursor="0")
    assert (request.method, request.url) == ("POST", f"{LISTS}/search")
    body = json.loads(request.body)
    assert (body["objectTypeId"], body["count"], body["offset"]) == ("0-1", 500, 0)
    assert isinstance(found, DirectoryPage)
    assert found.entries == (Entry("17", "List 17", {"processing_type": "MANUAL", "num_members": 12}),)
    assert found.next_cursor == "500"


@pytest.mark.parametrize("more", [lists(a_list(), offset=500, more=False), lists(a_list(), offset=0, more=True)])
def test_the_last_page_has_no_next_one_and_a_page_that_stands_still_is_the_last(more: Answer) -> None:
    _, found = page("list", more)
    assert isinstance(found, DirectoryPage)
    assert found.next_cursor == ""


def test_the_cursor_is_hubspots_offset_and_rubbish_is_the_beginning() -> None:
    offsets = [json.loads(page("list", lists(), cursor=cursor)[0][0].body)["offset"] for cursor in ("500", "x", "²")]
    assert offsets == [500, 0, 0]


def test_lists_that_hubspot_fills_itself_are_shown_with_the_reason_why_they_cannot_be_chosen() -> None:
    _, found = page("list", lists(a_list("1", "DYNAMIC"), a_list("2", "SNAPSHOT")))
    assert [entry.facts.get("unusable") for entry in entries(found)] == [DYNAMIC, None]


def test_lists_of_anything_else_are_left_out() -> None:
    _, found = page("list", lists(a_list("1", objectTypeId="0-2"), a_list("x"), {"odd": 1}, a_list("2")))
    assert [entry.id for entry in entries(found)] == ["2"]


def test_an_account_without_lists_is_not_asked_and_it_is_said() -> None:
    requests, found = page("list", lists(), scopes=["oauth"])
    assert requests == []
    assert isinstance(found, DirectoryPage)
    assert "crm.lists.read" in found.gaps[0]


def test_a_permission_that_was_taken_back_is_named() -> None:
    _, found = page("list", refuses(403, "MISSING_SCOPES", context={"missingScopes": ["crm.lists.read"]}))
    assert isinstance(found, Unread)
    assert (found.retry, "crm.lists.read" in found.reason) == (False, True)


def test_a_limit_is_waited_for() -> None:
    _, found = page("list", says({"policyName": "TEN_SECONDLY_ROLLING"}, 429))
    assert isinstance(found, Unread)
    assert (found.retry, found.retry_after) == (True, 10)


def test_an_ended_token_is_read_with_again_once_it_is_renewed() -> None:
    _, found = page("list", refuses(401, "EXPIRED_AUTHENTICATION"))
    assert isinstance(found, Unread)
    assert found.retry


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("17", "17"),
        (" https://app.hubspot.com/contacts/62515/objectLists/17/filters ", "17"),
        ("app-eu1.hubspot.com/contacts/62515/objectLists/17", "17"),
        ("https://app.hubspot.com/contacts/62515/objectLists/17?page=2", "17"),
        ("https://evil.example/contacts/62515/objectLists/17", ""),
        ("Trials", ""),
        ("017", ""),
        ("9" * 30, ""),
    ],
)
def test_a_list_is_known_by_its_number_or_its_address(text: str, id: str) -> None:
    assert PROVIDER.entry_id("list", text) == id


def test_a_list_is_looked_up_by_its_number() -> None:
    (request,), found = look_up("list", "17", says({"list": a_list(additionalProperties={}, size=3)}))
    assert (request.method, request.url) == ("GET", f"{LISTS}/17")
    assert found == Entry("17", "List 17", {"processing_type": "MANUAL", "num_members": 3})


@pytest.mark.parametrize(
    ("text", "reply", "words"),
    [
        ("Trials", says({}), "no list's ID"),
        ("https://app.hubspot.com/contacts/9/objectLists/17", says({}), "another HubSpot account"),
        ("17", refuses(404, "OBJECT_NOT_FOUND"), "no such list"),
        ("17", says({"list": a_list(objectTypeId="0-2")}), "no contacts"),
    ],
)
def test_what_is_no_list_of_the_account_is_told(text: str, reply: Answer, words: str) -> None:
    _, found = look_up("list", text, reply)
    assert isinstance(found, Unread)
    assert words in found.reason
    assert found.fix


# --------------------------------------------------------------------------- properties


def test_all_properties_come_in_one_page() -> None:
    (request,), found = page("contact_field", says({"results": [a_property("firstname"), a_property("email")]}))
    assert (request.method, request.url) == ("GET", PROPERTIES)
    assert isinstance(found, DirectoryPage)
    assert found.next_cursor == ""
    assert [(entry.id, entry.name) for entry in found.entries] == [("firstname", "Firstname"), ("email", "Email")]


def test_the_address_is_what_a_contact_is_known_by() -> None:
    (entry,) = entries(page("contact_field", says({"results": [a_property("email")]}))[1])
    assert entry.facts == {
        "type": "email",
        "required": True,
        "read_only": False,
        "identifier": True,
        "options": [],
        "is_archived": False,
    }


@pytest.mark.parametrize(
    ("type", "field", "kind"),
    [
        ("string", "text", "text"),
        ("string", "textarea", "text"),
        ("string", "phonenumber", "phone"),
        ("phone_number", "phonenumber", "phone"),
        ("number", "number", "number"),
        ("date", "date", "date"),
        ("datetime", "date", "datetime"),
        ("bool", "booleancheckbox", "boolean"),
        ("enumeration", "booleancheckbox", "boolean"),
        ("enumeration", "select", "select"),
        ("enumeration", "radio", "select"),
        ("enumeration", "checkbox", "multiselect"),
        ("odd", "odd", "text"),
    ],
)
def test_a_propertys_kind_is_told_in_the_words_of_all_providers(type: str, field: str, kind: str) -> None:
    assert facts(type=type, fieldType=field)["type"] == kind


@pytest.mark.parametrize(("hint", "kind"), [("domain_name", "url"), ("email", "email"), ("multi_line", "text")])
def test_the_hint_of_a_text_counts(hint: str, kind: str) -> None:
    assert facts(textDisplayHint=hint)["type"] == kind


@pytest.mark.parametrize("more", [{"modificationMetadata": {"readOnlyValue": True}}, {"calculated": True}])
def test_what_hubspot_writes_itself_is_read_only(more: dict[str, Any]) -> None:
    found = facts(**more)
    assert (found["read_only"], found["unusable"]) == (True, READ_ONLY)
    assert not facts()["read_only"]
    assert "unusable" not in facts()


def test_at_most_two_hundred_options_are_kept_and_hidden_ones_are_not() -> None:
    options = [{"value": str(n), "label": f"Option {n}", "hidden": n == 0} for n in range(300)]
    found = facts(type="enumeration", fieldType="select", options=options)["options"]
    assert (len(found), found[0]) == (200, {"value": "1", "label": "Option 1"})


def test_hidden_properties_are_left_out() -> None:
    _, found = page("contact_field", says({"results": [a_property("a", hidden=True), a_property("<b>"), 7]}))
    assert entries(found) == []


def test_a_property_is_looked_up_by_its_internal_name() -> None:
    (request,), found = look_up("contact_field", " firstname ", says(a_property("firstname")))
    assert request.url == f"{PROPERTIES}/firstname"
    assert isinstance(found, Entry)
    _, none = look_up("contact_field", "nope", refuses(404, "OBJECT_NOT_FOUND"))
    assert isinstance(none, Unread)
    assert none.fix == "Choose another one."
    requests, none = look_up("contact_field", "First name", says({}))
    assert requests == []
    assert isinstance(none, Unread)
