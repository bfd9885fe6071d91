"""Pages of this room: the settings, and the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings as configured
from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from workspaces import rotating
from workspaces.admitting import admit
from workspaces.embed.guard import portal
from workspaces.embed.showing import go_to, show
from workspaces.embed.visitor import PortalRequest
from workspaces.errors import ApiError
from workspaces.models import PublishableKey
from workspaces.permissions import Permission
from workspaces.snippets import snippets
from workspaces.trail import trail

KEYS_MOST = 20
LATEST = 5  # entries of the audit log on the page of settings
_SETTINGS = "workspaces/settings.html"


@portal(Permission.SEE_SETTINGS)
def settings(request: PortalRequest) -> HttpResponse:
    """Keys, origins, the snippet, the language, and who changed what."""
    workspace = request.visitor.workspace
    keys = list(_keys(request).order_by(F("expires_at").desc(nulls_first=True), "-id")[:KEYS_MOST])
    now = timezone.now()
    latest = next((key for key in keys if key.expires_at is None), None)
    return show(
        request,
        _SETTINGS,
        {
            "keys": [(key, key.live(now)) for key in keys],
            "snippets": snippets(latest.text) if latest else [],
            "written": "\n".join(workspace.allowed_origins),
            "language": translation.get_language_info(translation.get_language() or configured.LANGUAGE_CODE),
            "trail": trail(workspace.id, most=LATEST) if request.visitor.may(Permission.SEE_AUDIT) else None,
        },
    )


@portal(Permission.CHANGE_KEYS, methods=("POST",))
def rotate_key(request: PortalRequest, key_id: UUID) -> HttpResponse:
    """A new key; the old one works for as long as was chosen."""
    key = _own(request, key_id)
    overlap = rotating.OVERLAPS.get(request.POST.get("overlap", ""))
    if overlap is None:
        return go_to("settings", toast=_("Choose how long the old key still works, then rotate it."))
    return _tell(lambda: rotating.rotate(key, overlap=overlap, actor=request.visitor.name), _("There is a new key."))


@portal(Permission.CHANGE_KEYS, methods=("POST",))
def revoke_key(request: PortalRequest, key_id: UUID) -> HttpResponse:
    """The key ends now."""
    key = _own(request, key_id)
    return _tell(lambda: rotating.revoke(key, actor=request.visitor.name), _("The key is revoked."))


@portal(Permission.CHANGE_KEYS, methods=("POST",))
def set_origins(request: PortalRequest) -> HttpResponse:
    """Which web pages may send events; what was wrong stands beside the field."""
    written = request.POST.get("allowed_origins", "")
    context: dict[str, Any]
    try:
        origins = admit(request.visitor.workspace, written.split(), actor=request.visitor.name)
    except ApiError as refusal:
        context = {"written": written, "fault": " ".join(message for _param, message in refusal.faults)}
        return show(request, _SETTINGS, context, fragments=("origins",), status=422)
    context = {"written": "\n".join(origins)}
    return show(request, _SETTINGS, context, fragments=("origins",), toast=_("Saved."))


@portal(Permission.SEE_AUDIT)
def audit_log(request: PortalRequest) -> HttpResponse:
    """Who did what in this workspace."""
    before = request.GET.get("before", "")
    try:
        found = trail(request.visitor.workspace.id, before=UUID(before) if before else None)
    except ValueError:
        raise Http404 from None
    return show(request, "workspaces/audit.html", {"trail": found, "first": not before})


def _keys(request: PortalRequest) -> QuerySet[PublishableKey]:
    rows: QuerySet[PublishableKey] = PublishableKey.objects.for_workspace(request.visitor.workspace.id)
    return rows


def _own(request: PortalRequest, key_id: UUID) -> PublishableKey:
    found = _keys(request).select_related("workspace").filter(id=key_id).first()
    if found is None:
        raise Http404
    return found


def _tell(act: Callable[[], object], toast: str) -> HttpResponse:
    try:
        act()
    except ApiError as refusal:
        toast = refusal.message
    return go_to("settings", toast=toast)
