"""The wrapped body: the event as a receiver of webhooks gets it. Shared by every provider that sends or keeps it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from connections.provider import Digest, Job

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wrapped(job: Job) -> bytes:
    """``{uuid, event, resource, resource_id, payload, time_created, time_sent}``, the same bytes on every retry.

    The payload is spliced in as it was received, so that key order, number forms and spaces survive; times are
    milliseconds since 1970, and ``time_sent`` is that of the first attempt. A digest has ``digest`` besides, and all
    else is of the first event in it.
    """
    event = job.event
    before = {
        "uuid": str(event.id),
        "event": event.type,
        "resource": event.resource,
        "resource_id": event.resource_id or None,
    }
    after: dict[str, Any] = {
        "time_created": milliseconds(event.created_at),
        "time_sent": milliseconds(job.first_sent_at),
    }
    if job.digest:
        after["digest"] = _digest(job.digest)
    text = f'{json.dumps(before)[:-1]}, "payload": {event.payload_text}, {json.dumps(after)[1:]}'
    return text.encode()


def _digest(digest: Digest) -> dict[str, Any]:
    return {
        "count": digest.count,
        "by_severity": {severity or "none": count for severity, count in digest.by_severity.items()},
        "titles": [line.title for line in digest.first],
        "time_first": milliseconds(digest.began_at),
        "time_last": milliseconds(digest.ended_at),
        "event_ids": [str(id) for id in digest.event_ids],
    }


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, without the rounding of a float."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
