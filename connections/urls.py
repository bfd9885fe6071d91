"""Signing in at a provider, and the pages of what is plugged in."""

from __future__ import annotations

from django.urls import path

from connections.pages import connection, directory, listing, new, oauth, secrets, sign_in
from connections.pages.doctor import embed_doctor
from connections.pages.leaving import unsubscribe
from connections.pages.told import ask_told_again, set_told, told

urlpatterns = [
    path("confirm/<str:token>", listing.confirm, name="confirm"),
    path("unsubscribe/<str:token>", unsubscribe, name="unsubscribe"),
    path("oauth/start", oauth.start, name="oauth-start"),
    path("oauth/callback/<str:slug>", oauth.callback, name="oauth-callback"),
    path("embed-doctor", embed_doctor, name="embed-doctor"),
    path("workspace/settings/told", told, name="told"),
    path("workspace/settings/told/set", set_told, name="told-set"),
    path("workspace/settings/told/<uuid:told_id>/ask", ask_told_again, name="told-ask"),
    path("workspace/connections", listing.connections, name="connections"),
    path("workspace/connections/new/<slug:slug>", new.new, name="connection-new"),
    path("workspace/connections/new/<slug:slug>/link", sign_in.new_link, name="link-new"),
    path("workspace/connections/links/<uuid:link_id>/withdraw", sign_in.withdraw_link, name="link-withdraw"),
    path("workspace/connections/sign-ins/<uuid:pending_id>", sign_in.progress, name="sign-in"),
    path("workspace/connections/sign-ins/<uuid:pending_id>/answer", sign_in.answer, name="sign-in-answer"),
    path("workspace/connections/<uuid:connection_id>", connection.connection, name="connection"),
    path("workspace/connections/<uuid:connection_id>/settings", new.settings, name="connection-settings"),
    path("workspace/connections/<uuid:connection_id>/reconnect", sign_in.reconnect, name="connection-reconnect"),
    path("workspace/connections/<uuid:connection_id>/link", sign_in.reconnect_link, name="connection-link"),
    path("workspace/connections/<uuid:connection_id>/signing-secret", secrets.signing_secret, name="signing-secret"),
    path(
        "workspace/connections/<uuid:connection_id>/signing-secret/end",
        secrets.end_old_secret,
        name="signing-secret-end",
    ),
    path("workspace/connections/<uuid:connection_id>/switch", connection.switch, name="connection-switch"),
    path(
        "workspace/connections/<uuid:connection_id>/disconnect",
        connection.disconnect,
        name="connection-disconnect",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/recipients/<uuid:recipient_id>/ask",
        connection.ask_again,
        name="recipient-ask",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/state",
        connection.directory_state,
        name="directory-state",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/read",
        connection.read_again,
        name="directory-read",
    ),
    path("workspace/connections/<uuid:connection_id>/directory/<str:kind>", directory.entries, name="directory"),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/refresh",
        directory.refresh,
        name="directory-refresh",
    ),
    path(
        "workspace/connections/<uuid:connection_id>/directory/<str:kind>/entry",
        directory.entry,
        name="directory-entry",
    ),
]
