"""Signing in at a provider, and the pages of what is plugged in."""

from __future__ import annotations

from django.urls import path

from connections import oauth_pages, pages, pages_connection, pages_directory, pages_new, pages_secrets, pages_sign_in
from connections.pages_doctor import embed_doctor
from connections.pages_told import ask_told_again, set_told, told

urlpatterns = [
    path("confirm/<str:token>", pages.confirm, name="confirm"),
    path("oauth/start", oauth_pages.start, name="oauth-start"),
    path("oauth/callback/<str:slug>", oauth_pages.callback, name="oauth-callback"),
    path("embed-doctor", embed_doctor, name="embed-doctor"),
    path("workspace/settings/told", told, name="told"),
    path("workspace/settings/told/set", set_told, name="told-set"),
    path("workspace/settings/told/<uuid:told_id>/ask", ask_told_again, name="told-ask"),
    path("workspace/connections", pages.connections, name="connections"),
    path("workspace/connections/new/<slug:slug>", pages_new.new, name="connection-new"),
    path("workspace/connections/new/<slug:slug>/link", pages_sign_in.new_link, name="link-new"),
    path("workspace/connections/links/<uuid:link_id>/withdraw", pages_sign_in.withdraw_link, name="link-withdraw"),
    path("workspace/connections/sign-ins/<uuid:pending_id>", pages_sign_in.progress, name="sign-in"),
    path("workspace/connections/sign-ins/<uuid:pending_id>/answer", pages_sign_in.answer, name="sign-in-answer"),
    path("workspace/connections/<uuid:connection_id>", pages_connection.connection, name="connection"),
    path("workspace/connections/<uuid:connection_id>/settings", pages_new.settings, name="connection-settings"),
    path("workspace/connections/<uuid:connection_id>/reconnect", pages_sign_in.reconnect, name="connection-reconnect"),
    path("workspace/connections/<uuid:connection_id>/link", pages_sign_in.reconnect_link, name="connection-link"),
    path(
        "workspace/connections/<uuid:connection_id>/signing-secret", pages_secrets.signing_secret, name="signing-secret"
    ),
    path(
        "workspace/connections/<uuid:connection_id>/signing-secret/end",
        pages_secrets.end_old_secret,
        name="signing-secret-end",
    ),
    path("workspace/connections/<uuid:connection_id>/switch", pages_connection.switch, name="connection-switch"),
    path(
        "workspace/connections/<uuid:connection_id>/disconnect",
        pages_connection.disconnect,
        name="connection-disconnect",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/recipients/<uuid:recipient_id>/ask",
        pages_connection.ask_again,
        name="recipient-ask",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/state",
        pages_connection.directory_state,
        name="directory-state",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/read",
        pages_connection.read_again,
        name="directory-read",
    ),
    path("workspace/connections/<uuid:connection_id>/directory/<str:kind>", pages_directory.entries, name="directory"),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/refresh",
        pages_directory.refresh,
        name="directory-refresh",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/entry",
        pages_directory.entry,
        name="directory-entry",
    ),
]
