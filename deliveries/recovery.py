"""What a person can do about a delivery: send it again now, or call it off. Attempts that were made never change."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext

from connections.models import Connection
from deliveries import waiting
from deliveries.models import OPEN_STATES, Delivery, Event, State, Status
from deliveries.recording import count_events
from workspaces import audit
from workspaces.errors import ApiError

IMMINENT_SECONDS = 2


def retry(delivery: Delivery, *, actor: str) -> Delivery:
    """Make the next attempt due now. Raises ApiError 409 when there is nothing to retry, 425 when it is under way."""
    with transaction.atomic():
        locked = Delivery.objects.select_for_update().get(id=delivery.id)
        _refuse_retry(locked)
        was = State(locked.state)
        locked.state, locked.due_at, locked.finished_at = State.RETRYING, timezone.now(), None
        locked.waits_until = None  # it was asked for now
        if was is State.DIGESTED:
            locked.carrier_id = None  # it goes by itself; the carrier no longer tells of it, unless it has already
        locked.save(update_fields=["state", "due_at", "finished_at", "waits_until", "carrier_id"])
        if was in _COUNTED:
            _reopen(locked.event_id, was)
        audit.record(locked, actor=actor, verb="delivery.retried")
    return locked


def cancel(delivery: Delivery, *, actor: str) -> Delivery:
    """No further attempt. A request that is under way finishes and is recorded. Raises ApiError 409 when it is over."""
    with transaction.atomic():
        locked = Delivery.objects.select_for_update().get(id=delivery.id)
        if locked.state not in OPEN_STATES:
            raise ApiError(409, f"This delivery is {locked.state} already.")
        _call_off([locked], actor=actor)
    locked.refresh_from_db()
    return locked


def cancel_event(event: Event, *, actor: str) -> None:
    """Call off everything of an event that is still open, or the event itself before any rule was held against it.

    Raises ApiError 409 when it is over.
    """
    with transaction.atomic():
        if _call_off_undecided(event):
            audit.record(event, actor=actor, verb="event.canceled")
            return
        rows = Delivery.objects.select_for_update().filter(event_id=event.id, state__in=OPEN_STATES).order_by("id")
        found = list(rows)
        if not found:
            raise ApiError(409, gettext("Nothing of this event is still open."))
        _call_off(found, actor=actor)


def _call_off_undecided(event: Event) -> bool:
    """Race: a worker may be deciding it. The update waits for that one's commit, and then finds nothing to move."""
    moved = Event.objects.filter(id=event.id, decided_at=None).update(
        status=Status.CANCELED, decided_at=Now(), completed_at=Now()
    )
    return bool(moved)


def _refuse_retry(delivery: Delivery) -> None:
    if delivery.state == State.DELIVERED:
        raise ApiError(409, gettext("This delivery has arrived; there is nothing to retry."))
    if delivery.state == State.SENDING:
        raise ApiError(425, gettext("An attempt is under way."))
    _refuse_imminent(delivery)
    active = Connection.objects.filter(id=delivery.connection_id).values_list("active", flat=True).first()
    if active is None:
        raise ApiError(409, gettext("Its connection was deleted; there is nowhere to send it."))
    if not active:
        words = gettext("Its connection is switched off. Mend it first; what waits for it is then sent by itself.")
        raise ApiError(409, words)


def _refuse_imminent(delivery: Delivery) -> None:
    """What has not been tried yet, or is due already, waits for its turn: asking for it would change nothing."""
    planned = waiting.next_attempt(delivery, waiting.turns([delivery]))
    soon = timezone.now() + timedelta(seconds=IMMINENT_SECONDS)
    first = delivery.state == State.PENDING
    if not first and not (delivery.due_at and delivery.due_at <= soon):
        return
    if planned is None or planned <= soon:
        about = gettext("The first attempt is about to be made."), gettext("The next attempt is about to be made.")
        raise ApiError(425, about[0] if first else about[1])
    words = (
        gettext("It waits: the first attempt is made by itself at %(when)s.")
        if first
        else gettext("It waits: the next attempt is made by itself at %(when)s.")
    )
    raise ApiError(425, words % {"when": waiting.clock(planned)})


_COUNTED = {
    State.FAILED: "failed_count",
    State.CANCELED: "canceled_count",
    State.MUTED: "canceled_count",
    State.SUPERSEDED: "canceled_count",
    State.DIGESTED: "completed_count",
}


def _reopen(event_id: UUID, was: State) -> None:
    """The event is no longer over: its counter goes back with the delivery that left it."""
    column = _COUNTED[was]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE deliveries_event SET {column} = {column} - 1, status = 'retrying', completed_at = NULL"  # noqa: S608
            " WHERE id = %s",
            [event_id],
        )


def _call_off(deliveries: list[Delivery], *, actor: str) -> None:
    """The fence moves, so that a result still on its way is noted as an attempt and changes nothing else."""
    ids = [delivery.id for delivery in deliveries]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE deliveries_delivery SET state = 'canceled', due_at = NULL, fence = fence + 1, finished_at = now()"
            " WHERE id = ANY(%s)",
            [ids],
        )
        count_events(cursor, [(delivery.event_id, State.CANCELED) for delivery in deliveries])
    for delivery in deliveries:
        audit.record(delivery, actor=actor, verb="delivery.canceled")
