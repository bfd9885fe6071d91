"""What workers run. Each may run twice, at once or never: the verbs claim their work in PostgreSQL."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from deliveries import partitions, pulse, retention, shutdown, waking
from deliveries.breaking import announcing, disabling, holding, posting
from deliveries.draining import drain


@shared_task(name=waking.DRAIN)
def drain_everything() -> None:
    """Woken by an event, or by the sweep each second."""
    waking.awake()
    drain(stopping=shutdown.asked)


@shared_task(name="housekeeping.release")
def release_held() -> None:
    """A connection may have been switched on again, or deleted. The sweep whose age `/readyz` tells."""
    released = holding.release()
    pulse.mark()
    if released:
        waking.wake()


@shared_task(name="housekeeping.judge")
def judge_failing() -> None:
    """What has failed for days is warned of or switched off, unless its destination is in trouble itself."""
    disabling.sweep()


@shared_task(name="housekeeping.announce")
def announce_changes() -> None:
    """Connections that broke or recovered are told of, to those who asked."""
    announcing.announce()
    posting.post_due()


@shared_task(name="housekeeping.partitions")
def ensure_partitions() -> None:
    """Weeks are made before they begin."""
    partitions.ensure(now=timezone.now())


@shared_task(name="housekeeping.retention")
def retain() -> None:
    """What may no longer be kept is deleted."""
    retention.run(now=timezone.now())
