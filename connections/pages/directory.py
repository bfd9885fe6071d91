"""Fragments of the combobox that picks an entry of a directory, such as a Slack channel, wherever it stands."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone

from connections import directory, finding, looking_up
from connections.looking_up import LookedUp
from connections.models import Connection, DirectoryEntry
from connections.pages.listing import own_connection
from connections.provider import DirectoryKind
from connections.registry import provider
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.permissions import Permission

SHOWN_MOST = 20
CHECKS_MOST = 200  # of one waiting for an invitation; then a person asks again
TEXT_MOST = 500
_ID = re.compile(r"[\w-]{1,64}")
_INVITATION = re.compile(r"/invite @?\S+")


@portal(Permission.CHANGE_RULES)
def entries(request: PortalRequest, connection_id: UUID, kind: str) -> HttpResponse:
    """What fits the text that stands in the combobox, and how good the list is."""
    connection, wanted = _own(request, connection_id, kind)
    return _list(request, connection, wanted, _typed(request))


@portal(Permission.CHANGE_RULES, methods=("POST",))
def refresh(request: PortalRequest, connection_id: UUID, kind: str) -> HttpResponse:
    """Read the directory anew. The list that is known stays meanwhile."""
    connection, wanted = _own(request, connection_id, kind)
    directory.refresh(connection, kind)
    return _list(request, connection, wanted, _typed(request))


@portal(Permission.CHANGE_RULES)
def entry(request: PortalRequest, connection_id: UUID, kind: str) -> HttpResponse:
    """What is to be known of the entry that was picked: whether it can be used, and how to invite us if not."""
    connection, wanted = _own(request, connection_id, kind)
    text, checks = _typed(request), _checks(request)
    if not text:
        return HttpResponse()
    found = _looked_up(connection, kind, text, again=checks > 0)
    waits = found.entry is None and checks < CHECKS_MOST
    context = {
        "entry": found.entry,
        "called": wanted.called(found.entry.name) if found.entry else "",
        "found": found,
        "kind": wanted,
        "connection": connection,
        "invitation": _invitation(found),
        "waits": waits,
        "seconds": max(3, round(found.retry_after or 0)),
        "checks": checks + 1,
        "text": text,
        "was_waiting": checks > 0,
    }
    return show(request, "connections/_entry.html", context)


def _list(request: PortalRequest, connection: Connection, kind: DirectoryKind, text: str) -> HttpResponse:
    found = finding.find(connection, kind.key, text, limit=SHOWN_MOST)
    missing, id = None, provider(connection.provider).entry_id(kind.key, text)
    if not found and id:
        missing = looking_up.look_up(connection, kind.key, text)
        found = [missing.entry] if missing.entry else []
    summary = finding.summary(connection, kind.key)
    context = {
        "entries": found,
        "missing": missing if missing and not missing.entry else None,
        "id": id,
        "summary": summary,
        "read_at": timezone.now() - summary.age if summary.age is not None else None,
        "kind": kind,
        "provider": provider(connection.provider).name,
        "connection": connection,
        "text": text,
        "by": _name(request, "by"),
        "list": _name(request, "list"),
    }
    return show(request, "connections/_entries.html", context)


def _looked_up(connection: Connection, kind: str, id: str, *, again: bool) -> LookedUp:
    """From the list; what is not in it, or is waited for, is asked of the vendor."""
    known: DirectoryEntry | None = finding.entry_of(connection.id, kind, id)
    if known and (not again or not known.usable):
        return LookedUp(known)
    if again:
        return looking_up.recheck(connection, kind, id)
    return looking_up.look_up(connection, kind, id)


def _invitation(found: LookedUp) -> str:
    match = _INVITATION.search(found.fix)
    return match[0] if match else ""


def _own(request: PortalRequest, connection_id: UUID, kind: str) -> tuple[Connection, DirectoryKind]:
    connection = own_connection(request, connection_id)
    wanted = next((one for one in provider(connection.provider).directories if one.key == kind), None)
    if wanted is None:
        raise Http404
    return connection, wanted


def _typed(request: PortalRequest) -> str:
    """The text of the control that ``by`` names."""
    sent = request.POST if request.method == "POST" else request.GET
    return str(sent.get(sent.get("by", ""), "")).strip()[:TEXT_MOST]


def _name(request: PortalRequest, of: str) -> str:
    """The id of an element, and nothing else: it is written into a page."""
    text = str((request.POST if request.method == "POST" else request.GET).get(of, ""))
    return text if _ID.fullmatch(text) else of


def _checks(request: PortalRequest) -> int:
    """How often it was looked up already, while it waits for an invitation."""
    text = request.GET.get("checks", "")
    return min(int(text), CHECKS_MOST) if text.isascii() and text.isdigit() and len(text) < 5 else 0
