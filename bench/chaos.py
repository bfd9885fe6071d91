"""``make chaos``: kill workers and servers under load, and count what was lost.

Four rounds, each with a blow in its middle. What got a 201 is owed; what came is read from the sink's own notes.
The last line is the sum; the exit code is 1 when a promise was broken, and a sentence says which.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle

from bench.client import Client, Emission, NotAccepted
from bench.judge import Accepted, Verdict, judge, owed_by, read_notes, violations
from bench.stage import BROKEN, WORKING, Stage, staged
from bench.world import Group, Tenant
from config.stack import StackError

OWED = 2_000  # deliveries in each round
SLOW = (5.0, 20.0)  # milliseconds that the sink takes, so that deliveries are in flight when the blow falls
AWAY = 5.0  # seconds without Redis
RECOVERY = 30.0  # seconds from the restart to the last delivery, at most
WHOLE_RUN = 300  # seconds
THREADS = 4  # emit side by side
TENANTS = (Group("single", 5, 1, silent=1), Group("double", 3, 2, silent=1), Group("many", 2, 5, silent=1))
IN_FLIGHT = "SELECT count(*) FROM deliveries_delivery WHERE state = 'sending'"
UNFINISHED = (
    "SELECT (SELECT count(*) FROM deliveries_delivery WHERE state <> 'delivered')"
    " + (SELECT count(*) FROM deliveries_event WHERE status <> 'completed' OR completed_count <> total_rules)"
)


@dataclass(frozen=True, slots=True)
class Blow:
    """What was done: how many deliveries were in flight just then, and when everything was back."""

    in_flight: int
    back_at: float


def main() -> int:
    """Run the four rounds."""
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(WHOLE_RUN)
    try:
        with staged("chaos", slow=SLOW) as stage:
            return _run(stage)
    except (*BROKEN, NotAccepted) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


def _run(stage: Stage) -> int:
    tenants = stage.fill(TENANTS)
    stage.start_portal()
    stage.start_workers()
    accepted: list[Accepted] = []
    broken: list[str] = []
    for name, strike in BLOWS.items():
        broken += _round(stage, name, strike, tenants, accepted)
    whole = judge(read_notes(stage.notes), owed_by(accepted))
    for sentence in broken:
        sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
    print(f"{whole.delivered} delivered, {len(whole.lost)} lost, {whole.duplicates} duplicates", flush=True)
    return 1 if broken else 0


def _round(
    stage: Stage, name: str, strike: Callable[[Stage], Blow], tenants: Sequence[Tenant], accepted: list[Accepted]
) -> list[str]:
    """Emit, strike half-way, wait until all is quiet, and judge. Returns what was promised and not kept."""
    before = len(read_notes(stage.notes))
    with Emission(Client(stage.portal), plan(tenants, OWED), threads=THREADS) as emission:
        while emission.owed < OWED / 2:
            time.sleep(0.005)
        blow = strike(stage)
        events = emission.finish()
    accepted += events
    unfinished = _quiet(stage, events, until=blow.back_at + RECOVERY + 5)
    verdict = judge(read_notes(stage.notes)[before:], owed_by(events))
    seconds = max(0.0, verdict.last - blow.back_at)
    _tell(name, verdict, blow, seconds)
    broken = violations(verdict, in_flight=blow.in_flight, seconds=seconds, most=RECOVERY)
    if unfinished:
        broken.append(f"{unfinished} events or deliveries are not finished in the database.")
    return [f"{name}: {sentence}" for sentence in broken]


def plan(tenants: Sequence[Tenant], owed: int) -> list[Tenant]:
    """Tenants in turn, one event each, until exactly so many deliveries are owed.

    Raises ``ValueError`` when that cannot be: a tenant with a single rule makes sure that it can.
    """
    found: list[Tenant] = []
    if min(len(tenant.rules) for tenant in tenants) != 1:
        raise ValueError("The plan needs a tenant with a single rule.")
    for tenant in cycle(tenants):
        if not owed:
            break
        if len(tenant.rules) <= owed:
            found.append(tenant)
            owed -= len(tenant.rules)
    return found


def _quiet(stage: Stage, events: Sequence[Accepted], *, until: float) -> int:
    """Wait until the sink has everything and the database knows it. Returns how much is unfinished at the end."""
    owed = owed_by(events)
    while judge(read_notes(stage.notes), owed).lost and time.monotonic() < until:
        time.sleep(0.1)
    while (unfinished := int(stage.ask(UNFINISHED))) and time.monotonic() < until:
        time.sleep(0.1)
    return unfinished


def _tell(name: str, verdict: Verdict, blow: Blow, seconds: float) -> None:
    print(
        f"{name:<34}{verdict.delivered} delivered, {len(verdict.lost)} lost, {verdict.duplicates} duplicates"
        f" ({blow.in_flight} in flight at the blow), the last {seconds:.1f} s after it",
        flush=True,
    )


# --------------------------------------------------------------------------- the blows


def _kill_workers(stage: Stage) -> Blow:
    """Frozen first, only so that what is in flight can be counted; then killed, parents and children alike."""
    in_flight = _freeze_in_flight(stage)
    stage.kill(*WORKING)
    began = time.monotonic()
    stage.start_workers()
    return Blow(in_flight, began)


def _forget_redis(stage: Stage) -> Blow:
    in_flight = int(stage.ask(IN_FLIGHT))
    for _ in range(5):
        stage.stack.flush_redis()
        time.sleep(0.1)
    return Blow(in_flight, time.monotonic())


def _kill_redis(stage: Stage) -> Blow:
    """It stays away for a while, in which everything is sent without it."""
    in_flight = int(stage.ask(IN_FLIGHT))
    stage.stack.kill_redis()
    time.sleep(AWAY)
    began = time.monotonic()
    stage.stack.restart_redis()
    return Blow(in_flight, began)


def _crash_postgres(stage: Stage) -> Blow:
    """It dies while the workers cannot move, and stays away for a second that all of them notice."""
    in_flight = _freeze_in_flight(stage)
    stage.crash_postgres()
    stage.thaw()
    time.sleep(1)
    began = time.monotonic()
    stage.stack.restart_postgres(immediate=True)
    return Blow(in_flight, began)


def _freeze_in_flight(stage: Stage) -> int:
    """Stop the workers at a moment when something is in flight, and count it."""
    while True:
        stage.freeze(*WORKING)
        time.sleep(0.05)  # what they have just sent to the database is done
        if in_flight := int(stage.ask(IN_FLIGHT)):
            return in_flight
        stage.thaw()
        time.sleep(0.01)


BLOWS: dict[str, Callable[[Stage], Blow]] = {
    "kill -9 of every worker": _kill_workers,
    "FLUSHALL on Redis, five times": _forget_redis,
    "kill -9 of Redis, away for 5 s": _kill_redis,
    "PostgreSQL crashes and recovers": _crash_postgres,
}


def _out_of_time(*_: object) -> None:
    raise StackError(f"The run took longer than {WHOLE_RUN} seconds.")


if __name__ == "__main__":
    sys.exit(main())
