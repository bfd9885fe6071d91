"""Trace for support staff: the events, deliveries and attempts of any tenant that an id or a word leads to.

Staff stand outside the wall between tenants, so nothing here asks whose a row is; no page of a tenant may use it.
Each look goes by an index, or looks through so many of the newest rows and no more, however much is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet

from connections.models import Connection
from deliveries.models import Attempt, Delivery, Event
from rules.models import Rule
from workspaces import ids
from workspaces.ids import derive
from workspaces.models import Workspace

FOUND_MOST = 1_000  # of a kind; the newest
LOOKED_AT_MOST = 20_000  # deliveries of a workspace, for those of one connection or rule
EVENTS_LOOKED_AT_MOST = 100_000  # for a word that no index knows
_WORKSPACES_MOST = 20


@dataclass(frozen=True, slots=True)
class Trace:
    """Ids, newest first. ``deliveries`` says how many attempts were counted for each."""

    events: Sequence[UUID] = ()
    deliveries: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def attempts(self) -> list[UUID]:
        """By their derived ids: one more than were counted, for the one that finished after a cancel."""
        return [derive(id, number) for id, count in self.deliveries.items() for number in range(1, count + 2)]


def trace(text: str) -> Trace:
    """What an id of anything leads to, the name of a tenant, or what events are about: all of it word for word."""
    wanted = text.strip()
    id = ids.parse(wanted)
    return _of_id(id) if id else _of_words(wanted)


def _of_id(id: UUID) -> Trace:
    if Event.objects.filter(id=id).exists():
        return _of_events([id])
    attempt = Attempt.objects.filter(id=id).values_list("delivery_id", flat=True).first()
    if found := _counted(Delivery.objects.filter(id=attempt or id)):
        return found
    for model, name in ((Connection, "connection_id"), (Rule, "rule_id")):
        workspace = model.objects.filter(id=id).values_list("workspace_id", flat=True).first()
        if workspace:
            return _counted(_latest(workspace).filter(**{name: id})) or Trace()
    if Workspace.objects.filter(id=id).exists():
        return _of_workspaces([id])
    return _of_events(_newest(Event.objects.for_organization(id)))


def _of_words(text: str) -> Trace:
    called = Workspace.objects.filter(Q(name__iexact=text) | Q(tenant__iexact=text)).order_by("-id")
    if named := list(called.values_list("id", flat=True)[:_WORKSPACES_MOST]):
        return _of_workspaces(named)
    newest = Event.objects.order_by("-id").values_list("id", flat=True)
    oldest = newest[EVENTS_LOOKED_AT_MOST - 1 : EVENTS_LOOKED_AT_MOST].first()
    rows = Event.objects.filter(id__gte=oldest) if oldest else Event.objects.all()
    return _of_events(_newest(rows.filter(Q(resource_id=text) | Q(resource=text) | Q(event=text))))


def _of_workspaces(workspaces: Collection[UUID]) -> Trace:
    """What happened there last. A delivery may be told of whose event is too old to be, and the other way round."""
    events = _newest(Event.objects.filter(workspace_id__in=workspaces))
    found = _counted(Delivery.objects.filter(workspace_id__in=workspaces))
    return Trace(events, found.deliveries if found else {})


def _of_events(events: Sequence[UUID]) -> Trace:
    found = _counted(Delivery.objects.filter(event_id__in=events)) if events else None
    return Trace(events, found.deliveries if found else {})


def _counted(rows: QuerySet[Delivery]) -> Trace | None:
    """The newest of the deliveries with their events; None when there are none."""
    found = list(rows.order_by("-id").values_list("id", "event_id", "attempt_count")[:FOUND_MOST])
    if not found:
        return None
    return Trace(list(dict.fromkeys(event for _, event, _ in found)), {id: count for id, _, count in found})


def _newest(rows: QuerySet[Event]) -> list[UUID]:
    return list(rows.order_by("-id").values_list("id", flat=True)[:FOUND_MOST])


def _latest(workspace: UUID) -> QuerySet[Delivery]:
    """As many of a workspace's deliveries as are looked through one by one."""
    rows = Delivery.objects.for_workspace(workspace)
    oldest = rows.order_by("-id").values_list("id", flat=True)[LOOKED_AT_MOST - 1 : LOOKED_AT_MOST].first()
    return rows.filter(id__gte=oldest) if oldest else rows
