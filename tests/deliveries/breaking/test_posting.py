"""Messages of notices arrive at least once, signed, within a minute, whoever dies."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from connections import http, leaving, smtp
from connections import tasks as connection_tasks
from connections.models import Connection, Recipient
from connections.provider import Answer, Failure, Mail, Reply, Request, Trouble
from connections.recipients import name_told
from deliveries import tasks
from deliveries.breaking import posting
from deliveries.breaking.announcing import announce
from deliveries.breaking.posting import post_due
from tests.connections.doors import Permit
from tests.deliveries.making import Tenant, make_tenant
from tests.elsewhere import in_the_middle_of
from tests.sinks import Sink, answering, hanging
from tests.world import make_lifecycle_webhook
from workspaces.models import LifecycleWebhook, Message

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANN, BOB = "ann@acme.example", "bob@acme.example"
HOUR = 3600.0


def broken(tenant: Tenant) -> None:
    Connection.objects.filter(id=tenant.connection.id).update(
        active=False, inactive_reason="oauth_authorization_revoked", updated_at=timezone.now()
    )


def webhook_of(tenant: Tenant, url: str = "https://hooks.example.com/in") -> LifecycleWebhook:
    return make_lifecycle_webhook(tenant.workspace.organization, url)


def pass_time(seconds: float) -> None:
    Message.objects.update(due_at=F("due_at") - timedelta(seconds=seconds))


class Outside:
    """What the doors would have let out, and what comes back: the same each time, or as it is listed."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.replies: list[Reply] = []

    def __call__(self, step: Any, **_: Any) -> Reply:
        self.sent.append(step)
        return self.replies.pop(0) if self.replies else Answer(status=204)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    found = Outside()
    monkeypatch.setattr(http, "send", found)
    monkeypatch.setattr(smtp, "send", found)
    return found


@pytest.fixture
def tenant() -> Tenant:
    """Broken, with a webhook of the vendor's that will hear of it."""
    found = make_tenant()
    webhook_of(found)
    broken(found)
    announce()
    return found


def message() -> Message:
    return Message.objects.get()


# --------------------------------------------------------------------------- what is sent


def test_a_webhook_is_told_what_broke_and_can_verify_it(tenant: Tenant, outside: Outside) -> None:
    assert post_due() == 1
    (request,) = outside.sent
    assert isinstance(request, Request)
    said = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert said["type"] == "connection.inactive"
    assert said["connection"] == {
        "id": str(tenant.connection.id),
        "name": tenant.connection.name,
        "type": "capture",
        "inactive_reason": "oauth_authorization_revoked",
        "failing_since": None,
    }
    assert said["workspace"]["tenant"] == "Acme"
    assert (said["held"], said["occurred_at"][-1]) == (0, "Z")
    assert message().sent_at is not None
    assert post_due() == 0


def test_another_secret_verifies_nothing(tenant: Tenant, outside: Outside) -> None:
    post_due()
    (request,) = outside.sent
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(request.body, dict(request.headers))


def test_within_one_run_of_the_sweep_it_is_on_its_way(outside: Outside) -> None:
    """The sweep runs every two seconds: a minute is never needed."""
    tenant = make_tenant()
    webhook_of(tenant)
    broken(tenant)
    tasks.announce_changes()
    assert len(outside.sent) == 1


def test_from_the_address_to_the_mail_all_goes_by_links_and_sweeps(outside: Outside) -> None:
    tenant = make_tenant()
    name_told(tenant.workspace, [ANN], actor="test")
    broken(tenant)
    connection_tasks.ask_recipients()
    tasks.announce_changes()
    (question,) = outside.sent
    assert isinstance(question, Mail)
    assert "whenever one of its connections breaks" in question.text
    Recipient.objects.update(confirmed_at=timezone.now())
    Connection.objects.update(active=True, inactive_reason="", updated_at=timezone.now())
    tasks.announce_changes()
    assert isinstance(outside.sent[-1], Mail)
    assert "works again" in outside.sent[-1].subject


def test_it_goes_through_the_one_door_with_its_checks(tenant: Tenant, permit: Permit) -> None:
    """An address that became a private one meanwhile gets nothing."""
    with Sink(answering()) as sink:
        LifecycleWebhook.objects.update(url=sink.url())
        post_due()
        assert sink.connections == 0
        permit(sink.target)
        pass_time(HOUR)
        post_due()
        assert sink.connections == 1
        assert json.loads(sink.requests[0].partition(b"\r\n\r\n")[2])["type"] == "connection.inactive"
    assert message().sent_at is not None


# --------------------------------------------------------------------------- again, and again


def test_what_was_not_taken_is_sent_again_with_the_same_id_and_body(tenant: Tenant, outside: Outside) -> None:
    outside.replies = [Answer(status=500), Failure(Trouble.TIMEOUT)]
    for _ in range(3):
        post_due()
        pass_time(100)
    assert len(outside.sent) == 3
    assert len({request.headers["webhook-id"] for request in outside.sent}) == 1
    assert len({request.body for request in outside.sent}) == 1
    assert (message().attempt_count, message().last_error) == (3, "")


def test_it_waits_between_the_tries_and_longer_when_asked_to(tenant: Tenant, outside: Outside) -> None:
    outside.replies = [Answer(status=503, headers={"retry-after": "600"})]
    post_due()
    assert post_due() == 0
    due = message().due_at
    assert due is not None
    assert 599 <= (due - timezone.now()).total_seconds() <= 661


def test_after_ten_tries_over_three_days_it_is_given_up(tenant: Tenant, outside: Outside) -> None:
    outside.replies = [Answer(status=500)] * 20
    waited = 0.0
    while (due := message().due_at) is not None:
        wait = max(0.0, (due - timezone.now()).total_seconds())
        waited += wait
        pass_time(wait + 1)
        post_due()
    assert len(outside.sent) == 10
    assert 72 * HOUR <= waited <= 80 * HOUR
    assert message().sent_at is None
    assert message().last_error == "answered 500"


def test_a_webhook_that_is_gone_is_told_no_more(tenant: Tenant, outside: Outside) -> None:
    outside.replies = [Answer(status=410)]
    post_due()
    assert not LifecycleWebhook.objects.get().active
    assert message().due_at is None


def test_a_redirect_is_no_success(tenant: Tenant, outside: Outside) -> None:
    outside.replies = [Answer(status=302)]
    post_due()
    assert message().sent_at is None


def test_who_was_taken_off_the_list_meanwhile_gets_nothing(outside: Outside) -> None:
    tenant = make_tenant()
    name_told(tenant.workspace, [ANN], actor="test")
    Recipient.objects.update(confirmed_at=timezone.now())
    broken(tenant)
    announce()
    name_told(tenant.workspace, [], actor="test")
    post_due()
    assert outside.sent == []
    assert message().due_at is None


def test_who_wants_no_more_of_it_gets_not_even_what_was_already_written(outside: Outside) -> None:
    tenant = make_tenant()
    name_told(tenant.workspace, [ANN], actor="test")
    Recipient.objects.update(confirmed_at=timezone.now())
    broken(tenant)
    announce()
    leaving.leave(Recipient.objects.get())
    post_due()
    assert outside.sent == []
    assert message().due_at is None


def test_each_is_told_in_their_own_language_with_the_way_to_end_it(outside: Outside) -> None:
    tenant = make_tenant()
    name_told(tenant.workspace, [ANN, BOB], actor="test")
    Recipient.objects.update(confirmed_at=timezone.now())
    Recipient.objects.filter(address=BOB).update(language="de")
    broken(tenant)
    announce()
    post_due()
    subjects = {mail.to[0]: mail.subject for mail in outside.sent}
    assert subjects == {ANN: "[Acme] Acme capture needs you", BOB: "[Acme] Acme capture braucht Hilfe"}
    for mail in outside.sent:
        link = leaving.link_of(Recipient.objects.get(address=mail.to[0]))
        assert mail.headers["List-Unsubscribe"] == f"<{link}>"
        assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link in mail.text


def test_an_address_that_the_relay_refuses_for_good_is_not_tried_again(outside: Outside) -> None:
    tenant = make_tenant()
    name_told(tenant.workspace, [ANN], actor="test")
    Recipient.objects.update(confirmed_at=timezone.now())
    broken(tenant)
    announce()
    outside.replies = [Failure(Trouble.MAIL_REJECTED)]
    post_due()
    assert (message().due_at, message().last_error) == (None, "mail_rejected")


# --------------------------------------------------------------------------- deaths and races


def test_a_killed_senders_message_is_sent_by_another_one(tenant: Tenant, outside: Outside) -> None:
    (claimed,) = posting._claim()  # and dies
    assert post_due() == 0
    pass_time(posting.LEASE_SECONDS)
    assert post_due() == 1
    assert (message().sent_at is not None, message().attempt_count) == (True, 2)
    assert claimed.id == message().id


def test_what_comes_back_after_the_lease_changes_nothing(tenant: Tenant, outside: Outside) -> None:
    late = [posting._claimed(one) for one in posting._claim()]
    pass_time(posting.LEASE_SECONDS)
    post_due()
    posting._record(late[0], Answer(status=500))
    assert message().sent_at is not None
    assert message().due_at is None


def test_one_slow_receiver_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch, permit: Permit) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.5)
    tenant = make_tenant()
    with Sink(hanging) as slow, Sink(answering()) as quick:
        permit(slow.target, quick.target)
        for url in (slow.url(), quick.url()):
            webhook_of(tenant, url)
        broken(tenant)
        tasks.announce_changes()
        assert len(quick.requests) == 1
    assert Message.objects.exclude(sent_at=None).get().webhook.url == quick.url()  # type: ignore[union-attr]
    assert Message.objects.get(sent_at=None).last_error == "timeout"


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_it_once(tenant: Tenant, outside: Outside) -> None:
    """What another one is just claiming is left to them: this one neither waits for it nor sends it."""
    with in_the_middle_of(posting._claim):
        found = post_due()
    assert (found, outside.sent) == (0, [])
    assert message().attempt_count == 1
