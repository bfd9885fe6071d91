"""Celery's real processes, on the test's database and on whatever Redis a test wants."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from config.children import Child

ROOT = Path(__file__).parents[2]


@contextmanager
def celery(*arguments: str, log: Path, **environment: str) -> Iterator[Child]:
    """``celery -A config.celery`` with these arguments, until the block ends."""
    place = connection.settings_dict
    url = f"postgresql://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
    child = Child(
        "celery",
        [sys.executable, "-m", "celery", "-A", "config.celery", *arguments, "-l", "INFO"],
        log=log,
        environment={**os.environ, "DATABASE_URL": url, "JACKFIELD_MODE": "sandbox", **environment},
        directory=ROOT,
    )
    try:
        yield child
    finally:
        child.stop()
