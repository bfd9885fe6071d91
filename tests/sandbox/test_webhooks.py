"""The webhook catcher."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

from sandbox.signatures import judge
from tests.sandbox.running import SECRET, Running

BODY = b'{"event": "alert.triggered", "value": 1.10}'
OTHER = "whsec_YW5vdGhlci1zZWNyZXQtYWx0b2dldGhlci1oZXJlISE="


def signed(*, secret: str = SECRET, at: datetime | None = None, webhook_id: str = "d1") -> dict[str, str]:
    moment = at or datetime.now(tz=UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, moment, BODY.decode()),
    }


def calls(sandbox: Running, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{sandbox.webhooks}/_sandbox/calls", query, timeout=5).json()
    return found


def send(
    sandbox: Running, path: str = "/harness", *, body: bytes = BODY, headers: dict[str, str] | None = None
) -> requests.Response:
    return requests.post(f"{sandbox.webhooks}{path}", data=body, headers=headers, timeout=5)


def test_it_verifies_a_true_signature() -> None:
    assert judge(secret=SECRET, headers=signed(), body=BODY).verified is True


def test_it_accepts_either_of_two_signatures_while_a_secret_is_rotated() -> None:
    headers = signed()
    headers["webhook-signature"] = f"{signed(secret=OTHER)['webhook-signature']} {headers['webhook-signature']}"
    assert judge(secret=SECRET, headers=headers, body=BODY).verified is True


def test_it_cannot_judge_without_a_secret() -> None:
    assert judge(secret="", headers=signed(), body=BODY).verified is None
    assert judge(secret="whsec_", headers=signed(), body=BODY).verified is None


TEN_MINUTES = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("headers", "body", "told"),
    [  # made when the test runs: a signature is old after five minutes
        (dict, BODY, "Missing: webhook-id, webhook-timestamp, webhook-signature"),
        (lambda: signed(secret=OTHER), BODY, "No signature matches"),
        (signed, BODY + b" ", "No signature matches"),
        (lambda: signed(at=datetime.now(tz=UTC) - TEN_MINUTES), BODY, "too old"),
        (lambda: signed(at=datetime.now(tz=UTC) + TEN_MINUTES), BODY, "too new"),
        (lambda: {**signed(), "webhook-timestamp": "yesterday"}, BODY, "not a number of seconds"),
        (lambda: {**signed(), "webhook-signature": "nonsense"}, BODY, "of the form"),
        (lambda: {**signed(), "webhook-signature": "v1,é"}, BODY, "of the form"),
    ],
)
def test_it_says_why_a_signature_does_not_hold(headers: Callable[[], dict[str, str]], body: bytes, told: str) -> None:
    verdict = judge(secret=SECRET, headers=headers(), body=body)
    assert verdict.verified is False
    assert told in verdict.reason


def test_it_keeps_a_call_as_it_came(sandbox: Running) -> None:
    answer = send(sandbox, "/harness?a=1", headers={**signed(), "X-Extra": "yes"})
    assert answer.json() == {"received": True, "verified": True}
    [call] = calls(sandbox)
    assert (call["method"], call["path"], call["query"], call["body"]) == ("POST", "/harness", "a=1", BODY.decode())
    assert base64.b64decode(call["body_base64"]) == BODY
    assert call["headers"]["x-extra"] == "yes"
    assert (call["verified"], call["webhook_id"]) == (True, "d1")


def test_it_marks_a_call_that_is_not_verified(sandbox: Running) -> None:
    send(sandbox, headers=signed(secret=OTHER))
    assert calls(sandbox)[0]["verified"] is False
    assert "not verified" in requests.get(sandbox.webhooks, timeout=5).text


def test_it_keeps_bytes_that_are_no_text(sandbox: Running) -> None:
    send(sandbox, body=b"\xff\x00", headers=signed())
    assert base64.b64decode(calls(sandbox)[0]["body_base64"]) == b"\xff\x00"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_it_catches_any_path(sandbox: Running, method: str) -> None:
    requests.request(method, f"{sandbox.webhooks}/deep/er/", data=b"x", timeout=5)
    assert [(call["method"], call["path"]) for call in calls(sandbox)] == [(method, "/deep/er/")]


def test_it_counts_the_deliveries_of_one_id_at_one_path(sandbox: Running) -> None:
    for path in ("/harness", "/harness", "/elsewhere"):
        send(sandbox, path, headers=signed())
    assert [call["delivery"] for call in calls(sandbox)] == [1, 2, 1]
    assert "delivery 2" in requests.get(sandbox.webhooks, timeout=5).text


def test_calls_without_an_id_are_not_duplicates(sandbox: Running) -> None:
    send(sandbox)
    send(sandbox)
    assert [call["delivery"] for call in calls(sandbox)] == [1, 1]


def test_it_filters_and_forgets_by_path(sandbox: Running) -> None:
    send(sandbox, "/a")
    send(sandbox, "/b")
    assert [call["path"] for call in calls(sandbox, path="/a")] == ["/a"]
    requests.delete(f"{sandbox.webhooks}/_sandbox/calls", params={"path": "/a"}, timeout=5)
    assert [call["path"] for call in calls(sandbox)] == ["/b"]


def test_it_records_a_call_that_a_fault_answered(sandbox: Running) -> None:
    sandbox.dial(sandbox.webhooks, target="/harness", fault="500", times=1)
    assert send(sandbox, headers=signed()).status_code == 500
    assert [(call["fault"], call["verified"]) for call in calls(sandbox)] == [("500", True)]


def test_it_learns_a_receiver_over_http(sandbox: Running) -> None:
    url = f"{sandbox.webhooks}/_sandbox/receivers"
    requests.put(url, json={"path": "late", "name": "Late", "secret": OTHER}, timeout=5)
    send(sandbox, "/late", headers=signed(secret=OTHER))
    assert calls(sandbox)[0]["verified"] is True
    assert {each["path"] for each in requests.get(url, timeout=5).json()} >= {"/harness", "/late"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}"])
def test_it_refuses_a_receiver_without_a_path(sandbox: Running, body: bytes) -> None:
    assert requests.put(f"{sandbox.webhooks}/_sandbox/receivers", data=body, timeout=5).status_code == 422


def test_its_page_escapes_what_came_in(sandbox: Running) -> None:
    send(sandbox, body=b'{"event": "<script>alert(1)</script>"}', headers={"X-Evil": "<b>"})
    page = requests.get(sandbox.webhooks, timeout=5)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]


def test_its_page_hears_only_of_changes(sandbox: Running) -> None:
    url = f"{sandbox.webhooks}/_sandbox/feed"
    first = requests.get(url, timeout=5).json()
    assert requests.get(url, {"version": first["version"]}, timeout=5).status_code == 204
    send(sandbox, "/news")
    changed = requests.get(url, {"version": first["version"]}, timeout=5)
    assert "/news" in changed.json()["html"]
