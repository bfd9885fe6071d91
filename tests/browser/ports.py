"""Ports in a row that nobody has."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack


def free_row(length: int) -> int:
    """The first of that many free ports, one after the other."""
    while True:
        first = random.randrange(11_000, 19_000)  # noqa: S311  below what other tests and the system give out
        with ExitStack() as probes:
            try:
                for port in range(first, first + length):
                    probe = probes.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
