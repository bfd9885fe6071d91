"""The wall between tenants: every route there is, held against a table of who may use it, and tried by strangers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from connections.connecting import tickets
from connections.models import Connection, PendingAuthorization, Recipient
from connections.recipients import name_recipients, name_told
from deliveries.models import TEST, Capture, Event
from tests.calling import STRANGE_ID, Caller, fault
from tests.connections.vendor import make_slack
from tests.portal import Portal, enter
from tests.world import (
    ACTOR,
    Vendor,
    make_connection,
    make_delivery,
    make_event,
    make_lifecycle_webhook,
    make_rule,
    make_vendor,
)
from workspaces import tenancy
from workspaces.access import Machine, forget_keys
from workspaces.embed.sessions import wire_id
from workspaces.models import EmbedSession, LifecycleWebhook, PublishableKey, Workspace
from workspaces.permissions import PAYLOAD_SCOPE

PUBLIC, EMIT, MACHINE, PORTAL, STAFF = "public", "emit", "machine", "portal", "staff"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """One method of one path: who may use it, and what a caller would send to it."""

    kind: str
    method: str
    path: str
    body: Callable[[Vendor], Any] = field(default=lambda vendor: None)
    query: Callable[[Vendor], dict[str, str]] = field(default=lambda vendor: {})


def page(path: str, *, posts: bool = False) -> list[Route]:
    """A page of the portal, and the form on it if there is one."""
    return [Route(PORTAL, method, path) for method in ("GET", "HEAD", *(("POST",) if posts else ()))]


def form(path: str) -> list[Route]:
    """What only a form of the portal asks for."""
    return [Route(PORTAL, "POST", path)]


RULE: Callable[[Vendor], Any] = lambda vendor: {  # noqa: E731
    "workspace": str(vendor.workspace.id),
    "connection": str(vendor.connection.id),
    "event": "stolen",
    "metadata": {"action": "record"},
}
CONNECTION: Callable[[Vendor], Any] = lambda vendor: {  # noqa: E731
    "workspace": str(vendor.workspace.id),
    "type": "capture",
    "name": "stolen",
    "metadata": {},
}
EVENT: Callable[[Vendor], Any] = lambda vendor: {  # noqa: E731
    "event": "stolen",
    "payload": {},
    "workspace": str(vendor.workspace.id),
}
APP: Callable[[Vendor], Any] = lambda vendor: {  # noqa: E731
    "type": "hubspot",
    "environment": "production",
    "client_id": "stolen",
    "client_secret": "stolen",
}
SESSION: Callable[[Vendor], Any] = lambda vendor: {"workspace_id": str(vendor.workspace.id)}  # noqa: E731
BACKTEST: Callable[[Vendor], Any] = lambda vendor: {"workspace": str(vendor.workspace.id), "event": "*"}  # noqa: E731
PREVIEW: Callable[[Vendor], Any] = lambda vendor: {  # noqa: E731
    "workspace": str(vendor.workspace.id),
    "connection": str(vendor.connection.id),
    "metadata": {"action": "record"},
}
MAPPING: Callable[[Vendor], Any] = lambda vendor: {  # noqa: E731
    "schema": {"schema_version": 1, "fields": []},
    "name": "stolen",
}
_client = Client()  # one for all: to make one reads the settings and loads every middleware
_DELIVERY = "api/v1/events/<event_id>/rules/<rule_id>"
TABLE = [
    *(Route(PUBLIC, method, path) for path in ("", "livez", "readyz") for method in METHODS),
    *(Route(PUBLIC, method, "confirm/<str:token>") for method in ("GET", "HEAD", "POST")),
    *(Route(PUBLIC, method, "unsubscribe/<str:token>") for method in ("GET", "HEAD", "POST")),
    *(Route(PUBLIC, method, "oauth/start") for method in ("GET", "HEAD", "POST")),
    Route(PUBLIC, "GET", "oauth/callback/<str:slug>"),
    Route(PUBLIC, "POST", "hooks/<slug:slug>/<uuid:connection_id>"),
    *(Route(PUBLIC, method, "patterns") for method in ("GET", "HEAD")),
    *(Route(PUBLIC, method, "embed-doctor") for method in ("GET", "HEAD")),
    Route(PUBLIC, "GET", "api/v1/openapi.json"),
    Route(PUBLIC, "GET", "api/v1/conditions-schema"),
    Route(PUBLIC, "GET", "api/v1/mapping-schema"),
    Route(EMIT, "POST", "api/v1/events", EVENT),
    Route(EMIT, "POST", "api/v1/events/bulk", lambda vendor: [EVENT(vendor)]),
    Route(PUBLIC, "OPTIONS", "api/v1/events"),
    Route(PUBLIC, "OPTIONS", "api/v1/events/bulk"),
    Route(MACHINE, "GET", "api/v1/events"),
    Route(MACHINE, "GET", "api/v1/events/<event_id>"),
    Route(MACHINE, "GET", "api/v1/events/<event_id>/payload"),
    Route(MACHINE, "POST", "api/v1/events/<event_id>/cancel"),
    Route(MACHINE, "GET", f"{_DELIVERY}/attempts"),
    Route(MACHINE, "GET", f"{_DELIVERY}/attempts/<attempt_id>"),
    Route(MACHINE, "GET", f"{_DELIVERY}/attempts/<attempt_id>/response-details"),
    Route(MACHINE, "GET", f"{_DELIVERY}/capture"),
    Route(MACHINE, "POST", f"{_DELIVERY}/retry"),
    Route(MACHINE, "POST", f"{_DELIVERY}/cancel"),
    Route(MACHINE, "GET", "api/v1/workspaces"),
    Route(MACHINE, "POST", "api/v1/workspaces", lambda vendor: {"name": "stolen"}),
    Route(MACHINE, "GET", "api/v1/workspaces/<workspace_id>"),
    Route(MACHINE, "PUT", "api/v1/workspaces/<workspace_id>", lambda vendor: {"name": "stolen"}),
    Route(MACHINE, "GET", "api/v1/workspaces/<workspace_id>/events"),
    Route(MACHINE, "GET", "api/v1/workspaces/<workspace_id>/connections"),
    Route(MACHINE, "GET", "api/v1/workspaces/<workspace_id>/rules"),
    Route(MACHINE, "GET", "api/v1/workspaces/<workspace_id>/event-types"),
    Route(MACHINE, "GET", "api/v1/workspaces/<workspace_id>/resources"),
    Route(MACHINE, "GET", "api/v1/connections"),
    Route(MACHINE, "POST", "api/v1/connections", CONNECTION),
    Route(MACHINE, "GET", "api/v1/connections/<connection_id>"),
    Route(MACHINE, "PUT", "api/v1/connections/<connection_id>", lambda vendor: {"name": "stolen", "metadata": {}}),
    Route(MACHINE, "DELETE", "api/v1/connections/<connection_id>", lambda vendor: {"force_delete": True}),
    Route(MACHINE, "POST", "api/v1/connections/<connection_id>/signing-secret/rotate"),
    Route(MACHINE, "DELETE", "api/v1/connections/<connection_id>/signing-secret/old"),
    Route(MACHINE, "GET", "api/v1/connections/<connection_id>/actions"),
    Route(MACHINE, "GET", "api/v1/connections/<connection_id>/fields"),
    Route(MACHINE, "GET", "api/v1/connections/<connection_id>/mappings/default"),
    Route(MACHINE, "PUT", "api/v1/connections/<connection_id>/mappings/default", MAPPING),
    Route(MACHINE, "GET", "api/v1/rules"),
    Route(MACHINE, "POST", "api/v1/rules", RULE),
    Route(MACHINE, "GET", "api/v1/rules/<rule_id>"),
    Route(MACHINE, "PATCH", "api/v1/rules/<rule_id>", lambda vendor: {"event": "stolen"}),
    Route(MACHINE, "DELETE", "api/v1/rules/<rule_id>"),
    Route(MACHINE, "GET", "api/v1/rules/<rule_id>/versions"),
    Route(MACHINE, "POST", "api/v1/rules/<rule_id>/revert", lambda vendor: {"version": 1}),
    Route(MACHINE, "POST", "api/v1/rules/<rule_id>/test"),
    Route(MACHINE, "POST", "api/v1/rules/backtest", BACKTEST),
    Route(MACHINE, "POST", "api/v1/rules/preview", PREVIEW),
    Route(MACHINE, "GET", "api/v1/integrations"),
    Route(MACHINE, "GET", "api/v1/provider-apps"),
    Route(MACHINE, "PUT", "api/v1/provider-apps", APP),
    Route(MACHINE, "GET", "api/v1/provider-apps/<app_id>"),
    Route(MACHINE, "DELETE", "api/v1/provider-apps/<app_id>"),
    Route(MACHINE, "GET", "api/v1/lifecycle-webhooks"),
    Route(MACHINE, "POST", "api/v1/lifecycle-webhooks", lambda vendor: {"url": "https://stolen.example.com/"}),
    Route(MACHINE, "DELETE", "api/v1/lifecycle-webhooks/<webhook_id>"),
    Route(MACHINE, "GET", "api/v1/sessions", query=SESSION),
    Route(MACHINE, "POST", "api/v1/sessions", SESSION),
    Route(MACHINE, "POST", "api/v1/sessions/<session_id>/refresh"),
    Route(MACHINE, "DELETE", "api/v1/sessions/<session_id>"),
    Route(PUBLIC, "POST", "workspace/session"),
    *form("workspace/theme"),
    *page("workspace/dashboard"),
    *page("workspace/connections"),
    *form("workspace/connections/last"),
    *page("workspace/connections/new/<slug:slug>", posts=True),
    *form("workspace/connections/new/<slug:slug>/link"),
    *form("workspace/connections/links/<uuid:link_id>/withdraw"),
    *page("workspace/connections/sign-ins/<uuid:pending_id>"),
    *form("workspace/connections/sign-ins/<uuid:pending_id>/answer"),
    *page("workspace/connections/<uuid:connection_id>"),
    *page("workspace/connections/<uuid:connection_id>/settings", posts=True),
    *page("workspace/connections/<uuid:connection_id>/reconnect"),
    *form("workspace/connections/<uuid:connection_id>/link"),
    *page("workspace/connections/<uuid:connection_id>/signing-secret", posts=True),
    *form("workspace/connections/<uuid:connection_id>/signing-secret/end"),
    *page("workspace/connections/<uuid:connection_id>/signature", posts=True),
    *form("workspace/connections/<uuid:connection_id>/switch"),
    *form("workspace/connections/<uuid:connection_id>/disconnect"),
    *page("workspace/connections/<uuid:connection_id>/lately"),
    *page("workspace/connections/<uuid:connection_id>/test", posts=True),
    *page("workspace/connections/<uuid:connection_id>/held"),
    *form("workspace/connections/<uuid:connection_id>/held/choose"),
    *form("workspace/connections/<uuid:connection_id>/recipients/<uuid:recipient_id>/ask"),
    *page("workspace/connections/<uuid:connection_id>/directory/<str:kind>"),
    *form("workspace/connections/<uuid:connection_id>/directory/<str:kind>/refresh"),
    *page("workspace/connections/<uuid:connection_id>/directory/<str:kind>/entry"),
    *page("workspace/connections/<uuid:connection_id>/directory/<str:kind>/state"),
    *form("workspace/connections/<uuid:connection_id>/directory/<str:kind>/read"),
    *page("workspace/connections/<uuid:connection_id>/mapping", posts=True),
    *form("workspace/connections/<uuid:connection_id>/mapping/rows"),
    *form("workspace/connections/<uuid:connection_id>/mapping/fields"),
    *form("workspace/connections/<uuid:connection_id>/mapping/preview"),
    *page("workspace/rules"),
    *page("workspace/rules/new", posts=True),
    *form("workspace/rules/action"),
    *form("workspace/rules/conditions"),
    *form("workspace/rules/fields"),
    *form("workspace/rules/sample"),
    *form("workspace/rules/preview"),
    *form("workspace/rules/backtest"),
    *form("workspace/rules/fired"),
    *form("workspace/rules/test"),
    *page("workspace/rules/tests/<uuid:test_id>"),
    *page("workspace/rules/<uuid:rule_id>", posts=True),
    *form("workspace/rules/<uuid:rule_id>/switch"),
    *form("workspace/rules/<uuid:rule_id>/delete"),
    *page("workspace/rules/<uuid:rule_id>/versions"),
    *form("workspace/rules/<uuid:rule_id>/versions/<uuid:version_id>/revert"),
    *page("workspace/events"),
    *page("workspace/events/<uuid:event_id>"),
    *form("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/retry"),
    *form("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/cancel"),
    *page("workspace/settings"),
    *page("workspace/settings/told"),
    *form("workspace/settings/told/set"),
    *form("workspace/settings/told/<uuid:told_id>/ask"),
    *page("workspace/settings/audit"),
    *form("workspace/settings/origins"),
    *form("workspace/settings/keys/<uuid:key_id>/rotate"),
    *form("workspace/settings/keys/<uuid:key_id>/revoke"),
]
# The API answers HEAD wherever it answers GET, and from the same view.
HEADS = {("HEAD", route.path) for route in TABLE if route.method == "GET" and route.path.startswith("api/")}
OF_THE_PORTAL = [route for route in TABLE if route.kind == PORTAL and route.method != "HEAD"]
PORTAL_BY_ID = [route for route in OF_THE_PORTAL if "_id>" in route.path]
OF_ACCOUNTS = (
    "/reconnect",
    "/link",
    "/directory/",
)  # of the portal: only connections that were signed in to have these
OF_MACHINES = [route for route in TABLE if route.kind == MACHINE]
BY_ID = [route for route in OF_MACHINES if "<" in route.path]


# --------------------------------------------------------------------------- every route is in the table


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every path that Django would answer, the staff pages as one."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        else:
            yield path, pattern


def found() -> set[tuple[str, str]]:
    """The methods that each path takes: those it does not answer with 405."""
    paths = [path for path, _ in routes(get_resolver()) if not path.startswith("admin/") and path != "api/v1/"]
    answers = {
        (method, path): _client.generic(method, "/" + _filled(path, lambda name: str(STRANGE_ID))).status_code
        for path in paths
        for method in METHODS
    }
    return {place for place, status in answers.items() if status != 405}


def _filled(path: str, value: Callable[[str], str]) -> str:
    parts = [part.partition("<") for part in path.split(">")]
    return "".join(before + (value(name.rpartition(":")[2]) if name else "") for before, _, name in parts)


def test_every_route_is_in_the_table(db: None) -> None:
    """A new route has to say here whom it is for; then it is tried by strangers below."""
    assert found() == {(route.method, route.path) for route in TABLE} | HEADS


# --------------------------------------------------------------------------- strangers


@pytest.fixture(scope="module")
def _two_vendors(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Vendor]]:
    """Both are made once: each test sees them as they were, since what it does is undone behind it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield {name: make_known(name) for name in ("Acme", "Globex")}
        transaction.set_rollback(True)


def make_known(name: str) -> Vendor:
    """A vendor that has sent a test, an account, somebody who is signing in, and a mail recipient, too."""
    vendor = make_vendor(name)
    make_delivery(make_event(vendor.workspace, kind=TEST), vendor.rule)
    make_slack(vendor.workspace)
    session = EmbedSession.objects.for_workspace(vendor.workspace.id).earliest("id")
    tickets.begin(session=session, provider_slug="slack", actor=ACTOR)
    tickets.make_link(workspace=vendor.workspace, provider_slug="slack", actor=ACTOR)
    name_recipients(vendor.connection, ["somebody@example.com"])
    name_told(vendor.workspace, ["somebody@example.com"], actor=ACTOR)
    make_lifecycle_webhook(vendor.organization, f"https://hooks.example.com/{vendor.organization.name}")
    return vendor


@pytest.fixture
def acme(_two_vendors: dict[str, Vendor], db: None) -> Vendor:
    forget_keys()
    return copy.deepcopy(_two_vendors["Acme"])


@pytest.fixture
def globex(_two_vendors: dict[str, Vendor], db: None) -> Vendor:
    forget_keys()
    return copy.deepcopy(_two_vendors["Globex"])


@cache
def ids_of(vendor: Vendor) -> dict[str, str]:
    return {
        "event_id": str(vendor.event.id),
        "rule_id": str(vendor.rule.id),
        "attempt_id": str(vendor.attempt.id),
        "workspace_id": str(vendor.workspace.id),
        "connection_id": str(vendor.connection.id),
        "version_id": str(vendor.rule.version_id),
        "test_id": str(Event.objects.for_workspace(vendor.workspace.id).get(kind=TEST).id),
        "app_id": str(vendor.app.id),
        "key_id": str(PublishableKey.objects.for_workspace(vendor.workspace.id).earliest("id").id),
        "session_id": wire_id(EmbedSession.objects.for_workspace(vendor.workspace.id).earliest("id").id),
        "account_id": str(Connection.objects.for_workspace(vendor.workspace.id).get(provider="slack").id),
        "recipient_id": str(Recipient.objects.for_workspace(vendor.workspace.id).exclude(connection=None).get().id),
        "told_id": str(Recipient.objects.for_workspace(vendor.workspace.id).get(connection=None).id),
        "webhook_id": str(LifecycleWebhook.objects.get(organization=vendor.organization).id),
        "pending_id": _sign_in(vendor, "ticket"),
        "link_id": _sign_in(vendor, "link"),
        "slug": "slack",
        "kind": "channel",
    }


def _sign_in(vendor: Vendor, kind: str) -> str:
    return str(PendingAuthorization.objects.for_workspace(vendor.workspace.id).filter(kind=kind).earliest("id").id)


def ask(
    caller: Caller, route: Route, ids: dict[str, str], body: Any, query: dict[str, str] | None = None
) -> HttpResponse:
    path = _filled(route.path, lambda name: ids[name]).removeprefix("api/v1")
    return caller.send(route.method, path, body, query=query)


def database() -> dict[str, str]:
    """A hash of everything in every table, but for when a key was last used."""
    with connection.cursor() as cursor:
        cursor.execute(_everything())
        return dict(cursor.fetchall())


@cache
def _everything() -> str:
    """One statement for all tables; partitions are read with their table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = current_schema()::regnamespace ORDER BY relname"
        )
        hashed = "md5(string_agg(md5((to_jsonb(row) - 'last_used_at')::text), '' ORDER BY to_jsonb(row)::text))"
        parts = [f"SELECT '{name}', {hashed} FROM \"{name}\" row" for (name,) in cursor.fetchall()]  # noqa: S608
    return " UNION ALL ".join(parts)


def expect_untold(answer: HttpResponse, vendor: Vendor) -> None:
    text = answer.content.decode()
    told = [trace for trace in vendor.traces if trace in text]
    assert not told, (told, text)


@pytest.fixture
def captured(acme: Vendor) -> None:
    """So that the route of captures has something to hide."""
    Capture.objects.create(
        id=acme.delivery.id,
        organization_id=acme.organization.id,
        workspace_id=acme.workspace.id,
        request={"method": "CAPTURE"},
        body="Acme",
    )


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("route", BY_ID, ids=lambda route: f"{route.method} {route.path}")
def test_what_is_somebody_elses_is_404_as_if_it_had_never_been(acme: Vendor, globex: Vendor, route: Route) -> None:
    before = database()
    stranger = globex.machine
    theirs = ask(stranger, route, ids_of(acme), route.body(acme))
    nobodys = ask(stranger, route, dict.fromkeys(ids_of(acme), str(STRANGE_ID)), route.body(acme))
    assert theirs.status_code == 404
    assert (theirs.content, dict(theirs.headers)) == (nobodys.content, dict(nobodys.headers))
    expect_untold(theirs, acme)
    assert database() == before


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("route", BY_ID, ids=lambda route: f"{route.method} {route.path}")
def test_the_owner_is_let_in_by_the_same_routes(acme: Vendor, route: Route) -> None:
    """Else the test above would prove nothing: a route that is always 404 keeps everybody out."""
    answer = ask(acme.machine, route, ids_of(acme), route.body(acme))
    assert answer.status_code in (200, 201, 409), answer.content


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("route", [route for route in BY_ID if route.method == "GET"], ids=lambda route: route.path)
def test_a_head_says_what_a_get_does_to_owners_and_to_strangers(acme: Vendor, globex: Vendor, route: Route) -> None:
    for caller in (acme.machine, globex.machine, Caller()):
        told = [
            ask(caller, replace(route, method=method), ids_of(acme), None, route.query(acme))
            for method in ("GET", "HEAD")
        ]
        get, head = ((answer.status_code, dict(answer.headers)) for answer in told)
        assert head == get
        assert told[1].content == b""


def test_ones_own_ids_do_not_open_what_is_somebody_elses(acme: Vendor, globex: Vendor) -> None:
    """Globex's event with Acme's rule, Globex's delivery with Acme's attempt: each foreign id by itself."""
    before, stranger = database(), globex.machine
    for route in BY_ID:
        for name, foreign in ids_of(acme).items():
            if f"<{name}>" in route.path:
                answer = ask(stranger, route, {**ids_of(globex), name: foreign}, route.body(globex))
                assert answer.status_code == 404, (route, name)
                expect_untold(answer, acme)
    assert database() == before


@pytest.mark.parametrize("route", OF_MACHINES, ids=lambda route: f"{route.method} {route.path}")
def test_no_answer_to_one_vendor_tells_of_another(acme: Vendor, globex: Vendor, route: Route) -> None:
    answer = ask(globex.machine, route, ids_of(globex), route.body(globex), route.query(globex))
    assert answer.status_code in (200, 201, 404, 409), answer.content
    expect_untold(answer, acme)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/rules", RULE),
        ("POST", "/connections", CONNECTION),
        ("POST", "/events", EVENT),
        ("POST", "/rules/backtest", BACKTEST),
        ("POST", "/rules/preview", PREVIEW),
    ],
)
def test_foreign_ids_in_a_body_are_404(
    acme: Vendor, globex: Vendor, method: str, path: str, body: Callable[[Vendor], Any]
) -> None:
    before = database()
    stranger = globex.machine
    wanted, nobodys = body(acme), body(acme) | {"workspace": str(STRANGE_ID)}
    theirs, never = stranger.send(method, path, wanted), stranger.send(method, path, nobodys)
    assert (theirs.status_code, theirs.content) == (404, never.content)
    for name in ("workspace", "connection"):
        if name in wanted:
            answer, never = (
                stranger.send(method, path, body(globex) | {name: id}) for id in (wanted[name], str(STRANGE_ID))
            )
            assert (answer.status_code, answer.content) == (404, never.content), name
    assert database() == before


def test_a_rule_cannot_be_moved_to_somebody_elses_connection(acme: Vendor, globex: Vendor) -> None:
    before = database()
    answer = globex.machine.patch(f"/rules/{globex.rule.id}", {"connection": str(acme.connection.id)})
    assert fault(answer, 404)["message"] == "There is nothing here."
    assert database() == before


def test_foreign_workspaces_in_a_bulk_call_are_told_in_their_places(acme: Vendor, globex: Vendor) -> None:
    answer = globex.machine.post(
        "/events/bulk", [EVENT(acme), EVENT(globex), EVENT(globex) | {"workspace": str(STRANGE_ID)}]
    )
    first, second, third = json.loads(answer.content)["records"]
    assert (answer.status_code, first) == (207, third)
    assert second["workspace"] == str(globex.workspace.id)
    expect_untold(answer, acme)


def test_nobody_opens_the_portal_of_somebody_else(acme: Vendor, globex: Vendor) -> None:
    before, stranger = database(), globex.machine
    for method, sent in (("POST", {"body": SESSION(acme)}), ("GET", {"query": SESSION(acme)})):
        assert fault(stranger.send(method, "/sessions", **sent), 404)["message"] == "There is nothing here."
    assert database() == before


def test_foreign_ids_in_a_query_change_nothing(acme: Vendor, globex: Vendor) -> None:
    names = ("workspace", "workspace_id", "organization", "organization_id", "org", "id", "tenant")
    stranger = globex.machine
    for path in ("/events", "/rules", "/connections", "/workspaces"):
        plain = stranger.get(path).content
        for value in (str(acme.workspace.id), str(acme.organization.id), "Acme-tenant"):
            assert stranger.get(path, **dict.fromkeys(names, value)).content == plain


def test_a_foreign_cursor_shows_ones_own_rows_only(acme: Vendor, globex: Vendor) -> None:
    for vendor in (acme, globex):
        make_connection(vendor.workspace, name=f"{vendor.workspace.name} second")
        make_rule(vendor.connection)
    for path in ("/events", "/rules", "/connections", "/workspaces"):
        cursor = json.loads(acme.machine.get(path, limit=1).content)["next_cursor"]
        answer = globex.machine.get(path, cursor=cursor) if cursor else globex.machine.get(path)
        assert answer.status_code == 200
        expect_untold(answer, acme)


def test_two_organizations_may_use_the_same_names(acme: Vendor, globex: Vendor) -> None:
    """Whether a name is taken elsewhere is nobody's business."""
    answer = globex.machine.put(f"/workspaces/{globex.workspace.id}", {"name": "Acme", "tenant": "Acme-tenant"})
    assert answer.status_code == 200


# --------------------------------------------------------------------------- other callers


def test_a_publishable_key_opens_nothing_but_the_emit_routes(acme: Vendor, globex: Vendor) -> None:
    PublishableKey.objects.update(last_used_at=timezone.now())  # which is noted once a minute
    before, emitter = database(), acme.emitter
    for route in OF_MACHINES:
        for ids in (ids_of(acme), ids_of(globex), dict.fromkeys(ids_of(acme), str(STRANGE_ID))):
            assert fault(ask(emitter, route, ids, route.body(acme)), 403)["name"] == "Forbidden", route
    assert database() == before


def test_nobody_is_asked_who_they_are(acme: Vendor, nobody: Caller) -> None:
    before = database()
    for route in TABLE:
        if route.kind not in (PUBLIC, PORTAL):
            for ids in (ids_of(acme), dict.fromkeys(ids_of(acme), str(STRANGE_ID))):
                answer = ask(nobody, route, ids, route.body(acme))
                assert fault(answer, 401)["name"] == "Unauthorized", route
                assert answer["WWW-Authenticate"] == "Bearer"
    assert database() == before


def test_a_publishable_key_emits_into_its_own_workspace_only(acme: Vendor, globex: Vendor) -> None:
    PublishableKey.objects.update(last_used_at=timezone.now())
    before = database()
    for place in (acme.workspace.id, globex.staging.id, STRANGE_ID):
        answer = globex.emitter.post("/events", {"event": "a", "payload": {}, "workspace": str(place)})
        assert fault(answer, 400)["data"][0]["param"] == "workspace"
        expect_untold(answer, acme)
    assert database() == before


def test_the_staff_pages_ask_for_a_sign_in(acme: Vendor) -> None:
    """Whatever credentials of the API a caller shows there."""
    paths = [path for path, _ in routes(get_resolver()) if path.startswith("admin/")]
    assert len(paths) > 5
    callers = [{}, dict(acme.machine.headers), dict(acme.emitter.headers)]
    open_to_all = {"admin/login/", "admin/logout/", "admin/jsi18n/"}
    for path in paths:
        if path in open_to_all or "(?" in path:
            continue
        for headers in callers:
            answer = _client.get("/" + _filled(path, lambda name: "1"), headers=headers)
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/admin/login/"), path


# --------------------------------------------------------------------------- the portal


def turn(portal: Portal, route: Route, ids: dict[str, str]) -> HttpResponse:
    if any(part in route.path for part in OF_ACCOUNTS):
        ids = {**ids, "connection_id": ids["account_id"]}
    path = "/" + _filled(route.path, lambda name: ids[name])
    return portal.post(path) if route.method == "POST" else portal.get(path)


@pytest.mark.parametrize("route", OF_THE_PORTAL, ids=lambda route: f"{route.method} {route.path}")
def test_without_a_token_a_page_is_an_empty_shell(acme: Vendor, route: Route) -> None:
    """The same for what is there and for what is not; and a form does nothing at all."""
    before, client = database(), _client
    for ids in (ids_of(acme), dict.fromkeys(ids_of(acme), str(STRANGE_ID))):
        answer = cast("HttpResponse", client.generic(route.method, "/" + _filled(route.path, ids.__getitem__)))
        assert answer.status_code == (200 if route.method == "GET" else 401)
        assert not answer.cookies
        expect_untold(answer, acme)
    assert database() == before


@pytest.mark.parametrize("route", PORTAL_BY_ID, ids=lambda route: f"{route.method} {route.path}")
def test_a_page_of_somebody_else_is_404_as_if_it_had_never_been(acme: Vendor, globex: Vendor, route: Route) -> None:
    stranger, neighbour = enter(globex, scopes=[PAYLOAD_SCOPE]), enter(acme.staging, scopes=[PAYLOAD_SCOPE])
    before = database()
    for portal in (stranger, neighbour):  # of another vendor, and of the same tenant's other environment
        theirs = turn(portal, route, ids_of(acme))
        nobodys = turn(portal, route, dict.fromkeys(ids_of(acme), str(STRANGE_ID)))
        assert theirs.status_code == 404
        assert theirs.content == nobodys.content
        assert not [trace for trace in ids_of(acme).values() if trace in theirs.content.decode()]
    assert database() == before


@pytest.mark.parametrize("route", PORTAL_BY_ID, ids=lambda route: f"{route.method} {route.path}")
def test_whoever_it_belongs_to_is_let_in_by_the_same_page(acme: Vendor, route: Route) -> None:
    assert turn(enter(acme), route, ids_of(acme)).status_code in (200, 204, 409, 422)


@pytest.mark.parametrize("route", OF_THE_PORTAL, ids=lambda route: f"{route.method} {route.path}")
def test_no_page_tells_of_another_vendor(acme: Vendor, globex: Vendor, route: Route) -> None:
    expect_untold(turn(enter(globex, scopes=[PAYLOAD_SCOPE]), route, ids_of(globex)), acme)


# --------------------------------------------------------------------------- these tests have teeth


def _leaks(acme: Vendor, globex: Vendor) -> list[str]:
    """The routes by which Globex would get at what is Acme's."""
    reads = [route for route in OF_MACHINES if route.method == "GET"]
    by_id = [route for route in reads if "<" in route.path]
    opened = [route.path for route in by_id if ask(globex.machine, route, ids_of(acme), None).status_code != 404]
    for route in reads:
        if route not in by_id:
            text = ask(globex.machine, route, {}, None, route.query(acme)).content.decode()
            opened += [route.path] if any(trace in text for trace in acme.traces) else []
    return opened


@pytest.mark.usefixtures("captured")
def test_a_wall_without_its_filter_would_be_noticed(
    acme: Vendor, globex: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _leaks(acme, globex) == []

    def everybodys(rows: Any, organization_id: UUID) -> Any:
        return rows.all()

    monkeypatch.setattr(tenancy.ScopedQuerySet, "for_organization", everybodys)
    gets = {route.path for route in OF_MACHINES if route.method == "GET"} - {"api/v1/integrations"}
    assert set(_leaks(acme, globex)) == gets


def test_a_workspace_without_its_filter_would_be_noticed(
    acme: Vendor, globex: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def anybodys(self: Machine, workspace_id: UUID) -> Workspace:
        return Workspace.objects.get(id=workspace_id)

    monkeypatch.setattr(Machine, "workspace", anybodys)
    assert "api/v1/workspaces/<workspace_id>" in _leaks(acme, globex)


def test_a_changed_row_would_be_noticed(acme: Vendor) -> None:
    before = database()
    Workspace.objects.filter(id=acme.workspace.id).update(description="changed")
    assert {table for table, digest in database().items() if digest != before[table]} == {"workspaces_workspace"}
