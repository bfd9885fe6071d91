"""The page on which a signature is checked: what the receiver got goes in, the likely mistake comes out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from connections import rotating_secrets
from connections.models import Connection
from connections.pages.listing import own_connection
from connections.providers.webhook.diagnosing import Diagnosis, Finding, Received
from connections.providers.webhook.spelling import spell
from deliveries.showing import lately
from deliveries.trying import debugging
from workspaces.embed.guard import portal
from workspaces.embed.showing import show
from workspaces.embed.visitor import PortalRequest
from workspaces.permissions import Permission

HEADER_MOST = 1_000  # characters of one header
BODY_MOST = 1_000_000  # characters; more than the largest body in base64
MINUTES_MOST, HOURS_MOST = 120, 48  # longer is told in hours, in days


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    id: str = ""
    timestamp: str = ""
    signature: str = ""
    computed: str = ""
    body: str = ""
    encoding: str = "text"


@portal(Permission.CONNECT, methods=("GET", "POST"))
def debugger(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """The form; with ``delivery``, filled in with the last request of that one; and the diagnosis of what is in it."""
    row = own_connection(request, connection_id)
    rotating_secrets.expect_signed(row)
    typed = _posted(request) if request.method == "POST" else _picked(request, row)
    body = _bytes(typed)
    if body is None:
        fault = gettext("This is not base64. Paste it whole, or choose that the body is text.")
        return _page(request, row, typed, None, errors={"body": fault})
    if request.method == "POST" and (errors := _needed(typed)):
        return _page(request, row, typed, None, errors=errors)
    asked = bool(typed.signature or typed.computed) and (request.method == "POST" or bool(body))
    received = Received(typed.id, typed.timestamp, typed.signature, body, typed.computed)
    return _page(request, row, typed, debugging.explain(row, received) if asked else None, asked=asked)


def _posted(request: PortalRequest) -> Typed:
    """Browsers write every line end of a text as CR and LF: what was LF before is LF again."""
    post = request.POST
    return Typed(
        **{name: post.get(name, "").strip()[:HEADER_MOST] for name in ("id", "timestamp", "signature", "computed")},
        body=post.get("body", "")[:BODY_MOST].replace("\r\n", "\n"),
        encoding="base64" if post.get("encoding") == "base64" else "text",
    )


def _picked(request: PortalRequest, row: Connection) -> Typed:
    """The body is part of it only for those who may see what events hold."""
    wanted = request.GET.get("delivery", "")
    if not wanted:
        return Typed()
    try:
        sent = debugging.last_request(row, UUID(wanted))
    except ValueError:
        sent = None
    if sent is None:
        raise Http404
    body = sent.body if sent.body is not None and request.visitor.may(Permission.SEE_PAYLOAD) else b""
    return Typed(sent.id, sent.timestamp, sent.signature, body=body.decode("utf-8", "replace"))


def _bytes(typed: Typed) -> bytes | None:
    if typed.encoding == "text":
        return typed.body.encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(typed.body.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _page(
    request: PortalRequest,
    row: Connection,
    typed: Typed,
    found: Diagnosis | None,
    *,
    asked: bool = False,
    errors: Mapping[str, str] | None = None,
) -> HttpResponse:
    context = {
        "connection": row,
        "typed": typed,
        "errors": errors or {},
        "recent": lately.latest_of(row),
        "found": found,
        "asked": asked,
        "findings": [told(one) for one in found.findings] if found else [],
        "signed": spell(found.signed.decode("utf-8", "replace")) if found else [],
    }
    return show(request, "deliveries/signature.html", context, status=422 if errors else 200)


def _needed(typed: Typed) -> dict[str, str]:
    """What to fill in, by the field that is empty, as long as there is no signature to check."""
    if typed.signature or typed.computed:
        return {}
    headers = {name: f"webhook-{name}" for name in ("id", "timestamp") if not getattr(typed, name)}
    words = gettext("Paste the header %(name)s as it came.")
    found = {field: words % {"name": name} for field, name in headers.items()}
    found["signature"] = gettext("Paste the header webhook-signature, or what your own code computed.")
    return found if typed.body else {**found, "body": gettext("Paste the body as it arrived.")}


def _age(minutes: int) -> str:
    if minutes <= MINUTES_MOST:
        return gettext("%(n)s minutes") % {"n": minutes}
    hours = round(minutes / 60)
    if hours <= HOURS_MOST:
        return gettext("%(n)s hours") % {"n": hours}
    return gettext("%(n)s days") % {"n": round(hours / 24)}


def told(finding: Finding) -> dict[str, Any]:
    """A finding as the page has it: its tone, what was found, and what to do."""
    what, fix = finding.slip.value
    return {
        "tone": finding.slip.tone,
        "what": gettext(what) % {**finding.values, "age": _age(finding.values.get("minutes", 0))},
        "fix": gettext(fix) if fix else "",
    }
