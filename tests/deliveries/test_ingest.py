from __future__ import annotations

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from deliveries import ingest
from deliveries.ingest import Sender, accept
from deliveries.models import Event, IdempotencyRecord
from deliveries.reading import Draft
from tests.world import Vendor, make_vendor
from workspaces.errors import ApiError
from workspaces.ids import timestamp

DRAFT = Draft(event="a.b", payload='{"n":1e-7}', resource="global", resource_id="", kind="event", workspace=None)


def answer(records: list[dict[str, Any]]) -> tuple[int, str]:
    return 201, ",".join(record["id"] for record in records)


def store(vendor: Vendor, *, count: int = 1, key: str = "", body: bytes = b"") -> ingest.Accepted:
    sender = Sender(vendor.organization.id, vendor.workspace.id, "somebody")
    return accept(
        [(DRAFT, sender)] * count, answer=answer, owner=vendor.workspace.id, route="event", key=key, body=body
    )


def test_an_event_is_stored_as_it_was_read(acme: Vendor) -> None:
    row = Event.objects.get(id=store(acme).answer)
    assert (row.event, row.payload, row.resource, row.kind, row.created_by) == (
        "a.b",
        '{"n":1e-7}',
        "global",
        "event",
        "somebody",
    )
    assert (row.organization_id, row.workspace_id) == (acme.organization.id, acme.workspace.id)
    assert (row.status, row.decided_at, row.created_at) == ("pending", None, timestamp(row.id))


@pytest.mark.parametrize("key", ["", "k"])
def test_all_events_of_a_call_are_stored_by_one_statement(
    acme: Vendor, django_assert_num_queries: Any, key: str
) -> None:
    with django_assert_num_queries(1):
        ids = store(acme, count=100, key=key).answer.split(",")
    assert Event.objects.filter(id__in=ids).count() == 100


def test_a_known_key_gives_the_first_answer(acme: Vendor) -> None:
    first, again = store(acme, key="k", body=b"x"), store(acme, key="k", body=b"x")
    assert (first.answer, first.repeated, again.repeated) == (again.answer, False, True)


def test_a_known_key_with_another_body_is_refused(acme: Vendor) -> None:
    store(acme, key="k", body=b"x")
    with pytest.raises(ApiError) as caught:
        store(acme, key="k", body=b"y")
    assert caught.value.status == 409


def test_a_key_that_is_deleted_just_now_is_free_again(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was seven days old: known to the insert, and gone before its answer could be read."""
    store(acme, key="k", body=b"x")
    whole = ingest._insert_once

    def then_deleted(rows: Any, **more: Any) -> bool:
        fresh = whole(rows, **more)
        if not fresh:
            IdempotencyRecord.objects.all().delete()
        return fresh

    monkeypatch.setattr(ingest, "_insert_once", then_deleted)
    again = store(acme, key="k", body=b"y")
    assert not again.repeated
    assert Event.objects.filter(id=again.answer).exists()


# --------------------------------------------------------------------------- a database that went away


@pytest.mark.parametrize("key", ["", "k"])
@pytest.mark.parametrize("error", [OperationalError("closed"), InterfaceError("closed")])
def test_a_lost_connection_costs_one_more_try(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, key: str, error: Exception
) -> None:
    """A restart of the database closes every idle connection; the next call must not be the one that finds out."""
    vendor = make_vendor("Acme")
    name = "_insert_once" if key else "_insert"
    whole = getattr(ingest, name)
    tries: list[int] = []

    def flaky(rows: Any, **more: Any) -> bool:
        tries.append(1)
        if len(tries) == 1:
            raise error
        return bool(whole(rows, **more))

    monkeypatch.setattr(ingest, name, flaky)
    assert Event.objects.filter(id=store(vendor, key=key).answer).exists()
    assert len(tries) == 2


def test_a_commit_that_was_hidden_by_a_lost_connection_is_not_repeated(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement had been committed, but its answer never came: the second try finds its own work."""
    vendor = make_vendor("Acme")
    for name, key in (("_insert", ""), ("_insert_once", "k")):
        before = Event.objects.count()
        monkeypatch.setattr(ingest, name, _committed_then_lost(getattr(ingest, name)))
        shown = store(vendor, key=key).answer
        assert Event.objects.count() == before + 1
        assert Event.objects.filter(id=shown).exists()
    assert IdempotencyRecord.objects.count() == 1


def _committed_then_lost(whole: Any) -> Any:
    tries: list[int] = []

    def flaky(rows: Any, **more: Any) -> bool:
        done = bool(whole(rows, **more))
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("the answer got lost")
        return done

    return flaky


def test_inside_a_transaction_nothing_is_tried_again(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went before in the transaction is lost with the connection, so its owner has to know."""
    tries: list[int] = []

    def lost(*_: Any, **__: Any) -> bool:
        tries.append(1)
        raise OperationalError("closed")

    monkeypatch.setattr(ingest, "_insert", lost)
    with pytest.raises(OperationalError), transaction.atomic():
        store(acme)
    assert tries == [1]
    assert not connection.closed_in_transaction


def test_a_second_loss_is_told(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = make_vendor("Acme")

    def lost(*_: Any, **__: Any) -> bool:
        raise OperationalError("closed")

    monkeypatch.setattr(ingest, "_insert", lost)
    with pytest.raises(OperationalError):
        store(vendor)
