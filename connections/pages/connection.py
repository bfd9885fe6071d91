"""The page of one connection, and what can be done to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connections import directory, finding, forms, hooks, outages, recipients, refusals, switching
from connections.connecting import parting
from connections.connecting.keeping import account_name
from connections.models import Connection, Recipient
from connections.pages.listing import own_connection
from connections.pages.sign_in import questions
from connections.provider import Auth, DirectoryKind, Field, Provider
from connections.registry import provider
from connections.standing import standing
from workspaces.embed.guard import portal
from workspaces.embed.polling import mark_of, unchanged
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.permissions import Permission

_KEPT: Any = _("kept, and not shown again")


@portal(Permission.SEE_CONNECTIONS)
def connection(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """How it is, what happens next by itself, and the one click that mends it; then everything about it."""
    row = own_connection(request, connection_id)
    kind, people = provider(row.provider), _people(row)
    unconfirmed = bool(people) and not any(one["row"].confirmed_at for one in people)
    refusal = refusals.among([row]).get(row.id, "")
    context = {
        "connection": row,
        "kind": kind,
        "standing": standing(row, unconfirmed=unconfirmed, outages=outages.among([row]), refusal=refusal),
        "signed_in": kind.auth is Auth.OAUTH,
        "account": account_name(row),
        "scopes": row.settings.get("scopes", []) if kind.auth is Auth.OAUTH else [],
        "told": _told(kind, row),
        "people": people,
        "questions": questions(row),
        "rule_count": row.rules.count(),
        "hook": hooks.address(row),
        "directories": [_directory(row, one) for one in kind.directories],
    }
    return show(request, "connections/connection.html", context)


@portal(Permission.CONNECT, methods=("POST",))
def switch(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Off, or on again."""
    row, active = own_connection(request, connection_id), request.POST.get("active") == "true"
    switching.switch(row, active=active, actor=request.visitor.name)
    words = gettext("It is on again.") if active else gettext("It is off.")
    return go_to("connection", row.id, toast=words)


@portal(Permission.CONNECT, methods=("POST",))
def disconnect(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Delete it with its secrets and its rules; the page's dialog has said so."""
    row = own_connection(request, connection_id)
    parting.part(row, forced=True, actor=request.visitor.name)
    return go_to("connections", toast=gettext("%(name)s was disconnected.") % {"name": row.name})


@portal(Permission.CONNECT, methods=("POST",))
def ask_again(request: PortalRequest, connection_id: UUID, recipient_id: UUID) -> HttpResponse:
    """Mail the question to a recipient once more. Answers with the list of recipients."""
    row = own_connection(request, connection_id)
    recipient = Recipient.objects.filter(id=recipient_id, connection=row).first()
    if recipient is None:
        raise Http404
    asked = recipients.ask_again(recipient, actor=request.visitor.name)
    words = gettext("They are asked again.") if asked else gettext("They were asked a moment ago. Try again later.")
    return show(request, "connections/_recipients.html", {"connection": row, "people": _people(row)}, toast=words)


# --------------------------------------------------------------------------- its directories


@portal(Permission.SEE_CONNECTIONS)
def directory_state(request: PortalRequest, connection_id: UUID, kind: str) -> HttpResponse:
    """How good a list is. 204 while that is what the page says already."""
    row = own_connection(request, connection_id)
    state = _directory(row, _directory_kind(row, kind))
    return unchanged(request, state["mark"]) or show(request, "connections/_directory.html", {"state": state})


@portal(Permission.CHANGE_RULES, methods=("POST",))
def read_again(request: PortalRequest, connection_id: UUID, kind: str) -> HttpResponse:
    """Read a list anew; what is known of it stays meanwhile."""
    row = own_connection(request, connection_id)
    wanted = _directory_kind(row, kind)
    directory.refresh(row, wanted.key)
    return show(request, "connections/_directory.html", {"state": _directory(row, wanted)})


def _directory_kind(row: Connection, key: str) -> DirectoryKind:
    found = next((kind for kind in provider(row.provider).directories if kind.key == key), None)
    if found is None:
        raise Http404
    return found


def _directory(row: Connection, kind: DirectoryKind) -> dict[str, Any]:
    summary = finding.summary(row, kind.key)
    mark = mark_of(summary.count, summary.reading, summary.so_far, summary.trouble, summary.gaps)
    path = reverse("directory-state", args=[row.id, kind.key])
    return {
        "connection": row,
        "kind": kind,
        "summary": summary,
        "read_at": timezone.now() - summary.age if summary.age is not None else None,
        "mark": mark,
        "poll": f"{path}?mark={mark}",
    }


# --------------------------------------------------------------------------- what is told of it


def _told(kind: Provider, row: Connection) -> list[tuple[str, Sequence[str]]]:
    """Label and lines of every setting that is in use; secrets only by being there."""
    if kind.auth is Auth.OAUTH:
        return []
    sealed = forms.secrets_of(row)
    made = [(gettext("Signing secret"), [_KEPT])] if "signing_secret" in sealed else []
    asked = [one for one in kind.fields if one.applies(row.settings)]
    told = [(gettext(one.label), _value(one, row.settings, sealed)) for one in asked]
    return [(label, lines) for label, lines in [*told, *made] if lines]


def _value(asked: Field, settings: Mapping[str, Any], sealed: Collection[str]) -> Sequence[str]:
    if asked.secret:
        return [_KEPT] if asked.key in sealed else []
    value = settings.get(asked.key, "")
    if isinstance(value, dict):
        return [f"{name}: {text}" for name, text in value.items()]
    if isinstance(value, list):  # recipients have their own list
        return []
    labels = dict(asked.options)
    said = gettext(labels[value]) if value in labels else str(value)
    return [said] if said else []


def _people(row: Connection) -> list[dict[str, Any]]:
    """The recipients of mail, those that have not confirmed first."""
    rows = Recipient.objects.filter(connection=row).order_by("-confirmed_at", "address")
    return [{"row": one, "may_be_asked": recipients.may_be_asked(one)} for one in rows]
