"""The page on which a signature is checked: filled in from what was sent, answered in words, without any secret."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from connections import rotating_secrets
from connections.models import Connection
from connections.providers.webhook.slips import Slip
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery
from deliveries.redaction import KEPT_BODY
from tests.connections.doors import Permit
from tests.deliveries.making import Tenant, make_tenant
from tests.portal import enter, visit, words
from tests.sinks import Sink, answering
from tests.world import ACTOR, Vendor, make_connection
from workspaces.permissions import PAYLOAD_SCOPE

pytestmark = pytest.mark.django_db
PAYLOAD = '{"value": 9007199254740993, "note": "größer"}'


@pytest.fixture
def sink(permit: Permit) -> Iterator[Sink]:
    with Sink(answering()) as open_sink:
        permit(open_sink.target)
        yield open_sink


@pytest.fixture
def tenant(sink: Sink) -> Tenant:
    """A webhook to which one event has gone."""
    made = make_tenant(provider="webhook", url=sink.url(), payload_mode="raw")
    made.emit(PAYLOAD)
    drain()
    return made


def place(tenant: Tenant) -> str:
    return f"/workspace/connections/{tenant.connection.id}/signature"


def sent_headers() -> dict[str, str]:
    headers: dict[str, str] = Attempt.objects.latest("id").exchanges[0]["request"]["headers"]
    return headers


def form(body: str = PAYLOAD, **changes: str) -> dict[str, str]:
    headers = sent_headers()
    names = ("id", "timestamp", "signature")
    return {**{name: headers[f"webhook-{name}"] for name in names}, "body": body, "encoding": "text", **changes}


def check(tenant: Tenant, typed: dict[str, Any], **session: Any) -> HttpResponse:
    return enter(tenant.workspace, **session).post(place(tenant), typed)


def said(slip: Slip) -> str:
    return " ".join(slip.value[0].split("%")[0].split())


def test_what_was_received_as_it_was_sent_is_right(tenant: Tenant) -> None:
    answer = check(tenant, form())
    text = words(answer)
    assert said(Slip.RIGHT) in text
    assert said(Slip.UNKNOWN_ID) not in text
    assert sent_headers()["webhook-signature"] in answer.content.decode()
    assert f"{Delivery.objects.get().id}." in text


@pytest.mark.parametrize(
    ("changes", "slip"),
    [
        ({"body": json.dumps(json.loads(PAYLOAD))}, Slip.BODY_REWRITTEN),
        ({"body": PAYLOAD + "\n"}, Slip.BODY_LINE_END),
        ({"body": "\ufeff" + PAYLOAD}, Slip.BODY_BOM),
        ({"signature": "v1,AAAA"}, Slip.UNKNOWN_SECRET),
        ({"id": "msg_1"}, Slip.UNKNOWN_ID),
        ({"computed": "ab" * 32}, Slip.UNKNOWN_SECRET),
        ({"timestamp": ""}, Slip.NO_TIMESTAMP),
    ],
    ids=lambda value: value.name if isinstance(value, Slip) else "",
)
def test_the_mistake_is_named_with_its_mend(tenant: Tenant, changes: dict[str, str], slip: Slip) -> None:
    text = words(check(tenant, form(**changes)))
    assert said(slip) in text
    assert slip.value[1] in text


def test_the_line_ends_that_browsers_write_are_no_mistake(sink: Sink) -> None:
    tenant = make_tenant(provider="webhook", url=sink.url(), payload_mode="raw")
    tenant.emit('{\n "value": 1\n}')
    drain()
    assert said(Slip.RIGHT) in words(check(tenant, form('{\r\n "value": 1\r\n}')))


def test_with_nothing_to_check_it_says_beside_each_field_what_is_needed(tenant: Tenant) -> None:
    answer = check(tenant, dict.fromkeys(form(), ""))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This cannot be checked yet" in words(answer)
    assert "What was found" not in words(answer)
    for name in ("id", "timestamp", "signature", "body"):
        assert f'id="error-{name}"' in page
        assert f'href="#{name}"' in page


def test_of_what_is_there_it_asks_nothing(tenant: Tenant) -> None:
    page = check(tenant, form(signature="")).content.decode()
    assert 'id="error-signature"' in page
    assert not [name for name in ("id", "timestamp", "body") if f'id="error-{name}"' in page]
    assert 'id="error-' not in visit(tenant.workspace, place(tenant)).content.decode()


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (119 * 60, "119 minutes old"),
        (1670 * 60, "28 hours old"),
        (5 * 86_400, "5 days old"),
        (-10_800, "3 hours ahead"),
    ],
)
def test_how_old_a_request_is_is_told_as_people_say_it(tenant: Tenant, age: int, said: str) -> None:
    assert said in words(check(tenant, form(timestamp=str(int(time.time()) - age - 5))))


def test_every_byte_counts_in_base64(tenant: Tenant) -> None:
    encoded = base64.b64encode(PAYLOAD.encode()).decode()
    assert said(Slip.RIGHT) in words(check(tenant, form(f"{encoded[:20]}\r\n{encoded[20:]}", encoding="base64")))
    answer = check(tenant, form("no base64!", encoding="base64"))
    assert answer.status_code == 422
    assert "This is not base64." in words(answer)


def test_what_cannot_be_seen_is_written_in_a_frame(tenant: Tenant) -> None:
    assert "<kbd>BOM</kbd>" in check(tenant, form("\ufeff" + PAYLOAD)).content.decode()


def test_markup_in_what_was_pasted_stays_text(tenant: Tenant) -> None:
    evil = "<script>alert(1)</script>"
    assert evil not in check(tenant, {**form(evil), "id": evil, "signature": evil, "computed": evil}).content.decode()


def test_it_begins_with_a_recent_delivery(tenant: Tenant) -> None:
    delivery = Delivery.objects.get()
    path = f"{place(tenant)}?delivery={delivery.id}"
    assert path in visit(tenant.workspace, place(tenant)).content.decode()
    answer = visit(tenant.workspace, path, scopes=[PAYLOAD_SCOPE])
    assert said(Slip.RIGHT) in words(answer)
    assert "größer" in answer.content.decode()


def test_who_may_not_see_what_events_hold_gets_the_headers_alone(tenant: Tenant) -> None:
    path = f"{place(tenant)}?delivery={Delivery.objects.get().id}"
    text = visit(tenant.workspace, path).content.decode()
    assert sent_headers()["webhook-signature"] in text
    assert "größer" not in text
    assert "größer" not in check(tenant, form("something else")).content.decode()


def test_a_body_that_is_kept_in_part_is_held_against_its_hash(sink: Sink) -> None:
    tenant = make_tenant(provider="webhook", url=sink.url(), payload_mode="raw")
    long = json.dumps({"text": "x" * (KEPT_BODY + 10)})
    tenant.emit(long)
    drain()
    assert said(Slip.RIGHT) in words(check(tenant, form(long)))
    assert said(Slip.BODY_OTHER) in words(check(tenant, form(long.replace("x", "y", 1))))


def test_both_live_secrets_are_tried_and_none_is_shown(tenant: Tenant) -> None:
    rotating_secrets.rotate(tenant.connection, actor=ACTOR)
    answer = check(tenant, form())
    assert said(Slip.OLD_SECRET) in words(answer)
    assert "Expected, of the current secret" in words(answer)
    for secret in tenant.connection.unseal_values("credentials").values():
        assert secret.removeprefix("whsec_") not in answer.content.decode()


def test_nothing_can_be_signed_with_it(tenant: Tenant) -> None:
    """The signature of a body that was never sent is shown by its beginning: enough to compare, too little to forge."""
    text = check(tenant, form('{"forged": true}', id="msg_forged")).content.decode()
    shown = [line for line in text.split("<code>")[1:] if "…" in line.partition("</code>")[0]]
    assert len(shown) == 1
    assert len(shown[0].partition("</code>")[0]) == len("v1,1234567…")


def test_secrets_that_do_not_open_are_told_of(tenant: Tenant) -> None:
    typed = form()
    Connection.objects.update(credentials=b"\x01broken")
    assert "cannot be opened at the moment" in words(check(tenant, typed))


def test_the_deliveries_of_others_are_not_there(acme: Vendor, tenant: Tenant) -> None:
    theirs = Delivery.objects.exclude(id=acme.delivery.id).get().id
    hook = make_connection(acme.workspace, "webhook")
    path = f"/workspace/connections/{hook.id}/signature"
    assert visit(acme, f"{path}?delivery={theirs}").status_code == 404
    assert visit(acme, f"{path}?delivery=nonsense").status_code == 404
    text = words(enter(acme).post(path, form()))
    assert said(Slip.CANNOT_TELL) in text
    assert said(Slip.RIGHT) not in text


def test_of_a_connection_that_signs_nothing_there_is_no_such_page(acme: Vendor) -> None:
    assert visit(acme, f"/workspace/connections/{acme.connection.id}/signature").status_code == 409
