from __future__ import annotations

from collections.abc import Generator

import pytest

from connections import courses, http
from connections.provider import Mail, Reply, Request, Step
from tests.connections.signing_in import Door, says

ASK = Request("GET", "https://one.example/", {})


@pytest.fixture(autouse=True)
def _door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "send", Door({"/": says({"n": 1})}).send)


def asking(times: int) -> Generator[Step, Reply, int]:
    for _ in range(times):
        yield ASK
    return times


@pytest.mark.parametrize("times", [0, 1, courses.STEPS_MOST])
def test_it_follows_a_course_to_its_end(times: int) -> None:
    assert courses.follow(asking(times)) == times


def test_a_course_without_an_end_is_left() -> None:
    with pytest.raises(ValueError, match="more than 5 requests"):
        courses.follow(asking(1_000))


def test_a_course_outside_of_a_delivery_mails_nothing() -> None:
    def mailing() -> Generator[Step, Reply, None]:
        yield Mail(to=("ann@acme.example",), subject="", text="", html="", message_id="")

    with pytest.raises(TypeError, match="not Mail"):
        courses.follow(mailing())
