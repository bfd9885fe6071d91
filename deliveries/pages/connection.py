"""Fragments of the pages of connections that need to know what happened: what went there, what waits, and a test.

Those pages belong to the room of connections, which knows of no rules and deliveries: it reaches these by the names of
their routes.
"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone

from connections import finding
from connections.models import Connection
from connections.pages.listing import own_connection, own_connections
from connections.provider import Action, Field
from connections.registry import provider
from deliveries import waking
from deliveries.breaking import choosing
from deliveries.pages.testing import told
from deliveries.showing import lately
from deliveries.trying import testing
from rules.drafting.showing import InputShown
from rules.models import Rule
from rules.telling import rows_of
from workspaces.embed.guard import portal
from workspaces.embed.polling import mark_of, poll_url, unchanged
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.ids import parse
from workspaces.permissions import Permission

RULES = 20  # that are told in full
CARDS_MOST = 100  # asked about at once
TEXT_MOST = 500


@portal(Permission.SEE_CONNECTIONS, methods=("POST",))
def last_of_all(request: PortalRequest) -> HttpResponse:
    """When something last arrived at each connection of a list."""
    asked = [id for text in request.POST.get("connections", "").split()[:CARDS_MOST] if (id := parse(text))]
    own = list(own_connections(request).filter(id__in=asked).values_list("id", flat=True))
    found = lately.last_delivered(workspace_id=request.visitor.workspace.id, connections=own)
    return show(request, "deliveries/_last_of_all.html", {"last": {id: found.get(id) for id in own}})


@portal(Permission.SEE_CONNECTIONS)
def lately_there(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The rules that use a connection, what went there lately, and what waits. Asks again by itself."""
    connection = own_connection(request, connection_id)
    latest, waiting, offer = lately.latest_of(connection), lately.waiting_for(connection), choosing.offer(connection)
    told = [(one.delivery.id, one.delivery.state) for one in latest]
    mark = mark_of(told, waiting, offer, connection.held_choice, f"{timezone.now():%H:%M}")
    if same := unchanged(request, mark):
        return same
    rules = Rule.objects.filter(connection=connection, hidden=False).select_related("version", "connection")
    context = {
        "connection": connection,
        "kind": provider(connection.provider),
        "rules": rows_of(list(rules.order_by("-active", "name", "id")[:RULES]), now=timezone.now()),
        "more": max(0, rules.count() - RULES),
        "latest": latest,
        "offer": offer,
        "moving": max(0, min(waiting, lately.WAITING_MOST) - offer.held.count),
        "waiting": min(waiting, lately.WAITING_MOST),
        "many": waiting > lately.WAITING_MOST,
        "poll": poll_url(request, mark),
    }
    return show(request, "deliveries/_lately.html", context)


@portal(Permission.CONNECT, methods=("GET", "POST"))
def test(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """What a test needs to be told; and the test, sent on the real path."""
    connection = own_connection(request, connection_id)
    action = next(iter(provider(connection.provider).actions), None)
    if action is None:
        raise Http404
    if request.method == "POST":
        return _send(request, connection, action)
    asked = [one for one in action.fields if one.required and not one.default]
    inputs = [InputShown(one, "", place=str(connection.id)) for one in asked]
    return show(request, "deliveries/_connection_test.html", {"connection": connection, "inputs": inputs})


def _send(request: PortalRequest, connection: Connection, action: Action) -> HttpResponse:
    typed = {asked.key: _typed(request, connection, asked) for asked in action.fields}
    inputs = {key: text for key, text in typed.items() if text}
    try:
        event = testing.send_for_connection(connection, inputs=inputs, actor=request.visitor.name)
    except ApiError as error:
        faults = {f"in-{param.removeprefix('metadata.')}": words for param, words in error.faults}
        return show(request, "deliveries/_test.html", {"refused": error.message, "faults": faults})
    waking.wake()
    return told(request, event)


def _typed(request: PortalRequest, connection: Connection, asked: Field) -> str:
    """What was picked; where only a name was typed, what that means if the list has exactly one such."""
    text = _text(request, f"in-{asked.key}")
    if text or not asked.directory:
        return text
    named = _text(request, f"find-{asked.key}")
    found = finding.very_one(connection, asked.directory, named) if named else None
    return found.external_id if found else named


def _text(request: PortalRequest, name: str) -> str:
    return request.POST.get(name, "").strip()[:TEXT_MOST]
