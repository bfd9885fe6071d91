"""A secret goes to the place that it was typed for, and to no other."""

from __future__ import annotations

from typing import Any

import pytest

from connections import addresses, settling
from connections.models import Connection
from tests.calling import fault, params, read
from tests.portal import enter
from tests.world import ACTOR, Vendor, make_connection
from workspaces.errors import ApiError

HOOK = "https://hooks.example.com/in"
ELSEWHERE = "https://evil.example.net/in"
BASIC = {"auth_scheme": "basic", "username": "ann"}
SCHEMES = {
    "password": BASIC,
    "token": {"auth_scheme": "bearer"},
    "header_value": {"auth_scheme": "header", "header_name": "X-Key"},
}


@pytest.fixture(autouse=True)
def _every_address_is_fine(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.OUTGOING_PORTS = [80, 443]
    monkeypatch.setattr(addresses, "check_for_save", lambda url, field: None)


@pytest.fixture
def webhook(acme: Vendor) -> Connection:
    return make_connection(acme.workspace, "webhook", url=HOOK, password="old secret", **BASIC)


def change(connection: Connection, **metadata: Any) -> Connection:
    row = Connection.objects.get(id=connection.id)
    return settling.change(row, metadata=metadata, actor=ACTOR).connection


def secrets_of(connection: Connection) -> dict[str, str]:
    return Connection.objects.get(id=connection.id).unseal_values("credentials")


@pytest.mark.parametrize("secret", SCHEMES)
@pytest.mark.parametrize(
    "url",
    [
        ELSEWHERE,
        "http://hooks.example.com/in",
        "https://hooks.example.com:80/in",
        "https://in.hooks.example.com/in",
        "https://hooks.example.com.evil.example.net/in",
    ],
)
def test_a_secret_is_not_sent_to_another_origin_unless_it_is_typed_anew(acme: Vendor, secret: str, url: str) -> None:
    made = make_connection(acme.workspace, "webhook", url=HOOK, **SCHEMES[secret], **{secret: "old secret"})
    metadata = {"url": url, **SCHEMES[secret]}
    answer = acme.machine.put(f"/connections/{made.id}", {"name": "A", "metadata": metadata})
    detail = fault(answer, 400)
    assert [wrong["param"] for wrong in detail["data"]] == [secret]
    assert "type it anew" in detail["message"]
    assert "old secret" not in detail["message"]
    made.refresh_from_db()
    assert (made.settings["url"], secrets_of(made)[secret]) == (HOOK, "old secret")


def test_typed_anew_it_goes_there_even_when_it_is_the_same(acme: Vendor, webhook: Connection) -> None:
    metadata = {"url": ELSEWHERE, "password": "old secret", **BASIC}
    read(acme.machine.put(f"/connections/{webhook.id}", {"name": "A", "metadata": metadata}))
    webhook.refresh_from_db()
    assert (webhook.settings["url"], secrets_of(webhook)["password"]) == (ELSEWHERE, "old secret")


@pytest.mark.parametrize("url", ["https://hooks.example.com/other?a=b", "HTTPS://HOOKS.example.com:443/in"])
def test_another_path_of_the_same_origin_keeps_it(webhook: Connection, url: str) -> None:
    assert change(webhook, url=url, **BASIC).settings["url"] == url
    assert secrets_of(webhook)["password"] == "old secret"


def test_the_signing_secret_is_ours_and_stays(webhook: Connection) -> None:
    before = secrets_of(webhook)["signing_secret"]
    change(webhook, url=ELSEWHERE, password="new", **BASIC)
    assert secrets_of(webhook)["signing_secret"] == before


def test_what_is_not_asked_for_any_more_is_dropped(webhook: Connection) -> None:
    """So that it cannot come back for another address, two changes later."""
    change(webhook, url=HOOK, auth_scheme="none")
    assert set(secrets_of(webhook)) == {"signing_secret"}
    change(webhook, url=ELSEWHERE, auth_scheme="none")
    with pytest.raises(ApiError) as caught:
        change(webhook, url=ELSEWHERE, **BASIC)
    assert (caught.value.status, caught.value.faults) == (422, [("password", "is missing.")])


def test_what_is_not_asked_for_is_not_kept_when_it_is_typed(acme: Vendor) -> None:
    made = make_connection(acme.workspace, "webhook", url=HOOK, auth_scheme="none", password="pointless")
    assert set(secrets_of(made)) == {"signing_secret"}


def test_an_address_that_moves_meanwhile_is_noticed(webhook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people at once: one moves it and types the new place's password, the other saves with the old address."""
    monkeypatch.setattr(addresses, "check_for_save", lambda url, field: move() if url.endswith("/saved") else None)

    def move() -> None:
        change(webhook, url=ELSEWHERE, password="the other place's", **BASIC)

    with pytest.raises(ApiError) as caught:
        change(webhook, url="https://hooks.example.com/saved", **BASIC)
    assert (caught.value.status, [param for param, _ in caught.value.faults]) == (400, ["password"])
    webhook.refresh_from_db()
    assert (webhook.settings["url"], secrets_of(webhook)["password"]) == (ELSEWHERE, "the other place's")


def test_a_secret_that_is_dropped_meanwhile_is_missing(webhook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "check_for_save", lambda url, field: drop() if url.endswith("/saved") else None)

    def drop() -> None:
        change(webhook, url=HOOK, auth_scheme="none")

    with pytest.raises(ApiError) as caught:
        change(webhook, url="https://hooks.example.com/saved", **BASIC)
    assert (caught.value.status, caught.value.faults) == (422, [("password", "is missing.")])


def test_the_form_asks_for_it_beside_its_field(acme: Vendor, webhook: Connection) -> None:
    path = f"/workspace/connections/{webhook.id}/settings"
    form = {"name": "A", "in-url": ELSEWHERE, "in-auth_scheme": "basic", "in-username": "ann"}
    page = enter(acme).post(path, form)
    text = page.content.decode()
    assert page.status_code == 422
    assert 'id="error-in-password"' in text
    assert "type it anew" in text
    assert "Leave empty to keep the one that is stored" not in text
    assert "old secret" not in text
    assert enter(acme).post(path, {**form, "in-password": "new"}).status_code == 204
    assert secrets_of(webhook)["password"] == "new"


def test_strangers_do_not_learn_that_there_is_a_secret(acme: Vendor, globex: Vendor, webhook: Connection) -> None:
    body = {"name": "A", "metadata": {"url": ELSEWHERE, **BASIC}}
    assert globex.machine.put(f"/connections/{webhook.id}", body).status_code == 404
    assert params(acme.machine.put(f"/connections/{webhook.id}", body), 400) == ["password"]
