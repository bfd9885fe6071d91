"""The index of what an account holds, such as a Slack workspace's channels: read page by page, at any size.

PostgreSQL is the schedule: ``DirectoryRun.next_at`` is when somebody shall take the run next. A claim moves it on by
the lease, so a killed worker's run goes on by itself, at the page where it stood; a vendor that asks for time moves it
on as far as it asks, and nobody sleeps meanwhile. Whatever goes wrong, the entries that are known stay.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from connections import entries
from connections.models import Connection, DirectoryRun
from connections.provider import DirectoryPage, Unread
from connections.registry import all_providers, provider

AGAIN = timedelta(days=1)  # after a run has ended, the next begins by itself
BY_HAND = timedelta(minutes=1)  # after a run has ended, nobody can begin the next sooner
LEASE = timedelta(seconds=30)  # longer than the reading of one page
FAILURES_MOST = 12  # in one run: ten minutes of an ill vendor
WAIT_MOST = 60  # seconds between two tries, unless the vendor asks for more
PAGES_MOST = 5_000
BEGIN_AT_ONCE = 100

_ENDLESS = "The list does not come to an end, so it was not read any further."


class Why(StrEnum):
    """Why a run was begun."""

    CONNECTED = "connected"
    ASKED = "asked"
    DAILY = "daily"


def refresh(connection: Connection, kind: str, *, why: Why = Why.ASKED) -> DirectoryRun:
    """Ask for a new run. One that is under way, or ended less than a minute ago, is enough for whoever asks by hand.

    After (re)connecting it begins anew in any case: the old token's run may have ended with the old token.
    Raises ``KeyError`` when the provider has no directory of that kind.
    """
    provider(connection.provider).directory_kind(kind)
    with transaction.atomic():
        _make(connection, kind, why)
        run = DirectoryRun.objects.select_for_update().get(connection=connection, kind=kind)
        if run.started_at is None or (why is not Why.CONNECTED and (run.reading or _is_fresh(run))):
            return run
        _begin(run, why)
        run.save()
    run.refresh_from_db()
    return run


def read_anew(connection: Connection) -> None:
    """All its directories, at once: it has other credentials than before, perhaps another account's."""
    for kind in provider(connection.provider).directories:
        refresh(connection, kind.key, why=Why.CONNECTED)


def begin_missing() -> int:
    """A first run for every connection that has none yet. Returns for how many.

    Race: two of them at once. The unique constraint lets one of them begin.
    """
    begun = 0
    for slug, kind in ((slug, kind.key) for slug, found in all_providers().items() for kind in found.directories):
        known = DirectoryRun.objects.filter(connection=OuterRef("id"), kind=kind)
        rows = Connection.objects.filter(~Exists(known), active=True, provider=slug).order_by("-id")
        for connection in rows[:BEGIN_AT_ONCE]:
            begun += _make(connection, kind, Why.CONNECTED)
    return begun


def claim(most: int) -> list[DirectoryRun]:
    """Runs that are due, ours until the lease ends. Race: two workers. Each skips what the other is taking."""
    with transaction.atomic():
        due = DirectoryRun.objects.select_for_update(skip_locked=True, of=("self",)).select_related("connection")
        runs = list(due.filter(next_at__lte=Now()).order_by("next_at")[:most])
        for run in runs:
            if not run.reading or run.started_at is None:
                _begin(run, Why.DAILY if run.started_at else Why(run.reason))
            run.fence += 1
            run.next_at = Now() + LEASE
            run.save()
    return runs


def record(claimed: DirectoryRun, found: DirectoryPage | Unread) -> bool:
    """Store the page's entries and the next place in one transaction. False when the run is no longer ours.

    Race: a worker whose lease ran out, or whose run was begun anew, comes late. Its fence is old, and nothing changes.
    The connection is locked first, so that nobody deletes it while its entries are being written.
    """
    with transaction.atomic():
        Connection.objects.select_for_update(no_key=True).filter(id=claimed.connection_id).first()
        run = DirectoryRun.objects.select_for_update().filter(id=claimed.id, fence=claimed.fence).first()
        if run is None:
            return False
        run.connection = claimed.connection
        if isinstance(found, Unread):
            _put_off(run, found)
        else:
            _take(run, found)
        run.save()
    return True


def _make(connection: Connection, kind: str, why: Why) -> bool:
    _, made = DirectoryRun.objects.get_or_create(
        connection=connection,
        kind=kind,
        defaults={
            "organization_id": connection.organization_id,
            "workspace_id": connection.workspace_id,
            "reason": why,
        },
    )
    return made


def _is_fresh(run: DirectoryRun) -> bool:
    return bool(DirectoryRun.objects.filter(id=run.id, finished_at__gt=Now() - BY_HAND).exists())


# --------------------------------------------------------------------------- how a run goes


def _begin(run: DirectoryRun, why: Why) -> None:
    """From the first page. The gaps stay until the new run knows better."""
    if run.started_at is not None:
        run.number += 1
        run.asked_at = Now()
    run.fence += 1
    run.reason, run.reading, run.trouble = why, True, ""
    run.cursor, run.pages, run.counted, run.failures = "", 0, 0, 0
    run.started_at = run.next_at = Now()
    if why is Why.CONNECTED:
        run.refusal = ""


def _take(run: DirectoryRun, page: DirectoryPage) -> None:
    entries.store(run.connection, run.kind, page.entries, seen_in=run.number)
    run.pages += 1
    run.counted += len(page.entries)
    run.gaps, run.trouble, run.refusal = list(page.gaps), "", ""
    if not page.next_cursor:
        entries.mark_gone(run.connection, run.kind, not_seen_in=run.number)
        run.completed_at = Now()
        _end(run)
    elif page.next_cursor == run.cursor or run.pages >= PAGES_MOST:
        run.trouble = _ENDLESS
        _end(run)
    else:
        run.cursor, run.next_at = entries.clean(page.next_cursor), Now()


def _put_off(run: DirectoryRun, unread: Unread) -> None:
    """Wait as long as the vendor asks, try a few times more, or give up; the entries stay as they are."""
    run.trouble = f"{unread.reason} {unread.fix}".strip()
    if unread.no_access:
        run.refusal = run.trouble
    if unread.anew:
        run.cursor, run.counted = "", 0
    if unread.retry_after is not None:
        run.next_at = Now() + timedelta(seconds=max(unread.retry_after, 1))
    elif unread.retry and run.failures < FAILURES_MOST:
        run.next_at = Now() + timedelta(seconds=min(2**run.failures, WAIT_MOST))
        run.failures += 1
    else:
        _end(run)


def _end(run: DirectoryRun) -> None:
    run.reading, run.cursor = False, ""
    run.finished_at = Now()
    run.next_at = Now() + AGAIN
