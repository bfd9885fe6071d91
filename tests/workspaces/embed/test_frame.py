"""The frame: an empty shell, a token that is spent once, headers on everything, and no cookie anywhere."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import get_resolver

from tests.world import Vendor
from workspaces.embed import sessions
from workspaces.embed.sessions import Minted, Wanted
from workspaces.models import EmbedSession, Role, SessionType

ROOT = Path(__file__).parents[3]
HOST = "https://app.acme.example"
PAGES = ("dashboard", "connections", "rules", "events", "settings")
_client = Client()  # one for all: to make one loads every middleware


def minted(vendor: Vendor, **wanted: Any) -> Minted:
    wish = Wanted(**{"role": Role.OWNER, "origins": [HOST], **wanted})
    return sessions.mint(workspace=vendor.workspace, wanted=wish, actor="test")


def spend(launch: str, **headers: str) -> Any:
    return _client.post("/workspace/session", {"launch": launch}, headers=headers)


def visit(token: str, page: str = "dashboard", **headers: str) -> Any:
    return _client.get(f"/workspace/{page}", headers={"Authorization": f"Bearer {token}", **headers})


def ancestors(response: Any) -> str:
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    return str(policy["frame-ancestors"])


# --------------------------------------------------------------------------- the shell


@pytest.mark.parametrize("page", PAGES)
def test_the_shell_shows_nothing_of_anybody(acme: Vendor, page: str) -> None:
    session = minted(acme).session
    text = _client.get(f"/workspace/{page}?s={sessions.wire_id(session.id)}").content.decode()
    assert "Loading" in text
    assert not [trace for trace in acme.traces if trace in text]


def test_loading_the_shell_does_not_spend_the_launch_token(acme: Vendor) -> None:
    launched = minted(acme)
    for _ in range(2):
        assert _client.get(sessions.launch_path(launched)).status_code == 200
    assert spend(launched.launch_token).status_code == 200


def test_the_launch_token_is_spent_once(acme: Vendor) -> None:
    launched = minted(acme)
    first, again = spend(launched.launch_token), spend(launched.launch_token)
    assert (first.status_code, again.status_code) == (200, 401)
    assert "Invalid or expired embed launch token" in again.content.decode()
    assert visit(first.json()["access_token"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_frames_with_one_launch_token_one_gets_in(acme: Vendor) -> None:
    launched, found = minted(acme), []

    def frame() -> None:
        found.append(spend(launched.launch_token).status_code)
        connections.close_all()

    frames = [Thread(target=frame) for _ in range(4)]
    for each in frames:
        each.start()
    for each in frames:
        each.join()
    assert sorted(found) == [200, 401, 401, 401]


@pytest.mark.parametrize("change", ["late", "revoked", "expired"])
def test_a_launch_token_that_came_too_late_opens_nothing(acme: Vendor, change: str) -> None:
    launched, now = minted(acme), datetime.now(UTC)
    changes = {
        "late": {"launch_expires_at": now - timedelta(seconds=1)},
        "revoked": {"revoked_at": now},
        "expired": {"expires_at": now - timedelta(seconds=1)},
    }
    EmbedSession.objects.update(**changes[change])
    assert spend(launched.launch_token).status_code == 401


@pytest.mark.parametrize("launch", ["", "x" * 101, "\ud800", "made-up"])
def test_a_launch_token_that_was_made_up_is_refused(db: None, launch: str) -> None:
    assert spend(launch.encode("utf-8", "replace").decode()).status_code in (400, 401)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_another_site_cannot_spend_a_launch_token_that_it_saw(acme: Vendor, site: str) -> None:
    launched = minted(acme)
    assert spend(launched.launch_token, **{"Sec-Fetch-Site": site}).status_code == 403
    assert spend(launched.launch_token, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


# --------------------------------------------------------------------------- the door


def test_a_token_opens_its_pages_until_it_is_revoked(acme: Vendor) -> None:
    opened = minted(acme)
    assert all(visit(opened.access_token, page).status_code == 200 for page in PAGES)
    sessions.revoke(opened.session)
    assert all(visit(opened.access_token, page).status_code == 401 for page in PAGES)


def test_a_request_from_another_site_is_refused_even_with_a_token(acme: Vendor) -> None:
    assert visit(minted(acme).access_token, **{"Sec-Fetch-Site": "cross-site"}).status_code == 401


def test_every_answer_says_how_long_the_token_lives(acme: Vendor) -> None:
    opened = minted(acme, ttl_seconds=300)
    response = visit(opened.access_token)
    assert 290 <= int(response["X-Session-Seconds"]) <= 300
    assert response["X-Session"] == sessions.wire_id(opened.session.id)


def test_a_page_that_the_role_may_not_see_says_so(acme: Vendor) -> None:
    response = visit(minted(acme, role=Role.MEMBER).access_token, "settings")
    assert response.status_code == 403
    assert "not for your role" in response.content.decode()
    assert response["HX-Retarget"] == "#portal"


def test_a_dashboard_session_sees_the_overview_only(acme: Vendor) -> None:
    token = minted(acme, session_type=SessionType.DASHBOARD).access_token
    assert {page: visit(token, page).status_code for page in PAGES} == {
        page: 200 if page == "dashboard" else 403 for page in PAGES
    }
    assert "/workspace/rules" not in visit(token).content.decode()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_page_that_changes_nothing_takes_no_other_method(acme: Vendor, method: str) -> None:
    token = minted(acme).access_token
    answer = _client.generic(method, "/workspace/dashboard", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 405


# --------------------------------------------------------------------------- headers


@pytest.mark.parametrize("path", ["dashboard", "nothing-here", "session", "rules/new/one/two"])
def test_every_response_names_who_may_frame_it_errors_included(acme: Vendor, path: str) -> None:
    named = f"?s={sessions.wire_id(minted(acme).session.id)}"
    response = _client.get(f"/workspace/{path}{named}")
    assert ancestors(response) == HOST
    assert not response.has_header("X-Frame-Options")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert not response.has_header("Cross-Origin-Opener-Policy")


@pytest.mark.parametrize("named", ["", "?s=", "?s=nobody", "?s=sess_0190f5fe-7c00-7a00-8000-00000000dead"])
def test_without_a_session_nobody_may_frame_the_portal(db: None, named: str) -> None:
    assert ancestors(_client.get(f"/workspace/dashboard{named}")) == "'none'"


def test_a_session_without_origins_may_be_framed_by_nobody(acme: Vendor) -> None:
    named = sessions.wire_id(minted(acme, origins=()).session.id)
    assert ancestors(_client.get(f"/workspace/dashboard?s={named}")) == "'none'"


@pytest.mark.parametrize("path", ["/", "/livez", "/nothing-here", "/admin/login/"])
def test_pages_outside_of_the_portal_are_framed_by_nobody(db: None, path: str) -> None:
    response = _client.get(path)
    assert ancestors(response) == "'none'"
    assert response["X-Frame-Options"] == "DENY"


def test_no_script_or_style_runs_but_ours(acme: Vendor) -> None:
    response = visit(minted(acme).access_token)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("template", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.stem)
def test_templates_hold_nothing_that_the_policy_would_stop(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\son[a-z]+=|\sstyle=|hx-on|javascript:|hx-vals=.js:", text)
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", text):
        assert "src=" in tag or "nonce=" in tag, tag


def test_no_route_of_the_portal_or_the_api_sets_a_cookie(acme: Vendor) -> None:
    token = minted(acme).access_token
    paths = [p for p in _paths() if p.startswith(("workspace/", "api/"))]
    assert len(paths) > 30
    for path in paths:
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            for method in ("GET", "POST"):
                response = _client.generic(method, f"/{path}", headers=headers)
                assert not response.cookies, path


def _paths() -> list[str]:
    def walk(patterns: Any, before: str) -> list[str]:
        found = []
        for each in patterns:
            route = before + str(each.pattern)
            found += walk(each.url_patterns, route) if hasattr(each, "url_patterns") else [route]
        return found

    example = {"slug": "slack", "str": "x", "int": "1", "uuid": "0190f5fe-7c00-7a00-8000-00000000dead"}
    return [
        re.sub(r"<(?:(\w+):)?\w+>", lambda found: example.get(found[1] or "uuid", "x"), path)
        for path in walk(get_resolver().url_patterns, "")
    ]


# --------------------------------------------------------------------------- look and words


def test_the_look_is_the_organizations_and_over_it_the_sessions(acme: Vendor) -> None:
    acme.organization.theme = {"accent": "#7c3aed", "radius": 2}
    acme.organization.save()
    named = sessions.wire_id(minted(acme, theme={"radius": 12}).session.id)
    text = _client.get(f"/workspace/dashboard?s={named}").content.decode()
    assert "--accent: light-dark(#7c3aed, " in text
    assert "--radius: 12px" in text
    assert re.search(r"<style nonce=\"[\w-]{20,}\">", text)


def test_a_theme_sent_live_is_judged_as_any_other(acme: Vendor) -> None:
    def send(theme: Any, token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return _client.post("/workspace/theme", json.dumps(theme), content_type="application/json", headers=headers)

    token = minted(acme).access_token
    assert send({"accent": "#7c3aed"}, token).json()["--accent"].startswith("light-dark(#7c3aed")
    refused = send({"accent": "#ffff00"}, token)
    assert refused.status_code == 422
    assert refused.json()["error"]["data"][0]["param"] == "accent"
    assert send([], token).status_code == 422
    assert send({}, "made-up").status_code == 401


def test_the_session_chooses_the_language_and_else_the_browser_does(acme: Vendor) -> None:
    german, any_ = (sessions.wire_id(minted(acme, language=code).session.id) for code in ("de", ""))
    client = Client(headers={"Accept-Language": "en"})
    assert '<html lang="de"' in client.get(f"/workspace/dashboard?s={german}").content.decode()
    assert '<html lang="en"' in client.get(f"/workspace/dashboard?s={any_}").content.decode()
    asked = Client(headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert '<html lang="de"' in asked.get(f"/workspace/dashboard?s={any_}").content.decode()


def test_the_loader_is_small() -> None:
    assert len(gzip.compress((ROOT / "static" / "embed.js").read_bytes())) < 3_000
