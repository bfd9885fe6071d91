"""Whoever asked is told once of a connection that broke, may be switched off, or works again."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from connections import switching
from connections.models import Connection, Recipient
from connections.provider import Inactive
from connections.recipients import name_told
from deliveries.breaking import announcing, notice_mail
from deliveries.breaking.announcing import announce
from deliveries.models import State
from tests.deliveries.making import Tenant, make_tenant
from tests.world import Vendor, make_delivery, make_lifecycle_webhook
from workspaces import notices
from workspaces.models import LifecycleWebhook, Message, Notice

pytestmark = pytest.mark.django_db
ANN, BOB = "ann@acme.example", "bob@acme.example"
INACTIVE, WARNING, RECOVERED = Notice.Kind.INACTIVE, Notice.Kind.WARNING, Notice.Kind.RECOVERED


@pytest.fixture
def tenant() -> Tenant:
    """Ann has said yes, Bob has not; the vendor has a webhook."""
    found = make_tenant()
    name_told(found.workspace, [ANN, BOB], actor="test")
    Recipient.objects.filter(address=ANN).update(confirmed_at=timezone.now())
    make_lifecycle_webhook(found.workspace.organization, "https://hooks.example.com/lifecycle")
    assert announce() == 0
    return found


def breaks(tenant: Tenant, reason: str = Inactive.AUTHORIZATION_REVOKED) -> None:
    Connection.objects.filter(id=tenant.connection.id).update(
        active=False, inactive_reason=reason, updated_at=timezone.now()
    )


def told() -> list[tuple[str, list[str]]]:
    """Each notice in its order, with who gets it; "" is the webhook."""
    return [
        (notice.kind, sorted(notice.messages.values_list("address", flat=True)))
        for notice in Notice.objects.order_by("id")
    ]


def test_a_connection_that_broke_is_told_of_once_to_those_who_said_yes(tenant: Tenant) -> None:
    breaks(tenant)
    assert announce() == 1
    assert told() == [(INACTIVE, ["", ANN])]
    assert announce() == 0
    assert Message.objects.filter(due_at__lte=timezone.now()).count() == 2


def test_it_tells_what_happened_and_what_waits(tenant: Tenant) -> None:
    event = tenant.emit()
    make_delivery(event, tenant.rule, State.HELD)
    since = timezone.now() - timedelta(days=5)
    breaks(tenant, Inactive.FAILING_FOR_DAYS)
    Connection.objects.update(failing_since=since)
    announce()
    notice = Notice.objects.get()
    tenant.connection.refresh_from_db()
    assert notice.occurred_at == tenant.connection.updated_at
    assert notice.subject == tenant.connection.id
    assert notice.facts["inactive_reason"] == "failing_for_days"
    assert (notice.facts["held"], notice.facts["type"]) == (1, "capture")
    assert notice.facts["failing_since"].endswith("Z")


def test_it_is_told_of_when_it_works_again(tenant: Tenant) -> None:
    breaks(tenant)
    announce()
    switching.switch(tenant.connection, active=True, actor="ann")
    announce()
    assert told() == [(INACTIVE, ["", ANN]), (RECOVERED, ["", ANN])]


def test_half_way_to_being_switched_off_there_is_a_warning_and_a_word_when_it_is_over(tenant: Tenant) -> None:
    now = timezone.now()
    Connection.objects.update(failing_since=now - timedelta(days=3), failed_at=now, warned_at=now)
    announce()
    Connection.objects.update(failing_since=None, warned_at=None)
    announce()
    assert told() == [(WARNING, ["", ANN]), (RECOVERED, ["", ANN])]


def test_who_was_warned_is_told_of_the_switch_as_well(tenant: Tenant) -> None:
    now = timezone.now()
    Connection.objects.update(failing_since=now - timedelta(days=3), failed_at=now, warned_at=now)
    announce()
    breaks(tenant, Inactive.FAILING_FOR_DAYS)
    announce()
    assert [kind for kind, _ in told()] == [WARNING, INACTIVE]


def test_failing_for_a_moment_is_nobodys_business(tenant: Tenant) -> None:
    Connection.objects.update(failing_since=timezone.now(), failed_at=timezone.now())
    assert announce() == 0


def test_a_switch_by_hand_is_told_to_the_vendor_and_mailed_to_nobody(tenant: Tenant) -> None:
    switching.switch(tenant.connection, active=False, actor="ann")
    announce()
    switching.switch(tenant.connection, active=True, actor="ann")
    announce()
    assert told() == [(INACTIVE, [""]), (RECOVERED, [""])]


def test_a_flicker_shorter_than_the_sweep_is_not_told(tenant: Tenant) -> None:
    breaks(tenant)
    switching.switch(tenant.connection, active=True, actor="ann")
    assert announce() == 0


def test_a_webhook_gets_the_kinds_that_it_asked_for(tenant: Tenant) -> None:
    LifecycleWebhook.objects.update(event_types=[WARNING])
    breaks(tenant)
    announce()
    assert told() == [(INACTIVE, [ANN])]


def test_a_webhook_that_is_gone_gets_nothing(tenant: Tenant) -> None:
    LifecycleWebhook.objects.update(active=False)
    breaks(tenant)
    announce()
    assert told() == [(INACTIVE, [ANN])]


def test_another_vendor_and_another_tenant_hear_nothing(acme: Vendor, globex: Vendor) -> None:
    for vendor in (acme, globex):
        make_lifecycle_webhook(vendor.organization, f"https://{vendor.organization.name}.example.com/")
        for workspace in (vendor.workspace, vendor.staging):
            name_told(workspace, [f"somebody@{workspace.name.replace(' ', '-')}.example"], actor="test")
    Recipient.objects.update(confirmed_at=timezone.now())
    breaks(Tenant(acme.workspace, acme.connection, acme.rule))
    announce()
    (notice,) = Notice.objects.all()
    told_at = notice.messages.exclude(webhook=None).values_list("webhook__organization_id", flat=True)
    assert list(told_at) == [acme.organization.id]
    assert list(notice.messages.filter(webhook=None).values_list("address", flat=True)) == ["somebody@acme.example"]


# --------------------------------------------------------------------------- deaths and races


def test_a_death_in_the_middle_is_told_by_the_next_sweep(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object, **__: object) -> None:
        raise OperationalError("the server closed the connection")

    breaks(tenant)
    with monkeypatch.context() as patched:
        patched.setattr(Message.objects, "bulk_create", dies)
        with pytest.raises(OperationalError):
            announce()
    assert not Notice.objects.exists()
    announce()
    assert told() == [(INACTIVE, ["", ANN])]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_it_once(tenant: Tenant) -> None:
    breaks(tenant)
    together, counts = Barrier(2), []

    def sweep() -> None:
        together.wait()
        counts.append(announce())
        connections.close_all()

    threads = [Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1
    assert told() == [(INACTIVE, ["", ANN])]


def test_many_at_once_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "AT_ONCE", 2)
    for n in range(5):
        breaks(make_tenant(f"T{n}"))
    assert [announce() for _ in range(4)] == [2, 2, 1, 0]


def test_what_was_told_long_ago_is_forgotten_with_its_messages(tenant: Tenant) -> None:
    breaks(tenant)
    announce()
    notices.forget(timezone.now())
    assert Notice.objects.count() == 1
    Notice.objects.update(occurred_at=timezone.now() - timedelta(days=31))
    notices.forget(timezone.now())
    assert not Message.objects.exists()


# --------------------------------------------------------------------------- the mail


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        (
            INACTIVE,
            {"held": 37},
            ["revoked at Slack", "37 alerts are waiting for it. They are kept until", "Connections"],
        ),
        (INACTIVE, {"held": 0}, ["What is meant for it is kept until it works again."]),
        (WARNING, {"failing_since": "2026-11-20T08:00:00.000Z"}, ["since 20 Nov 2026, 08:00 UTC", "for five days"]),
        (RECOVERED, {"held": 0}, ["works again", "There is nothing for you to do."]),
        (RECOVERED, {"held": 37}, ["asks you what shall become of them"]),
    ],
)
def test_the_mail_says_what_happened_what_becomes_of_the_alerts_and_what_to_do(
    tenant: Tenant, kind: str, facts: dict[str, object], words: list[str]
) -> None:
    about = {
        "name": "Slack Acme",
        "type": "slack",
        "inactive_reason": "oauth_authorization_revoked",
        "held": 0,
        **facts,
    }
    notice = Notice.objects.create(
        organization_id=tenant.workspace.organization_id,
        workspace=tenant.workspace,
        kind=kind,
        subject=tenant.connection.id,
        facts=about,
        occurred_at=timezone.now(),
    )
    recipient = Recipient.objects.get(workspace=tenant.workspace, address=ANN)
    mail = notice_mail.mail(Message.objects.create(notice=notice, address=ANN), recipient)
    assert mail.to == (ANN,)
    assert mail.subject.startswith("[Acme] Slack Acme ")
    assert [one for one in words if one not in mail.text] == []
    assert "You get this because you asked" in mail.text
