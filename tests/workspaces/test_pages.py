"""The settings, and the audit log."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.portal import enter, visit, words
from tests.workspaces.test_rotating import key_of
from tests.workspaces.test_trail import note
from tests.world import Vendor
from workspaces.models import PublishableKey, SessionType, Workspace
from workspaces.rotating import issue_key, rotate

PATH = "/workspace/settings"


# --------------------------------------------------------------------------- who may


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("admin", 200), ("owner", 200)])
def test_admins_see_it(acme: Vendor, role: str, status: int) -> None:
    for path in (PATH, f"{PATH}/audit"):
        page = visit(acme, path, role=role)
        assert page.status_code == status
        assert (acme.publishable_key in words(page)) is (status == 200 and path == PATH)


def test_a_session_of_one_resource_does_not(acme: Vendor) -> None:
    page = visit(acme, PATH, session_type=SessionType.RESOURCE, resource="part", resource_id="disk")
    assert page.status_code == 403


@pytest.mark.parametrize("form", ["origins", "keys/{key}/rotate", "keys/{key}/revoke"])
def test_only_owners_change_it(acme: Vendor, form: str) -> None:
    path = f"{PATH}/{form.format(key=key_of(acme).id)}"
    assert path not in visit(acme, PATH, role="admin").content.decode()
    answer = enter(acme, role="admin").post(path, {"overlap": "1h", "allowed_origins": "https://a.example"})
    assert answer.status_code == 403
    assert key_of(acme).expires_at is None
    assert Workspace.objects.get(id=acme.workspace.id).allowed_origins == []


# --------------------------------------------------------------------------- keys


@pytest.mark.parametrize(("overlap", "hours"), [("1h", 1), ("24h", 24), ("7d", 7 * 24)])
def test_a_key_is_rotated_with_the_overlap_that_was_chosen(acme: Vendor, overlap: str, hours: int) -> None:
    old, now = key_of(acme), timezone.now()
    answer = enter(acme).post(f"{PATH}/keys/{old.id}/rotate", {"overlap": overlap})
    assert (answer.status_code, "portal:go" in answer["HX-Trigger"]) == (204, True)
    ends = key_of(acme).expires_at
    assert ends is not None
    assert timedelta() <= ends - now - timedelta(hours=hours) < timedelta(minutes=1)
    text = words(visit(acme, PATH))
    assert "rotated works until" in text
    fresh = PublishableKey.objects.for_workspace(acme.workspace.id).latest("id")
    assert fresh.text in text
    assert f"'X-Meshes-Publishable-Key: {fresh.text}'" in text  # the snippets speak of the new one


def test_an_overlap_that_nobody_offered_changes_nothing(acme: Vendor) -> None:
    assert enter(acme).post(f"{PATH}/keys/{key_of(acme).id}/rotate", {"overlap": "9y"}).status_code == 204
    assert key_of(acme).expires_at is None


def test_a_key_is_revoked(acme: Vendor) -> None:
    enter(acme).post(f"{PATH}/keys/{key_of(acme).id}/revoke")
    assert not key_of(acme).live(timezone.now())
    assert "ended" in words(visit(acme, PATH))


def test_a_key_that_is_over_is_told_so(acme: Vendor) -> None:
    portal, path = enter(acme), f"{PATH}/keys/{key_of(acme).id}/revoke"
    portal.post(path)
    assert "rotated or revoked already" in portal.post(path)["HX-Trigger"]


def test_the_keys_of_others_are_404(acme: Vendor, globex: Vendor) -> None:
    for whose in (globex, acme.staging):
        for verb in ("rotate", "revoke"):
            answer = enter(whose).post(f"{PATH}/keys/{key_of(acme).id}/{verb}", {"overlap": "1h"})
            assert answer.status_code == 404
    assert key_of(acme).expires_at is None


def test_it_says_when_a_key_was_last_used(acme: Vendor) -> None:
    assert "Never used" in words(visit(acme, PATH))
    acme.emitter.post("/events", {"event": "a.b", "payload": {}})
    assert "Last used just now" in words(visit(acme, PATH))


# --------------------------------------------------------------------------- origins


def test_origins_are_kept_as_browsers_write_them(acme: Vendor) -> None:
    written = "https://App.example.com:443\nhttp://localhost:3000\nhttps://app.example.com"
    answer = enter(acme).post(f"{PATH}/origins", {"allowed_origins": written}, target="origins")
    assert answer.status_code == 200
    assert answer.content.decode().strip().startswith("<section")
    kept = Workspace.objects.get(id=acme.workspace.id)
    assert kept.allowed_origins == ["https://app.example.com", "http://localhost:3000"]
    assert "set which web pages may send events" in words(visit(acme, PATH))


def test_a_wrong_origin_is_told_beside_the_field_and_nothing_is_kept(acme: Vendor) -> None:
    written = "https://app.example.com\n*.example.com"
    answer = enter(acme).post(f"{PATH}/origins", {"allowed_origins": written}, target="origins")
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert 'role="alert"' in text
    assert 'aria-invalid="true"' in text
    assert "'*.example.com' must look like https://app.example.com, without a path." in text
    assert written in text
    assert Workspace.objects.get(id=acme.workspace.id).allowed_origins == []


def test_more_origins_than_anybody_has_are_refused(acme: Vendor) -> None:
    written = "\n".join(f"https://app{number}.example.com" for number in range(51))
    answer = enter(acme).post(f"{PATH}/origins", {"allowed_origins": written}, target="origins")
    assert answer.status_code == 422


# --------------------------------------------------------------------------- the rest


def test_the_snippets_have_tabs_that_name_their_panels(acme: Vendor) -> None:
    text = visit(acme, PATH).content.decode()
    for language in ("curl", "javascript", "python"):
        assert f'aria-controls="snippet-{language}"' in text
        assert f'id="snippet-{language}" aria-labelledby="tab-{language}"' in text
    assert text.count('role="tab"') == text.count('role="tabpanel"') == 3


def test_the_language_is_shown(acme: Vendor) -> None:
    assert "Deutsch" in words(visit(acme, PATH, language="de"))


def test_the_log_is_paged(acme: Vendor) -> None:
    for number in range(30):
        note(acme.workspace, "rule.created", name=f"number {number}")
    portal = enter(acme)
    first = portal.get(f"{PATH}/audit")
    assert "number 29" in words(first)
    assert "number 0" not in words(first)
    older = first.content.decode().partition("?before=")[2].partition('"')[0]
    assert "number 0" in words(portal.get(f"{PATH}/audit", before=older))
    assert portal.get(f"{PATH}/audit", before="x").status_code == 404


def test_it_asks_the_database_no_more_often_for_more(acme: Vendor) -> None:
    portal = enter(acme)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            portal.get(PATH)
        return len(captured)

    few = queries()
    for _ in range(20):
        rotate(issue_key(acme.workspace), overlap=timedelta(hours=1), actor="ann")
    assert queries() == few
