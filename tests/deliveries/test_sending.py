"""One attempt: whatever a provider or a destination does, it ends in time, as a value, and without a secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from connections.models import Connection
from connections.provider import Action, Code, Course, Field, Job, Kind, Outcome, Provider, Record, Request
from deliveries import sending
from deliveries.draining import drain
from deliveries.jobs import Prepared
from deliveries.models import Attempt, Capture, Delivery
from deliveries.preparing import prepare
from deliveries.redaction import KEPT_BODY, STRUCK
from deliveries.sending import CAPTURED_BODY, Sent, send
from tests.connections.doors import Permit
from tests.deliveries.making import Tenant, claim_all, make_backlog, make_slack, make_tenant
from tests.sinks import Sink, Visit, answering, hanging
from tests.world import make_rule
from workspaces.ids import derive
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
DELIVERED = Outcome(code=Code.DELIVERED, reason="Done.")


def prepared(tenant: Tenant | None = None) -> Prepared:
    make_backlog(tenant or make_tenant(), 1)
    (found,) = prepare(claim_all())
    return found


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sent]:
    """Sends by a provider whose course the test writes; it holds a secret that must never be seen."""

    def play(deliver: Callable[[Job], Course], *, most: int = 3, capture_only: bool = False) -> Sent:
        class Played(Provider):
            slug, name = "capture", "Played"
            actions = (Action(key="record", label="Play", does="play", max_requests=most),)

        monkeypatch.setattr(Played, "deliver", lambda _, job: deliver(job))
        tenant = make_tenant()
        tenant.connection.seal_values("credentials", {"token": "canary-token"})
        tenant.connection.save()
        found = prepared(tenant)
        monkeypatch.setattr(sending, "provider", lambda _: Played())
        return send(replace(found, capture_only=capture_only))

    return play


def assert_one_lost_attempt(sent: Sent) -> None:
    assert (sent.outcome.code, sent.outcome.culprit, sent.outcome.retry) == ("internal_error", "us", True)
    assert "canary" not in repr(sent)


# --------------------------------------------------------------------------- a provider at fault


@pytest.mark.parametrize("kind", [ValueError, KeyError, RecursionError, MemoryError, SystemExit, StopIteration])
def test_a_provider_that_raises_costs_one_attempt(played: Callable[..., Sent], kind: type[BaseException]) -> None:
    def deliver(job: Job) -> Course:
        yield Record(b"")
        raise kind(f"with {job.credentials['token']}")

    sent = played(deliver)
    assert_one_lost_attempt(sent)
    assert len(sent.exchanges) == 1  # what was exchanged before is kept


def test_the_log_of_a_fault_has_the_traceback_without_secrets(played: Callable[..., Sent]) -> None:
    def deliver(job: Job) -> Course:
        yield Record(b"")
        raise ValueError(f"with {job.credentials['token']}")

    with structlog.testing.capture_logs() as lines:
        played(deliver)
    (line,) = lines
    assert (line["event"], line["log_level"], line["provider"]) == ("delivery.fault", "error", "capture")
    assert "ValueError: with ••••••" in line["trace"]
    assert "canary" not in repr(lines)


@pytest.mark.parametrize("answer", [None, "delivered", 200])
def test_a_provider_that_returns_no_outcome_costs_one_attempt(played: Callable[..., Sent], answer: Any) -> None:
    def deliver(_: Job) -> Course:
        yield Record(b"")
        return answer  # type: ignore[no-any-return]

    assert_one_lost_attempt(played(deliver))


@pytest.mark.parametrize("step", [None, "GET /", Request("POST", "https://a.example", None, b"")])  # type: ignore[arg-type]
def test_a_provider_that_yields_no_step_costs_one_attempt(played: Callable[..., Sent], step: Any) -> None:
    def deliver(_: Job) -> Course:
        yield step
        return DELIVERED

    assert_one_lost_attempt(played(deliver))


def test_a_course_without_end_is_stopped_at_what_its_action_declares(played: Callable[..., Sent]) -> None:
    def deliver(_: Job) -> Course:
        while True:
            yield Record(b"")

    sent = played(deliver, most=3)
    assert_one_lost_attempt(sent)
    assert len(sent.exchanges) == 3


def test_a_course_may_take_as_many_steps_as_its_action_declares(played: Callable[..., Sent]) -> None:
    def deliver(_: Job) -> Course:
        yield Record(b"one")
        yield Record(b"two")
        return DELIVERED

    assert played(deliver, most=2).outcome.delivered


def test_words_that_cannot_be_kept_do_not_change_how_it_ended(played: Callable[..., Sent]) -> None:
    def deliver(_: Job) -> Course:
        yield Record(b"")
        return Outcome(code=Code.DELIVERED, reason="Done.", reference=7)  # type: ignore[arg-type]

    sent = played(deliver)
    assert (sent.outcome.code, sent.exchanges) == ("delivered", [])
    assert "could not be kept" in sent.outcome.reason


def test_every_text_of_an_outcome_is_struck_and_can_be_stored(played: Callable[..., Sent]) -> None:
    def deliver(job: Job) -> Course:
        said = f"{job.credentials['token']} \0 \ud800"
        yield Record(b"")
        return Outcome(code=Code.DELIVERED, reason=said, fix=said, reference=said, notes=(said,))

    outcome = played(deliver).outcome
    for text in (outcome.reason, outcome.fix, outcome.reference, *outcome.notes):
        assert text == "•••••• \ufffd \ufffd"


# --------------------------------------------------------------------------- one deadline for all steps


def test_all_steps_share_one_deadline(
    played: Callable[..., Sent], permit: Permit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ATTEMPT_SECONDS", 0.5)

    def slowly(visit: Visit) -> None:
        while visit.read():
            visit.rest(0.3)
            visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Sink(slowly) as sink:
        permit(sink.target)

        def deliver(_: Job) -> Course:
            for _n in range(3):
                yield Request("POST", sink.url(), {})
            return DELIVERED

        sent = played(deliver)
    kinds = [
        "status" if "status" in exchange["response"] else exchange["response"]["trouble"] for exchange in sent.exchanges
    ]
    assert kinds == ["status", "timeout", "timeout"]


def test_no_database_connection_enters_a_sending_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    found = prepared()
    from django.db.backends.utils import CursorWrapper

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(CursorWrapper, "execute", refused)
    assert send(found).outcome.delivered


def test_the_duration_is_measured(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([100.0, 100.125, 100.25])  # the start, what is left for the one step, the end
    found = prepared()
    monkeypatch.setattr("deliveries.sending.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    assert send(found).duration_ms == 250


# --------------------------------------------------------------------------- recording instead of sending


def test_a_workspace_that_only_records_sends_nothing_and_keeps_what_it_would_have_sent(permit: Permit) -> None:
    with Sink(answering()) as sink:
        permit(sink.target)
        tenant = make_tenant(
            provider="webhook", url=sink.url("/in?key=canary-key"), auth_scheme="bearer", token="canary-token"
        )
        Workspace.objects.update(capture_only=True)
        event = tenant.emit('{"n": 9007199254740993}')
        assert drain() == 1
        assert sink.connections == 0
    capture, attempt = Capture.objects.get(), Attempt.objects.get()
    assert (attempt.code, attempt.exchanges) == ("delivered", [])
    assert capture.id == tenant.delivery(event).id
    assert json.loads(capture.body)["uuid"] == str(event.id)
    assert "9007199254740993" in capture.body
    assert "canary" not in json.dumps(capture.request) + capture.body


def test_what_is_only_recorded_keeps_no_secret_of_its_step(played: Callable[..., Sent]) -> None:
    def deliver(_: Job) -> Course:
        yield Request("POST", "https://a.example", {"X-Odd": "canary-pair"}, b"canary-pair", secrets=("canary-pair",))
        return DELIVERED

    sent = played(deliver, capture_only=True)
    assert sent.captured is not None
    assert "canary" not in repr(sent)


def test_the_capture_destination_keeps_what_a_webhook_would_have_got() -> None:
    make_tenant().emit()
    assert drain() == 1
    assert Capture.objects.get().request["method"] == "CAPTURE"
    assert json.loads(Capture.objects.get().body)["payload"] == {"value": 1}


# --------------------------------------------------------------------------- templates


def test_what_a_template_misses_is_noted() -> None:
    tenant = make_tenant()
    make_rule(tenant.connection, "*", name="noted", inputs={"note": "On {{ resource_name }}: {{ value }}"})
    tenant.emit()
    drain()
    notes = [note for attempt in Attempt.objects.all() for note in attempt.notes]
    assert any("resource_name" in note for note in notes)


def test_a_text_that_was_cut_is_noted() -> None:
    tenant = make_tenant()
    rule = make_rule(tenant.connection, "*", name="long", inputs={"note": "{{ long }}"})
    event = tenant.emit(json.dumps({"long": "x" * 501}))
    drain()
    (note,) = Attempt.objects.get(id=derive(derive(event.id, rule.id), 1)).notes
    assert note == "Note: longer than 500 characters, so its end is missing."


RUNAWAY = "{% for n in lines %}{{ value }}{% endfor %}"


def test_a_template_that_fails_sends_nothing_and_says_which_and_why() -> None:
    tenant = make_tenant()
    rule = make_rule(tenant.connection, "*", name="broken", inputs={"note": RUNAWAY})
    tenant.emit(json.dumps({"lines": list(range(3_000)), "value": "x" * 100}))
    drain()
    delivery = Delivery.objects.get(rule_id=rule.id)
    attempt = Attempt.objects.get(delivery_id=delivery.id)
    assert (delivery.state, delivery.due_at) == ("failed", None)
    assert (attempt.code, attempt.culprit, attempt.exchanges) == ("mapping_error", "rule", [])
    assert "Note: Line 1: the text is longer than" in attempt.reason
    assert attempt.fix
    assert not Capture.objects.filter(id=delivery.id).exists()


def test_a_template_that_fails_is_told_beside_the_fields_that_others_miss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Two(Provider):
        slug, name = "capture", "Two"
        fields_of = (
            Field(key="a", label="First", kind=Kind.TEMPLATE),
            Field(key="b", label="Second", kind=Kind.TEMPLATE),
        )
        actions = (Action(key="record", label="Play", does="play", fields=fields_of),)

    found = replace(prepared(), inputs={"a": "{{ nowhere }}", "b": "{% for"})
    monkeypatch.setattr(sending, "provider", lambda _: Two())
    outcome = send(found).outcome
    assert (outcome.code, outcome.retry) == (Code.MAPPING_ERROR, False)
    assert "Second: " in outcome.reason
    assert any("First: " in note for note in outcome.notes)


# --------------------------------------------------------------------------- captures


def test_a_capture_keeps_the_whole_body_without_its_secrets(played: Callable[..., Sent]) -> None:
    text = "x" * 300_000 + "canary-token" + "y" * 300_000

    def deliver(job: Job) -> Course:
        yield Record(text.encode())
        return DELIVERED

    sent = played(deliver)
    assert sent.captured
    assert sent.captured[1] == text.replace("canary-token", STRUCK)
    assert len(sent.exchanges[0]["request"]["body"]) == KEPT_BODY  # an attempt's own row stays small


def test_a_capture_that_is_cut_says_so(played: Callable[..., Sent]) -> None:
    def deliver(job: Job) -> Course:
        yield Record(b"x" * (CAPTURED_BODY + 1))
        return DELIVERED

    captured = played(deliver).captured
    assert captured
    assert len(captured[1]) == CAPTURED_BODY >= 1024 * 1024
    assert captured[0]["bytes"] == CAPTURED_BODY + 1
    assert captured[0]["sha256"]


# --------------------------------------------------------------------------- canaries through every provider


def echo(visit: Visit) -> None:
    """Answers with all that it got, twice: in a header, and in the body."""
    while request := visit.read():
        lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")
        said = b" | ".join(lines)[:4_000]
        body = b"\r\n".join([*lines, said])
        visit.send(b"HTTP/1.1 400 Bad\r\nX-Echo: %s\r\nContent-Length: %d\r\n\r\n%s" % (said, len(body), body))


AUTHENTICATIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "basic": {"auth_scheme": "basic", "username": "me", "password": "canary-password"},
    "bearer": {"auth_scheme": "bearer", "token": "canary-token"},
    "header": {"auth_scheme": "header", "header_name": "X-Whatever", "header_value": "canary-header"},
    "custom headers": {"headers": {"Authorization": "Token canary-custom", "X-Api-Key": "canary-api-key"}},
    "signature": {"x_meshes_signature": "sha256"},
}


def stored_and_logged(tenant: Tenant) -> str:
    """Everything that an attempt leaves behind."""
    with structlog.testing.capture_logs() as lines:
        tenant.emit()
        assert drain() >= 1
    rows = [*Attempt.objects.values(), *Delivery.objects.values(), *Capture.objects.values()]
    assert rows
    assert lines
    return repr(rows) + repr(lines)


@pytest.mark.parametrize("name", AUTHENTICATIONS)
def test_a_webhooks_secrets_never_land_anywhere_though_the_receiver_repeats_them(permit: Permit, name: str) -> None:
    with Sink(echo) as sink:
        permit(sink.target)
        url = sink.url("/in?token=canary-query-token")
        tenant = make_tenant(provider="webhook", url=url, **AUTHENTICATIONS[name])
        secrets = Connection.objects.get().unseal_values("credentials")
        left = stored_and_logged(tenant)
        if name == "basic":
            assert b"bWU6Y2FuYXJ5LXBhc3N3b3Jk" in sink.requests[0]
    assert "X-Echo".lower() in left.lower()  # it did repeat them
    assert "canary" not in left
    assert "bWU6Y2FuYXJ5LXBhc3N3b3Jk" not in left  # "me:canary-password" in base64
    for secret in secrets.values():
        assert secret not in left
        assert secret.removeprefix("whsec_") not in left


def test_a_slack_token_never_lands_anywhere(permit: Permit) -> None:
    with Sink(echo) as sink:
        permit(simulated={"slack.com": sink.target})
        (tenant,) = make_slack()
        left = stored_and_logged(tenant)
        assert b"xoxb-canary-slack-token" in sink.requests[0]
    assert "canary" not in left


def test_an_endpoint_that_hangs_leaves_no_secret_either(permit: Permit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ATTEMPT_SECONDS", 0.3)
    with Sink(hanging) as sink:
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url("/?k=canary-key"), **AUTHENTICATIONS["basic"])
        left = stored_and_logged(tenant)
    assert "did not answer" in left
    assert "canary" not in left


def test_the_relays_password_never_lands_anywhere(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_URL = "smtp://me:canary-relay-password@127.0.0.1:1"
    monkeypatch.setattr(
        "deliveries.preparing._confirmed_recipients", lambda ids: dict.fromkeys(ids, ("a@example.com",))
    )
    tenant = make_tenant(provider="email", recipients=["a@example.com"])
    left = stored_and_logged(tenant)
    assert "network_error" in left
    assert "canary" not in left


def test_nothing_that_is_passed_around_shows_a_secret_when_it_is_printed() -> None:
    tenant = make_tenant(provider="webhook", url="https://hooks.example.com/in", **AUTHENTICATIONS["bearer"])
    found = prepared(tenant)
    assert found.credentials["token"] == "canary-token"
    assert "canary" not in repr(found)
    assert "canary" not in repr(send(found))


@pytest.mark.parametrize("body", [b"\0\0", b'{"error": "\\ud800"}', b"\xed\xa0\x80\xff", b"\x00\\u0000"])
def test_an_answer_that_postgresql_could_not_keep_is_recorded_all_the_same(permit: Permit, body: bytes) -> None:
    answer = b"HTTP/1.1 500 Oh\r\nX-Odd: \x80\xff\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with Sink(lambda visit: (visit.read(), visit.send(answer))[1]) as sink:  # type: ignore[func-returns-value]
        permit(sink.target)
        tenant = make_tenant(provider="webhook", url=sink.url())
        tenant.emit()
        assert drain() == 1
    attempt = Attempt.objects.get()
    assert (attempt.code, attempt.exchanges[0]["response"]["bytes"]) == ("rejected_server_error", len(body))
    assert "could not be kept" not in attempt.reason
