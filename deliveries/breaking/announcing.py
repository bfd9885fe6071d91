"""Tell of connections that broke, may be switched off soon, or work again.

Level-triggered: each row says what people were told of it last (``Connection.told``). The sweep compares that with how
it is, and writes the messages in the transaction that moves the word on. So whoever switches a connection, wherever,
need not think of it, nothing is told twice, and a flicker shorter than the sweep is nobody's business.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from connections.models import Connection
from connections.provider import Inactive
from connections.recipients import told_of_trouble
from deliveries.breaking.backlog import backlog
from workspaces import notices
from workspaces.models import Notice
from workspaces.notices import News
from workspaces.wire import wire_time

AT_ONCE = 100


class Told(StrEnum):
    """What people know of a connection."""

    WELL = ""
    WARNED = "warned"
    OFF = "off"  # somebody switched it off by hand: the vendor hears of it, nobody is mailed
    BROKEN = "broken"


_BY_HAND = Inactive.MANUALLY_INACTIVATED
_WARNED = Q(active=True, warned_at__isnull=False, failing_since__isnull=False)
_HOW_IT_IS = {
    Told.OFF: Q(active=False, inactive_reason=_BY_HAND),
    Told.BROKEN: Q(active=False) & ~Q(inactive_reason=_BY_HAND),
    Told.WARNED: _WARNED,
    Told.WELL: Q(active=True) & ~_WARNED,
}
_KINDS = {
    Told.OFF: Notice.Kind.INACTIVE,
    Told.BROKEN: Notice.Kind.INACTIVE,
    Told.WARNED: Notice.Kind.WARNING,
    Told.WELL: Notice.Kind.RECOVERED,
}


def announce() -> int:
    """Write down what has changed since it was last told. Returns how many notices there are of it.

    Race: two sweeps. Each takes rows that the other has not locked, and a row that was told no longer differs.
    """
    return sum(_announce(told) for told in Told)


def _announce(told: Told) -> int:
    with transaction.atomic():
        rows = Connection.objects.select_for_update(skip_locked=True).filter(_HOW_IT_IS[told]).exclude(told=told)
        found = list(rows.order_by("id")[:AT_ONCE])
        for row in found:
            _post(row, told)
        Connection.objects.filter(id__in=[row.id for row in found]).update(told=told)
    return len(found)


def _post(row: Connection, told: Told) -> None:
    by_hand = told is Told.OFF or (told is Told.WELL and row.told == Told.OFF)
    news = News(
        kind=_KINDS[told],
        organization_id=row.organization_id,
        workspace_id=row.workspace_id,
        subject=row.id,
        occurred_at=_when(row, told),
        facts=_facts(row),
    )
    notices.post(news, addresses=[] if by_hand else told_of_trouble(row.workspace_id))


def _when(row: Connection, told: Told) -> datetime:
    """A success changes no row that says when; it was seconds ago."""
    if told is Told.WARNED:
        return row.warned_at or timezone.now()
    changed = told in (Told.OFF, Told.BROKEN) or row.told in (Told.OFF, Told.BROKEN)
    return row.updated_at if changed else timezone.now()


def _facts(row: Connection) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.provider,
        "inactive_reason": row.inactive_reason or None,
        "failing_since": wire_time(row.failing_since) if row.failing_since else None,
        "held": backlog(row.id).shown,
    }
