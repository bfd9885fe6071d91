"""Signing secrets come and go: two live for a day, then the old one is gone, from the database too."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from config.celery import app
from connections import addresses, rotating_secrets, settling, tasks
from connections.models import Connection
from connections.provider import Fault
from connections.rotating_secrets import CURRENT, OLD, OLD_UNTIL, OVERLAP, end_all_that_are_over, end_old, rotate
from tests.calling import Caller, fault, params, read
from tests.portal import enter, visit, words
from tests.world import ACTOR, Vendor, make_connection
from workspaces.errors import ApiError
from workspaces.models import AuditEntry

OWN = "whsec_" + base64.b64encode(b"o" * 24).decode()


@pytest.fixture
def webhook(acme: Vendor) -> Connection:
    return make_connection(acme.workspace, "webhook", auth_scheme="bearer", token="kept-as-it-is")


def held(connection: Connection) -> dict[str, str]:
    return Connection.objects.get(id=connection.id).unseal_values("credentials")


def let_time_pass(connection: Connection, past: timedelta = OVERLAP) -> None:
    """The old secret's end comes nearer by so much."""
    row = Connection.objects.get(id=connection.id)
    assert row.old_secret_until is not None
    row.old_secret_until -= past
    secrets = row.unseal_values("credentials")
    row.seal_values("credentials", {**secrets, OLD_UNTIL: f"{row.old_secret_until.timestamp():.6f}"})
    row.save()


def trail(verb: str) -> list[dict[str, Any]]:
    return list(AuditEntry.objects.filter(verb=verb).values_list("detail", flat=True))


def refused(act: Callable[[], object], status: int) -> ApiError:
    with pytest.raises(ApiError) as caught:
        act()
    assert caught.value.status == status
    return caught.value


# --------------------------------------------------------------------------- a new one


def test_for_a_day_two_secrets_live_and_the_other_secrets_stay(webhook: Connection) -> None:
    first = held(webhook)[CURRENT]
    before = timezone.now()
    rotated = rotate(webhook, actor=ACTOR)
    assert rotated.old_until is not None
    assert timedelta() <= rotated.old_until - before - OVERLAP < timedelta(minutes=1)
    secrets = held(webhook)
    assert (secrets[CURRENT], secrets[OLD], secrets["token"]) == (rotated.secret, first, "kept-as-it-is")
    assert float(secrets[OLD_UNTIL]) == pytest.approx(rotated.old_until.timestamp(), abs=1e-3)
    assert webhook.old_secret_until == rotated.old_until
    assert rotated.secret.startswith("whsec_")
    assert rotated.secret != first


def test_the_value_is_not_told_by_its_representation(webhook: Connection) -> None:
    assert "whsec_" not in repr(rotate(webhook, actor=ACTOR))


def test_a_secret_of_ones_own_takes_over_in_the_same_way(webhook: Connection) -> None:
    first = held(webhook)[CURRENT]
    rotate(webhook, actor=ACTOR, own=f" {OWN}\n")
    assert (held(webhook)[CURRENT], held(webhook)[OLD]) == (OWN, first)
    (detail,) = trail("connection.secret_rotated")
    assert detail["own"] is True


@pytest.mark.parametrize(
    "own",
    [
        OWN.removeprefix("whsec_"),
        "whsec_",
        "whsec_not base64",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsec_" + base64.urlsafe_b64encode(b"\xff" * 30).decode(),
        OWN[:-1],
        "whsec_ü" + OWN,
        "WHSEC_" + OWN.removeprefix("whsec_"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_repeated(webhook: Connection, own: str) -> None:
    before = held(webhook)
    error = refused(lambda: rotate(webhook, actor=ACTOR, own=own), 422)
    assert [param for param, _ in error.faults] == ["secret"]
    assert own.strip() not in error.message or own == "whsec_"  # which the words themselves name
    assert held(webhook) == before


def test_the_secret_that_is_used_already_is_refused(webhook: Connection) -> None:
    error = refused(lambda: rotate(webhook, actor=ACTOR, own=held(webhook)[CURRENT]), 422)
    assert "used already" in error.message


def test_a_third_secret_has_to_wait(webhook: Connection) -> None:
    rotate(webhook, actor=ACTOR)
    before = held(webhook)
    assert "end it first" in refused(lambda: rotate(webhook, actor=ACTOR), 409).message
    assert held(webhook) == before
    let_time_pass(webhook)
    second = held(webhook)[CURRENT]
    rotate(webhook, actor=ACTOR)
    assert held(webhook)[OLD] == second


def test_a_connection_that_lost_its_secret_gets_one_and_has_no_old_one(webhook: Connection) -> None:
    webhook.seal_values("credentials", {"token": "t"})
    webhook.save()
    rotated = rotate(webhook, actor=ACTOR)
    assert rotated.old_until is None
    assert held(webhook) == {"token": "t", CURRENT: rotated.secret}


def test_what_is_not_signed_has_no_secret_to_rotate(acme: Vendor) -> None:
    refused(lambda: rotate(acme.connection, actor=ACTOR), 409)


def test_a_connection_that_was_deleted_meanwhile_is_404(webhook: Connection) -> None:
    Connection.objects.filter(id=webhook.id).delete()
    refused(lambda: rotate(webhook, actor=ACTOR), 404)
    refused(lambda: end_old(webhook, actor=ACTOR), 404)


def test_secrets_that_do_not_open_are_the_operators_to_mend(webhook: Connection) -> None:
    Connection.objects.filter(id=webhook.id).update(credentials=b"\x01broken")
    assert "operator" in refused(lambda: rotate(webhook, actor=ACTOR), 409).message


@pytest.mark.django_db(transaction=True)
def test_of_two_who_rotate_at_once_one_is_heard(acme: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first one's secret would be lost, though it was shown."""
    make = rotating_secrets._made

    def slowly(row: Connection) -> str:
        time.sleep(0.3)  # so that both would be here at once, were they let
        return make(row)

    monkeypatch.setattr(rotating_secrets, "_made", slowly)
    webhook = make_connection(acme.workspace, "webhook")
    first, made, told = held(webhook)[CURRENT], list[str](), list[int]()
    start = Barrier(2)

    def one() -> None:
        start.wait()
        try:
            made.append(rotate(Connection.objects.get(id=webhook.id), actor=ACTOR).secret)
        except ApiError as error:
            told.append(error.status)
        finally:
            database.close()

    threads = [Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [409]
    assert (held(webhook)[CURRENT], held(webhook)[OLD]) == (made[0], first)


def test_settings_that_are_saved_at_the_same_moment_do_not_undo_it(
    webhook: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody types a new token; while the address is looked up, somebody else rotates the secret."""
    made = list[str]()

    def meanwhile(url: str, field: str) -> Fault | None:
        made.append(rotate(Connection.objects.get(id=webhook.id), actor=ACTOR).secret)
        return None

    monkeypatch.setattr(addresses, "check_for_save", meanwhile)
    metadata = {**webhook.settings, "token": "typed-anew"}
    settling.change(Connection.objects.get(id=webhook.id), metadata=metadata, actor=ACTOR)
    secrets = held(webhook)
    assert (secrets[CURRENT], secrets["token"]) == (made[0], "typed-anew")
    assert OLD in secrets


# --------------------------------------------------------------------------- its end


def test_the_old_secret_can_be_ended_at_once(webhook: Connection) -> None:
    rotated = rotate(webhook, actor=ACTOR)
    end_old(webhook, actor=ACTOR)
    assert held(webhook) == {"token": "kept-as-it-is", CURRENT: rotated.secret}
    assert webhook.old_secret_until is None
    refused(lambda: end_old(webhook, actor=ACTOR), 409)


def test_the_sweep_destroys_what_is_over_and_nothing_else(acme: Vendor, webhook: Connection) -> None:
    other = make_connection(acme.workspace, "webhook", name="Other")
    for row in (webhook, other):
        rotate(row, actor=ACTOR)
    sealed = bytes(Connection.objects.get(id=webhook.id).credentials)
    let_time_pass(webhook)
    let_time_pass(other, OVERLAP - timedelta(minutes=1))
    tasks.end_old_secrets()
    assert OLD not in held(webhook)
    assert OLD_UNTIL not in held(webhook)
    assert bytes(Connection.objects.get(id=webhook.id).credentials) != sealed
    assert Connection.objects.get(id=webhook.id).old_secret_until is None
    assert OLD in held(other)
    assert end_all_that_are_over() == 0


def test_one_that_does_not_open_does_not_keep_the_sweep_from_the_others(acme: Vendor, webhook: Connection) -> None:
    other = make_connection(acme.workspace, "webhook", name="Other")
    for row in (webhook, other):
        rotate(row, actor=ACTOR)
        let_time_pass(row)
    Connection.objects.filter(id=webhook.id).update(credentials=b"\x01broken")
    assert end_all_that_are_over() == 1
    assert OLD not in held(other)


def test_the_sweep_runs_by_itself() -> None:
    assert app.conf.beat_schedule["end-old-secrets"]["task"] == tasks.end_old_secrets.name


def test_who_did_it_is_in_the_audit_without_any_secret(webhook: Connection) -> None:
    rotate(webhook, actor="somebody")
    let_time_pass(webhook)
    end_all_that_are_over()
    entries = AuditEntry.objects.filter(verb__contains="secret").order_by("id")
    assert [(one.verb, one.actor) for one in entries] == [
        ("connection.secret_rotated", "somebody"),
        ("connection.old_secret_ended", rotating_secrets.ACTOR),
    ]
    assert "old_until" in entries[0].detail
    assert "whsec_" not in json.dumps([one.detail for one in entries])


# --------------------------------------------------------------------------- by the API


def place(connection: Connection, rest: str) -> str:
    return f"/connections/{connection.id}/signing-secret/{rest}"


def test_the_api_makes_one_and_shows_it_this_once(acme: Vendor, webhook: Connection) -> None:
    answer = read(acme.machine.post(place(webhook, "rotate")))
    assert answer["id"] == str(webhook.id)
    assert answer["signing_secret"] == held(webhook)[CURRENT]
    assert datetime.fromisoformat(answer["old_secret_until"]) > timezone.now() + OVERLAP - timedelta(minutes=1)
    assert answer["signing_secret"] not in acme.machine.get(f"/connections/{webhook.id}").content.decode()
    assert fault(acme.machine.post(place(webhook, "rotate")), 409)["name"] == "Conflict"


def test_the_api_takes_one_and_does_not_repeat_it(acme: Vendor, webhook: Connection) -> None:
    answer = acme.machine.post(place(webhook, "rotate"), {"secret": OWN})
    assert read(answer)["signing_secret"] is None
    assert OWN not in answer.content.decode()
    assert held(webhook)[CURRENT] == OWN


@pytest.mark.parametrize("secret", ["", "short", 7, None, ["x"], "whsec_" + "x" * 300])
def test_the_api_names_a_secret_that_is_none(acme: Vendor, webhook: Connection, secret: Any) -> None:
    before = held(webhook)
    answer = acme.machine.post(place(webhook, "rotate"), {"secret": secret})
    if secret is None:  # the same as leaving it out
        assert read(answer)["signing_secret"].startswith("whsec_")
        return
    assert answer.status_code in (400, 422)
    assert params(answer, answer.status_code) == ["secret"]
    assert held(webhook) == before


def test_the_api_ends_the_old_one(acme: Vendor, webhook: Connection) -> None:
    rotate(webhook, actor=ACTOR)
    assert read(acme.machine.delete(place(webhook, "old"))) == {"id": str(webhook.id), "old_secret_until": None}
    assert OLD not in held(webhook)
    fault(acme.machine.delete(place(webhook, "old")), 409)


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("member", 403), ("viewer", 403)])
def test_a_portal_session_needs_the_permission(acme: Vendor, webhook: Connection, role: str, status: int) -> None:
    caller = Caller({"Authorization": f"Bearer {enter(acme, role=role).token}"})
    assert caller.post(place(webhook, "rotate")).status_code == status
    assert caller.delete(place(webhook, "old")).status_code == status
    assert (len(trail("connection.secret_rotated")) == 1) is (status == 200)


# --------------------------------------------------------------------------- in the portal


def page(connection: Connection, rest: str = "") -> str:
    return f"/workspace/connections/{connection.id}{rest}"


def test_the_portal_shows_the_new_secret_once(acme: Vendor, webhook: Connection) -> None:
    assert "For 24 hours requests are signed with the new and the old one" in words(
        visit(acme, page(webhook, "/signing-secret"))
    )
    answer = enter(acme).post(page(webhook, "/signing-secret"))
    secret = held(webhook)[CURRENT]
    assert secret in answer.content.decode()
    assert held(webhook)[OLD] not in answer.content.decode()
    assert "Copy it now: it is not shown again." in words(answer)
    for rest in ("", "/signing-secret", "/settings", "/signature"):
        shown = visit(acme, page(webhook, rest)).content.decode()
        assert secret not in shown
        assert held(webhook)[OLD] not in shown


def test_the_connections_page_tells_when_the_old_one_ends(acme: Vendor, webhook: Connection) -> None:
    assert "The old secret works until" not in words(visit(acme, page(webhook)))
    rotate(webhook, actor=ACTOR)
    assert "two secrets The old secret works until" in words(visit(acme, page(webhook)))
    assert "End the old one now" in words(visit(acme, page(webhook, "/signing-secret")))


def test_the_portal_ends_the_old_one(acme: Vendor, webhook: Connection) -> None:
    rotate(webhook, actor=ACTOR)
    answer = enter(acme).post(page(webhook, "/signing-secret/end"))
    assert "The old secret has ended." in answer["HX-Trigger"]
    assert OLD not in held(webhook)
    assert "no old secret" in enter(acme).post(page(webhook, "/signing-secret/end"))["HX-Trigger"]


def test_a_button_pressed_twice_makes_one_secret(acme: Vendor, webhook: Connection) -> None:
    portal = enter(acme)
    portal.post(page(webhook, "/signing-secret"))
    secret = held(webhook)[CURRENT]
    assert "still works" in portal.post(page(webhook, "/signing-secret"))["HX-Trigger"]
    assert held(webhook)[CURRENT] == secret


def test_what_is_wrong_with_a_typed_secret_stands_beside_its_field(acme: Vendor, webhook: Connection) -> None:
    answer = enter(acme).post(page(webhook, "/signing-secret"), {"secret": "hunter2"})
    assert answer.status_code == 422
    assert "Your secret must begin with whsec_" in words(answer)
    assert "hunter2" not in answer.content.decode()
    answer = enter(acme).post(page(webhook, "/signing-secret"), {"secret": OWN})
    assert "signed with your secret now" in answer["HX-Trigger"]
    assert held(webhook)[CURRENT] == OWN


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_only_look_sees_nothing_of_it(acme: Vendor, webhook: Connection, role: str) -> None:
    assert "New signing secret" not in words(visit(acme, page(webhook), role=role))
    for rest in ("/signing-secret", "/signature"):
        assert visit(acme, page(webhook, rest), role=role).status_code == 403
        assert enter(acme, role=role).post(page(webhook, rest)).status_code == 403
    assert not trail("connection.secret_rotated")


def test_a_connection_that_signs_nothing_has_no_such_page(acme: Vendor) -> None:
    assert "New signing secret" not in words(visit(acme, page(acme.connection)))
    assert visit(acme, page(acme.connection, "/signing-secret")).status_code == 409
