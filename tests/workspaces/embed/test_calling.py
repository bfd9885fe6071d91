"""The token of a portal session at the API: what its role, type and scopes allow, in its own workspace."""

from __future__ import annotations

from typing import Any

import pytest

from connections.models import Connection
from deliveries.models import Capture
from rules.models import Rule
from tests.calling import Caller, bearer, fault, read
from tests.permitted import ASKED
from tests.portal import enter
from tests.test_isolation import MACHINE, OF_MACHINES, Route, ask, database, expect_untold
from tests.world import Vendor, make_connection, make_event, make_lifecycle_webhook, make_rule
from workspaces.models import EmbedSession, LifecycleWebhook
from workspaces.permissions import MATRIX, PAYLOAD_SCOPE, Permission

ALERT = {"event": "alert.triggered", "metadata": {"action": "record"}}


def asked(route: Route) -> Permission | None:
    return ASKED.get((route.method, route.path.removeprefix("api/v1/")))


OF_SESSIONS = [route for route in OF_MACHINES if asked(route)]


def inside(vendor: Vendor, role: str = "owner", **wanted: Any) -> Caller:
    """Somebody with the token of a session of that vendor's workspace."""
    return bearer(enter(vendor, role=role, **{"scopes": [PAYLOAD_SCOPE], **wanted}).token)


@pytest.fixture(autouse=True)
def _shown(acme: Vendor) -> None:
    """So that every route has something to show."""
    enter(acme)  # a session that has an id
    make_lifecycle_webhook(acme.organization, "https://hooks.acme.example")
    Capture.objects.create(
        id=acme.delivery.id,
        organization_id=acme.organization.id,
        workspace_id=acme.workspace.id,
        request={"method": "CAPTURE"},
        body="Acme",
    )


def test_the_table_names_routes_that_there_are() -> None:
    there = {(route.method, route.path.removeprefix("api/v1/")) for route in OF_MACHINES if route.kind == MACHINE}
    assert ASKED.keys() <= there


@pytest.mark.parametrize("role", MATRIX)
@pytest.mark.parametrize("route", OF_SESSIONS, ids=lambda route: f"{route.method} {route.path}")
def test_each_route_opens_to_the_roles_that_have_its_permission(
    acme: Vendor, every_id: dict[str, str], route: Route, role: str
) -> None:
    answer = ask(inside(acme, role), route, every_id, route.body(acme), route.query(acme))
    allowed = asked(route) in MATRIX[role]  # type: ignore[index]
    assert answer.status_code in ((200, 201, 409) if allowed else (403,)), answer.content


@pytest.fixture
def every_id(acme: Vendor) -> dict[str, str]:
    named = ("event", "rule", "attempt", "workspace", "connection")
    return {f"{name}_id": str(getattr(acme, name).id) for name in named}


@pytest.mark.parametrize(
    "route", [one for one in OF_MACHINES if not asked(one)], ids=lambda one: f"{one.method} {one.path}"
)
def test_what_is_the_vendors_own_stays_shut(acme: Vendor, every_id: dict[str, str], route: Route) -> None:
    names = {
        "webhook_id": str(LifecycleWebhook.objects.get(organization=acme.organization).id),
        "app_id": str(acme.app.id),
        "session_id": f"sess_{EmbedSession.objects.earliest('id').id}",
        **every_id,
    }
    before = database()
    caller = inside(acme)
    after_minting = database()
    answer = ask(caller, route, names, route.body(acme), route.query(acme))
    assert answer.status_code == 403, answer.content
    assert database() == after_minting != before


@pytest.mark.parametrize("route", OF_SESSIONS, ids=lambda route: f"{route.method} {route.path}")
def test_a_stranger_in_the_portal_sees_nothing_of_it(
    acme: Vendor, globex: Vendor, every_id: dict[str, str], route: Route
) -> None:
    stranger = inside(globex)
    before = database()
    answer = ask(stranger, route, every_id, route.body(acme), route.query(acme))
    assert answer.status_code in ((404,) if "<" in route.path or route.method == "POST" else (200,)), answer.content
    expect_untold(answer, acme)
    assert database() == before


def test_another_workspace_of_the_same_vendor_is_as_foreign_as_any(acme: Vendor) -> None:
    rule = make_rule(make_connection(acme.staging))
    assert fault(inside(acme).get(f"/rules/{rule.id}"), 404)
    assert str(rule.id) not in str(read(inside(acme).get("/rules")))
    assert fault(inside(acme).get(f"/workspaces/{acme.staging.id}/rules"), 404)


def test_the_payload_needs_its_scope_whatever_the_role(acme: Vendor) -> None:
    assert fault(inside(acme, scopes=[]).get(f"/events/{acme.event.id}/payload"), 403)
    assert read(inside(acme).get(f"/events/{acme.event.id}/payload"))["payload"]


def test_what_the_vendor_hides_is_not_there(acme: Vendor) -> None:
    hidden = make_connection(acme.workspace)
    Connection.objects.filter(id=hidden.id).update(hidden=True)
    Rule.objects.filter(id=acme.rule.id).update(hidden=True)
    caller = inside(acme)
    assert fault(caller.get(f"/connections/{hidden.id}"), 404)
    assert fault(caller.get(f"/rules/{acme.rule.id}"), 404)
    wanted = {**ALERT, "workspace": str(acme.workspace.id), "connection": str(hidden.id)}
    assert fault(caller.post("/rules", wanted), 404)
    mine = {**wanted, "connection": str(acme.connection.id), "hidden": True}
    assert fault(caller.post("/rules", mine), 403)


def test_a_dashboard_session_opens_nothing_here(acme: Vendor) -> None:
    caller = inside(acme, session_type="dashboard")
    for path in ("/events", "/rules", "/connections"):
        assert fault(caller.get(path), 403)


def test_a_resource_session_is_held_to_its_resource(acme: Vendor) -> None:
    caller = inside(acme, session_type="resource", resource="disk", resource_id="d-1")
    own = make_event(acme.workspace, resource="disk", resource_id="d-1")
    assert [row["id"] for row in read(caller.get("/events"))["records"]] == [str(own.id)]
    assert fault(caller.get(f"/events/{acme.event.id}"), 404)
    wanted = {**ALERT, "workspace": str(acme.workspace.id), "connection": str(acme.connection.id)}
    assert "disk d-1" in fault(caller.post("/rules", wanted), 403)["message"]
    rule = read(caller.post("/rules", {**wanted, "resource": "disk", "resource_id": "d-1"}), 201)["rule"]
    assert [row["id"] for row in read(caller.get("/rules"))["records"]] == [rule["id"]]
    assert fault(caller.patch(f"/rules/{rule['id']}", {"resource_id": "d-2"}), 403)
    assert fault(caller.patch(f"/rules/{rule['id']}", {"resource": None, "resource_id": None}), 403)
    assert read(caller.patch(f"/rules/{rule['id']}", {"name": "Mine"}))["name"] == "Mine"
    assert fault(caller.post(f"/rules/{rule['id']}/test"), 403)


@pytest.mark.parametrize("change", ["revoked", "expired", "made up"])
def test_a_token_that_is_over_opens_nothing(acme: Vendor, change: str) -> None:
    minted = enter(acme)
    rows = EmbedSession.objects.for_workspace(acme.workspace.id)
    if change == "revoked":
        rows.update(revoked_at=acme.event.created_at)
    if change == "expired":
        rows.update(expires_at=acme.event.created_at)
    token = "made-up-and-long-enough" if change == "made up" else minted.token
    assert fault(bearer(token).get("/events"), 401)


def test_what_it_does_is_in_the_audit_log_under_its_holders_name(acme: Vendor) -> None:
    caller = inside(acme, external_user_id="u-17")
    read(caller.patch(f"/rules/{acme.rule.id}", {"name": "Renamed"}))
    shown = enter(acme).get("/workspace/settings/audit").content.decode()
    assert "u-17" in shown
