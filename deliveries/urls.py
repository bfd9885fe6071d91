"""The pages of what happened, and the fragments of it that stand on the pages of connections and rules."""

from __future__ import annotations

from django.urls import path

from deliveries.pages import connection, debugging, event, events, held, hooks, mapping, overview, testing, trying

urlpatterns = [
    path("hooks/<slug:slug>/<uuid:connection_id>", hooks.hook, name="hook"),
    path("workspace/dashboard", overview.dashboard, name="dashboard"),
    path("workspace/connections/last", connection.last_of_all, name="connections-last"),
    path("workspace/connections/<uuid:connection_id>/lately", connection.lately_there, name="connection-lately"),
    path("workspace/connections/<uuid:connection_id>/held", held.held, name="connection-held"),
    path("workspace/connections/<uuid:connection_id>/held/choose", held.choose, name="connection-choose"),
    path("workspace/connections/<uuid:connection_id>/test", connection.test, name="connection-test"),
    path("workspace/connections/<uuid:connection_id>/signature", debugging.debugger, name="signature-debugger"),
    path("workspace/connections/<uuid:connection_id>/mapping/fields", mapping.fields, name="mapping-fields"),
    path("workspace/connections/<uuid:connection_id>/mapping/preview", mapping.preview, name="mapping-preview"),
    path("workspace/rules/conditions", trying.conditions, name="rule-conditions"),
    path("workspace/rules/fields", trying.fields, name="rule-fields"),
    path("workspace/rules/sample", trying.sample, name="rule-sample"),
    path("workspace/rules/preview", trying.preview, name="rule-preview"),
    path("workspace/rules/backtest", trying.back_test, name="rule-backtest"),
    path("workspace/rules/fired", trying.last_fired, name="rules-fired"),
    path("workspace/rules/test", testing.test, name="rule-test"),
    path("workspace/rules/tests/<uuid:test_id>", testing.result, name="rule-test-result"),
    path("workspace/events", events.events, name="events"),
    path("workspace/events/<uuid:event_id>", event.event, name="event"),
    path("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/retry", event.retry, name="retry"),
    path("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/cancel", event.cancel, name="cancel"),
]
