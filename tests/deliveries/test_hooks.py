"""What vendors tell us by calling back: only what is proven is believed, once, and only about one's own deliveries."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook as Signer

from connections import hooks
from connections.models import Connection
from connections.registry import all_providers
from deliveries import aftermath
from deliveries.draining import drain
from deliveries.models import Aftermath, Delivery, State
from deliveries.retention import _delete
from tests.calling import Caller
from tests.connections.doors import Permit
from tests.deliveries.making import settled
from tests.portal import enter
from tests.sandbox.running import started
from tests.world import Vendor, make_connection, make_delivery, make_event, make_rule

pytestmark = pytest.mark.django_db

SECRET = "whsec_dGhlLXNlY3JldC1vZi10aGUtdGVzdC1oYXJuZXNzIQ=="
OTHER = "whsec_YW5vdGhlci1zZWNyZXQtb2YtYW5vdGhlci1ob3VzZSE="
KEY = "re_sandbox_casterly_8Kq2"
NOWHERE = uuid4()


def connect(vendor: Vendor, secret: str = SECRET) -> Connection:
    more = {"hook_secret": secret} if secret else {}
    return settled(make_connection(vendor.workspace, "resend", api_key=KEY, **{"from": "a@casterly.example"}, **more))


def delivered(vendor: Vendor, connection: Connection) -> Delivery:
    rule = make_rule(connection, "alert.*", name=str(uuid4()))
    return make_delivery(make_event(vendor.workspace), rule, State.DELIVERED)


@pytest.fixture
def account(acme: Vendor) -> Connection:
    return connect(acme)


@pytest.fixture
def mail(acme: Vendor, account: Connection) -> Delivery:
    return delivered(acme, account)


def told(delivery: UUID | str, kind: str = "bounced", **more: Any) -> bytes:
    about = {"email_id": "4ef9a417", "tags": {"jackfield_delivery": str(delivery)}, **more}
    if kind == "bounced":
        about = {"bounce": {"type": "Permanent", "subType": "MailboxFull", "message": "x"}, **about}
    at = datetime.now(UTC).isoformat()
    return json.dumps({"type": f"email.{kind}", "created_at": at, "data": about}).encode()


def call(
    connection: Connection | UUID,
    body: bytes,
    *,
    secret: str = SECRET,
    id: str = "msg_1",
    ago: float = 0,
    slug: str = "resend",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    moment = datetime.now(UTC) - timedelta(seconds=ago)
    signature = Signer(secret).sign(msg_id=id, timestamp=moment, data=body.decode(errors="replace"))
    sent = {"svix-id": id, "svix-timestamp": str(int(moment.timestamp())), "svix-signature": signature, **headers}
    at = connection.id if isinstance(connection, Connection) else connection
    return Client(enforce_csrf_checks=True).post(
        f"/hooks/{slug}/{at}", body, content_type="application/json", headers=sent
    )


def nothing_there() -> Any:
    return Client().post(f"/hooks/resend/{NOWHERE}", b"{}", content_type="application/json")


def expect_untold(answer: Any) -> None:
    """The same bytes as for a place that never was, and nothing kept."""
    never = nothing_there()
    assert (answer.status_code, answer.content, dict(answer.headers)) == (404, never.content, dict(never.headers))
    assert not Aftermath.objects.exists()


# --------------------------------------------------------------------------- what is believed


def test_a_bounce_is_kept_with_its_delivery_which_stays_delivered(account: Connection, mail: Delivery) -> None:
    answer = call(account, told(mail.id))
    assert (answer.status_code, answer.content) == (204, b"")
    row = Aftermath.objects.get()
    assert (row.delivery_id, row.workspace_id, row.kind) == (mail.id, mail.workspace_id, "bounced")
    assert row.words == "The mailbox is full."
    mail.refresh_from_db()
    assert mail.state == "delivered"


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("complained", {}, "The recipient reported it as spam."),
        ("bounced", {"bounce": {"subType": "<script>"}}, "The receiving server refused it and did not say why."),
        ("bounced", {"bounce": "full"}, "The receiving server refused it and did not say why."),
        ("suppressed", {"suppressed": {"reason": "previous_bounce"}}, "an earlier mail to this address bounced."),
        ("failed", {"failed": {"reason": "reached_daily_quota"}}, "Resend could not send it."),
        ("delivery_delayed", {}, "Resend goes on trying."),
    ],
)
def test_each_kind_is_told_in_words_of_ours(
    account: Connection, mail: Delivery, kind: str, more: dict[str, Any], words: str
) -> None:
    assert call(account, told(mail.id, kind, **more)).status_code == 204
    assert Aftermath.objects.get().words.endswith(words)


def test_the_same_call_is_kept_once_and_another_one_beside_it(account: Connection, mail: Delivery) -> None:
    for id in ("msg_1", "msg_1", "msg_2"):
        assert call(account, told(mail.id), id=id).status_code == 204
    assert Aftermath.objects.count() == 2


def test_one_of_several_signatures_is_enough(account: Connection, mail: Delivery) -> None:
    wrong = Signer(OTHER).sign(msg_id="msg_1", timestamp=datetime.now(UTC), data="{}")
    body, moment = told(mail.id), datetime.now(UTC)
    right = Signer(SECRET).sign(msg_id="msg_1", timestamp=moment, data=body.decode())
    stamp = {"svix-timestamp": str(int(moment.timestamp()))}
    assert call(account, body, headers={**stamp, "svix-signature": f"{wrong} {right}"}).status_code == 204
    assert Aftermath.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"email.opened","data":{}}',
        b'{"type":"email.bounced","data":{"tags":{}}}',
        b'{"type":"email.bounced","data":[]}',
        b'{"type":["x"],"data":{"tags":{"jackfield_delivery":7}}}',
    ],
)
def test_what_is_none_of_our_business_is_answered_and_not_kept(account: Connection, body: bytes) -> None:
    assert call(account, body).status_code == 204
    assert not Aftermath.objects.exists()


# --------------------------------------------------------------------------- what is not


@pytest.mark.parametrize(
    "headers",
    [
        {"svix-signature": "v1,"},
        {"svix-signature": ""},
        {"svix-signature": "v1,AAAA é"},
        {"svix-id": "msg_other"},
        {"svix-id": ""},
        {"svix-timestamp": "soon"},
        {"svix-timestamp": "999999999999999999999"},
        {"svix-timestamp": "999999999999"},
        {"svix-timestamp": "-1"},
    ],
    ids=str,
)
def test_a_call_that_is_not_proven_is_404_like_a_place_that_never_was(
    account: Connection, mail: Delivery, headers: dict[str, str]
) -> None:
    expect_untold(call(account, told(mail.id), headers=headers))


def test_another_secret_proves_nothing(account: Connection, mail: Delivery) -> None:
    expect_untold(call(account, told(mail.id), secret=OTHER))


@pytest.mark.parametrize("ago", [301, -302, 86_400])
def test_a_recorded_call_is_no_good_later(account: Connection, mail: Delivery, ago: float) -> None:
    expect_untold(call(account, told(mail.id), ago=ago))


def test_a_connection_without_a_secret_hears_nothing(acme: Vendor) -> None:
    silent = connect(acme, secret="")
    expect_untold(call(silent, told(delivered(acme, silent).id)))


def test_a_call_under_another_providers_name_is_404(acme: Vendor, account: Connection, mail: Delivery) -> None:
    expect_untold(call(account, told(mail.id), slug="slack"))
    expect_untold(call(account, told(mail.id), slug="nobody"))
    expect_untold(call(acme.connection, told(mail.id)))


def test_a_body_that_is_too_large_is_404_and_not_read_to_its_end(account: Connection, mail: Delivery) -> None:
    expect_untold(call(account, told(mail.id, padding="x" * 1_048_576)))
    assert call(account, told(mail.id, padding="x" * (hooks.MOST - 1_000))).status_code == 204


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\xfe", b"[" * 5_000, b"null"])
def test_rubbish_is_404_even_if_it_is_signed(account: Connection, body: bytes) -> None:
    expect_untold(call(account, body))


def test_nobody_tells_of_somebody_elses_deliveries(acme: Vendor, globex: Vendor, mail: Delivery) -> None:
    theirs = connect(globex, secret=OTHER)
    assert call(theirs, told(mail.id), secret=OTHER).status_code == 204  # proven, and none of theirs
    assert not Aftermath.objects.exists()


def test_an_unknown_message_is_answered_so_that_it_is_not_sent_for_days(account: Connection) -> None:
    assert call(account, told(uuid4())).status_code == 204
    assert not Aftermath.objects.exists()


# --------------------------------------------------------------------------- where it is seen


def test_the_events_page_says_what_became_of_it(acme: Vendor, account: Connection, mail: Delivery) -> None:
    call(account, told(mail.id))
    page = enter(acme).get(f"/workspace/events/{mail.event_id}").content.decode()
    assert "Bounced afterwards" in page
    assert "The mailbox is full." in page


def test_the_api_has_it_with_the_delivery(acme: Vendor, account: Connection, mail: Delivery) -> None:
    call(account, told(mail.id))
    caller: Caller = acme.machine
    event = json.loads(caller.get(f"/events/{mail.event_id}").content)
    (rule_event,) = event["rule_events"]
    assert rule_event["status"] == "completed"
    (after,) = rule_event["aftermath"]
    assert (after["kind"], after["words"]) == ("bounced", "The mailbox is full.")


def test_the_connections_page_shows_where_the_vendor_shall_call(acme: Vendor, account: Connection) -> None:
    page = enter(acme).get(f"/workspace/connections/{account.id}").content.decode()
    assert hooks.address(account) in page
    assert hooks.address(account).endswith(f"/hooks/resend/{account.id}")
    assert SECRET not in page


def test_a_provider_that_never_calls_back_has_no_address(acme: Vendor) -> None:
    assert [slug for slug, kind in all_providers().items() if kind.hears] == ["resend"]
    assert hooks.address(acme.connection) == ""


def test_nothing_is_asked_for_deliveries_of_which_nobody_tells(acme: Vendor) -> None:
    with CaptureQueriesContext(database) as queries:
        assert aftermath.of_deliveries([acme.delivery]) == {}
    assert len(queries) == 0


def test_it_goes_with_its_delivery(acme: Vendor, account: Connection, mail: Delivery) -> None:
    call(account, told(mail.id))
    type(acme.event).objects.filter(id=mail.event_id).update(completed_at=datetime.now(UTC))
    _delete(acme.workspace.id, before=datetime.now(UTC) + timedelta(days=1))
    assert not Aftermath.objects.exists()


# --------------------------------------------------------------------------- the whole way, with the simulator


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_bounces_at_the_simulator_is_told_of_here(
    acme: Vendor, permit: Permit, live_server: Any, tmp_path: Path
) -> None:
    account = connect(acme)
    make_rule(account, "user.*", inputs={"to": "bounce@winterfell.example"})
    with started(tmp_path) as sandbox:
        resend = sandbox.of("resend")
        permit(simulated={"api.resend.com": sandbox.addresses.simulated_hosts["api.resend.com"]})
        hook = {"account": "Casterly", "url": f"{live_server.url}/hooks/resend/{account.id}", "secret": SECRET}
        assert requests.put(f"{resend}/_sandbox/hooks", json=hook, timeout=5).status_code == 204
        make_event(acme.workspace, "user.created")
        drain()
        answers = list(until_answered(resend))
    assert answers == [204]
    row = Aftermath.objects.get()
    assert (row.kind, row.words) == ("bounced", "The mailbox is full.")
    assert Delivery.objects.get(id=row.delivery_id).state == "delivered"


def until_answered(resend: str) -> Iterator[int]:
    """The answers to the simulator's calls, once there is one."""
    for _ in range(100):
        found = requests.get(f"{resend}/_sandbox/hooks", timeout=5).json()
        if found:
            yield from (one["status"] for one in found)
            return
        time.sleep(0.05)
