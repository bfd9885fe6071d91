"""Send one delivery: follow the provider's course step by step, and say how it ended.

Runs in a thread that waits on the outside. No database connection ever enters here: everything it needs was
gathered before, and what it returns is recorded after.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, assert_never

import structlog

from connections import http, smtp
from connections.provider import Answer, Code, Course, Culprit, Mail, Outcome, Record, Reply, Request, Step
from connections.registry import provider
from deliveries.claiming import Claimed
from deliveries.jobs import Prepared, job_for
from deliveries.redaction import Redactor

ATTEMPT_SECONDS = 15.0
CAPTURED_BODY = 1024 * 1024  # characters: four of the largest payloads; what is longer is cut, with its length and hash
_log = structlog.get_logger("deliveries")

_FAULT = Outcome(
    code=Code.INTERNAL_ERROR,
    culprit=Culprit.US,
    retry=True,
    reason="A fault of our own stopped this attempt.",
    fix="Nothing to do on your side: the operator finds it in the log.",
)
_CAPTURED = Outcome(code=Code.DELIVERED, reason="Captured: this workspace records instead of sending.")


@dataclass(frozen=True, slots=True)
class Sent:
    """How it ended, with what went over the wire. Nothing in here is secret."""

    claimed: Claimed
    outcome: Outcome
    started_at: datetime
    duration_ms: int = 0
    retry_delays: tuple[int, ...] | None = None
    failing: bool = False  # what was known of its connection when the attempt began
    token_fence: int = 0  # which of its access tokens was used
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    captured: tuple[dict[str, Any], str] | None = None

    def untold(self) -> Sent:
        """The same end without a word of what was exchanged, where that cannot be kept."""
        return replace(self, outcome=_untold(self.outcome), exchanges=[], captured=None)


def send(prepared: Prepared) -> Sent:
    """One attempt, within its deadline. Never raises: whatever happens is an outcome."""
    began = time.monotonic()
    journey = _Journey(capture_only=prepared.capture_only, deadline=began + ATTEMPT_SECONDS)
    outcome = _guarded(prepared, journey, lambda: _deliver(prepared, journey), otherwise=_FAULT)
    bare = Sent(
        prepared.claimed,
        outcome,
        started_at=prepared.claimed.claimed_at,
        retry_delays=prepared.retry_delays,
        failing=prepared.failing,
        token_fence=prepared.token_fence,
    )
    told = _guarded(prepared, journey, lambda: _told(bare, prepared, journey), otherwise=bare.untold())
    return replace(told, duration_ms=int((time.monotonic() - began) * 1000))


def _guarded[T](prepared: Prepared, journey: _Journey, work: Callable[[], T], *, otherwise: T) -> T:
    """A provider's fault must cost one attempt, not the worker; and its traceback may hold what it was working with."""
    try:
        return work()
    except BaseException:  # noqa: BLE001  SystemExit, too: it would end the worker
        redact = Redactor(prepared.credentials.values(), [step for step, _ in journey.exchanges])
        _log.error(
            "delivery.fault",
            delivery=str(prepared.claimed.id),
            provider=prepared.claimed.provider,
            trace=redact(traceback.format_exc()),
        )
        return otherwise


def _deliver(prepared: Prepared, journey: _Journey) -> Outcome:
    kind = provider(prepared.claimed.provider)
    job, notes = job_for(prepared, kind)
    if isinstance(job, Outcome):
        return replace(job, notes=tuple(notes))
    outcome = journey.follow(kind.deliver(job), most=kind.action(prepared.action).max_requests)
    return replace(outcome, notes=(*notes, *outcome.notes))


def _told(bare: Sent, prepared: Prepared, journey: _Journey) -> Sent:
    """What happened in the words and exchanges that may be stored."""
    outcome, steps = bare.outcome, [step for step, _ in journey.exchanges]
    redact = Redactor(prepared.credentials.values(), [*steps, journey.captured] if journey.captured else steps)
    words = replace(
        outcome,
        reason=redact(outcome.reason),
        fix=redact(outcome.fix),
        reference=redact(outcome.reference),
        notes=tuple(redact(note) for note in outcome.notes),
    )
    exchanges = [redact.exchange(step, reply) for step, reply in journey.exchanges]
    return replace(bare, outcome=words, exchanges=exchanges, captured=_capture(journey.captured, redact))


def _untold(outcome: Outcome) -> Outcome:
    return replace(outcome, reason="What was exchanged could not be kept.", fix="", reference="", notes=())


# --------------------------------------------------------------------------- the course


@dataclass
class _Journey:
    """Follows a provider's course and remembers every exchange."""

    capture_only: bool
    deadline: float
    exchanges: list[tuple[Step, Reply]] = field(default_factory=list)
    captured: Step | None = None

    def follow(self, course: Course, *, most: int) -> Outcome:
        """The outcome. Raises ``RuntimeError`` when there are more steps than the action declares."""
        try:
            step = next(course)
            while len(self.exchanges) < most:
                if self.capture_only or isinstance(step, Record):
                    self.captured = step
                if self.capture_only:
                    return _CAPTURED
                reply = _perform(step, seconds=self.deadline - time.monotonic())
                self.exchanges.append((step, reply))
                step = course.send(reply)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        raise RuntimeError(f"The course has more than {most} steps, and its action declares no more.")


def _perform(step: Step, *, seconds: float) -> Reply:
    match step:
        case Request():
            return http.send(step, seconds=seconds)
        case Mail():
            return smtp.send(step, seconds=seconds)
        case Record():
            return Answer(status=200)
        case _:
            assert_never(step)


def _capture(step: Step | None, redact: Redactor) -> tuple[dict[str, Any], str] | None:
    if step is None:
        return None
    request = redact.step(step, most=CAPTURED_BODY)
    return {key: value for key, value in request.items() if key != "body"}, str(request.get("body", ""))
