"""Tests, previews and back-tests as the wire has them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from deliveries.shapes import EventOut
from deliveries.trying.backtest import DAYS_MOST, Backtest, Example
from deliveries.trying.preview import Preview
from workspaces.wire import Fault, Moment


class _NothingElse(Schema):
    """Refuses names it does not know: a misspelt one would try something else than what was meant."""

    model_config = ConfigDict(extra="forbid")


class RuleTestIn(_NothingElse):
    """What to send. Whatever is left out is taken from the latest event that the rule wants, or made up."""

    event: str | None = Field(None, description="An event type that the rule wants.")
    payload: dict[str, Any] | None = None


class RuleTestOut(Schema):
    """The event that was made for the test. `GET /events/{id}` tells what becomes of it."""

    event: EventOut


class BacktestIn(_NothingElse):
    """What a rule would ask, not saved yet."""

    workspace: UUID
    event: str = Field(description="An event type, or a pattern such as `alert.*`.")
    resource: str | None = Field(None, max_length=128)
    resource_id: str | None = Field(None, max_length=128)
    min_severity: str | None = None
    conditions: dict[str, Any] | None = Field(None, description="See `GET /conditions-schema`.")
    days: int = Field(DAYS_MOST, ge=1, le=DAYS_MOST)
    time_zone: str = Field("UTC", max_length=64, description="In which days are counted, such as `Europe/Berlin`.")


class DayOut(Schema):
    """One day of the time zone's calendar."""

    date: dt.date
    considered: int
    fired: int


class ExampleOut(Schema):
    """One event, and what the rule says to it."""

    event_id: UUID
    event: str
    created_at: Moment
    reason: str


class BacktestOut(Schema):
    """How often the rule would have fired."""

    considered: int = Field(description="Events of the types that it wants.")
    fired: int
    days: list[DayOut]
    fired_examples: list[ExampleOut]
    silent_examples: list[ExampleOut]
    complete: bool = Field(description="False: there were too many, and only those since `since` were looked at.")
    since: Moment


class PreviewIn(_NothingElse):
    """What a rule would do, not saved yet, and with which event to try it."""

    workspace: UUID
    connection: UUID
    metadata: dict[str, Any] = Field(description="`action`, and the inputs that it asks for.")
    event: str = Field("*", description="An event type or a pattern: the latest such event is taken, or one made up.")
    payload: dict[str, Any] | None = Field(None, description="Instead of that event's own.")


class PictureOut(Schema):
    """What the receiver would see: `blocks` of Slack's, a `mail`, or the `body` of a request."""

    kind: str
    blocks: list[dict[str, Any]]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    body: str


class PreviewOut(Schema):
    """The first request that would be made, without anything secret; or why there would be none."""

    request: dict[str, Any] | None
    picture: PictureOut | None
    notes: list[str]
    faults: list[Fault]
    reason: str | None = Field(description="Why nothing would be sent.")
    fix: str | None


def backtest_shape(found: Backtest) -> dict[str, Any]:
    """A back-test as the wire has it."""
    return {
        "considered": found.considered,
        "fired": found.fired,
        "days": [{"date": day.date, "considered": day.considered, "fired": day.fired} for day in found.days],
        "fired_examples": [_example_shape(example) for example in found.fired_examples],
        "silent_examples": [_example_shape(example) for example in found.silent_examples],
        "complete": found.complete,
        "since": found.since,
    }


def _example_shape(example: Example) -> dict[str, Any]:
    return {
        "event_id": example.event_id,
        "event": example.type,
        "created_at": example.created_at,
        "reason": example.reason,
    }


def preview_shape(found: Preview) -> dict[str, Any]:
    """A preview as the wire has it."""
    return {
        "request": found.request,
        "picture": found.picture,
        "notes": list(found.notes),
        "faults": [{"param": param, "msg": message} for param, message in found.faults],
        "reason": found.reason or None,
        "fix": found.fix or None,
    }
