"""Stand in for the workers: run their tasks in threads of this process.

One thread for each queue, as the smallest worker would: a long drain keeps nobody from releasing what is held.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connections


class StandIn:
    """Does what workers would. Nothing of it exists before it is needed."""

    def __init__(self) -> None:
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._runs: dict[str, Future[None]] = {}

    def run(self, task: Any) -> None:
        """Run a task soon; not at all while its last run waits or is under way."""
        last = self._runs.get(task.name)
        if last is None or last.done():
            self._runs[task.name] = self._thread(task.name.partition(".")[0]).submit(_run, task)

    def finish(self) -> None:
        """Wait for what is under way; what only waits is dropped."""
        for thread in self._threads.values():
            thread.shutdown(cancel_futures=True)

    def _thread(self, name: str) -> ThreadPoolExecutor:
        return self._threads.setdefault(name, ThreadPoolExecutor(1, thread_name_prefix=name))


def _run(task: Any) -> None:
    """As a worker does: a fault is logged and ends this run only. The clock itself keeps no database connection."""
    try:
        task.apply()
    finally:
        connections.close_all()
