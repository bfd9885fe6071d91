"""The session that opens the portal, and its page of settings."""

from __future__ import annotations

from django.urls import path

from workspaces import pages
from workspaces.embed import shell

urlpatterns = [
    path("workspace/session", shell.exchange, name="exchange"),
    path("workspace/theme", shell.live_theme, name="theme"),
    path("workspace/settings", pages.settings, name="settings"),
    path("workspace/settings/origins", pages.set_origins, name="origins"),
    path("workspace/settings/keys/<uuid:key_id>/rotate", pages.rotate_key, name="rotate-key"),
    path("workspace/settings/keys/<uuid:key_id>/revoke", pages.revoke_key, name="revoke-key"),
    path("workspace/settings/audit", pages.audit_log, name="audit"),
]
