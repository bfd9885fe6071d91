"""Pages of this room: what is plugged in, and the yes of a mail recipient. The others stand in pages_*.py."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from connections import outages, recipients, refusals
from connections.connecting.keeping import account_name
from connections.models import Connection, Recipient
from connections.registry import all_providers
from connections.standing import Standing, standing
from workspaces import ids
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.permissions import Permission

PAGE = 48
_WORST = ("bad", "wait", "muted", "good")


@dataclass(frozen=True, slots=True)
class Card:
    """One connection of the list."""

    row: Any
    kind: str
    account: str
    standing: Standing


@portal(Permission.SEE_CONNECTIONS)
def connections(request: PortalRequest) -> HttpResponse:
    """What is plugged in, those that need somebody first, and what could be."""
    rows = _counted(own_connections(request)).order_by("-id")
    before = ids.parse(request.GET.get("before", ""))
    found = list((rows.filter(id__lt=before) if before else rows)[: PAGE + 1])
    trouble, refused = outages.among(found), refusals.among(found)
    cards = [_card(row, trouble, refused.get(row.id, "")) for row in found[:PAGE]]
    cards.sort(key=lambda card: _WORST.index(card.standing.tone))
    context = {
        "cards": cards,
        "before": found[PAGE - 1].id if len(found) > PAGE else None,
        "first": before is None,
        "providers": list(all_providers().values()),
    }
    return show(request, "connections/list.html", context)


@csrf_exempt  # no cookie is involved: whoever holds the mailed link may say yes
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A GET asks and changes nothing, because mail scanners open links; the button's POST says yes."""
    recipient, language = recipients.find(token), translation.get_language_from_request(request)
    if recipient and request.method == "POST":
        recipients.confirm(recipient, language=language)
        recipient.refresh_from_db()
    with translation.override(language):
        return render(request, "connections/confirm.html", {"recipient": recipient}, status=200 if recipient else 404)


# --------------------------------------------------------------------------- what all pages of connections share


def own_connections(request: PortalRequest) -> QuerySet[Connection]:
    """Those that the visitor may see."""
    rows: QuerySet[Connection] = Connection.objects.for_workspace(request.visitor.workspace.id)
    return rows.filter(hidden=False)


def own_connection(request: PortalRequest, connection_id: UUID) -> Connection:
    """One of them. Raises ``Http404`` for any other, and for one whose provider is no longer there."""
    rows = own_connections(request).select_related("workspace__organization")
    found = rows.filter(id=connection_id, provider__in=all_providers()).first()
    if found is None:
        raise Http404
    return found


def _counted(rows: QuerySet[Connection]) -> QuerySet[Connection]:
    """With the number of rules, and whether there are recipients and one of them has confirmed."""
    named = Recipient.objects.filter(connection=OuterRef("id"))
    return rows.defer("credentials").annotate(
        rule_count=Count("rules", filter=Q(rules__hidden=False)),
        named=Exists(named),
        confirmed=Exists(named.filter(confirmed_at__isnull=False)),
    )


def _card(row: Any, trouble: Collection[str], refusal: str) -> Card:
    kind = all_providers().get(row.provider)
    return Card(
        row=row,
        kind=kind.name if kind else row.provider,
        account=account_name(row) if kind else "",
        standing=standing(row, unconfirmed=row.named and not row.confirmed, outages=trouble, refusal=refusal),
    )
