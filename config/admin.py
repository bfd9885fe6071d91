"""Raw rows for support staff: everything to be read, nothing to be changed, no secret in sight.

Any id finds what belongs to it in each of the lists, and each page leads on to its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import models

from config.raw_rows import HappeningRows, Link, RawRows
from connections.models import Connection, Recipient
from deliveries.models import Attempt, Capture, Decision, Delivery, Event
from deliveries.tracing import Trace
from rules.models import EventType, Resource, Rule, RuleVersion
from rules.severity import Severity
from workspaces.models import AuditEntry, Organization, Workspace

admin.site.site_header = admin.site.site_title = "Jackfield staff"
admin.site.index_title = "Raw rows"


@admin.register(Organization)
class OrganizationRows(RawRows):
    links = (Link("Workspaces", Workspace, many=True), Link("Events", Event, many=True))


@admin.register(Workspace)
class WorkspaceRows(RawRows):
    links = (
        Link("Connections", Connection, many=True),
        Link("Rules", Rule, many=True),
        Link("Events", Event, many=True),
        Link("Deliveries", Delivery, many=True),
    )


@admin.register(Connection)
class ConnectionRows(RawRows):
    links = (Link("Rules", Rule, many=True), Link("Deliveries", Delivery, many=True))


@admin.register(Rule)
class RuleRows(RawRows):
    links = (Link("Versions", RuleVersion, many=True), Link("Deliveries", Delivery, many=True))


@admin.register(RuleVersion)
class RuleVersionRows(RawRows):
    links = (Link("Rule", Rule, by="rule_id"),)


@admin.register(Event)
class EventRows(HappeningRows):
    columns = ("id", "event", "how_bad", "status", "resource", "resource_id", "workspace_id", "created_at")
    links = (
        Link("Decision", Decision),
        Link("Deliveries", Delivery, many=True),
        Link("Attempts", Attempt, many=True),
        Link("Workspace", Workspace, by="workspace_id"),
    )
    readonly_fields = ("leads_to", "how_bad")

    @admin.display(description="severity")
    def how_bad(self, row: Event) -> str | None:
        """The word of the scale, and not its number."""
        return None if row.severity is None else Severity(row.severity).label

    def found(self, traced: Trace) -> Iterable[UUID]:
        return traced.events

    def _column(self, field: models.Field[Any, Any]) -> str:
        return "how_bad" if field.name == "severity" else field.name


@admin.register(Decision)
class DecisionRows(HappeningRows):
    columns = ("id", "workspace_id", "ruleset_version", "decided_at")
    links = (Link("Event", Event), Link("Deliveries", Delivery, many=True))

    def found(self, traced: Trace) -> Iterable[UUID]:
        return traced.events


@admin.register(Delivery)
class DeliveryRows(HappeningRows):
    columns = ("id", "state", "provider", "attempt_count", "last_code", "due_at", "event_id", "connection_id")
    links = (
        Link("Event", Event, by="event_id"),
        Link("Attempts", Attempt, many=True),
        Link("Captured", Capture, many=True),
        Link("Connection", Connection, by="connection_id"),
        Link("Rule", Rule, by="rule_id"),
        Link("Rule as it was", RuleVersion, by="rule_version_id"),
    )


@admin.register(Attempt)
class AttemptRows(HappeningRows):
    columns = ("id", "number", "code", "culprit", "started_at", "duration_ms", "delivery_id", "workspace_id")
    links = (Link("Delivery", Delivery, by="delivery_id"),)

    def found(self, traced: Trace) -> Iterable[UUID]:
        return traced.attempts


@admin.register(Capture)
class CaptureRows(HappeningRows):
    links = (Link("Delivery", Delivery),)


admin.site.register([AuditEntry, Recipient, EventType, Resource], RawRows)
