"""The editor of a mapping: nothing that was typed is lost, and every fault stands beside its field."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.http import HttpResponse

from connections.models import Connection
from connections.provider import Entry
from rules.mapping_saving import save
from rules.models import Mapping
from tests.calling import STRANGE_ID
from tests.portal import Portal, enter, visit, words
from tests.rules.crm import FIELDS, Crm, crm, make_crm, read_fields
from tests.world import Vendor
from workspaces.models import SessionType

__all__ = ["crm"]
pytestmark = pytest.mark.usefixtures("crm")


@pytest.fixture
def account(acme: Vendor, crm: Crm) -> Connection:
    return make_crm(acme.workspace)


def place(connection: Connection, rest: str = "") -> str:
    return f"/workspace/connections/{connection.id}/mapping{rest}"


def row(number: int, dest: str, **said: Any) -> dict[str, Any]:
    """What a person types into one row."""
    return {"row": [str(number)], f"m-{number}-dest": dest, **{f"m-{number}-{key}": one for key, one in said.items()}}


def form(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"version": "0"}
    numbers = [number for one in rows for number in one["row"]]
    for one in rows:
        found |= one
    return {**found, "row": numbers, **more}


def saved(portal: Portal, connection: Connection, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = portal.post(place(connection), form(*rows, **more))
    assert answer.status_code == 204, words(answer)
    return dict(Mapping.objects.filter(connection=connection).latest("number").schema)


def store(connection: Connection, *fields: dict[str, Any]) -> Mapping:
    return save(connection, schema={"schema_version": 1, "fields": list(fields)}, actor="Ann")


def values(answer: HttpResponse) -> dict[str, list[str]]:
    """What a browser would post of the page that is shown, all rows of it."""
    page = answer.content.decode()
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and name[1] not in ("session", "sample"):
            found.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        if chosen:
            found[name] = [chosen[1]]
    return found


# --------------------------------------------------------------------------- saving


def test_it_says_what_was_typed(acme: Vendor, account: Connection) -> None:
    portal = enter(acme, role="member", external_user_id="ann")
    email = row(1, "Email", path="email, user.email", on_error="fail_action", notes="Who it is")
    steps = {"m-2-step": ["1", "2"], "m-2-s-1-kind": "trim", "m-2-s-2-kind": "substring", "m-2-s-2-length": "5"}
    name = {**row(2, "firstname", path="$.payload.name"), **steps}
    stage = row(3, "stage", **{"from": "literal", "text": "lead"})
    schema = saved(portal, account, email, name, stage, row(4, "Employees", **{"from": "nothing"}), row(5, ""))
    assert schema == {
        "schema_version": 1,
        "fields": [
            {
                "dest": "email",
                "source": {"type": "path", "value": "email", "or": ["user.email"]},
                "on_error": "fail_action",
                "notes": "Who it is",
            },
            {
                "dest": "firstname",
                "source": {"type": "path", "value": "name"},
                "transforms": [{"type": "trim"}, {"type": "substring", "start": 0, "length": 5}],
                "on_error": "skip_field",
            },
            {"dest": "stage", "source": {"type": "literal", "value": "lead"}, "on_error": "skip_field"},
            {"dest": "employees", "source": {"type": "literal", "value": None}, "on_error": "skip_field"},
        ],
    }
    assert Mapping.objects.get().created_by == "ann"


EVERYTHING: list[dict[str, Any]] = [
    {"dest": "email", "source": {"type": "path", "value": "a.b", "or": ["c"]}, "on_error": "fail_action"},
    {"dest": "firstname", "source": {"type": "literal", "value": "1"}, "on_error": "warn_action", "notes": 'a "note"'},
    {"dest": "employees", "source": {"type": "literal", "value": 5}, "on_error": "skip_field"},
    {"dest": "vip", "source": {"type": "literal", "value": False}, "on_error": "skip_field"},
    {"dest": "stage", "source": {"type": "literal", "value": None}, "on_error": "skip_field"},
    {
        "dest": "brand_new",
        "source": {"type": "path", "value": "x"},
        "transforms": [
            {"type": "to_string"},
            {"type": "default", "value": 5},
            {"type": "default", "value": None},
            {"type": "default", "value": "none"},
            {"type": "to_date", "timezone": "Europe/Berlin"},
            {"type": "to_datetime"},
            {"type": "substring", "start": 1},
            {"type": "substring", "start": 0, "length": 2},
        ],
        "on_error": "skip_field",
    },
]


def test_whatever_was_stored_comes_back_from_the_form_as_it_was(acme: Vendor, account: Connection) -> None:
    stored = save(
        account,
        schema={"schema_version": 1, "fields": EVERYTHING, "meta": {"name": "M", "notes": "kept"}},
        actor="api",
    )
    portal = enter(acme)
    shown = values(portal.get(place(account)))
    assert portal.post(place(account), shown).status_code == 204
    assert Mapping.objects.get() == stored, "saying the same makes no version"
    shown["m-3-text"] = ["6"]
    assert portal.post(place(account), shown).status_code == 204
    assert Mapping.objects.latest("number").schema["fields"][2]["source"]["value"] == "6"


def test_two_fields_of_one_name_are_told_apart(acme: Vendor, account: Connection) -> None:
    read_fields(account, *FIELDS, Entry("email2", "Email", {}), Entry("x", "firstname", {}))
    page = visit(acme, place(account)).content.decode()
    for name in ("Email (email)", "Email (email2)", "firstname (x)", "First name"):
        assert f'<option value="{name}">' in page
    schema = saved(enter(acme), account, row(1, "Email (email2)", path="a"), row(2, "first NAME", path="b"))
    assert [one["dest"] for one in schema["fields"]] == ["email2", "firstname"]


def test_who_comes_second_is_told_and_keeps_what_was_typed(acme: Vendor, account: Connection) -> None:
    store(account, EVERYTHING[0])
    answer = enter(acme).post(place(account), form(row(1, "Email", path="mine"), version="0"))
    assert answer.status_code == 409
    assert "version 1 meanwhile" in words(answer)
    page = answer.content.decode()
    assert 'value="mine"' in page
    assert 'name="version" value="0"' in page
    assert Mapping.objects.count() == 1


# --------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("more", "control", "said"),
    [
        (row(3, "", path="a"), "m-3-dest", "Choose the field that is filled."),
        (row(3, "d" * 129, path="a"), "m-3-dest", "129 of at most 128"),
        (row(3, "email", path="a"), "m-3-dest", "A row above fills this field already"),
        (row(3, "stage", path=""), "m-3-path", "Choose the event's field"),
        (row(3, "stage", path="a b"), "m-3-path", "such as user.email"),
        (row(3, "stage", path="a, b, c, d, e, f, g"), "m-3-path", "several with commas"),
        (row(3, "stage", **{"from": "literal"}), "m-3-text", "Write the text"),
        (row(3, "stage", **{"from": "literal", "text": "t" * 257}), "m-3-text", "The text is too long: 257"),
        (row(3, "stage", path="a", notes="n" * 1025), "m-3-notes", "The note is too long"),
        (
            {**row(3, "stage", path="a", step="7"), "m-3-s-7-kind": "to_date", "m-3-s-7-zone": "Berlin"},
            "m-3-s-7-zone",
            "The time zone must be",
        ),
        ({**row(3, "stage", path="a", step="7"), "m-3-s-7-kind": "default"}, "m-3-s-7-value", "that is taken instead"),
        (
            {**row(3, "stage", path="a", step="7"), "m-3-s-7-kind": "substring", "m-3-s-7-start": "two"},
            "m-3-s-7-start",
            "must be a whole number",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_fault_stands_beside_its_field(
    acme: Vendor, account: Connection, more: dict[str, Any], control: str, said: str
) -> None:
    answer = enter(acme).post(place(account), form(row(1, "email", path="kept.path"), more))
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    found = re.search(rf'id="error-{control}">(.*?)</p>', page)
    assert found, words(answer)
    assert said in found[1]
    assert f'href="#{control}"' in page
    assert f'id="{control}"' in page
    assert re.search(rf'aria-describedby="[^"]*error-{control}"', page)
    assert 'value="kept.path"' in page
    assert not Mapping.objects.exists()


def test_a_field_that_is_needed_is_not_emptied(acme: Vendor, account: Connection) -> None:
    answer = enter(acme).post(place(account), form(row(1, "Email", **{"from": "nothing"})))
    assert answer.status_code == 422
    assert "Email cannot be emptied: a record is found by it." in words(answer)
    assert 'id="error-m-1-from"' in answer.content.decode()
    assert not Mapping.objects.exists()


def test_a_long_text_is_judged_and_kept_whole(acme: Vendor, account: Connection) -> None:
    text = "t" * 4_321
    answer = enter(acme).post(place(account), form(row(1, "stage", text=text, **{"from": "literal"})))
    assert "4321 of at most 256" in words(answer)
    assert f'value="{text}"' in answer.content.decode()


def test_a_fault_opens_nothing_it_does_not_have_to_and_hides_nothing(acme: Vendor, account: Connection) -> None:
    more = {**row(1, "stage", path="a", step="1"), "m-1-s-1-kind": "to_date", "m-1-s-1-zone": "Berlin"}
    page = enter(acme).post(place(account), form(more)).content.decode()
    assert '<details id="m-1-more" open>' in page


# --------------------------------------------------------------------------- rows


def test_a_row_is_added_removed_and_begun_anew(acme: Vendor, account: Connection) -> None:
    portal = enter(acme)
    typed = form(row(1, "Email", path="a"), row(4, "stage", path="b"))
    added = portal.post(place(account, "/rows"), {**typed, "asked": "add"})
    page = added.content.decode()
    assert "<main" not in page
    assert added["HX-Trigger-After-Swap"] == "redrawn"
    assert re.search(r'id="m-5-dest"[^>]*data-next', page)
    assert 'name="m-4-path" value="b"' in page
    removed = portal.post(place(account, "/rows"), {**typed, "asked": "remove-1"}).content.decode()
    assert "m-1-dest" not in removed
    assert 'name="m-4-path" value="b"' in removed
    usual = portal.post(place(account, "/rows"), {**typed, "asked": "usual"}).content.decode()
    assert 'name="m-1-path" value="email, user.email"' in usual
    assert 'name="m-2-path" value="first_name"' in usual
    assert not Mapping.objects.exists()


def test_a_change_on_the_way_is_added_and_taken_out(acme: Vendor, account: Connection) -> None:
    portal = enter(acme)
    typed = form({**row(1, "Email", path="a", step="1", add="default"), "m-1-s-1-kind": "trim"})
    added = portal.post(place(account, "/rows"), {**typed, "asked": "step-1"}).content.decode()
    assert 'name="m-1-s-1-kind" value="trim"' in added
    assert 'name="m-1-s-2-kind" value="default"' in added
    assert '<details id="m-1-more" open>' in added
    assert re.search(r'id="m-1-s-2-value"[^>]*data-next', added)
    out = portal.post(place(account, "/rows"), {**typed, "asked": "unstep-1-1"}).content.decode()
    assert "m-1-s-1-kind" not in out


@pytest.mark.parametrize(
    "asked", ["", "odd", "remove-9", "step-1", "unstep-1", "add-3", "remove-", "step-x", "add-1-1"]
)
def test_a_button_that_nobody_knows_changes_nothing(acme: Vendor, account: Connection, asked: str) -> None:
    typed = form(row(1, "Email", path="a", add="explode"))
    page = enter(acme).post(place(account, "/rows"), {**typed, "asked": asked}).content.decode()
    assert page.count('name="row"') == 1


def test_what_was_posted_in_bad_faith_is_bounded(acme: Vendor, account: Connection) -> None:
    numbers = [str(n) for n in range(1, 900)]
    page = enter(acme).post(place(account, "/rows"), {"row": [*numbers, "x", "0", "9" * 50], "asked": "add"})
    assert page.content.decode().count('name="row"') == 250
    odd = form(row(1, "a\0b", path="x", **{"from": "odd"}, on_error="odd", step="1"))
    assert "a\ufffdb" in enter(acme).post(place(account, "/rows"), odd).content.decode()


# --------------------------------------------------------------------------- showing


def test_before_anything_is_stored_the_usual_fields_are_shown(acme: Vendor, account: Connection) -> None:
    answer = visit(acme, place(account))
    page = answer.content.decode()
    assert "Nobody has changed it yet" in words(answer)
    assert 'name="m-1-dest" value="Email"' in page
    assert 'name="m-1-path" value="email, user.email"' in page
    assert '<option value="fail_action" selected>' in page
    assert '<option value="Score">' not in page, "it is read-only"
    assert "one of a list: New lead, Customer" in page


def test_the_version_in_force_is_told(acme: Vendor, account: Connection) -> None:
    store(account, EVERYTHING[0])
    answer = visit(acme, place(account))
    assert "Version 1, saved by Ann" in words(answer)
    assert 'name="version" value="1"' in answer.content.decode()


def test_what_will_probably_not_work_is_told_beside_it(acme: Vendor, account: Connection) -> None:
    store(account, {"dest": "gone", "source": {"type": "path", "value": "a"}})
    said = words(visit(acme, place(account)))
    assert "Names no field that the destination lists" in said
    assert "Has nothing for Email, by which a record is found." in said


def test_before_the_fields_were_read_it_says_so_and_works(acme: Vendor) -> None:
    unread = make_crm(acme.workspace, read=False)
    assert "have not been read from Crm yet" in words(visit(acme, place(unread)))
    assert saved(enter(acme), unread, row(1, "anything", path="a"))["fields"][0]["dest"] == "anything"


def test_a_mapping_of_another_version_does_not_break_the_page(acme: Vendor, account: Connection) -> None:
    store(account, EVERYTHING[0])
    Mapping.objects.update(schema={"fields": 5})
    assert 'name="m-1-path" value="email, user.email"' in visit(acme, place(account)).content.decode()


def test_a_viewer_reads_it_and_cannot_change_it(acme: Vendor, account: Connection) -> None:
    store(account, *EVERYTHING)
    portal = enter(acme, role="viewer")
    said = words(portal.get(place(account)))
    assert "Email a.b, c" in said
    assert "send nothing at all" in said
    assert "Save" not in said.replace("Save a contact", "").replace("saved", "")
    for rest in ("", "/rows", "/fields"):
        assert portal.post(place(account, rest), form(row(1, "Email", path="stolen"))).status_code == 403
    assert Mapping.objects.count() == 1


def test_a_session_of_one_resource_sees_no_mapping(acme: Vendor, account: Connection) -> None:
    portal = enter(acme, session_type=SessionType.RESOURCE, resource="disk", resource_id="7")
    assert portal.get(place(account)).status_code == 403
    for rest in ("", "/rows", "/fields", "/preview"):
        assert portal.post(place(account, rest), form()).status_code == 403


@pytest.mark.parametrize("rest", ["", "/rows", "/fields", "/preview"])
def test_a_strangers_mapping_is_not_there(acme: Vendor, globex: Vendor, account: Connection, rest: str) -> None:
    portal = enter(globex)
    for id in (account.id, STRANGE_ID):
        assert portal.post(f"/workspace/connections/{id}/mapping{rest}", form()).status_code == 404


def test_a_destination_without_records_says_so(acme: Vendor) -> None:
    answer = visit(acme, place(acme.connection))
    assert answer.status_code == 409
    assert "nothing is mapped for it" in words(answer)


def test_the_page_of_a_connection_leads_there_if_it_has_records(acme: Vendor, account: Connection) -> None:
    def page(connection: Connection, role: str = "owner") -> str:
        return visit(acme, f"/workspace/connections/{connection.id}", role=role).content.decode()

    assert page(account).count(f'href="{place(account)}"') == 1
    assert "See and change it" in page(account)
    assert "See it" in page(account, "viewer")
    assert "/mapping" not in page(acme.connection)
