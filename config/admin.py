"""Raw rows for support staff: everything to be read, nothing to be changed, no secret in sight."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from connections.models import Connection, Recipient
from deliveries.models import Attempt, Capture, Decision, Delivery, Event
from rules.models import EventType, Resource, Rule, RuleVersion
from workspaces.models import AuditEntry, Organization, Workspace
from workspaces.sealing import Sealed

admin.site.site_header = admin.site.site_title = "Jackfield staff"
admin.site.index_title = "Raw rows"


class RawRows(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table as it is."""

    show_full_result_count = False  # no count(*) over ten million rows
    list_per_page = 50
    ordering = ("-pk",)

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = [field for field in self._readable() if not isinstance(field, models.JSONField | models.TextField)]
        return [field.name for field in shown][:8]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [field.name for field in self._readable()]

    def _readable(self) -> list[models.Field[Any, Any]]:
        return [field for field in self.opts.concrete_fields if not isinstance(field, Sealed | models.BinaryField)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HappeningRows(RawRows):
    """The big tables: found by any id, never counted."""

    search_fields = ("=id", "=workspace_id")


admin.site.register(
    [Organization, Workspace, AuditEntry, Connection, Recipient, EventType, Resource, Rule, RuleVersion], RawRows
)
admin.site.register([Event, Decision, Delivery, Attempt, Capture], HappeningRows)
