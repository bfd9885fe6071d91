"""Watch what the demo consists of, and say in a sentence which part ended and what that means."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.children import Child
from config.stack import Stack

PAUSE_SECONDS = 0.2
DISPENSABLE = "Valkey"


def watch(stack: Stack, *, shown: Callable[[Path], str]) -> None:
    """Wait until a part ends that the others cannot do without, and say so at once: to stop the rest takes a while.

    Raises ``SystemExit`` then. ``shown`` writes a path as people here would type it.
    """
    told = False
    while not (fatal := [part for part in stack.ended if part.name != DISPENSABLE]):
        if stack.ended and not told:
            print(_goes_on(shown(stack.ended[0].log)), flush=True)
            told = True
        time.sleep(PAUSE_SECONDS)
    sys.stderr.write(_is_over(fatal[0], shown(fatal[0].log)))
    raise SystemExit(1)


def _goes_on(log: str) -> str:
    return (
        f"Redis (Valkey) ended unexpectedly: see {log}. Events are still accepted, and the sweeper alone sends them,"
        " once a second. To have Redis again, stop with Ctrl-C and run `make demo`."
    )


def _is_over(part: Child, log: str) -> str:
    return f"{part.name} ended unexpectedly, so all of the demo stops now: see {log}. `make demo` starts it again.\n"
