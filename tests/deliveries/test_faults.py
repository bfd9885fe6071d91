"""Destinations that misbehave: each fault has a reason of its own, and the whole schedule is kept.

Real sockets, real PostgreSQL. Time passes by moving what is stored back, so that the real claim takes what is due.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connections.models import Connection
from deliveries import claiming, sending
from deliveries.backoff import STANDARD_DELAYS
from deliveries.draining import drain
from deliveries.models import Attempt, Delivery, Event, Lane
from tests.certificates import Authority
from tests.connections.doors import Permit
from tests.deliveries.making import Tenant, claim_all, make_slack, make_tenant, pass_time, wait_of
from tests.sinks import Script, Sink, answering, hanging, repeating, saying, silent

pytestmark = pytest.mark.django_db
HOUR = 3600
OK_HEAD = b"HTTP/1.1 200 OK\r\n"


def to(sink: Sink, permit: Permit, *allowed: str, **metadata: Any) -> Tenant:
    """A tenant whose webhook leads to the sink."""
    permit(sink.target, *allowed)
    return make_tenant(provider="webhook", url=sink.url(), **metadata)


def last_attempt(event: Event) -> Attempt:
    return Attempt.objects.filter(delivery_id=Delivery.objects.get(event_id=event.id).id).order_by("number").last()  # type: ignore[return-value]


def attempted(tenant: Tenant) -> Attempt:
    """One event, one attempt."""
    event = tenant.emit()
    assert drain() == 1
    return last_attempt(event)


# --------------------------------------------------------------------------- each fault by its own name


class Fault(NamedTuple):
    script: Script
    code: str
    culprit: str
    reason: str


FAULTS = {
    "500": Fault(answering("500 Oh"), "rejected_server_error", "provider", "a fault of its own (500)"),
    "502": Fault(answering("502 Oh"), "rejected_server_error", "provider", "a fault of its own (502)"),
    "503": Fault(answering("503 Oh"), "rejected_server_error", "provider", "a fault of its own (503)"),
    "504": Fault(answering("504 Oh"), "rejected_server_error", "provider", "a fault of its own (504)"),
    "400": Fault(answering("400 Oh"), "rejected_client_error", "connection", "refused the message (400)"),
    "401": Fault(answering("401 Oh"), "auth_failed", "connection", "did not accept our credentials (401)"),
    "404": Fault(answering("404 Oh"), "rejected_client_error", "connection", "has nothing at that address (404)"),
    "413": Fault(answering("413 Oh"), "rejected_client_error", "delivery", "too large (413)"),
    "429": Fault(answering("429 Oh"), "rate_limited", "provider", "asks us to slow down (429)"),
    "reads and hangs": Fault(hanging, "timeout", "provider", "did not answer within 15 seconds"),
    "takes the call and hangs": Fault(silent, "timeout", "provider", "did not answer within 15 seconds"),
    "one byte after another": Fault(
        repeating(OK_HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", every=0.03), "timeout", "provider", "15 seconds"
    ),
    "hangs up": Fault(saying(b""), "network_error", "provider", "closed the connection"),
    "hangs up with a reset": Fault(saying(b"", reset=True), "network_error", "provider", "closed the connection"),
    "hangs up half-way": Fault(
        saying(OK_HEAD + b"Content-Length: 10\r\n\r\nhalf"), "network_error", "provider", "closed the connection"
    ),
    "a status that is none": Fault(saying(b"HTTP/1.1 abc\r\n\r\n"), "network_error", "provider", "not HTTP"),
    "no HTTP at all": Fault(saying(b"SSH-2.0-x\r\n"), "network_error", "provider", "not HTTP"),
    "a flood of 100 Continue": Fault(
        repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000), "network_error", "provider", "more headers"
    ),
    "1 MB of headers": Fault(
        repeating(OK_HEAD, b"X: " + b"x" * 50_000 + b"\r\n"), "network_error", "provider", "more headers"
    ),
}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever hangs here is given half a second."""
    monkeypatch.setattr(sending, "ATTEMPT_SECONDS", 0.5)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_recorded_with_its_own_reason_and_tried_again(permit: Permit, name: str) -> None:
    fault = FAULTS[name]
    with Sink(fault.script) as sink:
        tenant = to(sink, permit)
        attempt = attempted(tenant)
    assert (attempt.code, attempt.culprit, attempt.number) == (fault.code, fault.culprit, 1)
    assert fault.reason in attempt.reason
    assert attempt.fix
    assert attempt.exchanges[0]["request"]["method"] == "POST"
    assert "status" in attempt.exchanges[0]["response"] or attempt.exchanges[0]["response"]["trouble"]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_code, delivery.last_error) == ("retrying", fault.code, attempt.reason)
    assert 5 <= wait_of(delivery) <= 5.5
    assert Event.objects.get().status == "retrying"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_a_failure_and_never_followed(permit: Permit, status: str) -> None:
    with Sink(answering()) as elsewhere:
        location = f"Location: {elsewhere.url()}\r\n"
        with Sink(answering(status, headers=location)) as sink:
            attempt = attempted(to(sink, permit, elsewhere.target))
        assert elsewhere.connections == 0
    assert (attempt.code, attempt.culprit) == ("rejected_client_error", "connection")
    assert f"redirect ({status[:3]})" in attempt.reason
    assert Delivery.objects.get().state == "retrying"


def test_an_endless_answer_is_read_for_64_kib_and_kept_for_16(permit: Permit) -> None:
    with Sink(repeating(OK_HEAD + b"Content-Length: 1073741824\r\n\r\n", b"x" * 65_536)) as sink:
        attempt = attempted(to(sink, permit))
    kept = attempt.exchanges[0]["response"]
    assert (attempt.code, kept["bytes"], kept["truncated"], len(kept["body"])) == ("delivered", 65_536, True, 16_384)


def test_an_empty_answer_with_a_good_status_is_a_success(permit: Permit) -> None:
    with Sink(answering("204 No Content", body=b"")) as sink:
        assert attempted(to(sink, permit)).code == "delivered"


def test_a_closed_port_is_refused(permit: Permit) -> None:
    with Sink(answering()) as sink:
        tenant = to(sink, permit)
    attempt = attempted(tenant)
    assert (attempt.code, "refused the connection" in attempt.reason) == ("network_error", True)


def test_a_name_that_is_gone_is_not_found(permit: Permit) -> None:
    attempt = attempted(make_tenant(provider="webhook", url="https://hooks.example.com/in"))
    assert (attempt.code, "could not be found" in attempt.reason) == ("network_error", True)


def test_a_name_that_leads_inside_gets_nothing(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant(provider="webhook", url="https://hooks.example.com/in")
    with Sink(silent) as sink:
        inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", sink.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
        attempt = attempted(tenant)
        assert sink.connections == 0
    assert (attempt.code, attempt.culprit) == ("network_error", "connection")
    assert "not public" in attempt.reason
    assert Delivery.objects.get().state == "retrying"


def test_an_address_that_is_no_longer_allowed_is_not_tried_again(permit: Permit) -> None:
    tenant = make_tenant(provider="webhook", url="https://hooks.example.com/in")
    Connection.objects.update(settings={**tenant.connection.settings, "url": "ftp://hooks.example.com/in"})
    attempt = attempted(tenant)
    assert (attempt.code, attempt.culprit) == ("rejected_client_error", "connection")
    assert "not one that we send to" in attempt.reason
    assert (Delivery.objects.get().state, Event.objects.get().status) == ("failed", "failed")


def test_a_certificate_that_nobody_vouches_for_gets_no_byte_of_the_body(permit: Permit, tmp_path: Path) -> None:
    with Sink(answering(), tls=Authority(tmp_path).server("127.0.0.1", self_signed=True)) as sink:
        attempt = attempted(to(sink, permit))
        assert sink.requests == []
    assert (attempt.code, attempt.culprit) == ("network_error", "connection")
    assert "No secure connection could be made" in attempt.reason
    assert Delivery.objects.get().state == "retrying"


@pytest.mark.usefixtures("hasty")
def test_no_two_kinds_of_fault_are_told_in_the_same_words(permit: Permit) -> None:
    kinds = [
        "500",
        "400",
        "401",
        "404",
        "413",
        "429",
        "reads and hangs",
        "hangs up",
        "no HTTP at all",
        "1 MB of headers",
    ]
    reasons = []
    for name in kinds:
        with Sink(FAULTS[name].script) as sink:
            permit(sink.target)
            reasons.append(attempted(make_tenant(name, "webhook", url=sink.url())).reason)
    assert len(set(reasons)) == len(kinds)


# --------------------------------------------------------------------------- the whole schedule


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_ten_attempts_are_made_each_when_it_is_due_and_the_last_reason_stays(
    permit: Permit, monkeypatch: pytest.MonkeyPatch, chance: float
) -> None:
    monkeypatch.setattr("random.random", lambda: chance)
    waits: list[float] = []
    with Sink(answering("500 Oh")) as sink:
        event = to(sink, permit).emit()
        assert drain() == 1
        delivery = Delivery.objects.get()
        for made, plain in enumerate(STANDARD_DELAYS, start=1):
            delivery.refresh_from_db()
            assert (delivery.state, delivery.attempt_count) == ("retrying", made)
            waits.append(wait_of(delivery))
            assert waits[-1] == pytest.approx(plain * (1 + 0.1 * chance))
            pass_time(waits[-1] - 1)
            assert drain() == 0  # a second early
            pass_time(1.001)
            assert drain() == 1
        assert len(sink.requests) == 10
    assert 72 * HOUR <= sum(waits) <= 80 * HOUR
    delivery.refresh_from_db()
    event.refresh_from_db()
    assert (delivery.state, delivery.attempt_count, delivery.due_at) == ("failed", 10, None)
    assert delivery.last_error == "The receiver had a fault of its own (500)."
    assert delivery.finished_at is not None
    assert (event.status, event.failed_count, event.total_rules) == ("failed", 1, 1)
    assert event.completed_at is not None
    assert sorted(Attempt.objects.values_list("number", flat=True)) == list(range(1, 11))
    pass_time(1_000 * HOUR)
    assert drain() == 0


def test_a_connection_keeps_its_own_schedule(permit: Permit) -> None:
    with Sink(answering("500 Oh")) as sink:
        tenant = to(sink, permit)
        Connection.objects.update(retry_delays=[40, 400])
        tenant.emit()
        for plain in (40, 400):
            assert drain() == 1
            assert plain <= wait_of(Delivery.objects.get()) <= plain * 1.1
            pass_time(plain * 1.1)
        assert drain() == 1
    assert (Delivery.objects.get().state, Delivery.objects.get().attempt_count) == ("failed", 3)


def test_what_fails_for_good_reasons_is_delivered_when_the_receiver_is_back(permit: Permit) -> None:
    answers = iter([b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", OK_HEAD + b"Content-Length: 0\r\n\r\n"])
    with Sink(lambda visit: (visit.read(), visit.send(next(answers)))[1]) as sink:  # type: ignore[func-returns-value]
        event = to(sink, permit).emit()
        drain()
        pass_time(6)
        assert drain() == 1
        first, second = (request.partition(b"\r\n\r\n") for request in sink.requests)
    event.refresh_from_db()
    assert (event.status, event.completed_count) == ("completed", 1)
    assert first[2] == second[2]  # the same bytes, and the same id on every attempt
    ids = [[line for line in head.split(b"\r\n") if line.startswith(b"webhook-id")] for head in (first[0], second[0])]
    assert ids[0] == ids[1] == [b"webhook-id: " + str(Delivery.objects.get().id).encode()]


# --------------------------------------------------------------------------- Retry-After


def date_in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy"])
@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [
        ("120", 120, 132),
        pytest.param(date_in(7_200), 7_000, 7_920, id="a date to come"),
        (str(10**9), 24 * HOUR, 24 * HOUR * 1.1),
        ("-5", 5, 5.5),
        ("0", 5, 5.5),
        ("soon", 5, 5.5),
        ("1e3", 5, 5.5),
        ("٣٠", 5, 5.5),
        pytest.param(date_in(-7_200), 5, 5.5, id="a date gone by"),
    ],
)
def test_a_wish_for_patience_is_honoured_up_to_a_day_and_rubbish_is_not(
    permit: Permit, status: str, wish: str, least: float, most: float
) -> None:
    raw = f"Retry-After: {wish}\r\n".encode().decode("latin-1")
    with Sink(answering(status, headers=raw)) as sink:
        attempted(to(sink, permit))
    assert least <= wait_of(Delivery.objects.get()) <= most


def test_a_rate_limit_pauses_its_lane_and_only_that(permit: Permit) -> None:
    limited = b"HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"
    posted = OK_HEAD + b'Content-Length: 11\r\n\r\n{"ok":true}'

    def slack(visit: Any) -> None:
        while request := visit.read():
            visit.send(limited if b"C00000001" in request else posted)

    with Sink(slack) as sink:
        permit(simulated={"slack.com": sink.target})
        loud, calm = make_slack(channels=("C00000001", "C00000002"))
        event = loud.emit()
        assert drain() == 2
        assert (loud.delivery(event).state, calm.delivery(event).state) == ("retrying", "delivered")
        pass_time(2)  # the pace of both channels is kept by now
        later = loud.emit()
        assert drain() == 1  # the limited channel's is not even tried
        assert (loud.delivery(later).state, calm.delivery(later).state) == ("pending", "delivered")
        pass_time(59)
        assert drain() == 1
    assert sorted(Lane.objects.values_list("pace_ms", flat=True)) == [1_000, 1_000]


def test_a_fault_of_the_receiver_pauses_nothing(permit: Permit) -> None:
    with Sink(answering("503 Busy", headers="Retry-After: 60\r\n")) as sink:
        tenant = to(sink, permit)
        attempted(tenant)
        tenant.emit()
        assert drain() == 1
    assert not Lane.objects.exists()


# --------------------------------------------------------------------------- the lease


def test_the_lease_outlasts_an_attempt() -> None:
    assert claiming.LEASE_SECONDS >= sending.ATTEMPT_SECONDS + 5


def test_while_an_attempt_may_last_nobody_else_takes_the_delivery(permit: Permit) -> None:
    make_tenant().emit()
    drain_decides_only()
    assert len(claim_all()) == 1
    pass_time(sending.ATTEMPT_SECONDS)
    assert claim_all() == []
    pass_time(claiming.LEASE_SECONDS - sending.ATTEMPT_SECONDS)
    assert len(claim_all()) == 1


def drain_decides_only() -> None:
    from deliveries.fanout import decide_batch

    assert decide_batch() == 1
