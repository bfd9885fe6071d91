"""Fills the naive app's queue: events by the ORM, then a task for each, as its view would have done.

python -m bench.naive.backlog EVENTS WORKSPACE...
"""

from __future__ import annotations

import os
import sys
from itertools import cycle, islice


def main() -> None:
    """The events go to the workspaces in turn."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.utils import timezone

    from bench.client import PAYLOAD_TEXT
    from bench.naive.tasks import process
    from bench.world import ACTOR, EVENT
    from deliveries.models import Event
    from workspaces.models import Workspace

    count, ids = int(sys.argv[1]), sys.argv[2:]
    owners = dict(Workspace.objects.filter(id__in=ids).values_list("id", "organization_id"))
    events = [
        Event(
            organization_id=owners[id],
            workspace_id=id,
            event=EVENT,
            payload=PAYLOAD_TEXT,
            created_by=ACTOR,
            decided_at=timezone.now(),  # the product's own workers leave it alone
        )
        for id in islice(cycle(owners), count)
    ]
    Event.objects.bulk_create(events)
    for event in events:
        process.delay(str(event.id))


if __name__ == "__main__":
    main()
