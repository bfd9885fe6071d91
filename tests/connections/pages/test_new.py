"""Connecting by a form: every kind of field, every fault beside its field, and secrets that are shown once."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from connections.models import Connection, Recipient
from connections.provider import Inactive
from tests.calling import STRANGE_ID
from tests.connections.vendor import make_slack
from tests.portal import enter, visit, words
from tests.world import Vendor, make_connection

NEW = "/workspace/connections/new"
WEBHOOK = {"name": "Bridge", "in-url": "https://hooks.example.com/in"}


def newest(vendor: Vendor) -> Connection:
    found: Connection = Connection.objects.for_workspace(vendor.workspace.id).latest("id")
    return found


def save(vendor: Vendor, connection: Connection, form: dict[str, Any]) -> HttpResponse:
    return enter(vendor).post(f"/workspace/connections/{connection.id}/settings", form)


# --------------------------------------------------------------------------- the form


def test_every_kind_of_field_has_its_control(acme: Vendor) -> None:
    text = visit(acme, f"{NEW}/webhook").content.decode()
    assert 'name="in-url" type="url"' in text
    assert '<select id="in-auth_scheme"' in text
    assert 'id="in-password" name="in-password" type="password"' in text
    assert 'data-when="in-auth_scheme=basic"' in text
    assert text.count('name="in-headers-name"') == 2
    assert '<textarea id="in-recipients"' in visit(acme, f"{NEW}/email").content.decode()


def test_a_webhook_is_connected_and_its_secret_shown_once(acme: Vendor) -> None:
    page = enter(acme).post(f"{NEW}/webhook", WEBHOOK)
    connection = newest(acme)
    secret = connection.unseal_values("credentials")["signing_secret"]
    assert page.status_code == 200
    assert secret in page.content.decode()
    assert "Copy it now: it is not shown again." in words(page)
    assert (connection.name, connection.settings["url"]) == ("Bridge", "https://hooks.example.com/in")
    for path in ("", "/settings", "/lately"):
        assert secret not in visit(acme, f"/workspace/connections/{connection.id}{path}").content.decode()


def test_it_leads_on_to_a_rule(acme: Vendor) -> None:
    page = enter(acme).post(f"{NEW}/capture", {"name": "Keeper"})
    assert f"/workspace/rules/new?connection={newest(acme).id}" in page.content.decode()


def test_a_warning_does_not_stop_the_save_and_is_shown(acme: Vendor) -> None:
    page = enter(acme).post(f"{NEW}/webhook", WEBHOOK)
    assert "could not be found. It is saved all the same" in words(page)


def test_recipients_are_typed_one_on_a_line(acme: Vendor) -> None:
    page = enter(acme).post(f"{NEW}/email", {"name": "Mail", "in-recipients": "ann@acme.example\r\nbob@acme.example"})
    assert "We are mailing 2 people a question." in words(page)
    rows = Recipient.objects.filter(connection=newest(acme)).order_by("address")
    assert [row.address for row in rows] == ["ann@acme.example", "bob@acme.example"]


def test_headers_are_rows_of_name_and_value(acme: Vendor) -> None:
    rows = {"in-headers-name": ["X-One", "", "X-Two"], "in-headers-value": ["1", "", "2"]}
    enter(acme).post(f"{NEW}/webhook", {**WEBHOOK, **rows})
    assert newest(acme).settings["headers"] == {"X-One": "1", "X-Two": "2"}


@pytest.mark.parametrize(
    ("slug", "form", "id", "said"),
    [
        ("webhook", {"name": ""}, "name", "The name is missing."),
        ("webhook", {"name": "n" * 129}, "name", "at most 128 characters"),
        ("webhook", {"name": "a\0b"}, "name", "cannot be stored"),
        ("webhook", {"in-url": ""}, "in-url", "Address is missing."),
        ("webhook", {"in-url": "ftp://hooks.example.com"}, "in-url", ""),
        ("webhook", {"in-http_method": "GET"}, "in-http_method", "Method must be one of"),
        ("webhook", {"in-auth_scheme": "basic", "in-password": "p"}, "in-username", "User name is missing."),
        ("webhook", {"in-auth_scheme": "bearer"}, "in-token", "Token is missing."),
        ("webhook", {"in-headers-name": "Host", "in-headers-value": "x"}, "in-headers", "'Host' is set by us."),
        (
            "webhook",
            {"in-headers-name": "webhook-id", "in-headers-value": "x"},
            "in-headers",
            "cannot be saved yet 'webhook-id' is set by us.",
        ),
        ("webhook", {"in-headers-name": "", "in-headers-value": "x"}, "in-headers", "Name the header that has"),
        (
            "webhook",
            {"in-headers-name": ["X-A", "x-a"], "in-headers-value": ["1", "2"]},
            "in-headers",
            "'x-a' is there twice.",
        ),
        ("email", {"in-recipients": ""}, "in-recipients", "Recipients is missing."),
        ("email", {"in-recipients": "nobody"}, "in-recipients", "is no address."),
    ],
)
def test_a_fault_stands_beside_its_field(acme: Vendor, slug: str, form: dict[str, Any], id: str, said: str) -> None:
    before = Connection.objects.count()
    page = enter(acme).post(f"{NEW}/{slug}", {**(WEBHOOK if slug == "webhook" else {"name": "Mail"}), **form})
    text = page.content.decode()
    assert page.status_code == 422
    assert f'<a href="#{id}" hx-boost="false">' in text
    assert said in f"cannot be saved yet {words(page).partition('This cannot be saved yet ')[2]}"
    assert f'id="error-{id}"' in text
    assert f'id="{id}"' in text
    assert 'aria-invalid="true"' in text
    assert Connection.objects.count() == before


def test_what_was_typed_is_still_there_but_for_secrets(acme: Vendor) -> None:
    typed = {"name": "Bridge", "in-auth_scheme": "basic", "in-username": "ann", "in-password": "top-secret-canary"}
    page = enter(acme).post(f"{NEW}/webhook", {**typed, "in-headers-name": "X-A", "in-headers-value": "kept"})
    text = page.content.decode()
    for kept in ('value="Bridge"', 'value="ann"', 'value="X-A"', 'value="kept"', '<option value="basic" selected>'):
        assert kept in text
    assert "top-secret-canary" not in text


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_connect_is_refused(acme: Vendor, role: str) -> None:
    portal, before = enter(acme, role=role), Connection.objects.count()
    assert portal.get(f"{NEW}/webhook").status_code == 403
    assert portal.post(f"{NEW}/webhook", WEBHOOK).status_code == 403
    assert portal.get(f"/workspace/connections/{acme.connection.id}/settings").status_code == 403
    assert portal.post(f"/workspace/connections/{acme.connection.id}/settings", {"name": "X"}).status_code == 403
    assert Connection.objects.count() == before


def test_an_unknown_provider_is_no_page(acme: Vendor) -> None:
    assert visit(acme, f"{NEW}/carrier-pigeon").status_code == 404


# --------------------------------------------------------------------------- changing it


def test_a_secret_that_is_left_empty_stays(acme: Vendor) -> None:
    hook = make_connection(acme.workspace, "webhook", auth_scheme="bearer", token="token-canary-1")
    path = f"/workspace/connections/{hook.id}/settings"
    shown = visit(acme, path).content.decode()
    assert "token-canary-1" not in shown
    assert "Leave empty to keep the one that is stored" in shown
    form = {"name": "Renamed", "in-url": hook.settings["url"], "in-auth_scheme": "bearer", "in-token": ""}
    save(acme, hook, form)
    hook.refresh_from_db()
    assert (hook.name, hook.unseal_values("credentials")["token"]) == ("Renamed", "token-canary-1")
    save(acme, hook, {**form, "in-token": "token-canary-2"})
    hook.refresh_from_db()
    assert hook.unseal_values("credentials")["token"] == "token-canary-2"


def test_an_account_is_renamed_and_keeps_what_was_learnt_of_it(acme: Vendor) -> None:
    slack = make_slack(acme.workspace)
    answer = save(acme, slack, {"name": "On call"})
    assert answer.status_code == 204
    before = slack.settings
    slack.refresh_from_db()
    assert (slack.name, slack.settings) == ("On call", before)


def test_a_fault_in_a_change_leaves_all_as_it_was(acme: Vendor) -> None:
    hook = make_connection(acme.workspace, "webhook")
    page = save(acme, hook, {"name": "Other", "in-url": "nonsense"})
    assert page.status_code == 422
    assert Connection.objects.get(id=hook.id).name == hook.name


def test_mending_a_receiver_that_is_gone_switches_it_on_again(acme: Vendor) -> None:
    hook = make_connection(acme.workspace, "webhook")
    Connection.objects.filter(id=hook.id).update(active=False, inactive_reason=Inactive.ENDPOINT_GONE)
    assert 'name="switch_on"' in visit(acme, f"/workspace/connections/{hook.id}/settings").content.decode()
    save(acme, hook, {"name": "Hook", "in-url": "https://hooks.example.com/new", "switch_on": "true"})
    hook.refresh_from_db()
    assert (hook.active, hook.inactive_reason) == (True, "")


def test_a_connection_that_is_off_stays_so_unless_asked(acme: Vendor) -> None:
    hook = make_connection(acme.workspace, "webhook")
    Connection.objects.filter(id=hook.id).update(active=False, inactive_reason=Inactive.ENDPOINT_GONE)
    save(acme, hook, {"name": "Hook", "in-url": "https://hooks.example.com/new"})
    assert not Connection.objects.get(id=hook.id).active


def test_strangers_connections_cannot_be_changed(acme: Vendor, globex: Vendor) -> None:
    for id in (globex.connection.id, STRANGE_ID):
        assert visit(acme, f"/workspace/connections/{id}/settings").status_code == 404
        answer = enter(acme).post(f"/workspace/connections/{id}/settings", {"name": "Stolen"})
        assert answer.status_code == 404
    assert not Connection.objects.filter(name="Stolen").exists()


def test_a_hidden_connection_has_no_page(acme: Vendor) -> None:
    Connection.objects.update(hidden=True)
    for path in ("", "/settings", "/lately", "/test"):
        assert visit(acme, f"/workspace/connections/{acme.connection.id}{path}").status_code == 404
