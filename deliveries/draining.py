"""Drain: decide what is undecided, send what is due, record what came back, until nothing is left.

One thread speaks to the database. The others only wait on the outside: PostgreSQL connections never enter them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from deliveries import fanout, waking
from deliveries.claiming import LEASE_SECONDS, Turn
from deliveries.preparing import prepare
from deliveries.recording import record
from deliveries.sending import Sent, send

BATCH = 100
POLL_SECONDS = 0.02  # while sends are under way: how soon a newly due delivery is noticed
GATHER_SECONDS = 0.002  # results that arrive together are recorded together
_log = structlog.get_logger("deliveries")


def drain(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Work until nothing is undecided, due or under way. Returns how many attempts were made.

    ``stopping`` is asked between batches: when it says yes, nothing new is claimed and what is under way is finished.
    """
    return _Drain(stopping).run()


class _Drain:
    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._under_way: set[Future[Sent]] = set()
        self._attempts = 0

    def run(self) -> int:
        while True:
            found = 0 if self._stopping() else self._take()
            if not self._under_way and not found:
                return self._attempts
            self._gather()

    def _take(self) -> int:
        """Decide a batch of events, then claim as many deliveries as there are free threads."""
        decided = fanout.decide_batch()
        free = settings.DRAIN_THREADS - len(self._under_way)
        claims = _turn.claim(min(free, BATCH)) if free else []
        if len(claims) == BATCH or decided >= fanout.BATCH:
            waking.wake()  # there is more than one process can carry: let another one help
        for prepared in prepare(claims) if claims else ():
            self._under_way.add(_threads().submit(send, prepared))
        return decided + len(claims)

    def _gather(self) -> None:
        """Wait for results, a moment longer for those close behind, and record them in one transaction."""
        if not self._under_way:
            return
        done, _ = wait(self._under_way, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        if done and len(done) < len(self._under_way):
            done, _ = wait(self._under_way, timeout=GATHER_SECONDS)
        if done:
            self._under_way -= done
            self._attempts += len(done)
            _record([future.result() for future in done])


def _record(results: list[Sent]) -> None:
    """Record, again and again while the database is away: what was sent must not be sent twice if that can be helped.

    After the lease the deliveries are somebody else's, and the fence would refuse us anyway.
    """
    deadline = time.monotonic() + LEASE_SECONDS - 5
    while True:
        try:
            return record(results)
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            _log.warning("record.waiting_for_database", results=len(results))
            connection.close()
            time.sleep(0.5)


_turn = Turn()
_pool: list[ThreadPoolExecutor] = []


def _threads() -> ThreadPoolExecutor:
    """This process's threads, made on first use: a fork does not carry threads along."""
    if not _pool:
        _pool.append(ThreadPoolExecutor(max_workers=settings.DRAIN_THREADS, thread_name_prefix="send"))
    return _pool[0]
