"""What would be sent, seen before it is saved: the real thing up to the door, and nothing secret in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connections import http, smtp
from connections.models import Connection, Recipient
from connections.provider import Action, Answer, Course, Job, Provider, Request
from connections.registry import all_providers
from deliveries.redaction import STRUCK
from deliveries.trying import preview as module
from deliveries.trying import samples
from deliveries.trying.preview import Preview, preview
from tests.deliveries.making import Tenant, make_slack, make_tenant

pytestmark = pytest.mark.django_db
ALERT = '{"severity":"high","value":1840,"threshold":1000,"resource":"p95","message":"Too slow"}'


@pytest.fixture(autouse=True)
def _doors_are_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("A preview sends nothing.")

    for door in (http, smtp):
        monkeypatch.setattr(door, "send", refuse)


@pytest.fixture
def slack() -> Tenant:
    (tenant,) = make_slack()
    return tenant


@pytest.fixture
def webhook() -> Tenant:
    return make_tenant(provider="webhook", url="https://hooks.example.com/in?token=canary-in-the-url")


def seen(tenant: Tenant, payload: str = ALERT, action: str = "", **inputs: Any) -> Preview:
    kind = all_providers()[tenant.connection.provider]
    return preview(
        workspace=tenant.workspace,
        connection=tenant.connection,
        action=action or kind.actions[0].key,
        inputs=inputs,
        sample=samples.of(workspace=tenant.workspace, event="alert.triggered", payload=payload),
    )


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


# --------------------------------------------------------------------------- pictures


def test_slack_is_seen_as_its_blocks(slack: Tenant) -> None:
    found = seen(slack, id="C0123456789", title="{{ resource }} is at {{ value }}")
    assert found.picture is not None
    assert found.picture.kind == "blocks"
    assert found.picture.blocks[0]["type"] == "header"
    assert found.picture.blocks[0]["text"]["text"] == "p95 is at 1840"
    assert any("High" in text for text in texts(found.picture.blocks))
    assert found.request is not None
    assert found.request["url"] == "https://slack.com/api/chat.postMessage"
    assert (found.faults, found.reason) == ((), "")


def test_a_mail_is_seen_as_subject_html_and_text() -> None:
    found = seen(mail_tenant(confirmed=True), subject="{{ resource }}")
    assert found.picture is not None
    assert (found.picture.kind, found.picture.subject) == ("mail", "[High] p95")
    assert "Too slow" in found.picture.text
    assert found.picture.html.startswith("<!doctype html>")


def mail_tenant(*, confirmed: bool) -> Tenant:
    tenant = make_tenant(provider="email", recipients=["ann@example.com"])
    at = tenant.workspace.created_at if confirmed else None
    Recipient.objects.filter(connection=tenant.connection).update(confirmed_at=at)
    return tenant


def test_a_mail_is_seen_before_anybody_has_confirmed_and_says_so() -> None:
    found = seen(mail_tenant(confirmed=False))
    assert found.picture is not None
    assert found.notes == ("ann@example.com has not confirmed yet, and gets nothing before.",)
    assert seen(mail_tenant_of("Globex")).notes == ()


def mail_tenant_of(name: str) -> Tenant:
    tenant = make_tenant(name, provider="email", recipients=["bob@example.com"])
    Recipient.objects.filter(connection=tenant.connection).update(confirmed_at=tenant.workspace.created_at)
    return tenant


def test_a_webhook_is_seen_as_headers_and_body(webhook: Tenant) -> None:
    found = seen(webhook, '{"n": 1e-7, "b": 2}')
    assert found.picture is not None
    assert found.picture.kind == "body"
    assert '"payload": {"n": 1e-7, "b": 2}' in found.picture.body
    assert found.picture.headers["Content-Type"] == "application/json"


def test_a_capture_is_seen_as_its_body() -> None:
    found = seen(make_tenant(), note="{{ value }}")
    assert found.picture is not None
    assert (found.picture.kind, found.picture.headers["X-Jackfield-Note"]) == ("body", "1840")


# --------------------------------------------------------------------------- notes and faults


def test_fields_that_the_event_lacks_are_told(slack: Tenant) -> None:
    found = seen(slack, id="C0123456789", title="{{ nothing }}")
    assert found.notes == ("Title: the event has no nothing, so it stayed empty.",)


def test_faults_are_told_by_field_and_the_rest_is_drawn(slack: Tenant) -> None:
    found = seen(slack, id="#general", title="{{ value", template="{{ value }}")
    assert [param for param, _ in found.faults] == ["metadata.title"]
    assert found.picture is not None
    assert "1840" in texts(found.picture.blocks)
    assert [param for param, _ in seen(slack, id="#general").faults] == ["metadata.id"]


def test_a_template_that_fails_with_this_event_only_is_told_by_field(slack: Tenant) -> None:
    endless = "{% for a in l %}{% for b in l %}{% for c in l %}x{% endfor %}{% endfor %}{% endfor %}"
    payload = json.dumps({"l": list(range(200))})
    found = seen(slack, payload, id="C0123456789", template=endless)
    assert [param for param, _ in found.faults] == ["metadata.template"]
    assert "too many steps" in found.faults[0][1]
    assert seen(slack, id="C0123456789", template=endless).faults == ()


@pytest.mark.parametrize("wrong", [{"action": "fly"}, {"title": 5}, {"id": ["C0123456789"]}], ids=str)
def test_what_cannot_even_be_tried_is_told_alone(slack: Tenant, wrong: dict[str, Any]) -> None:
    found = seen(slack, **{"id": "C0123456789", **wrong})
    assert found.picture is None
    assert len(found.faults) == 1


def test_why_nothing_would_be_sent(slack: Tenant) -> None:
    slack.connection.seal_values("credentials", {})
    found = seen(slack, id="C0123456789")
    assert (found.picture, found.request) == (None, None)
    assert found.reason
    assert found.fix


def test_that_more_requests_follow_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class TwoSteps(Provider):
        slug, name = "capture", "Two steps"
        actions = (Action(key="record", label="Find, then change", does="change it", max_requests=2),)

        def deliver(self, job: Job) -> Course:
            reply = yield Request("GET", "https://crm.example/contacts", {})
            assert isinstance(reply, Answer)
            raise AssertionError("Nobody answers a preview.")

    monkeypatch.setattr(module, "provider", lambda slug: TwoSteps())
    found = seen(make_tenant())
    assert found.request is not None
    assert (found.request["method"], found.notes) == ("GET", ("The next requests depend on the answer to this one.",))


def test_an_inactive_connection_can_be_previewed(slack: Tenant) -> None:
    Connection.objects.update(active=False)
    slack.connection.refresh_from_db()
    assert seen(slack, id="C0123456789").picture is not None


# --------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("scheme", ["none", "basic", "bearer", "header"])
def test_no_secret_is_in_a_preview(scheme: str) -> None:
    tenant = make_tenant(
        provider="webhook",
        url="https://hooks.example.com/in?token=canary-in-the-url",
        auth_scheme=scheme,
        username="ann",
        password="canary-password",
        token="canary-token",
        header_name="X-Key",
        header_value="canary-header",
        x_meshes_signature="sha256",
    )
    found = seen(tenant)
    secrets = tenant.connection.unseal_values("credentials").values()
    assert "canary" not in repr(found)
    assert not [secret for secret in secrets if secret in repr(found)]


def test_no_signature_of_ours_is_in_a_preview(webhook: Tenant) -> None:
    """Else whoever may look at a rule could have any text signed for the receiver."""
    found = seen(webhook)
    assert found.picture is not None
    assert found.request is not None
    for headers in (found.picture.headers, found.request["headers"]):
        assert headers["webhook-signature"] == STRUCK


def test_no_secret_reaches_the_provider(webhook: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Job] = []
    kind = all_providers()["webhook"]
    deliver = type(kind).deliver

    def watched(self: Provider, job: Job) -> Course:
        jobs.append(job)
        return deliver(self, job)

    monkeypatch.setattr(type(kind), "deliver", watched)
    seen(webhook)
    real = webhook.connection.unseal_values("credentials")
    assert set(jobs[0].credentials) == set(real)
    assert not set(jobs[0].credentials.values()) & set(real.values())


def test_secrets_that_cannot_be_opened_break_no_page(slack: Tenant) -> None:
    slack.connection.credentials = b"rubbish"
    assert seen(slack, id="C0123456789").picture is None


# --------------------------------------------------------------------------- nothing else


def test_nothing_is_written(slack: Tenant) -> None:
    with CaptureQueriesContext(database) as asked:
        seen(slack, id="C0123456789")
    assert [query["sql"] for query in asked if not query["sql"].startswith("SELECT")] == []


@pytest.mark.parametrize(
    "payload",
    [
        '{"value":' + "[" * 60 + "]" * 60 + "}",
        '{"x":"' + "y" * 250_000 + '"}',
        '{"":1,"a.b":2,"*":3,"payload":{"payload":1},"blocks":[1]}',
        '{"message":"<script>alert(1)</script> <!channel> \\u202e"}',
        "{}",
    ],
    ids=["deep", "huge", "odd keys", "markup", "empty"],
)
@pytest.mark.parametrize("provider", ["slack", "webhook", "capture"])
def test_no_payload_breaks_a_preview(provider: str, payload: str) -> None:
    tenant = make_slack()[0] if provider == "slack" else make_tenant(provider=provider)
    inputs = {"id": "C0123456789"} if provider == "slack" else {}
    found = seen(tenant, payload, **inputs)
    assert found.picture is not None
    assert found.picture.kind == ("blocks" if provider == "slack" else "body")
    json.dumps([found.picture.blocks, found.picture.headers, found.request])


def test_an_event_that_the_actions_own_text_cannot_carry_is_told(slack: Tenant) -> None:
    found = seen(slack, '{"message":"' + "y" * 250_000 + '"}', id="C0123456789")
    assert [param for param, _ in found.faults] == ["metadata.template"]
    assert (found.picture, bool(found.reason), bool(found.fix)) == (None, True, True)
