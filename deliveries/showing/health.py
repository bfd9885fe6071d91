"""How the connections of a workspace are: which work, which need somebody, and what waits for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from connections import outages, refusals
from connections.models import Choice, Connection
from connections.registry import all_providers
from connections.standing import Standing, standing
from deliveries.models import Delivery, State
from deliveries.showing.links import connection_url

_WORST = ("bad", "wait", "muted", "good")


@dataclass(frozen=True, slots=True)
class Plugged:
    """One connection, how it is, and how many deliveries are held for it."""

    id: UUID
    name: str
    provider: str
    how: Standing
    waiting: int
    url: str
    asked: bool = False  # it is on again, and somebody has to say what becomes of what was held


def health(workspace_id: UUID) -> list[Plugged]:
    """Every connection that the customer may see, those that need somebody first: four statements at most."""
    rows = Connection.objects.for_workspace(workspace_id).filter(hidden=False).defer("credentials", "settings")
    found = list(rows)
    waiting = _waiting([row.id for row in found if not row.active or row.held_choice == Choice.ASKED])
    trouble, refused = outages.among(found), refusals.among(found)
    plugged = [_plugged(row, waiting.get(row.id, 0), trouble, refused.get(row.id, "")) for row in found]
    return sorted(plugged, key=lambda one: (_WORST.index(one.how.tone), one.name.casefold()))


def _plugged(row: Connection, waiting: int, trouble: Collection[str], refusal: str) -> Plugged:
    asked = row.active and row.held_choice == Choice.ASKED and waiting > 0
    kind, how = all_providers().get(row.provider), standing(row, outages=trouble, refusal=refusal)
    return Plugged(row.id, row.name, kind.name if kind else row.provider, how, waiting, connection_url(row.id), asked)


def _waiting(ids: Sequence[UUID]) -> dict[UUID, int]:
    """By the index of what is open: what arrived long ago is not looked at."""
    if not ids:
        return {}
    held = Delivery.objects.filter(state=State.HELD, connection_id__in=ids)
    return dict(held.values_list("connection_id").annotate(Count("id")).order_by())
