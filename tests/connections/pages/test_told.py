"""Who is told when something breaks, on the page of settings; and the link that each of them gets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connections import leaving, recipients
from connections.models import Recipient
from connections.recipients import ask_all, name_told, told_of_trouble
from tests.connections.test_recipients import Post, open_link, post
from tests.portal import enter, visit, words
from tests.world import Vendor, make_connection
from workspaces.models import AuditEntry

__all__ = ["post"]

PATH = "/workspace/settings/told"
ANN, BOB = "ann@acme.example", "bob@acme.example"


def rows(vendor: Vendor) -> list[str]:
    found = Recipient.objects.for_workspace(vendor.workspace.id).filter(connection=None)
    return list(found.order_by("address").values_list("address", flat=True))


def test_nobody_is_told_at_first(acme: Vendor) -> None:
    assert "Nobody is told yet" in words(visit(acme, PATH))


def test_the_page_of_settings_brings_it(acme: Vendor) -> None:
    assert f'hx-get="{PATH}"' in visit(acme, "/workspace/settings").content.decode()


def test_addresses_are_set_asked_and_told_after_their_yes(acme: Vendor, post: Post) -> None:
    answer = enter(acme).post(f"{PATH}/set", {"addresses": f"{ANN}\n {BOB.upper()}, {ANN}\n"})
    assert "Saved." in answer["HX-Trigger"]
    assert rows(acme) == [ANN, BOB]
    assert "is asked in a moment" in words(answer)
    assert told_of_trouble(acme.workspace.id) == []
    assert ask_all() == 2
    assert "hear of trouble" in post.mails[0].subject
    (link,) = [link for link, mail in zip(post.links(), post.mails, strict=True) if mail.to == (ANN,)]
    status, page = open_link(link)
    assert (status, "whenever a connection breaks" in page) == (200, True)
    assert told_of_trouble(acme.workspace.id) == []  # a GET says nothing
    open_link(link, "POST")
    assert told_of_trouble(acme.workspace.id) == [ANN]
    assert "You will be told" in open_link(link)[1]
    assert AuditEntry.objects.get(verb="notices.addresses_set").detail == {"count": 2}


def test_who_wants_no_more_of_it_is_seen_as_such_and_not_asked_again(acme: Vendor) -> None:
    name_told(acme.workspace, [ANN], actor="test")
    row = Recipient.objects.get(address=ANN)
    Recipient.objects.update(confirmed_at=timezone.now(), asked_at=timezone.now() - timedelta(days=1))
    leaving.leave(row)
    page = words(visit(acme, PATH))
    assert f"{ANN} wants no more messages just now" in page
    assert "Ask again" not in page
    assert not recipients.ask_again(row, actor="test")
    assert told_of_trouble(acme.workspace.id) == []
    enter(acme).post(f"{PATH}/set", {"addresses": f"{ANN} {BOB}"})
    assert told_of_trouble(acme.workspace.id) == []
    assert Recipient.objects.get(address=ANN).left_at is not None


def test_whoever_stays_keeps_their_yes_and_whoever_goes_is_gone(acme: Vendor) -> None:
    name_told(acme.workspace, [ANN, BOB], actor="test")
    Recipient.objects.update(confirmed_at=timezone.now())
    enter(acme).post(f"{PATH}/set", {"addresses": ANN})
    assert told_of_trouble(acme.workspace.id) == [ANN]
    assert rows(acme) == [ANN]


def test_alerts_are_another_matter(acme: Vendor) -> None:
    """The recipients of an e-mail connection and those who are told of trouble do not get in each other's way."""
    connection = make_connection(acme.workspace, "email", recipients=[ANN])
    name_told(acme.workspace, [ANN], actor="test")
    name_told(acme.workspace, [], actor="test")
    assert list(Recipient.objects.values_list("connection", flat=True)) == [connection.id]


@pytest.mark.parametrize("written", ["nobody", "a@b", f"{ANN}\nann@", "<script>@x.example"])
def test_what_is_no_address_is_refused_with_its_reason_and_stays_written(acme: Vendor, written: str) -> None:
    answer = enter(acme).post(f"{PATH}/set", {"addresses": written})
    assert answer.status_code == 422
    assert "is not a mail address." in words(answer)
    assert rows(acme) == []


@pytest.mark.parametrize("length", [255, 300, 320, 400])
def test_an_address_that_is_longer_than_addresses_can_be_is_refused_beside_the_field(acme: Vendor, length: int) -> None:
    written = f"{'x' * (length - len('@b.example'))}@b.example"
    answer = enter(acme).post(f"{PATH}/set", {"addresses": f"{ANN}\n{written}"})
    assert answer.status_code == 422
    assert "longer than a mail address can be" in words(answer)
    assert 'id="error-addresses"' in answer.content.decode()
    assert f"{written}</textarea>" in answer.content.decode()
    assert rows(acme) == []


def test_twenty_people_are_enough(acme: Vendor) -> None:
    many = "\n".join(f"p{n}@acme.example" for n in range(recipients.TOLD_MOST + 1))
    answer = enter(acme).post(f"{PATH}/set", {"addresses": many})
    assert (answer.status_code, "At most 20 people" in words(answer)) == (422, True)


def test_who_may_not_connect_may_not_set_them(acme: Vendor) -> None:
    assert enter(acme, role="member").post(f"{PATH}/set", {"addresses": ANN}).status_code == 403
    assert enter(acme, role="member").get(PATH).status_code == 403
    assert rows(acme) == []


def test_somebody_who_has_not_answered_is_asked_again_but_not_at_once(acme: Vendor) -> None:
    name_told(acme.workspace, [ANN], actor="test")
    row = Recipient.objects.get()
    Recipient.objects.update(asked_at=timezone.now())
    answer = enter(acme).post(f"{PATH}/{row.id}/ask")
    assert "Try again later." in answer["HX-Trigger"]
    Recipient.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    assert "Ask again" in words(visit(acme, PATH))
    assert "They are asked again." in enter(acme).post(f"{PATH}/{row.id}/ask")["HX-Trigger"]
    row.refresh_from_db()
    assert row.asked_at is None


def test_each_workspace_has_its_own(acme: Vendor, globex: Vendor) -> None:
    name_told(acme.workspace, [ANN], actor="test")
    assert ANN not in words(visit(globex, PATH))
    enter(globex).post(f"{PATH}/set", {"addresses": BOB})
    assert (rows(acme), rows(globex)) == ([ANN], [BOB])
