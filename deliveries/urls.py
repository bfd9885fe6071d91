"""The pages of what happened, and the fragments of it that stand on the pages of connections and rules."""

from __future__ import annotations

from django.urls import path

from deliveries import (
    pages,
    pages_connection,
    pages_debugging,
    pages_event,
    pages_events,
    pages_held,
    pages_hooks,
    pages_mapping,
    pages_testing,
    pages_trying,
)

urlpatterns = [
    path("hooks/<slug:slug>/<uuid:connection_id>", pages_hooks.hook, name="hook"),
    path("workspace/dashboard", pages.dashboard, name="dashboard"),
    path("workspace/connections/last", pages_connection.last_of_all, name="connections-last"),
    path("workspace/connections/<uuid:connection_id>/lately", pages_connection.lately_there, name="connection-lately"),
    path("workspace/connections/<uuid:connection_id>/held", pages_held.held, name="connection-held"),
    path("workspace/connections/<uuid:connection_id>/held/choose", pages_held.choose, name="connection-choose"),
    path("workspace/connections/<uuid:connection_id>/test", pages_connection.test, name="connection-test"),
    path("workspace/connections/<uuid:connection_id>/signature", pages_debugging.debugger, name="signature-debugger"),
    path("workspace/connections/<uuid:connection_id>/mapping/fields", pages_mapping.fields, name="mapping-fields"),
    path("workspace/connections/<uuid:connection_id>/mapping/preview", pages_mapping.preview, name="mapping-preview"),
    path("workspace/rules/conditions", pages_trying.conditions, name="rule-conditions"),
    path("workspace/rules/fields", pages_trying.fields, name="rule-fields"),
    path("workspace/rules/sample", pages_trying.sample, name="rule-sample"),
    path("workspace/rules/preview", pages_trying.preview, name="rule-preview"),
    path("workspace/rules/backtest", pages_trying.back_test, name="rule-backtest"),
    path("workspace/rules/fired", pages_trying.last_fired, name="rules-fired"),
    path("workspace/rules/test", pages_testing.test, name="rule-test"),
    path("workspace/rules/tests/<uuid:test_id>", pages_testing.result, name="rule-test-result"),
    path("workspace/events", pages_events.events, name="events"),
    path("workspace/events/<uuid:event_id>", pages_event.event, name="event"),
    path("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/retry", pages_event.retry, name="retry"),
    path("workspace/events/<uuid:event_id>/rules/<uuid:rule_id>/cancel", pages_event.cancel, name="cancel"),
]
