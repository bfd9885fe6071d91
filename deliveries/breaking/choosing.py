"""After a connection is on again the customer says what becomes of what was held for it, and of what failed meanwhile.

A choice is one word on the connection's row: the sweep carries it out (see ``holding``), so that a killed worker loses
nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from connections.models import Choice, Connection
from deliveries.breaking import holding, superseding
from deliveries.breaking.backlog import Backlog, backlog
from deliveries.models import Delivery, State
from workspaces import audit
from workspaces.errors import ApiError
from workspaces.ids import floor
from workspaces.models import Notice

AGAIN_MOST = 5_000  # that one click sends again
_OFFERED_FOR = timedelta(days=7)
_LONGEST_SCHEDULE = timedelta(hours=80)  # what failed now was made at most so long ago, unless it was held


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to decide. ``until`` is when everything is sent without a word; None when nobody is asked.

    ``newest`` is how many would go of each thing's newest alone, ``failed`` how many failed while it was broken.
    """

    held: Backlog
    newest: int = 0
    until: datetime | None = None
    failed: int = 0


def offer(connection: Connection) -> Offer:
    """For its page: the connection may be on or off. Nothing is counted that nobody is asked about."""
    held, failed = backlog(connection.id), _failed_count(connection) if connection.active else 0
    asked_at = _asked_at(connection, held) if connection.active else None
    if asked_at is None:
        return Offer(held, failed=failed)
    newest = 0 if held.many else superseding.count_newest(connection.id)
    return Offer(held, newest, asked_at + holding.CHOOSE_WITHIN, failed)


def _asked_at(connection: Connection, held: Backlog) -> datetime | None:
    """Since when somebody is asked; now, when the sweep has yet to come by and will ask."""
    now = timezone.now()
    if connection.held_choice == Choice.ASKED:
        return connection.asked_at if held.count else None
    return now if not connection.held_choice and held.is_asked_about(now) else None


def choose(connection: Connection, choice: Choice, *, actor: str) -> None:
    """Say what becomes of what is held. The last word counts, for whatever is still held by then.

    Raises ApiError 409 when there is nothing to say: it is switched off, or nothing is held any more.
    """
    with transaction.atomic():
        _lock(connection)
        found = backlog(connection.id)
        if not found.count:
            raise ApiError(409, gettext("Nothing waits for it any more."))
        Connection.objects.filter(id=connection.id).update(held_choice=choice, asked_at=None)
        audit.record(connection, actor=actor, verb=f"held.{choice}", name=connection.name, count=found.shown)


def send_failed_again(connection: Connection, *, actor: str) -> int:
    """What failed while it was broken is held like the rest, and so goes with it. Returns how many, at most 5,000.

    Raises ApiError 409 when it is switched off. Race: it is pressed twice, or one is retried by hand meanwhile. Rows
    are locked, and what is no longer failed is left alone.
    """
    with transaction.atomic(), database.cursor() as cursor:
        row = _lock(connection)
        ids = list(_failed(connection).order_by("-id").values_list("id", flat=True)[:AGAIN_MOST])
        cursor.execute(_HOLD_AGAIN, [ids])
        count: int = cursor.fetchone()[0]
        if count and row.held_choice != Choice.ASKED:
            Connection.objects.filter(id=connection.id).update(held_choice=Choice.ALL)
        audit.record(connection, actor=actor, verb="held.failed_again", name=connection.name, count=count)
    return count


def _lock(connection: Connection) -> Connection:
    row: Connection | None = Connection.objects.select_for_update().filter(id=connection.id, active=True).first()
    if row is None:
        raise ApiError(409, gettext("It is switched off. Mend it first; then choose what becomes of what waits."))
    return row


def _failed_count(connection: Connection) -> int:
    return _failed(connection).values_list("id")[: AGAIN_MOST + 1].count()


def _failed(connection: Connection) -> QuerySet[Delivery]:
    """What failed since it broke the last time; its own faults excepted, which would only fail again."""
    rows = Delivery.objects.for_workspace(connection.workspace_id).filter(connection_id=connection.id)
    time = _broken_time(connection)
    if time is None:
        return rows.none()
    failed = rows.filter(state=State.FAILED, id__gte=floor(time[0] - _LONGEST_SCHEDULE), finished_at__range=time)
    return failed.exclude(last_code="mapping_error")


def _broken_time(connection: Connection) -> tuple[datetime, datetime] | None:
    """When the trouble began after which it was switched off last, and when that was over; None when that is long ago.

    From what was told of it: the connection itself knows only how it is now.
    """
    notices = Notice.objects.for_workspace(connection.workspace_id).filter(subject=connection.id).order_by("-id")
    off = notices.filter(kind=Notice.Kind.INACTIVE).first()
    if off is None:
        return None
    on = notices.filter(kind=Notice.Kind.RECOVERED, id__gt=off.id).order_by("id").first()
    since = parse_datetime(off.facts.get("failing_since") or "") or off.occurred_at
    until = on.occurred_at if on else timezone.now()
    return (since, until) if until > timezone.now() - _OFFERED_FOR else None


# The events are no longer over: their counters go back with the deliveries that left them.
_HOLD_AGAIN = """
WITH again AS (
    UPDATE deliveries_delivery SET state = 'held', due_at = NULL, finished_at = NULL
     WHERE id IN (SELECT id FROM deliveries_delivery WHERE id = ANY(%s) AND state = 'failed' ORDER BY id FOR UPDATE)
    RETURNING event_id
), counted AS (
    SELECT event_id, count(*) AS number FROM again GROUP BY event_id
), locked AS (
    SELECT id FROM deliveries_event WHERE id IN (SELECT event_id FROM counted) ORDER BY id FOR UPDATE
), reopened AS (
    UPDATE deliveries_event AS event
       SET failed_count = failed_count - counted.number, status = 'retrying', completed_at = NULL
      FROM counted JOIN locked ON locked.id = counted.event_id WHERE event.id = counted.event_id
    RETURNING event.id
) SELECT count(*) FROM again
"""
