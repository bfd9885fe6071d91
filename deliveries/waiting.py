"""When a delivery that waits will really be tried: not before its own time, nor while its lane is paused.

A lane is paused when its destination asked for time, or cannot be used at the moment. The short steps of a pace are no
pause that anybody would have to be told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from deliveries.models import Delivery, Lane, State

PACE_SECONDS = 2  # a lane that goes on sooner than that is not called paused


def pauses(deliveries: Iterable[Delivery]) -> Mapping[UUID, datetime]:
    """The paused lanes among those of the deliveries that wait, and until when each is."""
    lanes = {row.lane for row in deliveries if waits(row)}
    if not lanes:
        return {}
    later = timezone.now() + timedelta(seconds=PACE_SECONDS)
    return dict(Lane.objects.filter(id__in=lanes, next_at__gt=later).values_list("id", "next_at"))


def waits(row: Delivery) -> bool:
    """Whether it waits for a time, and not for a worker's answer or its connection."""
    return row.state in (State.PENDING, State.RETRYING)


def next_attempt(row: Delivery, paused: Mapping[UUID, datetime]) -> datetime | None:
    """When it is tried next; None when nothing is planned."""
    if row.due_at is None or not waits(row):
        return None
    return max(row.due_at, paused.get(row.lane, row.due_at))


def reason(row: Delivery, paused: Mapping[UUID, datetime]) -> str:
    """What the last attempt said, or else why there was none yet; empty when there is nothing to tell."""
    until = paused.get(row.lane)
    if row.last_error or until is None or not waits(row):
        return row.last_error
    return gettext("Its destination is paused until %(until)s; it is sent then by itself.") % {"until": clock(until)}


def clock(moment: datetime) -> str:
    """A time as a sentence has it: UTC, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
