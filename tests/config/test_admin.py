"""The staff pages: raw rows of every tenant, found by any id, never counted, never changed."""

from __future__ import annotations

import html
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.admin import EventRows
from config.raw_rows import RawRows
from deliveries import tracing
from deliveries.models import Capture, Decision, Delivery, Event, State
from deliveries.tracing import trace
from tests.calling import STRANGE_ID
from tests.world import Vendor, make_attempt, make_connection, make_delivery, make_event, make_rule
from workspaces.ids import uuid7

HAPPENING = ("event", "decision", "delivery", "attempt")
OURS = [model for model, shown in admin.site._registry.items() if isinstance(shown, RawRows)]


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff"))
    return client


def found(staff: Client, table: str, text: object) -> set[UUID]:
    """The ids that a list shows for a search."""
    answer: Any = staff.get(f"/admin/{table}/", {"q": str(text)})
    assert answer.status_code == 200
    return {row.pk for row in answer.context["cl"].result_list}


def page(staff: Client, row: models.Model) -> str:
    """A row's own page."""
    answer = staff.get(f"/admin/{row._meta.label_lower.replace('.', '/')}/{row.pk}/change/")
    assert answer.status_code == 200, answer.content
    return html.unescape(answer.content.decode())


# --------------------------------------------------------------------------- any id finds


@pytest.mark.parametrize("of", ["event", "delivery", "attempt", "connection", "rule", "workspace", "organization"])
def test_any_id_finds_all_that_happened_of_its_tenant_and_nothing_of_another(
    staff: Client, acme: Vendor, globex: Vendor, of: str
) -> None:
    id = getattr(acme, of).id
    shown = {table: found(staff, f"deliveries/{table}", id) for table in HAPPENING}
    assert shown == {
        "event": {acme.event.id},
        "decision": {acme.event.id},
        "delivery": {acme.delivery.id},
        "attempt": {acme.attempt.id},
    }


@pytest.mark.parametrize("table", HAPPENING)
def test_the_name_of_a_tenant_or_what_an_event_is_about_finds_it(
    staff: Client, acme: Vendor, globex: Vendor, table: str
) -> None:
    Event.objects.filter(id=acme.event.id).update(resource_id="alrt_tyrion_42")
    expected = {"delivery": acme.delivery.id, "attempt": acme.attempt.id}.get(table, acme.event.id)
    for text in ("alrt_tyrion_42", "Acme-disk", "Acme-tenant", "acme", " ACME "):
        assert found(staff, f"deliveries/{table}", text) == {expected}, text


def test_an_id_of_one_delivery_finds_that_and_not_its_neighbours(staff: Client, acme: Vendor) -> None:
    other = make_delivery(acme.event, make_rule(make_connection(acme.workspace, name="Other")), State.DELIVERED)
    tried = make_attempt(other, code="delivered")
    assert found(staff, "deliveries/delivery", other.id) == {other.id}
    assert found(staff, "deliveries/attempt", other.id) == {tried.id}
    assert found(staff, "deliveries/delivery", acme.event.id) == {acme.delivery.id, other.id}
    assert found(staff, "deliveries/attempt", acme.event.id) == {acme.attempt.id, tried.id}


def test_an_attempt_that_finished_after_a_cancel_is_found_too(staff: Client, acme: Vendor) -> None:
    late = make_attempt(acme.delivery, 2)
    Delivery.objects.filter(id=acme.delivery.id).update(attempt_count=1)
    assert found(staff, "deliveries/attempt", acme.delivery.id) == {acme.attempt.id, late.id}


def test_a_delivery_finds_what_was_captured(staff: Client, acme: Vendor, globex: Vendor) -> None:
    for vendor in (acme, globex):
        Capture.objects.create(
            id=vendor.delivery.id,
            organization_id=vendor.organization.id,
            workspace_id=vendor.workspace.id,
            request={},
            body="",
        )
    assert found(staff, "deliveries/capture", acme.event.id) == {acme.delivery.id}


@pytest.mark.parametrize(
    ("table", "texts"),
    [
        ("workspaces/workspace", ["Acme", "Acme-tenant", "organization", "workspace"]),
        ("connections/connection", ["Acme", "Acme-tenant", "organization", "workspace", "connection"]),
        ("rules/rule", ["Acme", "Acme-tenant", "organization", "workspace", "connection", "rule"]),
    ],
)
def test_a_tenants_name_or_any_id_finds_what_it_has(
    staff: Client, acme: Vendor, globex: Vendor, table: str, texts: list[str]
) -> None:
    model = next(one for one in OURS if one._meta.label_lower == table.replace("/", "."))
    for text in texts:
        ids = found(staff, table, text if text.startswith("Acme") else getattr(acme, text).id)
        assert ids, text
        owners = model.objects.filter(pk__in=ids).values_list("organization_id", flat=True)  # type: ignore[attr-defined]
        assert set(owners) == {acme.organization.id}, text


def test_a_version_is_found_by_its_rule(staff: Client, acme: Vendor, globex: Vendor) -> None:
    assert found(staff, "rules/ruleversion", acme.rule.id) == {acme.rule.version_id}


@pytest.mark.parametrize("text", [STRANGE_ID, "no such thing", "%", "'; --"])
def test_what_nobody_has_finds_nothing(staff: Client, acme: Vendor, text: object) -> None:
    for model in OURS:
        assert found(staff, model._meta.label_lower.replace(".", "/"), text) == set(), model


def test_a_search_looks_through_so_many_rows_and_no_more(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "EVENTS_LOOKED_AT_MOST", 3)
    monkeypatch.setattr(tracing, "LOOKED_AT_MOST", 3)
    monkeypatch.setattr(tracing, "FOUND_MOST", 2)
    second = make_rule(make_connection(acme.workspace, name="Second"))
    for _ in range(3):
        make_delivery(make_event(acme.workspace, resource_id="new"), second)
    assert len(trace("new").events) == 2
    assert trace("Acme-disk").events == []  # the fourth
    assert list(trace(str(acme.rule.id)).deliveries) == []
    assert len(trace(str(second.id)).deliveries) == 2


# --------------------------------------------------------------------------- never counted


def statements(staff: Client, path: str, **query: str) -> list[str]:
    with CaptureQueriesContext(database) as captured:
        assert staff.get(path, query).status_code == 200
    return [one["sql"] for one in captured.captured_queries]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_list_counts_no_rows_and_asks_once_however_many_there_are(
    staff: Client, acme: Vendor, globex: Vendor, model: type[models.Model]
) -> None:
    path = f"/admin/{model._meta.label_lower.replace('.', '/')}/"
    few = statements(staff, path)
    for _ in range(5):
        make_attempt(
            make_delivery(make_event(acme.workspace), make_rule(make_connection(globex.workspace, name=str(uuid7()))))
        )
    more = statements(staff, path)
    assert len(more) == len(few)
    assert not [sql for sql in more if "COUNT(" in sql.upper()]
    assert len([sql for sql in more if f'FROM "{model._meta.db_table}"' in sql]) == 1


@pytest.mark.parametrize("table", HAPPENING)
def test_a_search_asks_no_more_often_for_more(staff: Client, acme: Vendor, globex: Vendor, table: str) -> None:
    path = f"/admin/deliveries/{table}/"
    few = statements(staff, path, q="Acme")
    for _ in range(5):
        make_attempt(make_delivery(make_event(acme.workspace), acme.rule))
    more = statements(staff, path, q="Acme")
    assert len(more) == len(few)
    assert not [sql for sql in more if "COUNT(" in sql.upper()]


def test_a_list_reads_no_payloads_and_no_exchanges(staff: Client, acme: Vendor) -> None:
    for table, column in (("event", "payload"), ("attempt", "exchanges"), ("decision", "verdicts")):
        assert not [sql for sql in statements(staff, f"/admin/deliveries/{table}/") if f'"{column}"' in sql]
    assert not [sql for sql in statements(staff, "/admin/connections/connection/") if '"credentials"' in sql]


def test_a_list_of_deliveries_says_how_far_they_are(staff: Client, acme: Vendor) -> None:
    text = staff.get("/admin/deliveries/delivery/", {"q": str(acme.event.id)}).content.decode().lower()
    for said in ("failed", "capture", str(acme.event.id), str(acme.connection.id)):
        assert said in text


def test_older_rows_follow_page_by_page_without_a_total(
    staff: Client, acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EventRows, "list_per_page", 2)
    ids = [acme.event.id, *[make_event(acme.workspace).id for _ in range(4)]]
    seen: list[UUID] = []
    address = "?"
    while address:
        answer: Any = staff.get(f"/admin/deliveries/event/{address}")
        text = answer.content.decode()
        assert "1 result" not in text
        assert "2 results" not in text
        changes = answer.context["cl"]
        seen += [row.pk for row in changes.result_list]
        assert (f'href="{changes.older}"' in text) is bool(changes.older)
        address = changes.older
    assert seen == ids[::-1]
    sorted_by_hand: Any = staff.get("/admin/deliveries/event/?p=2&o=0").context["cl"]
    assert [row.pk for row in sorted_by_hand.result_list] == ids[::-1][2:4]
    assert sorted_by_hand.newer == "?o=0&p=1"


@pytest.mark.parametrize("odd", ["0", "-3", "9" * 40, "x", "\x00"])
def test_odd_questions_are_no_fault(staff: Client, acme: Vendor, odd: str) -> None:
    for name in ("p", "q"):
        assert staff.get("/admin/deliveries/event/", {name: odd}).status_code == 200


# --------------------------------------------------------------------------- what a page says, and where it leads


def test_the_severity_is_a_word_in_the_list_and_on_the_page(staff: Client, acme: Vendor) -> None:
    event = make_event(acme.workspace, severity=5)
    assert '<div class="readonly">critical</div>' in page(staff, event)
    assert "critical" in staff.get("/admin/deliveries/event/").content.decode()


def test_an_event_leads_to_its_decision_deliveries_and_attempts(staff: Client, acme: Vendor) -> None:
    text = page(staff, acme.event)
    assert f'href="/admin/deliveries/decision/{acme.event.id}/change/"' in text
    for table, row in (("delivery", acme.delivery), ("attempt", acme.attempt)):
        assert f'href="/admin/deliveries/{table}/?q={acme.event.id}"' in text
        assert found(staff, f"deliveries/{table}", acme.event.id) == {row.id}


def test_a_delivery_leads_to_its_event_attempts_connection_and_rule(staff: Client, acme: Vendor) -> None:
    text = page(staff, acme.delivery)
    assert f'href="/admin/deliveries/attempt/?q={acme.delivery.id}"' in text
    for place, row in (
        ("deliveries/event", acme.event),
        ("connections/connection", acme.connection),
        ("rules/rule", acme.rule),
    ):
        assert f'href="/admin/{place}/{row.pk}/change/"' in text
    assert f'href="/admin/deliveries/delivery/{acme.delivery.id}/change/"' in page(staff, acme.attempt)


def test_every_row_has_a_page_and_every_link_of_it_leads_somewhere(staff: Client, acme: Vendor) -> None:
    rows: list[models.Model] = [acme.organization, acme.workspace, acme.connection, acme.rule, acme.event]
    rows += [acme.delivery, acme.attempt, Decision.objects.get()]
    assert acme.rule.version is not None
    for row in [*rows, acme.rule.version]:
        shown: Any = admin.site._registry[type(row)]
        for link in shown.links:
            assert staff.get(link.of(row)).status_code == 200, (row, link)


# --------------------------------------------------------------------------- history stays as it is


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_nobody_adds_changes_or_deletes(staff: Client, acme: Vendor, model: type[models.Model]) -> None:
    row: Any = model._default_manager.first()
    path = f"/admin/{model._meta.label_lower.replace('.', '/')}/"
    assert staff.post(f"{path}add/").status_code == 403
    if row is not None:
        before = model._default_manager.filter(pk=row.pk).values().get()
        assert staff.post(f"{path}{row.pk}/change/", {"name": "changed"}).status_code == 403
        assert staff.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        staff.post(path, {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"})
        assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_no_page_shows_a_secret(staff: Client, acme: Vendor) -> None:
    acme.connection.seal_values("credentials", {"token": "canary-secret"})
    acme.connection.save()
    text = page(staff, acme.connection)
    assert "canary-secret" not in text
    assert "credentials" not in text


def test_staff_without_the_permission_see_nothing(acme: Vendor) -> None:
    client = Client()
    client.force_login(User.objects.create_user("new", is_staff=True))
    answer: HttpResponse = client.get("/admin/deliveries/event/", {"q": str(acme.event.id)})  # type: ignore[assignment]
    assert answer.status_code == 403
