from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default as modern
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import get_language

from connections import question_mail, recipients, smtp, tasks
from connections.models import Connection, Recipient
from connections.provider import Answer, Failure, Mail, Reply, Trouble
from connections.recipients import ask_all, name_recipients
from tests.portal import enter
from tests.relays import Relay, relaying
from tests.world import Vendor, make_connection

ANN, BOB = "ann@acme.example", "bob@acme.example"


class Post:
    """A relay that keeps what it gets, and may refuse."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.troubles: dict[str, Trouble] = {}

    def __call__(self, mail: Mail, **_: Any) -> Reply:
        trouble = self.troubles.get(mail.to[0]) or self.troubles.get("")
        if trouble:
            return Failure(trouble, "No.")
        self.mails.append(mail)
        return Answer(status=250)

    def links(self) -> list[str]:
        return [re.findall(r"http://\S+", mail.text)[0] for mail in self.mails]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    post = Post()
    monkeypatch.setattr(smtp, "send", post)
    return post


@pytest.fixture
def mail(acme: Vendor) -> Connection:
    return make_connection(acme.workspace, "email", recipients=[ANN, BOB])


def open_link(link: str, method: str = "GET") -> tuple[int, str]:
    answer = Client(enforce_csrf_checks=True).generic(method, link.removeprefix("http://127.0.0.1:8000"))
    return answer.status_code, answer.content.decode()


def confirmed() -> list[str]:
    return list(Recipient.objects.exclude(confirmed_at=None).order_by("address").values_list("address", flat=True))


# --------------------------------------------------------------------------- asking


def test_everyone_is_asked_once_however_often_the_sweep_comes(mail: Connection, post: Post) -> None:
    assert ask_all() == 2
    assert ask_all() == 0
    assert sorted(mail.to[0] for mail in post.mails) == [ANN, BOB]


def test_the_sweep_is_a_task(mail: Connection, post: Post) -> None:
    tasks.ask_recipients()
    assert len(post.mails) == 2


def test_each_gets_a_mail_and_a_link_of_their_own(mail: Connection, post: Post) -> None:
    ask_all()
    assert len(set(post.links())) == 2
    assert len({one.message_id for one in post.mails}) == 2
    assert all(len(one.to) == 1 for one in post.mails)
    assert all("Acme" in one.subject for one in post.mails)


def test_the_link_is_not_in_the_database(mail: Connection, post: Post) -> None:
    ask_all()
    rows = str(list(Recipient.objects.values()))
    assert not [link for link in post.links() if link.rpartition("/")[2] in rows]


def test_of_two_sweepers_one_asks(mail: Connection, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other sweeper read the same rows a moment ago and comes second."""
    stale = list(Recipient.objects.select_related("workspace"))
    ask_all()
    assert [recipients._ask(recipient) for recipient in stale] == [None, None]
    assert len(post.mails) == 2


@pytest.mark.parametrize("trouble", [Trouble.MAIL_DEFERRED, Trouble.TIMEOUT, Trouble.NO_RELAY])
def test_who_could_not_be_asked_is_asked_by_the_next_sweep(mail: Connection, post: Post, trouble: Trouble) -> None:
    post.troubles[ANN] = trouble
    ask_all()
    ask_all()
    post.troubles.clear()
    ask_all()
    assert sorted(one.to[0] for one in post.mails) == [ANN, BOB]


def test_whom_the_relay_refuses_for_good_is_not_asked_again_and_again(mail: Connection, post: Post) -> None:
    post.troubles[ANN] = Trouble.MAIL_REJECTED
    assert ask_all() == 1
    post.troubles.clear()
    assert ask_all() == 0
    assert [one.to[0] for one in post.mails] == [BOB]


def test_one_who_cannot_be_asked_keeps_nobody_else_waiting(mail: Connection, post: Post) -> None:
    post.troubles[ANN] = Trouble.MAIL_DEFERRED
    assert ask_all() == 1
    assert [one.to[0] for one in post.mails] == [BOB]


def test_a_relay_that_is_away_is_asked_once_a_sweep_and_not_for_everyone(
    mail: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Mail] = []

    def away(letter: Mail, **_: Any) -> Reply:
        tries.append(letter)
        return Failure(Trouble.REFUSED, "Nothing listens.")

    monkeypatch.setattr(smtp, "send", away)
    assert ask_all() == 0
    assert len(tries) == 1
    assert Recipient.objects.filter(asked_at=None).count() == 2


def test_the_question_reaches_a_real_relay(mail: Connection, settings: Any) -> None:
    with Relay(relaying()) as relay:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{relay.port}"
        assert ask_all() == 2
        letters = [message_from_bytes(one, policy=modern) for one in relay.requests if b"Subject:" in one]
    assert sorted(str(letter["To"]) for letter in letters) == [ANN, BOB]
    text = letters[0].get_body(("plain",))
    assert text is not None
    assert "/confirm/" in text.get_content()


def test_the_question_is_asked_in_the_language_in_which_the_address_was_typed(
    acme: Vendor, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question_mail, "_", lambda text: f"[{get_language()}] {text}")
    for language, addresses in (("de", ANN), ("en", f"{ANN} {BOB}")):
        enter(acme, language=language).post("/workspace/settings/told/set", {"addresses": addresses})
    assert ask_all() == 2
    assert {mail.to[0]: mail.subject[:4] for mail in post.mails} == {ANN: "[de]", BOB: "[en]"}
    assert all(mail.text.count("[") == 3 for mail in post.mails)


@pytest.mark.parametrize(("browser", "language"), [("de-AT,de;q=0.9", "de"), ("en", "en"), ("fr", "en")])
def test_from_their_yes_on_it_is_the_language_of_their_own_browser(
    mail: Connection, post: Post, browser: str, language: str
) -> None:
    Recipient.objects.update(language="de")
    ask_all()
    path = post.links()[0].removeprefix("http://127.0.0.1:8000")
    Client().post(path, headers={"accept-language": browser})
    assert Recipient.objects.exclude(confirmed_at=None).get().language == language


# --------------------------------------------------------------------------- the yes


def test_a_look_at_the_link_changes_nothing(mail: Connection, post: Post) -> None:
    """Mail scanners open every link, some more than once, some with HEAD."""
    ask_all()
    for method in ("GET", "HEAD", "GET"):
        status, page = open_link(post.links()[0], method)
        assert status == 200
    assert "<form" in page
    assert post.mails[0].to[0] in page
    assert confirmed() == []


def test_the_button_says_yes_for_one(mail: Connection, post: Post) -> None:
    ask_all()
    status, page = open_link(post.links()[0], "POST")
    assert status == 200
    assert "<form" not in page
    assert confirmed() == [post.mails[0].to[0]]


def test_saying_yes_twice_keeps_the_first(mail: Connection, post: Post) -> None:
    ask_all()
    open_link(post.links()[0], "POST")
    first = Recipient.objects.exclude(confirmed_at=None).get().confirmed_at
    assert open_link(post.links()[0], "POST")[0] == 200
    assert Recipient.objects.exclude(confirmed_at=None).get().confirmed_at == first


@pytest.mark.parametrize("token", ["x", "%00", "é", "x" * 5_000, "..", "'; DROP TABLE connections_recipient"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_of_ones_own_making_is_404(mail: Connection, post: Post, token: str, method: str) -> None:
    ask_all()
    status, page = open_link(f"/confirm/{token}", method)
    assert status == 404
    assert ANN not in page
    assert confirmed() == []


def test_a_link_works_no_more_when_its_address_was_taken_off(mail: Connection, post: Post) -> None:
    ask_all()
    link = next(link for link, one in zip(post.links(), post.mails, strict=True) if one.to[0] == ANN)
    name_recipients(mail, [BOB])
    assert open_link(link, "POST")[0] == 404
    name_recipients(mail, [ANN, BOB])
    assert open_link(link, "POST")[0] == 404
    assert confirmed() == []


def test_the_page_is_never_kept_or_framed(mail: Connection, post: Post) -> None:
    ask_all()
    answer = Client().get(post.links()[0].removeprefix("http://127.0.0.1:8000"))
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(mail: Connection, post: Post, method: str) -> None:
    ask_all()
    assert open_link(post.links()[0], method)[0] == 405
    assert confirmed() == []


# --------------------------------------------------------------------------- the list


def test_who_stays_on_the_list_keeps_their_yes(mail: Connection, post: Post) -> None:
    Recipient.objects.filter(address=ANN).update(confirmed_at=timezone.now(), asked_at=timezone.now())
    name_recipients(mail, [ANN, "cai@acme.example"])
    assert confirmed() == [ANN]
    assert set(Recipient.objects.values_list("address", flat=True)) == {ANN, "cai@acme.example"}
    ask_all()
    assert [one.to[0] for one in post.mails] == ["cai@acme.example"]


def test_an_address_is_one_address_in_whatever_case(mail: Connection) -> None:
    Recipient.objects.filter(address=ANN).update(confirmed_at=timezone.now())
    name_recipients(mail, ["ANN@Acme.Example", ANN])
    assert confirmed() == [ANN]


def test_one_address_may_be_asked_for_by_two_connections(acme: Vendor, mail: Connection, post: Post) -> None:
    """A yes to one workspace is no yes to another."""
    make_connection(acme.staging, "email", recipients=[ANN])
    ask_all()
    asked = [link for link, one in zip(post.links(), post.mails, strict=True) if one.to[0] == ANN]
    open_link(asked[0], "POST")
    assert Recipient.objects.filter(address=ANN).exclude(confirmed_at=None).count() == 1
