"""Every route there is."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import autodiscover
from django.urls import path

from config import pages
from config.api import routes
from connections import oauth_pages, pages_connection, pages_directory, pages_new, pages_sign_in
from connections import pages as connections
from connections.pages_doctor import embed_doctor
from deliveries import pages as deliveries
from deliveries import pages_connection as happening
from deliveries import pages_event, pages_events, pages_testing, pages_trying
from rules import pages as rules
from rules import pages_editor, pages_versions
from workspaces import pages as workspaces
from workspaces.embed import shell

handler400 = "config.api.bad_request"
handler404 = "config.api.not_found"
handler500 = "config.api.server_error"

autodiscover()

urlpatterns = [
    path("api/v1/", routes()),  # first: routes are tried in their order, and this is where events come in
    path("", pages.home, name="home"),
    path("livez", pages.livez, name="livez"),
    path("readyz", pages.readyz, name="readyz"),
    path("confirm/<str:token>", connections.confirm, name="confirm"),
    path("oauth/start", oauth_pages.start, name="oauth-start"),
    path("oauth/callback/<str:slug>", oauth_pages.callback, name="oauth-callback"),
    path("embed-doctor", embed_doctor, name="embed-doctor"),
    path("workspace/session", shell.exchange, name="exchange"),
    path("workspace/theme", shell.live_theme, name="theme"),
    path("workspace/dashboard", deliveries.dashboard, name="dashboard"),
    path("workspace/connections", connections.connections, name="connections"),
    path("workspace/connections/last", happening.last_of_all, name="connections-last"),
    path("workspace/connections/new/<slug:slug>", pages_new.new, name="connection-new"),
    path("workspace/connections/new/<slug:slug>/link", pages_sign_in.new_link, name="link-new"),
    path("workspace/connections/links/<uuid:link_id>/withdraw", pages_sign_in.withdraw_link, name="link-withdraw"),
    path("workspace/connections/sign-ins/<uuid:pending_id>", pages_sign_in.progress, name="sign-in"),
    path("workspace/connections/sign-ins/<uuid:pending_id>/answer", pages_sign_in.answer, name="sign-in-answer"),
    path("workspace/connections/<uuid:connection_id>", pages_connection.connection, name="connection"),
    path("workspace/connections/<uuid:connection_id>/settings", pages_new.settings, name="connection-settings"),
    path("workspace/connections/<uuid:connection_id>/reconnect", pages_sign_in.reconnect, name="connection-reconnect"),
    path("workspace/connections/<uuid:connection_id>/link", pages_sign_in.reconnect_link, name="connection-link"),
    path("workspace/connections/<uuid:connection_id>/switch", pages_connection.switch, name="connection-switch"),
    path(
        "workspace/connections/<uuid:connection_id>/disconnect",
        pages_connection.disconnect,
        name="connection-disconnect",
    ),
    path("workspace/connections/<uuid:connection_id>/lately", happening.lately_there, name="connection-lately"),
    path("workspace/connections/<uuid:connection_id>/test", happening.test, name="connection-test"),
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
    path("workspace/rules", rules.rules, name="rules"),
    path("workspace/rules/new", pages_editor.new, name="rule-new"),
    path("workspace/rules/action", pages_editor.action, name="rule-action"),
    path("workspace/rules/conditions", pages_trying.conditions, name="rule-conditions"),
    path("workspace/rules/fields", pages_trying.fields, name="rule-fields"),
    path("workspace/rules/sample", pages_trying.sample, name="rule-sample"),
    path("workspace/rules/preview", pages_trying.preview, name="rule-preview"),
    path("workspace/rules/backtest", pages_trying.back_test, name="rule-backtest"),
    path("workspace/rules/fired", pages_trying.last_fired, name="rules-fired"),
    path("workspace/rules/test", pages_testing.test, name="rule-test"),
    path("workspace/rules/tests/<uuid:test_id>", pages_testing.result, name="rule-test-result"),
    path("workspace/rules/<uuid:rule_id>", pages_editor.rule, name="rule"),
    path("workspace/rules/<uuid:rule_id>/switch", rules.switch, name="rule-switch"),
    path("workspace/rules/<uuid:rule_id>/delete", pages_editor.delete, name="rule-delete"),
    path("workspace/rules/<uuid:rule_id>/versions", pages_versions.history, name="rule-versions"),
    path("workspace/rules/<uuid:rule_id>/versions/<uuid:version_id>/revert", pages_versions.revert, name="rule-revert"),
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
    path("workspace/events", pages_events.events, name="events"),
    path("workspace/events/<uuid:event_id>", pages_event.event, name="event"),
    path("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/retry", pages_event.retry, name="retry"),
    path("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/cancel", pages_event.cancel, name="cancel"),
    path("workspace/settings", workspaces.settings, name="settings"),
    path("workspace/settings/origins", workspaces.set_origins, name="origins"),
    path("workspace/settings/keys/<uuid:key_id>/rotate", workspaces.rotate_key, name="rotate-key"),
    path("workspace/settings/keys/<uuid:key_id>/revoke", workspaces.revoke_key, name="revoke-key"),
    path("workspace/settings/audit", workspaces.audit_log, name="audit"),
    path("admin/", admin.site.urls),
    *([] if settings.MODE == "production" else [path("patterns", pages.patterns, name="patterns")]),
]
