"""Work in another thread, as another worker would do it: with a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import connections, transaction


class Elsewhere(Thread):
    """Begins at once. ``join`` raises what went wrong in it."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__()
        self._work = work
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  whoever joins raises it
            self._error = error
        finally:
            connections.close_all()

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self._error:
            raise self._error


@contextmanager
def in_parallel(work: Callable[[], object], *, times: int) -> Iterator[None]:
    """So many at once; the block ends with the last of them."""
    threads = [Elsewhere(work) for _ in range(times)]
    yield
    for thread in threads:
        thread.join()


@contextmanager
def in_the_middle_of(work: Callable[[], object]) -> Iterator[None]:
    """While the block runs, somebody else has done the work, not committed. Fails when the block waits for them."""
    done, let_go = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            work()
            done.set()
            assert let_go.wait(5), "waited for what somebody else was in the middle of"

    other = Elsewhere(hold)
    try:
        assert done.wait(5)
        yield
    finally:
        let_go.set()
        other.join()
