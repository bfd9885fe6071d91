"""``make bench``: throughput and delay as ratios to yardsticks that are measured in the same run.

    python -m bench [--quick]

The figures are reports: the exit code is 0 unless something broke.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from bench import measuring, pages
from bench.client import NotAccepted
from bench.figures import Row, paired, per_second, percentile, table
from bench.stage import BROKEN, WORKERS, Stage, staged
from bench.world import Group, Tenant
from config.stack import free_port

TENANTS = 20
FAN_OUTS = (1, 5, 50)
NAIVE_FAN_OUTS = (1, 5)
RAW_GOALS = {1: 0.35, 5: 0.5, 50: 0.6}
NAIVE_GOAL = 4.0
INGEST_GOAL = 0.5
STEADY = 100  # events a second while the delay is measured


@dataclass(frozen=True, slots=True)
class Size:
    """How long a run takes."""

    rounds: int
    deliveries: int
    naive_deliveries: int
    raw_requests: int
    load_seconds: float
    steady_seconds: int
    looks: int


FULL = Size(
    rounds=3, deliveries=3_000, naive_deliveries=250, raw_requests=1_500, load_seconds=3.0, steady_seconds=10, looks=15
)
QUICK = Size(
    rounds=1, deliveries=1_000, naive_deliveries=100, raw_requests=1_000, load_seconds=2.0, steady_seconds=3, looks=5
)


@dataclass(slots=True)
class Series:
    """Measurements of one thing, each with those of its yardstick before and after it."""

    ours: list[float] = field(default_factory=list)
    yardsticks: list[list[float]] = field(default_factory=list)

    def add(self, ours: float, *yardsticks: float) -> None:
        self.ours.append(ours)
        self.yardsticks.append(list(yardsticks))

    def row(self, figure: str, yardstick: str, goal: float) -> Row:
        """The series as a line of the table."""
        return Row(figure, per_second(self.ours), paired(self.ours, self.yardsticks), yardstick, goal)


def main() -> int:
    """Measure, and print the table."""
    size = QUICK if "--quick" in sys.argv[1:] else FULL
    try:
        with staged("bench") as stage:
            rows = _measure(stage, size)
    except (*BROKEN, NotAccepted) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130
    print(f"\n{table(rows)}")
    return 0


def _measure(stage: Stage, size: Size) -> list[Row]:
    _say("Making the tenants")
    tenants = stage.fill([Group(_name(fan_out), TENANTS, fan_out) for fan_out in FAN_OUTS])
    groups = {n: [tenant for tenant in tenants if tenant.group == _name(n)] for n in FAN_OUTS}
    _say(f"Looking at every page with {pages.DELIVERIES:,} deliveries stored")
    looks = pages.rows(stage.run("bench.pages", "--looks", str(size.looks)))
    stage.start_portal()
    ingest = _ingest(stage, groups[1][0], size)
    stage.command(f"TRUNCATE {measuring.TABLES}")
    stage.start_workers()
    stage.spawn_celery("naive", "celery", "-A", "bench.naive.celery", "worker", "-c", str(WORKERS))
    stage.wait_for_celery("naive")
    _warm_up(stage, groups)
    delivering = _deliver(stage, groups, size)
    return [*delivering, *ingest, *_delay(stage, groups[1], size), *looks]


def _ingest(stage: Stage, tenant: Tenant, size: Size) -> list[Row]:
    port = free_port()
    stage.command(measuring.VIEWS_TABLE)
    stage.start_web("view", port, DJANGO_SETTINGS_MODULE="bench.one_insert_settings")
    series, views = Series(), []
    before = measuring.one_insert(stage, port, seconds=size.load_seconds)
    for _ in range(size.rounds):
        ours = measuring.ingest(stage, tenant, seconds=size.load_seconds)
        after = measuring.one_insert(stage, port, seconds=size.load_seconds)
        _say(f"ingest {ours:,.0f}/s, one insert {before:,.0f} and {after:,.0f}/s")
        series.add(ours, before, after)
        views.append(after)
        before = after
    stage.kill("view")
    return [series.row("events accepted", "one-insert view", INGEST_GOAL), Row("one-insert view", per_second(views))]


def _warm_up(stage: Stage, groups: dict[int, list[Tenant]]) -> None:
    """Modules imported, rules compiled, connections open: as in a worker that has been running for a while."""
    _say("Warming up")
    for fan_out, tenants in groups.items():
        measuring.drain(stage, tenants, max(len(tenants), 200 // fan_out))
    measuring.naive(stage, groups[1], 50)


def _deliver(stage: Stage, groups: dict[int, list[Tenant]], size: Size) -> list[Row]:
    """Yardstick, ours, yardstick, for every fan-out in turn, round after round."""
    to_raw = {n: Series() for n in FAN_OUTS}
    to_naive = {n: Series() for n in NAIVE_FAN_OUTS}
    raws = [measuring.raw_loop(stage, size.raw_requests)]
    for _ in range(size.rounds):
        for n in FAN_OUTS:
            ours = measuring.drain(stage, groups[n], size.deliveries // n)
            raws.append(measuring.raw_loop(stage, size.raw_requests))
            to_raw[n].add(ours, *raws[-2:])
            said = f"fan-out {n}: {ours:,.0f}/s, raw loop {raws[-2]:,.0f} and {raws[-1]:,.0f}/s"
            if n in to_naive:
                naive = measuring.naive(stage, groups[n], size.naive_deliveries // n)
                to_naive[n].add(ours, naive)
                said += f", naive {naive:,.0f}/s"
            _say(said)
    rows = [to_raw[n].row(f"deliveries, fan-out {n}", "raw loop", RAW_GOALS[n]) for n in FAN_OUTS]
    rows += [to_naive[n].row(f"deliveries, fan-out {n}", "naive Celery", NAIVE_GOAL) for n in NAIVE_FAN_OUTS]
    yardsticks = {n: [rate for around in series.yardsticks for rate in around] for n, series in to_naive.items()}
    naives = [Row(f"naive Celery, fan-out {n}", per_second(rates)) for n, rates in yardsticks.items()]
    return [*rows, Row("raw requests.Session loop", per_second(raws)), *naives]


def _delay(stage: Stage, tenants: list[Tenant], size: Size) -> list[Row]:
    _say(f"{STEADY} events a second for {size.steady_seconds} s")
    delays = measuring.delays(stage, tenants, per_second=STEADY, seconds=size.steady_seconds)
    words = f"from 201 to the sink, {STEADY} events/s"
    return [Row(f"{words}, p{percent}", f"{1000 * percentile(delays, percent):.1f} ms") for percent in (50, 95)]


def _name(fan_out: int) -> str:
    return f"fan-out {fan_out}".replace(" ", "-")


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
