"""Real worker processes on the test's own database: they drain, again and again, until the block ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).parents[1]
_PROGRAM = """
import time, django
django.setup()
from connections.registry import all_providers
from deliveries.draining import drain
all_providers()
print("ready", flush=True)
while True:
    drain()
    time.sleep(0.1)
"""


@contextmanager
def workers(number: int, **environment: str) -> Iterator[list[subprocess.Popen[str]]]:
    """So many of them, ready; killed in the end."""
    place = connection.settings_dict
    url = f"postgresql://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
    told = {"DATABASE_URL": url, "JACKFIELD_MODE": "sandbox", "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", _PROGRAM]
    env = {**os.environ, **told, **environment}
    running = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    try:
        for each in running:
            assert each.stdout is not None
            while "ready" not in each.stdout.readline():  # before it come lines of the log
                assert each.poll() is None
        yield running
    finally:
        for each in running:
            each.kill()
            each.communicate()
