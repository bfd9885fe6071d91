"""Whoever is told of trouble ends it with one click: in the mail program, or on the page that a link opens."""

from __future__ import annotations

import pytest
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone

from connections import leaving
from connections.leaving import link_of
from connections.models import Recipient
from connections.recipients import ask_all, name_told, told_of_trouble
from tests.connections.test_recipients import Post, open_link, post
from tests.world import Vendor, make_connection

__all__ = ["post"]

ANN, BOB = "ann@acme.example", "bob@acme.example"
ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.fixture
def ann(acme: Vendor) -> Recipient:
    """She has said yes, and so has Bob."""
    name_told(acme.workspace, [ANN, BOB], actor="test")
    Recipient.objects.update(confirmed_at=timezone.now())
    return Recipient.objects.get(address=ANN)


def path_of(recipient: Recipient) -> str:
    return link_of(recipient).removeprefix("http://127.0.0.1:8000")


def click(recipient: Recipient, body: str = ONE_CLICK) -> int:
    """What a mail program sends by itself: no cookie, no origin, no page before it."""
    client = Client(enforce_csrf_checks=True)
    return client.post(path_of(recipient), body, content_type="application/x-www-form-urlencoded").status_code


def test_one_click_of_the_mail_program_ends_it_for_one(acme: Vendor, ann: Recipient) -> None:
    assert click(ann) == 200
    assert told_of_trouble(acme.workspace.id) == [BOB]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_at_the_link_changes_nothing(acme: Vendor, ann: Recipient, method: str) -> None:
    """Mail scanners open every link."""
    status, page = open_link(link_of(ann), method)
    assert (status, "<form" in page) == (200, method == "GET")
    assert told_of_trouble(acme.workspace.id) == [ANN, BOB]


def test_the_pages_button_ends_it_too_and_says_so(acme: Vendor, ann: Recipient) -> None:
    status, page = open_link(link_of(ann), "POST")
    assert (status, "You will not be told any more" in page, "<form" in page) == (200, True, False)
    assert told_of_trouble(acme.workspace.id) == [BOB]


def test_to_say_it_twice_keeps_the_first_time(ann: Recipient) -> None:
    click(ann)
    first = Recipient.objects.get(id=ann.id).left_at
    assert click(ann) == 200
    assert Recipient.objects.get(id=ann.id).left_at == first


def test_the_link_of_the_question_leads_back(acme: Vendor, post: Post) -> None:
    name_told(acme.workspace, [ANN], actor="test")
    ask_all()
    open_link(post.links()[0], "POST")
    click(Recipient.objects.get())
    assert told_of_trouble(acme.workspace.id) == []
    open_link(post.links()[0], "POST")
    assert (told_of_trouble(acme.workspace.id), Recipient.objects.get().left_at) == ([ANN], None)


def test_who_has_left_is_not_mailed_the_question_again(ann: Recipient, post: Post) -> None:
    Recipient.objects.update(asked_at=timezone.now())
    click(ann)
    assert (ask_all(), post.mails) == (0, [])


def forged() -> list[str]:
    id = "0190f5fe7c007a008000000000000dea"
    others = Signer(salt="another", sep=".")
    return ["x", "%00", "é", "x" * 5_000, "..", f"{id}.", id, others.sign(id), leaving._signer.sign("no-id")]


@pytest.mark.parametrize("token", forged())
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_of_ones_own_making_is_404(acme: Vendor, ann: Recipient, token: str, method: str) -> None:
    status, page = open_link(f"/unsubscribe/{token}", method)
    assert (status, ANN in page) == (404, False)
    assert told_of_trouble(acme.workspace.id) == [ANN, BOB]


def test_anothers_id_with_ones_own_signature_is_404(acme: Vendor, ann: Recipient) -> None:
    bob = Recipient.objects.get(address=BOB)
    signature = path_of(ann).rpartition(".")[2]
    assert open_link(f"/unsubscribe/{bob.id.hex}.{signature}", "POST")[0] == 404
    assert told_of_trouble(acme.workspace.id) == [ANN, BOB]


def test_a_link_is_good_as_long_as_the_address_is_on_the_list(acme: Vendor, ann: Recipient) -> None:
    path = path_of(ann)
    name_told(acme.workspace, [BOB], actor="test")
    name_told(acme.workspace, [ANN, BOB], actor="test")
    assert open_link(path, "POST")[0] == 404


def test_no_to_one_workspace_is_no_no_to_another(acme: Vendor, globex: Vendor, ann: Recipient) -> None:
    name_told(globex.workspace, [ANN], actor="test")
    mail = make_connection(acme.workspace, "email", recipients=[ANN])
    Recipient.objects.update(confirmed_at=timezone.now())
    click(ann)
    assert told_of_trouble(globex.workspace.id) == [ANN]
    assert mail.recipients.get().confirmed_at is not None


def test_the_page_is_never_kept_or_framed(ann: Recipient) -> None:
    answer = Client().get(path_of(ann))
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(acme: Vendor, ann: Recipient, method: str) -> None:
    assert open_link(link_of(ann), method)[0] == 405
    assert told_of_trouble(acme.workspace.id) == [ANN, BOB]
