"""Tells a drain that its worker was asked to end, so that a deploy waits for what is under way and no longer."""

from __future__ import annotations

import mmap
from typing import Any

from celery.signals import worker_shutting_down

# Shared memory, made before the worker forks: the parent process hears the signal, its children do the work.
_asked = mmap.mmap(-1, 1)


def asked() -> bool:
    """Whether this process shall claim nothing more."""
    return _asked[0] == 1


@worker_shutting_down.connect
def ask(**_: Any) -> None:
    """From now on nothing more is claimed."""
    _asked[0] = 1
