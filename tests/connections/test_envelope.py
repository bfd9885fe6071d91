"""The wrapped body, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from connections.envelope import milliseconds, wrapped
from tests.connections.providers import contract
from tests.connections.providers.contract import Example, job_of

JOB = job_of(Example(inputs={"any": {}}), "any")


def test_it_is_these_bytes() -> None:
    event = replace(contract.with_payload('{ "n":1e-7 }'), type='a"b', resource="ü", resource_id="")
    assert wrapped(replace(JOB, event=event)) == (
        b'{"uuid": "01963c5e-7a00-7000-8000-0000aaaa1111", "event": "a\\"b", "resource": "\\u00fc",'
        b' "resource_id": null, "payload": { "n":1e-7 }, "time_created": 1776441720500, "time_sent": 1776441780500}'
    )


def test_a_retry_changes_nothing() -> None:
    assert wrapped(replace(JOB, now=JOB.now + timedelta(hours=1), attempt=2)) == wrapped(JOB)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2026, 4, 17, 16, 2, 0, 1_000, tzinfo=UTC), 1776441720001),
        (datetime(2026, 4, 17, 16, 2, 0, 999_999, tzinfo=UTC), 1776441720999),
        (datetime(2026, 4, 17, 21, 32, tzinfo=timezone(timedelta(hours=5, minutes=30))), 1776441720000),
    ],
)
def test_milliseconds_are_whole_and_never_rounded_up(moment: datetime, expected: int) -> None:
    assert milliseconds(moment) == expected
