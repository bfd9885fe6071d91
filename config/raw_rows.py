"""Rows as they are: how staff see any table, how they find a row of it, and where each row leads.

A big table is found through ``deliveries.tracing``, any other by the ids and words in its own columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from config.uncounted_list import UncountedList
from deliveries.tracing import Trace, trace
from workspaces.sealing import Sealed

_NAMES = ("name", "tenant", "key", "address", "subject", "provider")  # columns with words that somebody may look for
_OF_WORKSPACE = ("workspace__name", "workspace__tenant")
_AT_MOST = 8  # columns of a list


@dataclass(frozen=True, slots=True)
class Link:
    """To the one row whose id stands in the column ``by``; with ``many`` to the list of all that belong to it."""

    words: str
    model: type[models.Model]
    by: str = "pk"
    many: bool = False

    def of(self, row: models.Model) -> str:
        """Its address."""
        table = self.model._meta.label_lower.replace(".", "_")  # noqa: SLF001  Django's own name for what is public
        page, id = f"admin:{table}", str(getattr(row, self.by))
        if self.many:
            return reverse(f"{page}_changelist", query={"q": id})
        return reverse(f"{page}_change", args=[id])


class RawRows(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table as it is, found by any id or name in it."""

    show_full_result_count = False  # no count(*) over ten million rows
    change_list_template = "staff/rows.html"
    list_per_page = 50
    ordering = ("-pk",)
    sortable_by = ()
    actions = None
    readonly_fields: ClassVar[tuple[str, ...]] = ("leads_to",)
    links: tuple[Link, ...] = ()
    columns: tuple[str, ...] = ()  # of the list; empty: the first of the table. Long texts are never read for it

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[UncountedList]:
        return UncountedList

    def get_list_display(self, request: HttpRequest) -> Any:
        if self.columns:
            return self.columns
        shown = [field for field in self._readable() if not isinstance(field, models.JSONField | models.TextField)]
        return [self._column(field) for field in shown][:_AT_MOST]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        columns = [self._column(field) for field in self._readable()]
        return ["leads_to", *columns] if self.links else columns

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Every id, those of its neighbours among them, and its words."""
        fields = self._readable()
        ids = [f"{one.name}__exact" for one in fields if isinstance(one, models.UUIDField)]
        ids += [f"{one.name}__id__exact" for one in fields if one.many_to_one]
        words = [one.name for one in fields if one.name in _NAMES]
        return [*ids, *words, *(_OF_WORKSPACE if any(one.name == "workspace" for one in fields) else ())]

    @admin.display(description="leads to")
    def leads_to(self, row: Any) -> SafeString:
        """The rows before and after this one."""
        return format_html_join(" · ", '<a href="{}">{}</a>', [(link.of(row), link.words) for link in self.links])

    def _column(self, field: models.Field[Any, Any]) -> str:
        """What is shown of a field: the field itself, or a method that says it better."""
        return field.name

    def _readable(self) -> list[models.Field[Any, Any]]:
        return [field for field in self.opts.concrete_fields if not isinstance(field, Sealed | models.BinaryField)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HappeningRows(RawRows):
    """A big table, of which a search finds the newest thousand rows."""

    search_help_text = (
        "Any id, the name of a tenant, or word for word what an event is about. The newest thousand are found."
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        text = search_term.strip()
        return (queryset.filter(pk__in=self.found(trace(text))) if text else queryset), False

    def found(self, traced: Trace) -> Iterable[UUID]:
        """The ids of this table's rows that a search has led to."""
        return traced.deliveries
