"""Read on in the directories whose turn it is: a page of each, in turn, as long as the time lasts.

One thread speaks to the database. The others only wait on the outside: PostgreSQL connections never enter them, and no
transaction is open meanwhile.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

import structlog
from django.db import DataError

from connections import directory
from connections.courses import follow
from connections.models import DirectoryRun
from connections.opening import credentials_of
from connections.provider import DirectoryPage, Unread
from connections.registry import all_providers

AT_ONCE = 8  # directories
REQUEST_SECONDS = 10.0  # two of them, which one page may take, are shorter than the lease
ANSWER_MOST = 8 * 1024 * 1024  # bytes: a thousand Slack channels are one to two MiB, six with topics in emoji alone
CALL_SECONDS = 1.5  # no page is begun later in a call: the sweeper has other things to do

_OURS = Unread("A fault of ours kept us from reading the list. The operator finds it in the logs.", retry=True)
_NONE = Unread("This destination no longer has such a list.")
_log = structlog.get_logger("connections")


def read_on(*, seconds: float = CALL_SECONDS) -> int:
    """Read a page of every directory that is due, again and again. Returns how many pages were read or refused."""
    deadline, pages = monotonic() + seconds, 0
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="directory") as threads:
        while runs := directory.claim(AT_ONCE):
            asked = [(run, _asked(run, threads)) for run in runs]
            pages += sum(_record(run, _result(run, found)) for run, found in asked)
            if monotonic() >= deadline:
                break
    return pages


type _Found = DirectoryPage | Unread


def _asked(run: DirectoryRun, threads: ThreadPoolExecutor) -> Future[_Found] | Unread:
    """The page, being fetched; or why it is not even asked for."""
    connection = run.connection
    found = all_providers().get(connection.provider)
    if found is None or run.kind not in {kind.key for kind in found.directories}:
        return _NONE
    credentials = credentials_of(connection)
    if isinstance(credentials, Unread):
        return credentials
    course = found.directory(run.kind, run.cursor, settings=connection.settings, credentials=credentials)
    return threads.submit(follow, course, seconds=REQUEST_SECONDS, most=ANSWER_MOST)


def _record(run: DirectoryRun, found: _Found) -> bool:
    """Record it. What the database does not take must not keep the other directories waiting."""
    try:
        return directory.record(run, found)
    except DataError as fault:
        _log.error("directory.unstorable", connection=str(run.connection_id), kind=run.kind, fault=type(fault).__name__)
        return directory.record(run, _OURS)


def _result(run: DirectoryRun, found: Future[_Found] | Unread) -> _Found:
    if isinstance(found, Unread):
        return found
    if fault := found.exception():
        _log.error("directory.fault", connection=str(run.connection_id), kind=run.kind, fault=type(fault).__name__)
        return _OURS
    return found.result()
