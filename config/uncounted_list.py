"""A list of raw rows that never counts: one row more than a page holds says whether older ones follow."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import BinaryField, JSONField, TextField
from django.http import HttpRequest

PAGES_MOST = 200  # what is older is found by its id: a page far back costs as much as all before it


class UncountedList(ChangeList):
    """``newer`` and ``older`` are the neighbouring pages' addresses, "" where there is none."""

    newer = older = ""

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        """Newest first, whatever the address asks for: no other order has an index."""
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        """One page, in one statement that stops at its end."""
        page = min(max(self.page_num, 1), PAGES_MOST)
        first = (page - 1) * self.list_per_page
        found = list(self.queryset.defer(*self._heavy())[first : first + self.list_per_page + 1])
        self.result_list = found[: self.list_per_page]
        self._link(page, more=len(found) > self.list_per_page)
        # What Django's templates ask for. Two equal numbers are not printed.
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = self.multi_page = False
        self.paginator = self.model_admin.get_paginator(request, self.result_list, self.list_per_page)

    def _heavy(self) -> list[str]:
        """The table's payloads, exchanges and secrets: no list shows them, so none of them is read."""
        return [one.name for one in self.opts.concrete_fields if isinstance(one, JSONField | TextField | BinaryField)]

    def _link(self, page: int, *, more: bool) -> None:
        if page > 1:
            self.newer = self._address(page - 1)
        if more and page < PAGES_MOST:
            self.older = self._address(page + 1)

    def _address(self, page: int) -> str:
        return self.get_query_string({PAGE_VAR: page})
