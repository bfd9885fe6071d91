"""The API of mappings, as published clients use it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connections.models import Connection, DirectoryRun
from connections.provider import Entry
from rules.models import Mapping
from tests.calling import STRANGE_ID, Caller, bearer, fault, params, read
from tests.portal import enter
from tests.rules.crm import KIND, Crm, crm, make_crm, read_fields
from tests.world import Vendor
from workspaces.ids import derive
from workspaces.models import AuditEntry

__all__ = ["crm"]
pytestmark = pytest.mark.usefixtures("crm")
SCHEMA = {"schema_version": 1, "fields": [{"dest": "email", "source": {"type": "path", "value": "mail"}}]}


@pytest.fixture
def account(acme: Vendor, crm: Crm) -> Connection:
    return make_crm(acme.workspace)


def place(connection: Connection) -> str:
    return f"/connections/{connection.id}/mappings/default"


# --------------------------------------------------------------------------- fields


def test_the_fields_are_told_in_the_wires_words(acme: Vendor, account: Connection) -> None:
    found = read(acme.machine.get(f"/connections/{account.id}/fields"))
    assert [one["key"] for one in found["fields"]] == ["email", "employees", "firstname", "stage", "score"]
    by_key = {one["key"]: one for one in found["fields"]}
    assert by_key["email"] == {
        "key": "email",
        "label": "Email",
        "type": "string",
        "constraints": {"required": True, "read_only": False, "format": "email"},
        "provider_meta": {"identifier": True},
    }
    assert by_key["score"]["constraints"]["read_only"] is True
    assert by_key["stage"]["type"] == "enum"
    assert by_key["stage"]["constraints"]["allowed_values"] == ["lead", "won"]
    assert by_key["stage"]["provider_meta"]["options"][0] == {"value": "lead", "label": "New lead"}
    assert (found["integration_type"], found["connection_id"]) == ("crm", str(account.id))
    assert (found["reading"], found["trouble"]) == (False, None)


def test_the_catalogues_version_is_another_one_exactly_when_a_field_is(acme: Vendor, account: Connection) -> None:
    first = read(acme.machine.get(f"/connections/{account.id}/fields"))["catalog_version"]
    read_fields(account)
    assert read(acme.machine.get(f"/connections/{account.id}/fields"))["catalog_version"] == first
    read_fields(account, Entry("email", "E-mail address", {"type": "email"}))
    found = read(acme.machine.get(f"/connections/{account.id}/fields"))
    assert found["catalog_version"] != first
    assert [one["key"] for one in found["fields"]] == ["email"]


def test_a_refresh_asks_for_a_new_reading_and_does_not_wait(acme: Vendor, account: Connection) -> None:
    DirectoryRun.objects.update(finished_at="2026-01-01T00:00:00Z")
    found = read(acme.machine.get(f"/connections/{account.id}/fields", refresh="true"))
    assert found["reading"] is True
    assert len(found["fields"]) == 5


def test_before_the_first_reading_it_says_when_to_ask_again(acme: Vendor) -> None:
    unread = make_crm(acme.workspace, read=False)
    answer = acme.machine.get(f"/connections/{unread.id}/fields")
    assert "first time" in fault(answer, 409)["message"]
    assert answer["Retry-After"] == "5"
    assert DirectoryRun.objects.get(connection=unread).kind == KIND
    DirectoryRun.objects.update(trouble="Crm says no.")
    assert "Crm says no." in fault(acme.machine.get(f"/connections/{unread.id}/fields"), 409)["message"]


def test_a_destination_without_records_says_so(acme: Vendor) -> None:
    for path in ("fields", "mappings/default"):
        detail = fault(acme.machine.get(f"/connections/{acme.connection.id}/{path}"), 409)
        assert detail["message"] == "Acme capture has no fields that could be filled: nothing is mapped for it."
    assert fault(acme.machine.put(place(acme.connection), {"schema": SCHEMA}), 409)


# --------------------------------------------------------------------------- what the account holds


def test_what_an_account_holds_is_told_by_list(acme: Vendor, account: Connection) -> None:
    read_fields(account, Entry("l-2", "Zebras"), Entry("l-1", "Ants"), kind="list")
    found = read(acme.machine.get(f"/connections/{account.id}/actions"))
    assert found["lists"] == [{"id": "l-1", "name": "Ants"}, {"id": "l-2", "name": "Zebras"}]
    stage = next(one for one in found["contact_fields"] if one["id"] == "stage")
    assert stage["options"] == [{"value": "lead", "label": "New lead"}, {"value": "won", "label": "Customer"}]
    told = found["completeness"]["lists"]
    assert (told["count"], told["shown"], told["complete"], told["reading"]) == (2, 2, True, False)
    assert told["refreshed_at"].endswith("Z")


def test_a_destination_that_holds_nothing_has_no_lists(acme: Vendor) -> None:
    assert read(acme.machine.get(f"/connections/{acme.connection.id}/actions")) == {"completeness": {}}


def test_a_list_that_was_not_read_is_told_as_such(acme: Vendor) -> None:
    unread = make_crm(acme.workspace, read=False)
    found = read(acme.machine.get(f"/connections/{unread.id}/actions"))
    assert found["lists"] == []
    assert (found["completeness"]["lists"]["complete"], found["completeness"]["lists"]["refreshed_at"]) == (False, None)


# --------------------------------------------------------------------------- the mapping


def test_until_one_is_stored_it_is_generated_from_the_usual_places(acme: Vendor, account: Connection) -> None:
    found = read(acme.machine.get(place(account)))
    assert found["status"] == "generated"
    assert found["mapping"]["version"] == 0
    assert found["mapping"]["mapping_id"] == str(derive(account.id, "mapping"))
    assert found["mapping"]["schema"]["fields"] == [
        {
            "dest": "email",
            "source": {"type": "path", "value": "email", "or": ["user.email"]},
            "on_error": "fail_action",
        },
        {"dest": "firstname", "source": {"type": "path", "value": "first_name"}, "on_error": "skip_field"},
    ]
    assert found["warnings"] == []
    assert not Mapping.objects.exists()


def test_before_the_fields_are_known_every_usual_field_is_in_it(acme: Vendor) -> None:
    found = read(acme.machine.get(place(make_crm(acme.workspace, read=False))))
    assert [one["dest"] for one in found["mapping"]["schema"]["fields"]] == ["email", "firstname", "nickname"]
    assert found["mapping"]["catalog_version"] is None


def test_one_that_is_stored_is_in_force_with_its_version(acme: Vendor, account: Connection) -> None:
    first = read(acme.machine.put(place(account), {"schema": SCHEMA}))
    assert (first["status"], first["mapping"]["version"], first["mapping"]["name"]) == ("stored", 1, "Default mapping")
    again = read(acme.machine.put(place(account), {"schema": {**SCHEMA, "meta": {"name": "M"}}, "name": "Ours"}))
    assert (again["mapping"]["version"], again["mapping"]["name"]) == (2, "Ours")
    assert again["mapping"]["mapping_id"] == first["mapping"]["mapping_id"]
    assert again["mapping"]["created_at"] == first["mapping"]["created_at"]
    assert again["mapping"]["created_by"] == acme.machine_key.access_key
    assert read(acme.machine.get(place(account))) == again
    assert Mapping.objects.get(number=1).schema == SCHEMA
    assert AuditEntry.objects.filter(verb="mapping.saved", subject=str(account.id)).count() == 2


def test_saying_the_same_again_makes_no_version(acme: Vendor, account: Connection) -> None:
    first = read(acme.machine.put(place(account), {"schema": SCHEMA}))
    assert read(acme.machine.put(place(account), {"schema": SCHEMA, "expected_version": 0})) == first
    assert Mapping.objects.count() == 1


def test_the_older_form_is_taken_and_told_in_todays(acme: Vendor, account: Connection) -> None:
    old = {"dest": "email", "source": {"type": "path", "path": "$.payload.mail"}}
    found = read(acme.machine.put(place(account), {"schema": {"schema_version": 1, "fields": [old]}}))
    assert found["mapping"]["schema"] == SCHEMA


@pytest.mark.parametrize("expected", [1, 3])
def test_whoever_has_not_read_the_newest_is_told(acme: Vendor, account: Connection, expected: int) -> None:
    for number in range(2):
        read(acme.machine.put(place(account), {"schema": {**SCHEMA, "meta": {"name": str(number)}}}))
    answer = acme.machine.put(place(account), {"schema": SCHEMA, "expected_version": expected})
    assert "version 2 meanwhile" in fault(answer, 409)["message"]
    assert Mapping.objects.count() == 2
    read(acme.machine.put(place(account), {"schema": SCHEMA, "expected_version": 2}))


def test_every_fault_of_a_schema_is_named(acme: Vendor, account: Connection) -> None:
    fields = [{"dest": "", "source": {"type": "path", "value": "a b"}}, {"dest": "x"}]
    answer = acme.machine.put(place(account), {"schema": {"schema_version": 1, "fields": fields}, "name": ""})
    wanted = ["schema.fields[0].dest", "schema.fields[0].source.value", "schema.fields[1]", "name"]
    assert params(answer, 422) == wanted
    assert params(acme.machine.put(place(account), {"schema": 5}), 422) == ["schema"]
    assert not Mapping.objects.exists()


def test_a_field_that_is_needed_is_not_emptied(acme: Vendor, account: Connection) -> None:
    row = {"dest": "email", "source": {"type": "literal", "value": None}}
    answer = acme.machine.put(place(account), {"schema": {"schema_version": 1, "fields": [row]}})
    assert params(answer, 422) == ["schema.fields[0].source.value"]
    assert not Mapping.objects.exists()


def test_what_will_probably_not_work_is_stored_with_a_warning(acme: Vendor, account: Connection) -> None:
    fields = [{"dest": "brand_new", "source": {"type": "path", "value": "a"}}]
    found = read(acme.machine.put(place(account), {"schema": {"schema_version": 1, "fields": fields}}))
    assert [one["param"] for one in found["warnings"]] == ["schema.fields[0].dest", "schema.fields"]
    assert Mapping.objects.count() == 1


def test_the_ids_that_clients_send_along_must_be_its_own(acme: Vendor, globex: Vendor, account: Connection) -> None:
    shown = read(acme.machine.get(place(account)))["mapping"]
    for name, foreign in (("workspace_id", globex.workspace.id), ("mapping_id", STRANGE_ID)):
        answer = acme.machine.put(place(account), {"schema": SCHEMA, name: str(foreign)})
        assert params(answer, 404) == [name]
    own = {name: shown[name] for name in ("workspace_id", "mapping_id")}
    read(acme.machine.put(place(account), {"schema": SCHEMA, **own}))


@pytest.mark.parametrize("body", [{}, {"schema": SCHEMA, "expected_version": -1}, {"schema": SCHEMA, "name": 5}, []])
def test_a_body_of_the_wrong_shape_is_400(acme: Vendor, account: Connection, body: Any) -> None:
    assert fault(acme.machine.put(place(account), body), 400)


@pytest.mark.parametrize("path", ["actions", "fields", "mappings/default"])
def test_a_strangers_account_is_not_there(acme: Vendor, globex: Vendor, account: Connection, path: str) -> None:
    theirs = globex.machine.get(f"/connections/{account.id}/{path}")
    nobodys = globex.machine.get(f"/connections/{STRANGE_ID}/{path}")
    assert (theirs.status_code, theirs.content) == (404, nobodys.content)


def test_a_portal_session_reads_and_stores_what_its_pages_would_let_it(acme: Vendor, account: Connection) -> None:
    member = bearer(enter(acme, role="member", external_user_id="ann").token)
    assert len(read(member.get(f"/connections/{account.id}/fields"))["fields"]) == 5
    assert read(member.get(f"/connections/{account.id}/actions"))["completeness"]
    stored = read(member.put(place(account), {"schema": SCHEMA}))
    assert (stored["mapping"]["version"], stored["status"]) == (1, "stored")
    assert AuditEntry.objects.get(verb="mapping.saved").actor == "ann"
    viewer = bearer(enter(acme, role="viewer").token)
    assert read(viewer.get(place(account)))["mapping"]["version"] == 1
    assert fault(viewer.put(place(account), {"schema": SCHEMA}), 403)


def test_a_session_about_one_resource_chooses_from_lists_and_changes_no_mapping(
    acme: Vendor, account: Connection
) -> None:
    """A mapping is for every rule of the workspace; its editor may offer the lists for its own rules."""
    caller = bearer(enter(acme, session_type="resource", resource="disk", resource_id="d-1").token)
    assert read(caller.get(f"/connections/{account.id}/actions"))["completeness"]
    for answer in (
        caller.get(f"/connections/{account.id}/fields"),
        caller.get(place(account)),
        caller.put(place(account), {"schema": SCHEMA}),
    ):
        assert fault(answer, 403)
    assert not Mapping.objects.exists()


def test_what_the_vendor_hides_has_no_fields_for_a_portal_session(acme: Vendor, account: Connection) -> None:
    Connection.objects.filter(id=account.id).update(hidden=True)
    caller = bearer(enter(acme).token)
    for path in ("/actions", "/fields", "/mappings/default"):
        assert fault(caller.get(f"/connections/{account.id}{path}"), 404)
    assert fault(caller.put(place(account), {"schema": SCHEMA}), 404)


def test_a_mapping_goes_with_its_connection(acme: Vendor, account: Connection) -> None:
    read(acme.machine.put(place(account), {"schema": SCHEMA}))
    account.delete()
    assert not Mapping.objects.exists()


def test_the_schema_is_published(nobody: Caller, db: None) -> None:
    found = read(nobody.get("/mapping-schema"))
    Draft202012Validator.check_schema(found)
    assert Draft202012Validator(found).is_valid(SCHEMA)
