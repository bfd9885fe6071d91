"""The wrapped body: the event as a receiver of webhooks gets it. Shared by every provider that sends or keeps it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from connections.provider import Job

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wrapped(job: Job) -> bytes:
    """``{uuid, event, resource, resource_id, payload, time_created, time_sent}``, the same bytes on every retry.

    The payload is spliced in as it was received, so that key order, number forms and spaces survive; times are
    milliseconds since 1970, and ``time_sent`` is that of the first attempt.
    """
    event = job.event
    before = {
        "uuid": str(event.id),
        "event": event.type,
        "resource": event.resource,
        "resource_id": event.resource_id or None,
    }
    after = {"time_created": milliseconds(event.created_at), "time_sent": milliseconds(job.first_sent_at)}
    text = f'{json.dumps(before)[:-1]}, "payload": {event.payload_text}, {json.dumps(after)[1:]}'
    return text.encode()


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, without the rounding of a float."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
