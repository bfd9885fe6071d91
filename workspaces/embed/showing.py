"""How a portal page is answered: whole, or the fragment that was asked for. One view, one context."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from workspaces.embed.visitor import PortalRequest
from workspaces.permissions import Permission

# Name of the route, words, permission: the portal's tabs, in their order.
TABS = (
    ("dashboard", _("Overview"), Permission.SEE_OVERVIEW),
    ("connections", _("Connections"), Permission.SEE_CONNECTIONS),
    ("rules", _("Rules"), Permission.SEE_RULES),
    ("events", _("Activity"), Permission.SEE_EVENTS),
    ("settings", _("Settings"), Permission.SEE_SETTINGS),
)


def show(
    request: PortalRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragments: Collection[str] = (),
    status: int = 200,
    toast: str = "",
) -> HttpResponse:
    """Render the template, or the one of its partials that bears the id of the element htmx will fill.

    ``fragments`` names those ids (``{% partialdef rows %}`` fills ``id="rows"``). ``toast`` is told once, in a corner.
    """
    target = request.headers.get("HX-Target", "")
    name = f"{template}#{target}" if target in fragments else template
    everything = {**(context or {}), "visitor": request.visitor, "may": _may(request), "tabs": _tabs(request)}
    response = render(request, name, everything, status=status)
    patch_vary_headers(response, ["Authorization", "HX-Target"])
    return told(response, toast)


def told(response: HttpResponse, toast: str) -> HttpResponse:
    """The response with a sentence for the corner, if there is one."""
    if toast:
        response["HX-Trigger"] = json.dumps({"portal:toast": toast})
    return response


def go_to(route: str, *arguments: object, toast: str = "") -> HttpResponse:
    """After a change: the portal's script goes on to that page. 204, because there is nothing to swap before it."""
    response = HttpResponse(status=204)
    events: dict[str, Any] = {"portal:go": reverse(route, args=arguments)}
    if toast:
        events["portal:toast"] = toast
    response["HX-Trigger"] = json.dumps(events)
    return response


def _may(request: PortalRequest) -> dict[str, bool]:
    """For templates: ``{% if may.change_rules %}``."""
    return {permission.name.lower(): request.visitor.may(permission) for permission in Permission}


def _tabs(request: PortalRequest) -> list[dict[str, Any]]:
    return [
        {"url": reverse(route), "words": words, "here": request.path.startswith(reverse(route))}
        for route, words, permission in TABS
        if request.visitor.may(permission)
    ]
