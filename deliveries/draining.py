"""Drain: decide what is undecided, send what is due, record what came back, until nothing is left.

It renews access tokens beside that, in threads of their own: ahead of their end, so that nothing waits for it.

One thread speaks to the database. The others only wait on the outside: PostgreSQL connections never enter them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import structlog
from django.conf import settings
from django.db import connection

from connections.renewals import Renewals
from deliveries import fanout, quarantine, unsent, waking
from deliveries.claiming import Claimed, claim, make_ready
from deliveries.database import is_away, may_repeat
from deliveries.preparing import prepare
from deliveries.recording import record
from deliveries.sending import Sent, send
from deliveries.turns import Round

BATCH = 100
READY_SECONDS = 0.25  # how often it asks which retries and lost leases have become due
POLL_SECONDS = 0.02  # while sends are under way: how soon a newly due delivery is noticed
GATHER_SECONDS = 0.002  # results that arrive together are recorded together
RECORD_SECONDS = 60.0  # how long results are kept for a database that is away
RECORD_PAUSE = 0.5
SUSPECT_PAUSE = 1.0
_log = structlog.get_logger("deliveries")


def drain(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Work until nothing is undecided, due or under way. Returns how many attempts were made.

    ``stopping`` is asked between batches: when it says yes, nothing new is claimed and what is under way is finished.
    A fault ends it, too, but only when what is under way has come back and is recorded.
    """
    return _Drain(stopping).run()


class _Drain:
    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._under_way: dict[Future[Sent], Claimed] = {}
        self._renewals = Renewals()
        self._attempts = 0
        self._asked_at = -READY_SECONDS
        self._faults: list[Exception] = []

    def run(self) -> int:
        while True:
            found = 0 if self._stopping() else sum(map(self._tried, (self._decide, self._take, self._renewals.begin)))
            if not self._under_way and not self._renewals.under_way and not found:
                break
            self._gather()
        if self._faults:
            raise self._faults[0]
        return self._attempts

    def _tried(self, step: Callable[[], int]) -> int:
        """How much the step found; nothing after a fault, so that what is under way can still be gathered."""
        if self._faults:
            return 0
        try:
            return step()
        except Exception as fault:  # noqa: BLE001  raised again at the end
            self._faults.append(fault)
            if is_away(fault):
                connection.close()
            return 0

    def _decide(self) -> int:
        """Decide a batch of events. Returns how many there were."""
        decided = fanout.decide_batch()
        if decided >= fanout.EVENTS_A_TENANT:
            waking.wake()  # there may be more than one process can carry: let another one help
        return decided

    def _take(self) -> int:
        """Claim as many deliveries as there are free threads, and send those that can be sent."""
        most = min(settings.DRAIN_THREADS - len(self._under_way), BATCH)
        self._make_ready()
        claims = claim(most, round=_round) if most else []
        if claims and len(claims) == most:
            waking.wake()
        for prepared in prepare(self._fit(claims)) if claims else ():
            self._under_way[_threads().submit(send, prepared)] = prepared.claimed
        return len(claims)

    def _make_ready(self) -> None:
        if time.monotonic() >= self._asked_at + READY_SECONDS:
            make_ready()
            self._asked_at = time.monotonic()

    def _fit(self, claims: Sequence[Claimed]) -> list[Claimed]:
        """The claims that no worker is known to have died of, and one that is suspect of it."""
        parted = quarantine.part(claims, under_way=list(self._under_way.values()))
        if parted.given_up:
            record([quarantine.given_up(claim) for claim in parted.given_up])
        if parted.later:
            with connection.cursor() as cursor:
                unsent.put_back(cursor, parted.later, seconds=SUSPECT_PAUSE)
        return parted.fit

    def _gather(self) -> None:
        """Wait for results, a moment longer for those close behind, and record them in one transaction."""
        awaited: list[Future[Any]] = [*self._under_way, *self._renewals.under_way]
        done = wait(awaited, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done
        self._kept(self._renewals.keep)
        if done and len(done) < len(self._under_way):
            done = wait(self._under_way, timeout=GATHER_SECONDS).done
        results = [sent for future in done if future in self._under_way and (sent := self._result(future))]
        if results:
            self._attempts += len(results)
            self._kept(lambda: _record(results))

    def _result(self, future: Future[Sent]) -> Sent | None:
        """What the thread brought. Nothing is a fault of ours: the lease brings the delivery back, a few times."""
        claimed = self._under_way.pop(future)
        if fault := future.exception():
            _log.error("send.fault", delivery=str(claimed.id), fault=type(fault).__name__)
            return None
        return future.result()

    def _kept(self, work: Callable[[], None]) -> None:
        """What has come back is written down. A fault does not keep the others from being gathered."""
        try:
            work()
        except Exception as fault:  # noqa: BLE001  raised again at the end
            self._faults.append(fault)


def _record(results: list[Sent]) -> None:
    """Record, again and again while the database is away: what was sent must not be sent twice if that can be helped.

    As long as nobody can reach it, nobody can claim these deliveries either; afterwards the fence decides.
    """
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            return record(results)
        except Exception as fault:
            if not may_repeat(fault) or time.monotonic() > deadline:
                raise
            _log.warning("record.again", results=len(results), fault=type(fault).__name__)
            if is_away(fault):
                connection.close()
                time.sleep(RECORD_PAUSE)


_round = Round()
_pool: list[ThreadPoolExecutor] = []


def _threads() -> ThreadPoolExecutor:
    """This process's threads, made on first use: a fork does not carry threads along."""
    if not _pool:
        _pool.append(ThreadPoolExecutor(max_workers=settings.DRAIN_THREADS, thread_name_prefix="send"))
    return _pool[0]
