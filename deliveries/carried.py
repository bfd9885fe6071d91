"""What became of digested deliveries: they are over, and what became of their message is told by their carrier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from deliveries.models import Delivery, State

_SAID = {
    State.DELIVERED: _("That message has arrived."),
    State.FAILED: _("That message failed."),
    State.CANCELED: _("That message was called off."),
}
_NOT_YET = _("That message has not been sent yet.")
_GONE = _("What became of that message is no longer kept.")


def carriers(deliveries: Iterable[Delivery]) -> Mapping[UUID, Delivery]:
    """The carriers of those that were folded into one."""
    ids = {row.carrier_id for row in deliveries if row.carrier_id and row.state == State.DIGESTED}
    return Delivery.objects.in_bulk(list(ids)) if ids else {}


def notes(row: Delivery, carriers: Mapping[UUID, Delivery]) -> list[str]:
    """Why a delivery waits, was muted or digested, in whole sentences; nothing once that is no longer so."""
    if row.state == State.DIGESTED:
        return [row.note, _became(carriers.get(row.carrier_id) if row.carrier_id else None)]
    waits = row.state in (State.PENDING, State.HELD) and not row.attempt_count
    return [row.note] if row.note and (waits or row.state == State.MUTED) else []


def carrier_shape(row: Delivery, carriers: Mapping[UUID, Delivery]) -> dict[str, Any] | None:
    """Which delivery's message tells of this one, and how far that is; None for one that speaks for itself."""
    carrier = carriers.get(row.carrier_id) if row.carrier_id and row.state == State.DIGESTED else None
    if carrier is None:
        return None
    return {
        "id": carrier.id,
        "event_id": carrier.event_id,
        "rule": carrier.rule_id,
        "status": State(carrier.state).status,
        "state": carrier.state,
        "last_error": carrier.last_error or None,
    }


def _became(carrier: Delivery | None) -> str:
    if carrier is None:
        return gettext(_GONE)
    return gettext(_SAID.get(State(carrier.state), _NOT_YET))
