"""Connecting an account by signing in to it: the way to the provider, how far it has got, and the colleague's link.

The ticket is made when the page is shown, because the click that spends it must be a plain link: a window that a
script opens is lost where the vendor's page isolates itself. Then the page asks how the sign-in goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from connections.connecting import keeping, tickets
from connections.connecting.tickets import LIVES, Status
from connections.models import Connection, PendingAuthorization
from connections.pages import asking, earlier
from connections.pages.listing import own_connection
from connections.provider import Auth, Provider
from connections.provider_apps import client_for
from connections.registry import all_providers, provider
from workspaces.embed.guard import portal
from workspaces.embed.polling import mark_of, poll_url, unchanged
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.permissions import Permission

LINKS = 5  # that are told of, the latest


def sign_in(request: PortalRequest, kind: Provider, connection: Connection | None = None) -> HttpResponse:
    """The provider's page: what will be asked, who may grant it, and the link that goes there."""
    context: dict[str, Any] = {
        "kind": kind,
        "connection": connection,
        "declared": kind.oauth,
        "redirect": urljoin(settings.PUBLIC_URL, reverse("oauth-callback", args=[kind.slug])),
    }
    if client_for(request.visitor.workspace, kind.slug) is None:
        return show(request, "connections/not_set_up.html", context)
    asked = {} if connection else asking.answered(request, kind)
    if isinstance(asked, HttpResponse):
        return asked
    context |= earlier.earlier(request, kind, connection)
    visitor = request.visitor
    issued = tickets.begin(
        session=visitor.session, provider_slug=kind.slug, actor=visitor.name, connection=connection, asked=asked
    )
    progress = _progress(request, issued.pending)
    links = _links(request, kind, connection, asked)
    return show(request, "connections/sign_in.html", {**context, **progress, **links, "path": issued.path})


@portal(Permission.CONNECT)
def reconnect(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The same way once more, for a connection that there is."""
    connection = own_connection(request, connection_id)
    kind = provider(connection.provider)
    if kind.auth is not Auth.OAUTH:
        raise Http404
    return sign_in(request, kind, connection)


# --------------------------------------------------------------------------- how far it has got


@portal(Permission.CONNECT)
def progress(request: PortalRequest, pending_id: UUID) -> HttpResponse:
    """The fragment that tells how a sign-in goes. 204 while that is what the page says already."""
    pending = _own(request, pending_id)
    if request.headers.get("HX-Target") == earlier.TARGET:
        return earlier.answer(request, pending)
    context = _progress(request, pending)
    return unchanged(request, context["mark"]) or show(request, "connections/_progress.html", context)


@portal(Permission.CONNECT, methods=("POST",))
def answer(request: PortalRequest, pending_id: UUID) -> HttpResponse:
    """The customer's word on another account than before: keep what there was, or switch."""
    pending = _own(request, pending_id)
    if pending.connection_id is None:
        raise ApiError(409, gettext("There is no question about this sign-in."))
    return go_to("connection", pending.connection_id, toast=_answered(request, pending))


def _answered(request: PortalRequest, pending: PendingAuthorization) -> str:
    """What the word has done. A question that is not open any more is told of, and nothing changes."""
    actor = request.visitor.name
    if request.POST.get("word") != "switch":
        keeping.decline_other_account(pending, actor=actor)
        return gettext("Nothing was changed.")
    try:
        keeping.accept_other_account(pending, actor=actor)
    except ApiError as error:
        return error.message
    return gettext("It is connected to the other account now.")


def _own(request: PortalRequest, pending_id: UUID) -> PendingAuthorization:
    rows = PendingAuthorization.objects.for_workspace(request.visitor.workspace.id).select_related("connection")
    found: PendingAuthorization | None = rows.filter(id=pending_id, provider__in=all_providers()).first()
    if found is None:
        raise Http404
    return found


def _progress(request: PortalRequest, pending: PendingAuthorization) -> dict[str, Any]:
    stage = pending.stage(timezone.now())
    mark = mark_of(stage, pending.error)
    path = reverse("sign-in", args=[pending.id])
    return {
        "pending": pending,
        "stage": stage,
        "mark": mark,
        "open": stage in (Status.WAITING, Status.STARTED),
        "poll": poll_url(request, mark, path=path),
        "kind": provider(pending.provider),
        "place": asking.place(provider(pending.provider), pending.asked),
        "again": _again(pending),
        **named(pending),
    }


def _again(pending: PendingAuthorization) -> str:
    """The page on which it was begun; a connection that was made meanwhile is not what it was begun for."""
    if pending.connection_id and pending.status != Status.CONNECTED:
        return reverse("connection-reconnect", args=[pending.connection_id])
    return asking.with_answers(reverse("connection-new", args=[pending.provider]), pending.asked)


def named(pending: PendingAuthorization) -> dict[str, str]:
    """The two accounts of a question, by the names that people know."""
    before = keeping.account_name(pending.connection) if pending.connection else ""
    return {"before": before, "now": str(pending.account.get("name", ""))}


def questions(connection: Connection) -> list[dict[str, Any]]:
    """Sign-ins to another account than the connection's that wait for a word."""
    rows = PendingAuthorization.objects.for_workspace(connection.workspace_id).select_related("connection")
    found = rows.filter(connection=connection, status=Status.WRONG_ACCOUNT, expires_at__gt=timezone.now())
    return [{"pending": pending, **named(pending)} for pending in found.order_by("-id")]


# --------------------------------------------------------------------------- links for a colleague


@portal(Permission.CONNECT, methods=("POST",))
def new_link(request: PortalRequest, slug: str) -> HttpResponse:
    """A link for a colleague who may grant it. It is shown this once."""
    kind = all_providers().get(slug)
    if kind is None or kind.auth is not Auth.OAUTH:
        raise Http404
    return _made(request, kind, None)


@portal(Permission.CONNECT, methods=("POST",))
def reconnect_link(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The same for a connection that there is."""
    connection = own_connection(request, connection_id)
    kind = provider(connection.provider)
    if kind.auth is not Auth.OAUTH:
        raise Http404
    return _made(request, kind, connection)


@portal(Permission.CONNECT, methods=("POST",))
def withdraw_link(request: PortalRequest, link_id: UUID) -> HttpResponse:
    """Take a link back."""
    pending = _own(request, link_id)
    if pending.kind != tickets.Kind.LINK:
        raise Http404
    taken = tickets.withdraw(pending, actor=request.visitor.name)
    words = gettext("The link no longer works.") if taken else gettext("It was too late: the link was used already.")
    connection = pending.connection if pending.status != Status.CONNECTED else None
    context = _links(request, provider(pending.provider), connection, pending.asked)
    return show(request, "connections/_links.html", context, toast=words)


def _made(request: PortalRequest, kind: Provider, connection: Connection | None) -> HttpResponse:
    visitor = request.visitor
    asked = {} if connection else asking.read(kind, request.GET)
    issued = tickets.make_link(
        workspace=visitor.workspace, provider_slug=kind.slug, actor=visitor.name, connection=connection, asked=asked
    )
    context = {
        **_links(request, kind, connection, asked),
        "made": issued,
        "address": urljoin(settings.PUBLIC_URL, issued.path),
    }
    return show(request, "connections/_links.html", context)


def _links(
    request: PortalRequest, kind: Provider, connection: Connection | None, asked: Mapping[str, str]
) -> dict[str, Any]:
    """The latest links for the same purpose. Those that are used by a new connection have come to stand for it."""
    purpose = Q(connection=connection) if connection else Q(connection=None) | Q(status=Status.CONNECTED)
    rows = PendingAuthorization.objects.for_workspace(request.visitor.workspace.id).filter(
        purpose,
        kind=PendingAuthorization.Kind.LINK,
        provider=kind.slug,
        created_at__gt=timezone.now() - LIVES[tickets.Kind.LINK],
    )
    now = timezone.now()
    links = [{"pending": row, "stage": row.stage(now)} for row in rows.order_by("-id")[:LINKS]]
    route, of = ("connection-link", connection.id) if connection else ("link-new", kind.slug)
    path = asking.with_answers(reverse(route, args=[of]), {} if connection else asked)
    return {"links": links, "kind": kind, "connection": connection, "link_path": path}
