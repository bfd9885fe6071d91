"""Fault dials: setting them, and each fault seen to happen."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from sandbox.dials import Board, Dial, DialError
from sandbox.faults import FAULTS, perform
from tests.sandbox.running import Running


def board() -> Board:
    return Board(FAULTS)


def call(sandbox: Running, path: str = "/harness", **options: Any) -> requests.Response:
    return requests.post(f"{sandbox.webhooks}{path}", data=b"{}", timeout=0.4, allow_redirects=False, **options)


def test_it_counts_a_dial_down_to_nothing() -> None:
    dials = board()
    dials.turn({"target": "T1", "fault": "500", "times": 2})
    assert [dials.take("T1") is not None for _ in range(3)] == [True, True, False]


def test_it_keeps_a_dial_without_a_count() -> None:
    dials = board()
    dials.turn({"fault": "500"})
    assert all(dials.take("anyone") for _ in range(5))


def test_it_spares_other_targets() -> None:
    dials = board()
    dials.turn({"target": "T1", "fault": "500"})
    assert dials.take("T2") is None


def test_it_prefers_the_targets_own_dial_to_everyones() -> None:
    dials = board()
    dials.turn({"target": "*", "fault": "500"})
    dials.turn({"target": "T1", "fault": "429"})
    assert [dial.fault for dial in (dials.take("T1"), dials.take("T2")) if dial] == ["429", "500"]


def test_it_replaces_the_same_fault_on_the_same_target() -> None:
    dials = board()
    dials.turn({"target": "T1", "fault": "500", "times": 9})
    dials.turn({"target": "T1", "fault": "500", "times": 1})
    assert [dial.times for dial in dials] == [1]


@pytest.mark.parametrize("left", ["target", "fault"])
def test_it_clears_only_what_was_named(left: str) -> None:
    dials = board()
    dials.turn({"target": "T1", "fault": "500"})
    dials.turn({"target": "T2", "fault": "close"})
    dials.clear(**{left: "T1" if left == "target" else "500"})
    assert [dial.target for dial in dials] == ["T2"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"fault": "200"}, "fault"),
        ({}, "fault"),
        ({"fault": "500", "times": 0}, "times"),
        ({"fault": "500", "times": "x"}, "times"),
    ],
)
def test_it_names_the_field_of_a_wrong_dial(wanted: dict[str, Any], field: str) -> None:
    with pytest.raises(DialError, match=field):
        board().turn(wanted)


def test_dials_are_set_listed_and_cleared_over_http(sandbox: Running) -> None:
    url = f"{sandbox.webhooks}/_sandbox/dials"
    sandbox.dial(sandbox.webhooks, target="/harness", fault="500", times=3)
    assert requests.get(url, timeout=5).json() == [
        {"target": "/harness", "fault": "500", "times": 3, "retry_after": 30}
    ]
    assert requests.delete(url, params={"target": "/harness"}, timeout=5).status_code == 204
    assert requests.get(url, timeout=5).json() == []


def test_a_wrong_dial_is_refused_over_http(sandbox: Running) -> None:
    answer = requests.put(f"{sandbox.webhooks}/_sandbox/dials", json={"fault": "blue"}, timeout=5)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("fault must be a status")


def test_the_form_of_a_page_sets_and_clears_and_leads_back_to_its_page(sandbox: Running) -> None:
    url, page = f"{sandbox.webhooks}/_sandbox/dials", f"{sandbox.webhooks}/?path=%2Fharness"
    wanted = {"target": "/harness", "fault": "500", "times": "", "retry_after": ""}
    answer = requests.post(url, wanted, headers={"Referer": page}, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?path=/harness#dials")
    assert "500 Internal Server Error</strong>" in requests.get(page, timeout=5).text
    requests.post(url, {**wanted, "verb": "clear"}, timeout=5)
    assert requests.get(url, timeout=5).json() == []


def test_the_form_never_leads_off_the_simulator(sandbox: Running) -> None:
    url = f"{sandbox.webhooks}/_sandbox/dials"
    referer = {"Referer": "http://127.0.0.1//elsewhere.example/x"}
    answer = requests.post(url, {"fault": "500"}, headers=referer, allow_redirects=False, timeout=5)
    assert answer.headers["Location"] == "/elsewhere.example/x#dials"


def test_it_asks_to_come_back_later(sandbox: Running) -> None:
    sandbox.dial(sandbox.webhooks, fault="429", retry_after=7)
    answer = call(sandbox)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("status", [410, 500, 503])
def test_it_answers_any_error_status(sandbox: Running, status: int) -> None:
    sandbox.dial(sandbox.webhooks, target="/harness", fault=str(status), times=1)
    assert [call(sandbox).status_code, call(sandbox).status_code] == [status, 200]


def test_it_hangs(sandbox: Running) -> None:
    sandbox.dial(sandbox.webhooks, fault="timeout")
    with pytest.raises(requests.ReadTimeout):
        call(sandbox)


def test_it_answers_so_slowly_that_the_answer_does_not_end(sandbox: Running) -> None:
    sandbox.dial(sandbox.webhooks, fault="slow_body")
    with call(sandbox, stream=True) as answer, pytest.raises(requests.ConnectionError, match="Read timed out"):
        _ = answer.content


def test_it_closes_the_connection(sandbox: Running) -> None:
    sandbox.dial(sandbox.webhooks, fault="close")
    with pytest.raises(requests.ConnectionError, match=r"closed connection|reset"):
        call(sandbox)


def test_it_redirects_to_where_a_follower_is_seen(sandbox: Running) -> None:
    sandbox.dial(sandbox.webhooks, target="/harness", fault="redirect")
    assert call(sandbox).headers["Location"] == "/redirected/harness"
    requests.post(f"{sandbox.webhooks}/harness", data=b"{}", timeout=5)
    calls = requests.get(f"{sandbox.webhooks}/_sandbox/calls", timeout=5).json()
    assert [each["path"] for each in calls] == ["/harness", "/harness", "/redirected/harness"]


@pytest.mark.parametrize("fault", ["huge_body", "slow_body"])
def test_a_caller_who_has_left_is_no_error(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    async def prepare(response: web.StreamResponse, request: web.Request) -> None: ...

    async def write(response: web.StreamResponse, chunk: bytes) -> None:
        raise ConnectionResetError

    async def answer() -> web.Response:
        return web.json_response({})

    monkeypatch.setattr(web.StreamResponse, "prepare", prepare)
    monkeypatch.setattr(web.StreamResponse, "write", write)
    dial, request = Dial(target="*", fault=fault), make_mocked_request("POST", "/harness")
    response = asyncio.run(perform(dial, request, answer=answer, body=lambda _: {}))
    assert response.status == 200


def test_it_floods(sandbox: Running) -> None:
    sandbox.dial(sandbox.webhooks, fault="huge_body")
    with requests.post(f"{sandbox.webhooks}/harness", stream=True, timeout=5) as answer:
        taken = sum(len(chunk) for chunk in islice(answer.iter_content(65_536), 160))
    assert taken > 8_000_000
