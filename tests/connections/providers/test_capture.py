"""Capture: what is kept is what a webhook would have got."""

from __future__ import annotations

from typing import Any

from connections.provider import Answer, Failure, Record, Reply, Trouble
from connections.providers.capture import PROVIDER
from connections.providers.webhook import PROVIDER as WEBHOOK
from tests.connections.providers import test_webhook
from tests.connections.providers.contract import DELIVERY, Example, follow, job_of

EXAMPLE = Example(inputs={"record": {"note": "try 1"}})


def kept(**changes: Any) -> Record:
    step = follow(PROVIDER, job_of(EXAMPLE, "record", **changes)).only
    assert isinstance(step, Record)
    return step


def test_it_keeps_the_very_body_that_a_webhook_sends() -> None:
    sent = follow(WEBHOOK, job_of(test_webhook.EXAMPLE, "send_webhook", settings=test_webhook.USUAL)).request
    assert kept().body == sent.body


def test_it_keeps_the_delivery_id_and_the_note() -> None:
    assert kept().headers == {
        "webhook-id": str(DELIVERY),
        "Content-Type": "application/json",
        "X-Jackfield-Note": "try 1",
    }


def test_without_a_note_there_is_no_note() -> None:
    assert "X-Jackfield-Note" not in kept(inputs={}).headers


def test_a_long_note_is_one_short_line() -> None:
    note = kept(inputs={"note": "two\nlines " + "x" * 600}).headers["X-Jackfield-Note"]
    assert note.startswith("two lines x")
    assert len(note) == 500


def test_it_always_delivers() -> None:
    assert delivered(Answer(status=200))
    assert delivered(Answer(status=500))
    assert delivered(Failure(trouble=Trouble.TIMEOUT))


def delivered(reply: Reply) -> bool:
    return follow(PROVIDER, job_of(EXAMPLE, "record"), lambda _step: reply).outcome.delivered
