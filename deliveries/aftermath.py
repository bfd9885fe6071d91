"""What became of deliveries after they had arrived: kept beside them, and never instead of what was true then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop as _

from connections.models import Connection
from connections.provider import Afterwards, Heard
from connections.registry import all_providers
from deliveries.models import Aftermath, Delivery

TITLES = {
    Afterwards.BOUNCED: _("Bounced afterwards"),
    Afterwards.COMPLAINED: _("Reported as spam"),
    Afterwards.SUPPRESSED: _("Not sent on"),
    Afterwards.FAILED: _("Failed afterwards"),
    Afterwards.DELAYED: _("Delayed"),
}


def keep(row: Connection, heard: Heard) -> bool:
    """Keep it with its delivery, once. Returns False for what is no delivery of that connection, or known already.

    The unique constraint covers the race of a vendor that repeats a call before the first one was answered.
    """
    mine = Delivery.objects.for_workspace(row.workspace_id).filter(id=heard.delivery_id, connection_id=row.id)
    if not mine.exists():
        return False
    _row, made = Aftermath.objects.get_or_create(
        connection_id=row.id,
        call_id=heard.id,
        defaults={
            "organization_id": row.organization_id,
            "workspace_id": row.workspace_id,
            "delivery_id": heard.delivery_id,
            "kind": heard.kind,
            "words": heard.words,
            "happened_at": heard.at,
        },
    )
    return made


def of_deliveries(deliveries: Iterable[Delivery]) -> Mapping[UUID, list[Aftermath]]:
    """What was told of each, the first first. Asks nothing where no provider calls back."""
    hearing = {slug for slug, kind in all_providers().items() if kind.hears}
    ids = [row.id for row in deliveries if row.provider in hearing]
    found: dict[UUID, list[Aftermath]] = {}
    for row in Aftermath.objects.filter(delivery_id__in=ids).order_by("happened_at", "id") if ids else ():
        found.setdefault(row.delivery_id, []).append(row)
    return found


def shape(row: Aftermath) -> dict[str, Any]:
    """As the wire has it."""
    return {"kind": row.kind, "words": row.words, "happened_at": row.happened_at}
