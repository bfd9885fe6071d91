"""What is sent is what is signed and what is kept, byte for byte; and receivers' own libraries accept it, all of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks.webhooks import WebhookVerificationError as StandardRefusal
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixRefusal

from connections import rotating_secrets
from connections.models import Connection
from connections.provider import Request
from connections.providers.webhook import PROVIDER
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery, Event, State
from tests.connections.doors import Permit
from tests.connections.providers import contract
from tests.connections.providers.contract import follow, job_of
from tests.connections.providers.test_webhook import EXAMPLE, OLDER, SECRET, USUAL
from tests.deliveries.making import Tenant, make_tenant
from tests.odd_payloads import odd_payloads
from tests.portal import visit, words
from tests.sinks import Sink, answering
from tests.world import make_event, make_rule

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "destinations" / "webhook.md").read_text(encoding="utf-8")
PAYLOADS = odd_payloads()
TEMPLATE = '{"said": {{ payload | json }}, "of": {{ event.type | json }}}'
FOREIGN = b"whsec_" + base64.b64encode(b"f" * 32)


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes


# --------------------------------------------------------------------------- the judges


def standard(secret: str, call: Call) -> bool:
    try:
        StandardWebhook(secret).verify(call.body, call.headers, json_parse=False)
    except StandardRefusal:
        return False
    return True


def svix(secret: str, call: Call) -> bool:
    """Svix's own code of before it became a wrapper around the other library; it reads the JSON, too."""
    try:
        SvixWebhook(secret).verify(call.body, call.headers)
    except SvixRefusal:
        return False
    except ValueError:  # a number of more digits than Python reads, after the signature was found right
        return True
    return True


def from_the_page() -> Callable[[str, Call], bool]:
    """The few lines that the documentation gives to those who want no library."""
    (source,) = re.findall(r"```python\n(import base64.*?)```", PAGE, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102  our own documentation
    return lambda secret, call: bool(scope["is_ours"](secret, call.headers, call.body))


JUDGES = {"standardwebhooks": standard, "svix": svix, "documentation": from_the_page()}


def asked_of_node(calls: list[tuple[str, Call]]) -> list[bool]:
    """The verdicts of the documentation's lines for Node, over all calls at once."""
    (source,) = re.findall(r"```js\n(import \{ createHmac.*?)```", PAGE, re.DOTALL)
    program = (
        f"{source}\nimport {{ readFileSync }} from 'node:fs';\n"
        "const asked = JSON.parse(readFileSync(0, 'utf8'));\n"
        "console.log(JSON.stringify(asked.map(([s, h, b]) => isOurs(s, h, Buffer.from(b, 'base64')))));\n"
    )
    told = json.dumps([[s, call.headers, base64.b64encode(call.body).decode()] for s, call in calls])
    node = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        input=told,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return list(json.loads(node.stdout))


# --------------------------------------------------------------------------- the provider by itself


def described(text: str, mode: str, credentials: Mapping[str, str] | None = None) -> Call:
    """What the provider's own code says shall be sent."""
    now = datetime.now(UTC)
    inputs = {"body_template": text_of(text), "content_type": "application/json"} if mode == "template" else {}
    changes = {"credentials": credentials} if credentials else {}
    job = job_of(
        EXAMPLE,
        "send_webhook",
        settings={**USUAL, "payload_mode": "raw" if mode == "raw" else "wrapped"},
        inputs=inputs,
        event=contract.with_payload(text),
        now=now,
        first_sent_at=now,
        **changes,
    )
    request = follow(PROVIDER, job).request
    assert isinstance(request, Request)
    return Call({name.lower(): value for name, value in request.headers.items()}, request.body)


def text_of(payload: str) -> str:
    """What a template comes to, as the pipeline hands it to the provider."""
    return f'{{"said": {payload}}}'


def test_there_are_a_thousand_odd_payloads_and_each_is_an_object() -> None:
    assert len(PAYLOADS) >= 1000
    for text in PAYLOADS:
        assert isinstance(json.loads(text, parse_int=str), dict)


@pytest.mark.parametrize("mode", ["wrapped", "raw", "template"])
def test_every_judge_accepts_every_payload_with_either_live_secret(mode: str) -> None:
    for text in PAYLOADS:
        call = described(text, mode)
        assert call.headers["webhook-signature"].count("v1,") == 2
        for secret in (SECRET, OLDER):
            refused = [name for name, judge in JUDGES.items() if not judge(secret, call)]
            assert not refused, (refused, text)


def test_every_judge_refuses_a_foreign_secret_an_ended_one_and_one_byte_more() -> None:
    for text in PAYLOADS[::10]:
        call = described(text, "wrapped", {"signing_secret": SECRET})
        for judge in JUDGES.values():
            assert judge(SECRET, call)
            assert not judge(OLDER, call)
            assert not judge(FOREIGN.decode(), call)
            assert not judge(SECRET, Call(call.headers, call.body + b" "))
            assert not judge(SECRET, Call({**call.headers, "webhook-id": "another"}, call.body))


def test_the_payload_stands_in_the_body_letter_by_letter() -> None:
    for text in PAYLOADS:
        assert described(text, "raw").body == text.encode()
        assert f'"payload": {text}, "time_created"'.encode() in described(text, "wrapped").body


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_documentations_lines_for_node_accept_and_refuse_the_same() -> None:
    calls = [described(text, "wrapped") for text in PAYLOADS]
    asked = [(secret, call) for call in calls for secret in (SECRET, OLDER)]
    changed = [(SECRET, Call(call.headers, call.body + b"\n")) for call in calls[::10]]
    verdicts = asked_of_node(asked + changed)
    assert verdicts == [True] * len(asked) + [False] * len(changed)


# --------------------------------------------------------------------------- the whole way


def calls_of(sink: Sink) -> Iterator[Call]:
    for request in sink.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        yield Call({name.decode().lower(): value.strip().decode() for name, _, value in lines}, body)


def send_all(tenant: Tenant, texts: list[str]) -> None:
    for text in texts:
        make_event(tenant.workspace, payload=text)
    while drain():
        pass


def kept_of(call: Call) -> dict[str, Any]:
    attempt = Attempt.objects.get(delivery_id=call.headers["webhook-id"])
    request: dict[str, Any] = attempt.exchanges[0]["request"]
    return request


def hash_of(kept: Mapping[str, Any]) -> str:
    """Of what is stored: of the body where it is kept whole, else what was noted of it."""
    return str(kept.get("sha256") or hashlib.sha256(kept["body"].encode()).hexdigest())


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["wrapped", "raw"])
def test_what_is_sent_is_what_is_signed_and_kept(permit: Permit, mode: str) -> None:
    texts = PAYLOADS[mode == "raw" :: 10]
    with Sink(answering()) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url(), payload_mode=mode)
        first = tenant.connection.unseal_values("credentials")["signing_secret"]
        second = rotating_secrets.rotate(tenant.connection, actor="test").secret
        send_all(tenant, texts)
    calls = list(calls_of(sink))
    assert len(calls) == len(texts) == Delivery.objects.filter(state=State.DELIVERED).count()
    events = {str(row.id): row for row in Event.objects.all()}
    deliveries = {str(row.id): events[str(row.event_id)] for row in Delivery.objects.all()}
    for call in calls:
        payload = deliveries[call.headers["webhook-id"]].payload
        kept = kept_of(call)
        assert hash_of(kept) == hashlib.sha256(call.body).hexdigest()
        assert kept["headers"]["webhook-signature"] == call.headers["webhook-signature"]
        assert (call.body == payload.encode()) if mode == "raw" else (f'"payload": {payload}, '.encode() in call.body)
        assert all(judge(secret, call) for judge in JUDGES.values() for secret in (first, second))
    assert sorted(row.payload for row in events.values()) == sorted(texts)


@pytest.mark.django_db
def test_a_body_of_a_rules_own_goes_the_whole_way(permit: Permit) -> None:
    texts = [text for text in PAYLOADS[::20] if "\\ud83d" not in text and len(text) < 5_000]
    with Sink(answering()) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        tenant.rule.delete()
        make_rule(tenant.connection, "*", inputs={"body_template": TEMPLATE})
        send_all(tenant, texts)
        secret = tenant.connection.unseal_values("credentials")["signing_secret"]
    calls = list(calls_of(sink))
    assert len(calls) == len(texts)
    for call in calls:
        assert json.loads(call.body, parse_int=str)["of"] == "alert.triggered"
        assert hash_of(kept_of(call)) == hashlib.sha256(call.body).hexdigest()
        assert all(judge(secret, call) for judge in JUDGES.values())


@pytest.mark.django_db
def test_an_event_that_breaks_a_rules_body_is_not_sent_and_says_why(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        tenant.rule.delete()
        make_rule(tenant.connection, "*", inputs={"body_template": '{"title": "{{ title }}"}'})
        send_all(tenant, ['{"title": "fine"}', '{"title": "a \\"quoted\\" word"}'])
    assert [call.body for call in calls_of(sink)] == [b'{"title": "fine"}']
    failed = Delivery.objects.get(state=State.FAILED)
    assert failed.last_code == "mapping_error"
    assert failed.last_error.startswith("Nothing was sent. The body comes to no JSON: line 1")
    assert failed.attempt_count == 1


@pytest.mark.django_db
def test_an_old_secret_signs_no_more_from_its_end_on_though_the_sweep_is_late(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        first = tenant.connection.unseal_values("credentials")["signing_secret"]
        second = rotating_secrets.rotate(tenant.connection, actor="test").secret
        row = Connection.objects.get()
        over = timezone.now() - timedelta(seconds=1)
        row.seal_values(
            "credentials",
            {**row.unseal_values("credentials"), rotating_secrets.OLD_UNTIL: f"{over.timestamp():.6f}"},
        )
        row.save()
        send_all(tenant, ['{"value": 1}'])
    (call,) = calls_of(sink)
    assert standard(second, call)
    assert not standard(first, call)


# --------------------------------------------------------------------------- "never again"


@pytest.mark.django_db
def test_a_receiver_that_answers_410_is_left_alone_and_the_portal_tells(permit: Permit) -> None:
    with Sink(answering("410 Gone")) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        send_all(tenant, ['{"value": 1}'])
        send_all(tenant, ['{"value": 2}'])
    assert len(sink.requests) == 1
    row = Connection.objects.get()
    assert (row.active, row.inactive_reason) == (False, "endpoint_gone")
    assert sorted(Delivery.objects.values_list("state", flat=True)) == [State.FAILED, State.HELD]
    page = words(visit(tenant.workspace, f"/workspace/connections/{row.id}"))
    assert "The receiver said that it is gone for good." in page
    assert "Check the address" in page
