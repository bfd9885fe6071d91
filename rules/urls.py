"""The pages of where events go."""

from __future__ import annotations

from django.urls import path

from rules.pages import editor, listing, mapping, versions

urlpatterns = [
    path("workspace/connections/<uuid:connection_id>/mapping", mapping.mapping, name="mapping"),
    path("workspace/connections/<uuid:connection_id>/mapping/rows", mapping.rows, name="mapping-rows"),
    path("workspace/rules", listing.rules, name="rules"),
    path("workspace/rules/new", editor.new, name="rule-new"),
    path("workspace/rules/action", editor.action, name="rule-action"),
    path("workspace/rules/<uuid:rule_id>", editor.rule, name="rule"),
    path("workspace/rules/<uuid:rule_id>/switch", listing.switch, name="rule-switch"),
    path("workspace/rules/<uuid:rule_id>/delete", editor.delete, name="rule-delete"),
    path("workspace/rules/<uuid:rule_id>/versions", versions.history, name="rule-versions"),
    path("workspace/rules/<uuid:rule_id>/versions/<uuid:version_id>/revert", versions.revert, name="rule-revert"),
]
