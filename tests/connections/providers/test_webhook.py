"""Webhook: bodies byte for byte, signatures that foreign libraries accept, headers that nobody can smuggle in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError

from connections.http import _OURS
from connections.provider import Answer, Code, Culprit, Inactive, Request, Step
from connections.providers.webhook import PROVIDER
from tests.connections.providers import contract
from tests.connections.providers.contract import Example, follow, job_of

SECRET = PROVIDER.new_credentials({}, bytes(range(32)))["signing_secret"]
OLDER = PROVIDER.new_credentials({}, bytes(range(32, 64)))["signing_secret"]

USUAL: dict[str, Any] = {"url": "https://receiver.example/hook?tenant=1"}
BASIC = {"auth_scheme": "basic", "username": "acme"}
BEARER = {"auth_scheme": "bearer"}
HEADER = {"auth_scheme": "header", "header_name": "X-Api-Key"}


def assert_is_a_webhook(step: Step) -> None:
    assert isinstance(step, Request)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert contract.header(step.headers, name)


EXAMPLE = Example(
    inputs={"send_webhook": {}},
    settings={
        **USUAL,
        **BASIC,
        "payload_mode": "raw",
        "headers": {"X-Tenant": "acme"},
        "x_meshes_signature": "sha256",
    },
    credentials={
        "signing_secret": SECRET,
        "previous_signing_secret": OLDER,
        "previous_signing_secret_until": "95617584000.000000",  # of the year 5000: no test depends on the day it runs
        "password": "pa:ss wörd-4711",
        "token": "token-4711-4711",
        "header_value": "value-4711-4711",
    },
    fits=assert_is_a_webhook,
)


def sent(chosen: Mapping[str, Any] | None = None, **changes: Any) -> Request:
    whole = {**USUAL, **(chosen or {})}
    return follow(PROVIDER, job_of(EXAMPLE, "send_webhook", settings=whole, **changes)).request


def faults(chosen: Mapping[str, Any], credentials: Mapping[str, str] | None = None) -> dict[str, str]:
    found = PROVIDER.check_settings({**USUAL, **chosen}, credentials or {})
    return {fault.field: fault.message for fault in found if not fault.warning}


# --------------------------------------------------------------------------- bodies

ODD_PAYLOADS = [
    '{"big": 9007199254740993, "tiny": 1e-7, "trailing": 1.500, "minus": -0}',
    '{"z": 1, "a": 2, "z": 3}',
    '{ "spaced" :\t1 ,\n "lines": [ 1 , 2 ] }',
    '{"escaped": "\\u00fc\\/\\u2028\\u0000", "raw": "ü/\u2028"}',
    '{"half": "\\ud83d", "whole": "\\ud83d\\ude42"}',
    '{"emoji": "🙂👩‍👩‍👧‍👦", "rtl": "مرحبا\u202e"}',
    '{"quotes": "\\"}, \\"payload\\": {\\"forged\\": true}", "x": "}"}',
    '{"deep": [[[[[[[[[[{"a": {"b": {}}}]]]]]]]]]]}',
    '{"long": "' + "x" * 200_000 + '"}',
    '{"": "", " ": null}',
    '{"time_sent": 1, "uuid": "mine"}',
]


@pytest.mark.parametrize("text", ODD_PAYLOADS, ids=lambda text: text[:24])
def test_the_payload_is_sent_as_it_was_received(text: str) -> None:
    event = contract.with_payload(text)
    assert f'"payload": {text}, "time_created"'.encode() in sent(event=event).body
    assert sent({"payload_mode": "raw"}, event=event).body == text.encode()


def test_the_wrapped_body_is_the_contracts() -> None:
    assert json.loads(sent().body) == {
        "uuid": str(contract.EVENT.id),
        "event": "alert.triggered",
        "resource": "alert",
        "resource_id": "alrt_tyrion_42",
        "payload": contract.EVENT.payload,
        "time_created": 1776441720500,
        "time_sent": 1776441780500,
    }


def test_an_event_without_resource_id_says_null() -> None:
    assert json.loads(sent(event=replace(contract.EVENT, resource_id="")).body)["resource_id"] is None


def test_a_retry_sends_the_same_bytes_under_the_same_id() -> None:
    first = sent()
    again = sent(now=contract.NOW + timedelta(hours=1), attempt=2)
    assert again.body == first.body
    assert again.headers["webhook-id"] == first.headers["webhook-id"] == str(contract.DELIVERY)
    assert int(again.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600


def test_a_raw_body_has_the_facts_in_headers() -> None:
    headers = sent({"payload_mode": "raw"}).headers
    assert {name: value for name, value in headers.items() if name.startswith("X-Meshes-")} == {
        "X-Meshes-Event-Id": str(contract.EVENT.id),
        "X-Meshes-Event": "alert.triggered",
        "X-Meshes-Resource": "alert",
        "X-Meshes-Resource-Id": "alrt_tyrion_42",
        "X-Meshes-Time-Created": "1776441720500",
        "X-Meshes-Time-Sent": "1776441780500",
    }


def test_facts_beyond_plain_ascii_are_percent_encoded() -> None:
    headers = sent(
        {"payload_mode": "raw"}, event=replace(contract.EVENT, resource="ü %\r\n", resource_id="a:b/c")
    ).headers
    assert headers["X-Meshes-Resource"] == "%C3%BC%20%25%0D%0A"
    assert headers["X-Meshes-Resource-Id"] == "a:b/c"


def test_a_wrapped_body_needs_no_such_headers() -> None:
    assert not [name for name in sent().headers if name.startswith("X-Meshes-")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_the_method_and_the_address_are_the_customers(method: str) -> None:
    request = sent({"http_method": method})
    assert (request.method, request.url) == (method, USUAL["url"])
    assert request.headers["Content-Type"] == "application/json"


def test_it_posts_unless_told_otherwise() -> None:
    assert sent().method == "POST"


# --------------------------------------------------------------------------- signatures


@pytest.mark.parametrize("text", ODD_PAYLOADS, ids=lambda text: text[:24])
@pytest.mark.parametrize("mode", ["wrapped", "raw"])
def test_receivers_verify_the_signature_over_odd_payloads(mode: str, text: str) -> None:
    request = sent({"payload_mode": mode}, event=contract.with_payload(text), now=datetime.now(UTC))
    Receiver(SECRET).verify(request.body, dict(request.headers))


@settings(max_examples=60)
@given(payload=st.dictionaries(st.text(), st.text() | st.integers() | st.floats() | st.none()), plain=st.booleans())
def test_receivers_verify_the_signature_over_any_payload(payload: dict[str, Any], *, plain: bool) -> None:
    event = replace(contract.EVENT, payload=payload, payload_text=json.dumps(payload, ensure_ascii=plain))
    request = sent(event=event, now=datetime.now(UTC))
    Receiver(SECRET).verify(request.body, dict(request.headers))


@pytest.mark.parametrize("secret", [SECRET, OLDER])
def test_during_a_rotation_receivers_with_either_secret_are_served(secret: str) -> None:
    request = sent(now=datetime.now(UTC))
    Receiver(secret).verify(request.body, dict(request.headers))
    assert request.headers["webhook-signature"].count("v1,") == 2


def test_after_a_rotation_the_older_secret_is_worth_nothing() -> None:
    request = sent(now=datetime.now(UTC), credentials={"signing_secret": SECRET})
    with pytest.raises(WebhookVerificationError):
        Receiver(OLDER).verify(request.body, dict(request.headers))


def test_a_changed_body_is_noticed() -> None:
    request = sent(now=datetime.now(UTC))
    with pytest.raises(WebhookVerificationError):
        Receiver(SECRET).verify(request.body + b" ", dict(request.headers))


def test_the_signed_time_is_the_same_moment_in_any_time_zone() -> None:
    elsewhere = contract.NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert sent(now=elsewhere).headers == sent().headers


def test_a_new_secret_is_thirty_two_bytes_in_base64() -> None:
    assert SECRET.startswith("whsec_")
    assert base64.b64decode(SECRET.removeprefix("whsec_")) == bytes(range(32))


def test_without_a_signing_secret_nothing_is_sent() -> None:
    course = follow(PROVIDER, job_of(EXAMPLE, "send_webhook", credentials={}))
    assert course.steps == ()
    assert (course.outcome.code, course.outcome.culprit) == (Code.INTERNAL_ERROR, Culprit.US)
    assert "signing secret" in course.outcome.reason


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_plain_signature_is_sent_on_request_for_every_live_secret(algorithm: str) -> None:
    request = sent({"x_meshes_signature": algorithm})
    digests = [hmac.new(secret.encode(), request.body, algorithm).hexdigest() for secret in (SECRET, OLDER)]
    assert request.headers["X-Meshes-Signature"] == ", ".join(digests)
    assert len(digests[0]) == hashlib.new(algorithm).digest_size * 2


# --------------------------------------------------------------------------- authentication


def test_basic_authentication_carries_name_and_password_and_keeps_them_out_of_the_record() -> None:
    request = sent(BASIC)
    pair = base64.b64encode("acme:pa:ss wörd-4711".encode()).decode()
    assert request.headers["Authorization"] == f"Basic {pair}"
    assert pair in request.secrets


def test_bearer_authentication_carries_the_token() -> None:
    assert sent(BEARER).headers["Authorization"] == "Bearer token-4711-4711"


def test_a_header_of_the_customers_own_carries_the_value() -> None:
    assert sent(HEADER).headers["X-Api-Key"] == "value-4711-4711"


def test_without_a_scheme_no_credentials_are_sent() -> None:
    headers = sent({"auth_scheme": "none"}).headers
    assert "Authorization" not in headers
    assert "4711" not in str(headers)


@pytest.mark.parametrize("chosen", [BASIC, BEARER, HEADER])
def test_what_the_receiver_gets_to_know_us_by_never_stays_in_the_record(chosen: dict[str, str]) -> None:
    written = contract.written(sent(chosen))
    assert not [
        secret for secret in EXAMPLE.credentials.values() for form in contract.forms_of(secret) if form in written
    ]


# --------------------------------------------------------------------------- headers


def test_custom_headers_are_sent() -> None:
    assert sent({"headers": {"X-Tenant": "acme"}}).headers["X-Tenant"] == "acme"


def test_five_custom_headers_are_the_most() -> None:
    assert faults({"headers": {f"X-{n}": "v" for n in range(5)}}) == {}
    assert "Remove 1" in faults({"headers": {f"X-{n}": "v" for n in range(6)}})["headers"]


RESERVED = (
    *("Content-Type", "content-length", "Host", "Transfer-Encoding", "Connection", "TE", "Upgrade", "Expect", "Via"),
    *(
        "webhook-id",
        "Webhook-Anything",
        "X-Jackfield-Digest-Count",
        "X-Meshes-Event",
        "x-meshes-signature",
        "Proxy-Authorization",
        "User-Agent",
    ),
    *("Accept-Encoding", "Content-Encoding", "Date", "Keep-Alive", "Trailer", "Sec-Fetch-Mode"),
)


@pytest.mark.parametrize("name", RESERVED)
def test_names_that_are_ours_are_refused(name: str) -> None:
    assert faults({"headers": {name: "v"}})["headers"].startswith(f"{name!r} is set by us")
    assert f"{name!r} is set by us" in faults({**HEADER, "header_name": name})["header_name"]


@pytest.mark.parametrize("name", _OURS.pattern.split("|"))
def test_what_the_door_would_drop_is_refused_when_it_is_saved(name: str) -> None:
    assert "is set by us" in faults({"headers": {name: "v"}})["headers"]


@pytest.mark.parametrize("name", RESERVED)
def test_names_that_are_ours_are_documented(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "destinations" / "webhook.md").read_text(encoding="utf-8").lower()
    beginning = name.lower().startswith(("webhook-", "x-meshes-", "x-jackfield-", "proxy-", "sec-"))
    assert f"`{name.lower().partition('-')[0] if beginning else name.lower()}" in page


@pytest.mark.parametrize("name", ["", "two words", "colon:", "ünlaut", "line\r\nX-Evil", "x" * 101])
def test_what_is_no_header_name_is_refused(name: str) -> None:
    assert "is no header name" in faults({"headers": {name: "v"}})["headers"]
    assert "is no header name" in faults({**HEADER, "header_name": name})["header_name"]


@pytest.mark.parametrize("value", ["", " v", "v ", "a\r\nX-Evil: 1", "a\nb", "naïve", "a\x00b", "a\tb"])
def test_a_value_that_is_not_one_plain_line_is_refused(value: str) -> None:
    assert "one line of plain ASCII" in faults({"headers": {"X-Tenant": value}})["headers"]


@pytest.mark.parametrize(("chosen", "key"), [(BEARER, "token"), (HEADER, "header_value")])
def test_a_secret_that_no_header_can_carry_is_refused_without_being_quoted(chosen: dict[str, str], key: str) -> None:
    said = faults(chosen, {key: "secret\r\nX-Evil: 1"})
    assert "one line of plain ASCII" in said[key]
    assert "Evil" not in said[key]
    assert faults(chosen, {key: "secret"}) == {}


def test_a_header_cannot_be_there_twice() -> None:
    assert "twice" in faults({"headers": {"X-Tenant": "a", "x-tenant": "b"}})["headers"]
    assert "already sent by the authentication" in faults({**BASIC, "headers": {"authorization": "x"}})["headers"]
    assert "already sent by the authentication" in faults({**HEADER, "headers": {"x-api-key": "x"}})["headers"]


def test_should_a_taken_name_get_through_ours_wins() -> None:
    headers = sent(
        {**BASIC, "headers": {"AUTHORIZATION": "mine", "Webhook-Id": "mine", "content-type": "text/plain"}}
    ).headers
    assert "mine" not in headers.values()
    assert contract.header(headers, "content-type") == "application/json"
    contract.assert_headers(headers)


def test_an_open_authorization_header_is_allowed_with_a_warning() -> None:
    (fault,) = PROVIDER.check_settings({**USUAL, "headers": {"Authorization": "Bearer x"}}, {})
    assert fault.warning
    assert "can read these headers" in fault.message


def test_a_user_name_with_a_colon_is_refused() -> None:
    assert "colon" in faults({**BASIC, "username": "a:b"})["username"]


# --------------------------------------------------------------------------- answers


def test_a_receiver_that_is_gone_is_switched_off() -> None:
    course = follow(PROVIDER, job_of(EXAMPLE, "send_webhook"), lambda _step: Answer(status=410))
    assert (course.outcome.inactive, course.outcome.retry) == (Inactive.ENDPOINT_GONE, False)


def test_a_retry_after_date_is_measured_against_the_time_of_the_attempt() -> None:
    later = "Fri, 17 Apr 2026 16:04:30 GMT"
    answer = Answer(status=503, headers={"retry-after": later})
    assert follow(PROVIDER, job_of(EXAMPLE, "send_webhook"), lambda _step: answer).outcome.retry_after == 59.5
