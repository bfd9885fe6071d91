from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from connections import names
from connections.models import Connection, Recipient
from connections.registry import all_providers
from rules.models import Rule
from tests.calling import STRANGE_ID, fault, params, read, walk
from tests.hostile import urls
from tests.json_cases import INVALID, OPEN, VALID
from tests.world import Vendor, make_connection, make_rule
from workspaces.models import AuditEntry, Workspace

HOOK = "https://hooks.example.com/in"
SHOWN = {
    "id", "workspace", "type", "name", "metadata", "active", "inactive_reason", "hidden", "retry_delays",
    "recipients", "renewal_trouble",
    "created_by", "created_at", "updated_at",
}  # fmt: skip


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Names that are known, with their address."""
    known: dict[str, str] = {"hooks.example.com": "93.184.215.14"}

    def ask(name: str) -> list[str]:
        if name.rstrip(".") not in known:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [known[name.rstrip(".")]]

    monkeypatch.setattr(names, "ask_resolver", ask)
    return known


def wanted(vendor: Vendor, kind: str = "webhook", **metadata: Any) -> dict[str, Any]:
    told = {"url": HOOK, **metadata} if kind == "webhook" else metadata
    return {"workspace": str(vendor.workspace.id), "type": kind, "name": f"A {kind}", "metadata": told}


def create(vendor: Vendor, kind: str = "webhook", **metadata: Any) -> dict[str, Any]:
    return dict(read(vendor.machine.post("/connections", wanted(vendor, kind, **metadata)), 201))


# --------------------------------------------------------------------------- create


def test_a_webhook_is_plugged_in_and_its_signing_secret_revealed_once(acme: Vendor, resolves: dict[str, str]) -> None:
    made = create(acme)
    shown = made["connection"]
    assert set(shown) == SHOWN
    assert (shown["type"], shown["active"], shown["inactive_reason"], shown["hidden"]) == ("webhook", True, None, False)
    assert shown["metadata"]["url"] == HOOK
    assert made["warnings"] == []
    (secret,) = made["revealed"].values()
    assert secret.startswith("whsec_")
    again = acme.machine.get(f"/connections/{shown['id']}")
    assert read(again) == shown
    assert secret not in again.content.decode()
    assert Connection.objects.get(id=shown["id"]).unseal_values("credentials") == made["revealed"]
    assert AuditEntry.objects.filter(subject=shown["id"], verb="connection.created").count() == 1


@pytest.mark.parametrize("kind", ["webhook", "capture", "email"])
def test_every_kind_that_needs_no_sign_in_can_be_made(acme: Vendor, resolves: dict[str, str], kind: str) -> None:
    metadata = {"recipients": ["ann@acme.example"]} if kind == "email" else {}
    assert create(acme, kind, **metadata)["connection"]["type"] == kind


def test_what_is_signed_in_to_is_not_made_here(acme: Vendor) -> None:
    assert "portal" in fault(acme.machine.post("/connections", wanted(acme, "slack")), 422)["message"]


@pytest.mark.parametrize("kind", ["", "pigeon", "WEBHOOK", "../webhook", "provider"])
def test_an_unknown_kind_is_400_and_names_those_there_are(acme: Vendor, kind: str) -> None:
    detail = fault(acme.machine.post("/connections", wanted(acme, kind)), 400)
    assert detail["data"][0]["param"] == "type"
    assert all(slug in detail["message"] for slug in all_providers())


def test_other_names_of_a_kind_are_understood(acme: Vendor) -> None:
    for slug, provider in all_providers().items():
        for alias in provider.aliases:
            answer = acme.machine.post("/connections", wanted(acme, alias))
            assert answer.status_code in (201, 422)
            assert answer.status_code == 422 or read(answer, 201)["connection"]["type"] == slug


@pytest.mark.parametrize(
    ("more", "status", "param"),
    [
        ({"name": ""}, 400, "name"),
        ({"name": "x" * 129}, 400, "name"),
        ({"name": None}, 400, "name"),
        ({"workspace": "mine"}, 400, "workspace"),
        ({"metadata": []}, 400, "metadata"),
        ({"metadata": "url"}, 400, "metadata"),
        ({"hidden": "perhaps"}, 400, "hidden"),
        ({"hidden": 1}, 400, "hidden"),
        ({"metadata": {}}, 422, "url"),
        ({"metadata": {"url": ""}}, 422, "url"),
        ({"metadata": {"url": 5}}, 422, "url"),
        ({"metadata": {"url": ["https://a.example"]}}, 422, "url"),
        ({"metadata": {"url": HOOK, "adress": "x"}}, 422, "adress"),
        ({"metadata": {"url": HOOK, "http_method": "GET"}}, 422, "http_method"),
        ({"metadata": {"url": HOOK, "payload_mode": 5}}, 422, "payload_mode"),
        ({"metadata": {"url": HOOK, "headers": ["a"]}}, 422, "headers"),
        ({"metadata": {"url": HOOK, "headers": {"a": 5}}}, 422, "headers"),
        ({"metadata": {"url": HOOK, "headers": {"Host": "x"}}}, 422, "headers"),
        ({"metadata": {"url": HOOK, "headers": {"A": "x" * 2_001}}}, 422, "headers"),
        ({"metadata": {"url": HOOK, "headers": {"A": "x\r\nB: y"}}}, 422, "headers"),
        ({"metadata": {"url": HOOK, "auth_scheme": "bearer"}}, 422, "token"),
        ({"metadata": {"url": HOOK, "auth_scheme": "bearer", "token": 5}}, 422, "token"),
        ({"metadata": {"url": HOOK, "auth_scheme": "none", "token": {"a": 1}}}, 422, "token"),
        ({"metadata": {"url": HOOK, "auth_scheme": "none", "username": "x" * 2_001}}, 422, "username"),
        ({"metadata": {"url": HOOK, "auth_scheme": "basic", "username": "a"}}, 422, "password"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(
    acme: Vendor, resolves: dict[str, str], more: dict[str, Any], status: int, param: str
) -> None:
    assert params(acme.machine.post("/connections", {**wanted(acme), **more}), status) == [param]
    assert Connection.objects.count() == 1


def test_every_wrong_field_is_named_at_once(acme: Vendor) -> None:
    metadata = {"http_method": "GET", "payload_mode": "odd", "auth_scheme": "bearer"}
    told = params(acme.machine.post("/connections", wanted(acme) | {"metadata": metadata}), 422)
    assert told == ["url", "http_method", "payload_mode", "token"]
    told = params(acme.machine.post("/connections", wanted(acme, colour="red", size=5)), 422)
    assert told == ["colour", "size"]


def test_an_unknown_field_is_answered_with_those_there_are(acme: Vendor) -> None:
    detail = fault(acme.machine.post("/connections", wanted(acme, adress="x")), 422)
    assert "url" in detail["message"]
    assert "adress" in detail["message"]
    assert "it has none" in fault(acme.machine.post("/connections", wanted(acme, "capture", url="x")), 422)["message"]


# --------------------------------------------------------------------------- addresses


def test_an_address_on_the_inside_is_never_saved(acme: Vendor, resolves: dict[str, str]) -> None:
    machine = acme.machine
    for url in sorted(urls(port=443))[::23]:
        assert machine.post("/connections", wanted(acme, url=url)).status_code in (400, 422), url
    assert Connection.objects.count() == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "100.64.0.1", "0.0.0.0"])  # noqa: S104
def test_a_name_that_leads_inside_is_refused(acme: Vendor, resolves: dict[str, str], address: str) -> None:
    resolves["inside.example.com"] = address
    detail = fault(acme.machine.post("/connections", wanted(acme, url="https://inside.example.com/")), 422)
    assert detail["data"][0]["param"] == "url"
    assert address not in detail["message"]


def test_a_name_that_does_not_resolve_is_saved_with_a_warning(acme: Vendor, resolves: dict[str, str]) -> None:
    made = create(acme, url="https://not-yet.example.com/in")
    (warning,) = made["warnings"]
    assert warning["param"] == "url"
    assert "not-yet.example.com" in warning["msg"]
    assert Connection.objects.filter(id=made["connection"]["id"]).exists()


# --------------------------------------------------------------------------- read


def test_connections_are_listed_page_by_page(acme: Vendor) -> None:
    made = [str(acme.connection.id), *(str(make_connection(acme.workspace, name=f"C{n}").id) for n in range(4))]
    for path in ("/connections", f"/workspaces/{acme.workspace.id}/connections"):
        assert [record["id"] for record in walk(acme.machine, path, limit=2)] == made[::-1]
    assert walk(acme.machine, f"/workspaces/{acme.staging.id}/connections") == []


def test_a_list_of_connections_asks_the_database_once_for_all_recipients(
    acme: Vendor, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        make_connection(acme.workspace, "email", recipients=[f"r{number}@acme.example"])
    machine = acme.machine
    machine.get("/workspaces")
    with django_assert_max_num_queries(2):
        machine.get("/connections")


# --------------------------------------------------------------------------- secrets


def test_no_secret_comes_back_in_any_answer(acme: Vendor, resolves: dict[str, str]) -> None:
    secrets = ["canary-password", "canary-token", "canary-value"]
    schemes = [
        {"auth_scheme": "basic", "username": "ann", "password": secrets[0]},
        {"auth_scheme": "bearer", "token": secrets[1]},
        {"auth_scheme": "header", "header_name": "X-Key", "header_value": secrets[2]},
    ]
    machine = acme.machine
    made = [create(acme, **scheme) for scheme in schemes]
    secrets += [secret for one in made for secret in one["revealed"].values()]
    answers = [json.dumps(one["connection"]).encode() for one in made]
    for one in made:
        path = f"/connections/{one['connection']['id']}"
        put = {"name": "Renamed", "metadata": one["connection"]["metadata"]}
        wrong = {"name": "Renamed", "metadata": {**put["metadata"], "http_method": "GET", "token": "canary-token"}}
        answers += [machine.get(path).content, machine.put(path, put).content, machine.put(path, wrong).content]
    for path in ("/connections", f"/workspaces/{acme.workspace.id}/connections", "/rules", "/events", "/integrations"):
        answers.append(machine.get(path).content)
    answers.append(machine.delete(f"/connections/{made[0]['connection']['id']}").content)
    answers.append(json.dumps(list(AuditEntry.objects.values_list("detail", flat=True))).encode())
    assert not [secret for secret in secrets for answer in answers if secret.encode() in answer]


# --------------------------------------------------------------------------- change


def test_a_put_changes_name_and_metadata_and_keeps_the_secrets(acme: Vendor, resolves: dict[str, str]) -> None:
    made = create(acme, auth_scheme="bearer", token="kept")
    path = f"/connections/{made['connection']['id']}"
    metadata = {"url": HOOK, "auth_scheme": "bearer", "http_method": "PUT"}
    changed = read(acme.machine.put(path, {"name": "Renamed", "metadata": metadata, "hidden": True}))
    assert (changed["name"], changed["hidden"], changed["metadata"]["http_method"]) == ("Renamed", True, "PUT")
    assert changed == read(acme.machine.get(path))
    kept = Connection.objects.get(id=made["connection"]["id"]).unseal_values("credentials")
    assert kept == {**made["revealed"], "token": "kept"}
    assert AuditEntry.objects.filter(subject=made["connection"]["id"], verb="connection.changed").count() == 1


def test_a_put_may_bring_a_new_secret(acme: Vendor, resolves: dict[str, str]) -> None:
    made = create(acme, auth_scheme="bearer", token="old")
    metadata = {"url": HOOK, "auth_scheme": "bearer", "token": "new"}
    read(acme.machine.put(f"/connections/{made['connection']['id']}", {"name": "A", "metadata": metadata}))
    kept = Connection.objects.get(id=made["connection"]["id"]).unseal_values("credentials")
    assert kept == {**made["revealed"], "token": "new"}


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"metadata": {}}, 400, ["name"]),
        ({"name": "A"}, 400, ["metadata"]),
        ({"name": "A", "metadata": {"colour": "red"}}, 422, ["colour"]),
        ({"name": "A", "metadata": {}, "retry_delays": [0]}, 400, ["retry_delays"]),
        ({"name": "A", "metadata": {}, "retry_delays": [172_801]}, 400, ["retry_delays"]),
        ({"name": "A", "metadata": {}, "retry_delays": [1] * 21}, 400, ["retry_delays"]),
        ({"name": "A", "metadata": {}, "retry_delays": [1e300]}, 400, ["retry_delays.0"]),
        ({"name": "A", "metadata": {}, "retry_delays": [5, "5"]}, 400, ["retry_delays.1"]),
        ({"name": "A", "metadata": {}, "retry_delays": [True]}, 400, ["retry_delays.0"]),
        ({"name": "A", "metadata": {}, "active": 0}, 400, ["active"]),
        ({"name": "A", "metadata": {}, "retry_delays": "5"}, 400, ["retry_delays"]),
    ],
)
def test_a_put_that_is_wrong_changes_nothing(acme: Vendor, body: dict[str, Any], status: int, told: list[str]) -> None:
    path = f"/connections/{acme.connection.id}"
    before = read(acme.machine.get(path))
    assert params(acme.machine.put(path, body), status) == told
    assert read(acme.machine.get(path)) == before


def test_a_connection_is_switched_off_and_on(acme: Vendor) -> None:
    path, body = f"/connections/{acme.connection.id}", {"name": "A", "metadata": {}}
    off = read(acme.machine.put(path, {**body, "active": False}))
    assert (off["active"], off["inactive_reason"]) == (False, "manually_inactivated")
    assert read(acme.machine.put(path, body))["active"] is False
    on = read(acme.machine.put(path, {**body, "active": True}))
    assert (on["active"], on["inactive_reason"]) == (True, None)


def test_the_retry_schedule_of_a_connection_can_be_set_and_taken_away(acme: Vendor) -> None:
    path, body = f"/connections/{acme.connection.id}", {"name": "A", "metadata": {}}
    assert read(acme.machine.put(path, {**body, "retry_delays": [5, 60]}))["retry_delays"] == [5, 60]
    assert read(acme.machine.put(path, body))["retry_delays"] == [5, 60]
    assert read(acme.machine.put(path, {**body, "retry_delays": None}))["retry_delays"] is None


def test_a_connection_that_was_signed_in_to_can_be_renamed(acme: Vendor) -> None:
    slack = Connection.objects.create(
        organization=acme.organization,
        workspace=acme.workspace,
        provider="slack",
        name="Slack",
        settings={"team_id": "T0ACME"},
        created_by="test",
    )
    changed = read(acme.machine.put(f"/connections/{slack.id}", {"name": "Renamed", "metadata": {"team_id": "T0EVIL"}}))
    assert (changed["name"], changed["metadata"]) == ("Renamed", {"team_id": "T0ACME"})


# --------------------------------------------------------------------------- delete


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b'{"force_delete":false}', b'{"force_delete":null}'[:0]])
def test_a_connection_in_use_is_not_deleted(acme: Vendor, body: bytes) -> None:
    path = f"/connections/{acme.connection.id}"
    assert "force_delete" in fault(acme.machine.delete(path, body), 409)["message"]
    assert Rule.objects.filter(id=acme.rule.id).exists()


def test_a_forced_delete_takes_its_rules_along(acme: Vendor) -> None:
    before = Workspace.objects.get(id=acme.workspace.id).ruleset_version
    path = f"/connections/{acme.connection.id}"
    removed = read(acme.machine.delete(path, {"force_delete": True}))
    assert removed == {"id": str(acme.connection.id), "type": "capture"}
    assert acme.machine.get(path).status_code == 404
    assert acme.machine.delete(path, {"force_delete": True}).status_code == 404
    assert not Rule.objects.filter(id=acme.rule.id).exists()
    assert Workspace.objects.get(id=acme.workspace.id).ruleset_version == before + 1
    assert AuditEntry.objects.filter(subject=str(acme.connection.id), verb="connection.deleted").count() == 1


@pytest.mark.parametrize("body", [b"", b"{}", b'{"force_delete":false}', b'{"force_delete":true}'])
def test_a_connection_that_nothing_uses_is_deleted_whatever_the_body(acme: Vendor, body: bytes) -> None:
    for spare in (make_connection(acme.workspace, name="Spare"), make_connection(acme.workspace, name="Idle")):
        if spare.name == "Idle":
            Rule.objects.filter(id=make_rule(spare).id).update(active=False)
        assert read(acme.machine.delete(f"/connections/{spare.id}", body))["id"] == str(spare.id)


@pytest.mark.parametrize("body", [b"[]", b"true", b"null", b'"force_delete"', b'{"force_delete":"yes"}', b"{", b"\xff"])
def test_a_delete_with_another_body_is_400(acme: Vendor, body: bytes) -> None:
    spare = make_connection(acme.workspace, name="Spare")
    assert acme.machine.delete(f"/connections/{spare.id}", body).status_code == 400
    assert Connection.objects.filter(id=spare.id).exists()


def test_the_recipients_go_with_their_connection(acme: Vendor) -> None:
    mail = make_connection(acme.workspace, "email", recipients=["ann@acme.example"])
    read(acme.machine.delete(f"/connections/{mail.id}"))
    assert not Recipient.objects.exists()


# --------------------------------------------------------------------------- e-mail


def test_recipients_are_shown_with_their_yes(acme: Vendor) -> None:
    made = create(acme, "email", recipients=["Ann@acme.example", "bob@acme.example"])
    assert made["connection"]["recipients"] == [
        {"address": "ann@acme.example", "confirmed": False},
        {"address": "bob@acme.example", "confirmed": False},
    ]


@pytest.mark.parametrize("written", ["ann@acme.example, bob@acme.example", "ann@acme.example;bob@acme.example\n"])
def test_recipients_may_be_written_in_one_line(acme: Vendor, written: str) -> None:
    shown = create(acme, "email", recipients=written)["connection"]
    assert [one["address"] for one in shown["recipients"]] == ["ann@acme.example", "bob@acme.example"]


@pytest.mark.parametrize(
    "recipients",
    ["nobody", ["a@b"], ["a@b.example\r\nBcc: c@d.example"], [5], {"a": 1}, ["ann@acme.example"] * 2, [], "",
     [f"r{number}@acme.example" for number in range(21)], ["x" * 300 + "@acme.example"], [None], ["a b@c.example"]],
)  # fmt: skip
def test_what_is_no_list_of_recipients_is_refused(acme: Vendor, recipients: Any) -> None:
    answer = acme.machine.post("/connections", wanted(acme, "email", recipients=recipients))
    assert "recipients" in params(answer, 422)
    assert not Recipient.objects.exists()


# --------------------------------------------------------------------------- what is not there, and hostile bodies


def test_what_is_not_there_is_404(acme: Vendor) -> None:
    for method in ("GET", "PUT", "DELETE"):
        for value in (str(STRANGE_ID), "none", "1", "%00", "..", "x" * 3_000):
            answer = acme.machine.send(method, f"/connections/{value}", {"name": "A", "metadata": {}})
            assert fault(answer, 404)["message"] == "There is nothing here.", (method, value)


def test_no_json_of_any_kind_is_a_fault(acme: Vendor) -> None:
    path = f"/connections/{acme.connection.id}"
    for kinds in (VALID, INVALID, OPEN):
        refusals = {400} if kinds is INVALID else {400, 422}
        for name, text in kinds.items():
            assert acme.machine.post("/connections", text).status_code in refusals, name
            assert acme.machine.put(path, b'{"name":"A","metadata":{"x":%s}}' % text).status_code in refusals, name
            if text.strip():
                assert acme.machine.delete(path, text).status_code in {*refusals, 409}, name


HOSTILE: list[Any] = [
    None, True, -1, 1e308, 2**400, "", "x" * 70_000, "\u202e", "'; DROP TABLE a", "{{ 7*7 }}", "%s%n", [], {},
    [[]], [None], {"": None}, {"__proto__": {}}, {"a": {"a": {"a": {}}}}, ["x"] * 1_000, "a@b.example", HOOK,
]  # fmt: skip


def test_no_value_in_any_field_is_a_fault(acme: Vendor) -> None:
    for kind in ("webhook", "email", "capture"):
        for asked in all_providers()[kind].fields:
            for value in HOSTILE:
                metadata = {asked.key: value} if kind != "webhook" else {"url": HOOK, asked.key: value}
                answer = acme.machine.post("/connections", {**wanted(acme, kind), "metadata": metadata})
                assert answer.status_code in (201, 422), (kind, asked.key, value)
    for value in HOSTILE:
        for name in ("name", "metadata", "hidden", "active", "retry_delays"):
            body = {"name": "A", "metadata": {}, name: value}
            answer = acme.machine.put(f"/connections/{acme.connection.id}", body)
            assert answer.status_code in (200, 400, 422), (name, value)


# --------------------------------------------------------------------------- the catalogue of destinations


def test_the_destinations_are_listed_page_by_page(acme: Vendor) -> None:
    found = walk(acme.machine, "/integrations", limit=2)
    assert [record["type"] for record in found] == sorted(all_providers())
    assert len(read(acme.machine.get("/integrations", limit=1))["records"]) == 1


@pytest.mark.parametrize("cursor", ["zzz", "a", "slac", "webhook0"])
def test_a_cursor_that_no_page_gave_is_400(acme: Vendor, cursor: str) -> None:
    assert params(acme.machine.get("/integrations", cursor=cursor), 400) == ["cursor"]


def test_the_destinations_say_what_they_ask_for_and_what_they_do(acme: Vendor) -> None:
    page = read(acme.machine.get("/integrations"))
    assert (page["count"], page["next_cursor"]) == (len(all_providers()), None)
    shown = {record["type"]: record for record in page["records"]}
    assert set(shown) == set(all_providers())
    for kind in shown.values():
        assert kind["authentication"]["type"] in ("api_key", "basic", "none", "oauth")
        for key, action in kind["actions"].items():
            assert action["key"] == key
            assert {"label", "noun", "fields", "display"} <= set(action)
            assert all(asked["type"] in ("text", "password", "textarea", "select") for asked in action["fields"])
        for asked in kind["authentication"]["fields"]:
            assert asked["type"] in ("text", "password", "textarea", "select")
            assert {"key", "label", "required"} <= set(asked)
    assert shown["slack"]["authentication"]["oauth"] == {"version": 2}
    fields = {asked["key"]: asked for asked in shown["webhook"]["authentication"]["fields"]}
    assert fields["url"]["validate"] == "url"
    assert fields["token"]["dependsOn"] == {"field": "auth_scheme", "value": "bearer"}
    assert {"value": "PUT", "label": "PUT"} in fields["http_method"]["options"]
