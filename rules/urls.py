"""The pages of where events go."""

from __future__ import annotations

from django.urls import path

from rules import pages, pages_editor, pages_mapping, pages_versions

urlpatterns = [
    path("workspace/connections/<uuid:connection_id>/mapping", pages_mapping.mapping, name="mapping"),
    path("workspace/connections/<uuid:connection_id>/mapping/rows", pages_mapping.rows, name="mapping-rows"),
    path("workspace/rules", pages.rules, name="rules"),
    path("workspace/rules/new", pages_editor.new, name="rule-new"),
    path("workspace/rules/action", pages_editor.action, name="rule-action"),
    path("workspace/rules/<uuid:rule_id>", pages_editor.rule, name="rule"),
    path("workspace/rules/<uuid:rule_id>/switch", pages.switch, name="rule-switch"),
    path("workspace/rules/<uuid:rule_id>/delete", pages_editor.delete, name="rule-delete"),
    path("workspace/rules/<uuid:rule_id>/versions", pages_versions.history, name="rule-versions"),
    path("workspace/rules/<uuid:rule_id>/versions/<uuid:version_id>/revert", pages_versions.revert, name="rule-revert"),
]
