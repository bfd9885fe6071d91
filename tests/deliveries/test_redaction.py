"""What is kept of an exchange, and that no secret is part of it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.provider import Answer, Failure, Mail, Record, Request, Trouble
from deliveries.redaction import KEPT_BODY, STRUCK, Redactor

SECRET = 'pa"ss wö&rd/+<canary>'


def request(url: str = "https://a.example/in", **parts: object) -> Request:
    return Request(**{"method": "POST", "url": url, "headers": {}, **parts})  # type: ignore[arg-type]


def kept(step: Request, answer: Answer | Failure | None = None, *, secrets: tuple[str, ...] = ()) -> str:
    redact = Redactor(secrets, [step])
    return json.dumps(redact.exchange(step, answer or Answer(200)), ensure_ascii=False)


FORMS = {
    "plain": SECRET,
    "in JSON": json.dumps(SECRET)[1:-1],
    "in JSON with its letters": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "in a URL": quote(SECRET, safe=""),
    "in a form": quote_plus(SECRET),
    "in a page": html.escape(SECRET),
    "in base64": base64.b64encode(SECRET.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_struck_out_in_every_form_in_which_it_travels(form: str) -> None:
    text = Redactor([SECRET])(f"before {FORMS[form]} after")
    assert text.startswith(f"before {STRUCK}")
    assert text.endswith(" after")


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_that_repeats_what_it_got_keeps_no_secret(form: str) -> None:
    echo = Answer(400, headers={"x-echo": FORMS[form], "location": f"/{FORMS[form]}"}, body=FORMS[form].encode())
    for shown in (kept(request(), echo, secrets=(SECRET,)), kept(request(secrets=(SECRET,)), echo)):
        assert FORMS[form].strip("=") not in shown
        assert "canary" not in shown


def test_of_two_secrets_the_longer_is_struck_out_first() -> None:
    assert Redactor(["abcd", "abcdefgh"])("x abcdefgh y") == f"x {STRUCK} y"


def test_what_is_too_short_to_be_a_secret_does_not_garble_the_text() -> None:
    assert Redactor(["", "a", "abc"])("a cab abc") == "a cab abc"


@given(st.text(min_size=4, max_size=30), st.text(max_size=40), st.text(max_size=40))
def test_no_text_keeps_the_secret_whatever_stands_round_it(secret: str, before: str, after: str) -> None:
    assert secret not in Redactor([secret])(before + secret + after) or "•" in secret


# --------------------------------------------------------------------------- the request


@pytest.mark.parametrize(
    "name", ["Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "x-auth-token", "My-Secret", "X-Session-Id"]
)
def test_a_header_whose_name_speaks_of_secrets_is_struck_out_whole_and_so_is_its_echo(name: str) -> None:
    shown = kept(request(headers={name: "Bearer canary-canary"}), Answer(400, body=b"you sent canary-canary"))
    assert "canary" not in shown
    assert name in shown


@pytest.mark.parametrize("name", ["webhook-signature", "webhook-id", "content-type", "X-Meshes-Signature"])
def test_other_headers_are_kept_as_they_were(name: str) -> None:
    assert "v1,abcdefghijkl" in kept(request(headers={name: "v1,abcdefghijkl"}))


def test_an_answers_cookies_are_not_kept_and_its_reason_for_refusing_is() -> None:
    headers = {"set-cookie": "session=canary", "www-authenticate": 'Bearer error="invalid_token"'}
    shown = kept(request(), Answer(401, headers=headers))
    assert "canary" not in shown
    assert "invalid_token" in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/in?token=canary-12", f"https://a.example/in?token={STRUCK}"),
        ("https://a.example/in?a=1&key=canary-12&b=", f"https://a.example/in?a={STRUCK}&key={STRUCK}&b="),
        ("https://a.example/in?canary-12", f"https://a.example/in?{STRUCK}"),
        ("https://me:canary-12@a.example/in", f"https://{STRUCK}@a.example/in"),
        ("https://a.example/in/path", "https://a.example/in/path"),
    ],
)
def test_the_values_of_a_query_are_struck_out_and_its_names_stay(url: str, shown: str) -> None:
    assert Redactor([], [request(url)]).step(request(url))["url"] == shown


@pytest.mark.parametrize("echo", ["canary%2F12+34", "canary/12 34", "canary%2F12%2034"])
def test_an_answer_that_repeats_a_token_of_the_query_does_not_keep_it(echo: str) -> None:
    step = request("https://a.example/in?token=canary%2F12+34")
    assert "canary" not in kept(step, Answer(404, body=f"No such page: /in?token={echo}".encode()))


def test_a_short_value_of_the_query_does_not_garble_the_answer() -> None:
    assert "version 1 of 12" in kept(request("https://a.example/in?v=1"), Answer(200, body=b"version 1 of 12"))


# --------------------------------------------------------------------------- how much


def test_no_more_of_a_body_is_kept_than_a_person_reads_and_its_hash_proves_the_rest() -> None:
    body = b"x" * 40_000
    found = Redactor([]).body(body)
    assert (len(found["body"]), found["bytes"]) == (KEPT_BODY, 40_000)
    assert found["sha256"] == hashlib.sha256(body).hexdigest()
    assert "sha256" not in Redactor([]).body(b"short")


def test_a_secret_across_the_cut_is_struck_out_before_the_cut() -> None:
    body = b"x" * (KEPT_BODY - 4) + b"canary-canary"
    assert "can" not in Redactor(["canary-canary"]).body(body)["body"]


# --------------------------------------------------------------------------- what PostgreSQL takes


@pytest.mark.parametrize("body", [b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"', b"a\x00b"])
def test_any_bytes_become_text_that_can_be_stored(body: bytes) -> None:
    found = Redactor([]).exchange(request(body=body), Answer(200, headers={"x\0": "a\0\ud800"}, body=body))
    text = json.dumps(found, ensure_ascii=False)
    assert "\0" not in json.loads(text)["response"]["body"]
    text.encode()  # no half pair is left


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_becomes_one_that_can_be_stored(text: str) -> None:
    found = Redactor([])(text)
    assert "\0" not in found
    found.encode()


# --------------------------------------------------------------------------- the other doors


def test_a_mail_shows_whom_it_went_to_and_what_it_said() -> None:
    mail = Mail(to=("a@example.com",), subject=f"On {SECRET}", text="Text", html="<p>", message_id="<1@x>")
    shown = Redactor([SECRET]).step(mail)
    assert (shown["method"], shown["to"], shown["message_id"]) == ("MAIL", ["a@example.com"], "<1@x>")
    assert shown["subject"] == f"On {STRUCK}"
    assert shown["body"] == "Text"


def test_a_capture_keeps_what_would_have_been_sent() -> None:
    record = Record(body=b'{"a":1}', headers={"webhook-id": "1", "Authorization": "canary"})
    assert Redactor([]).step(record) == {
        "method": "CAPTURE",
        "headers": {"webhook-id": "1", "Authorization": STRUCK},
        "body": '{"a":1}',
        "bytes": 7,
    }


def test_a_failure_is_told_without_secrets() -> None:
    failure = Failure(Trouble.TLS, f"handshake with {SECRET}", elapsed_ms=3)
    assert Redactor([SECRET]).reply(failure) == {
        "trouble": "tls_failed",
        "detail": f"handshake with {STRUCK}",
        "elapsed_ms": 3,
    }
