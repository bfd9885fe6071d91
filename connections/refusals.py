"""Whose credentials were not accepted when a list was last read: it stays on, and people are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from connections.models import Connection, DirectoryRun
from connections.registry import all_providers


def among(rows: Iterable[Connection]) -> Mapping[UUID, str]:
    """Why, and what to do, by the connection's id. Asks nothing where no destination has a list."""
    listing = {slug for slug, kind in all_providers().items() if kind.directories}
    ids = [row.id for row in rows if row.active and row.provider in listing]
    if not ids:
        return {}
    runs = DirectoryRun.objects.filter(connection_id__in=ids).exclude(refusal="")
    return dict(runs.order_by("finished_at").values_list("connection_id", "refusal"))
