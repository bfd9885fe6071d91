"""The embed doctor names what keeps the portal out of a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from connections.provider import Answer, Failure, Reply, Trouble
from tests.world import Vendor
from workspaces.embed import doctor, sessions
from workspaces.embed.sessions import Wanted

PORTAL = "https://jackfield.example.com"
PAGE = "https://app.acme.example/integrations"


def ill(headers: dict[str, str]) -> list[str]:
    return [found.name for found in doctor.examine_page(headers, portal=PORTAL) if not found.well]


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "default-src *",
        f"default-src 'self'; frame-src {PORTAL}; script-src {PORTAL}",
        "default-src https:",
        "default-src 'self' *.example.com",
        "default-src 'self' https://*.example.com",
        "default-src jackfield.example.com",
        "default-src 'none'; child-src https:; script-src-elem https:",
        f"img-src 'none', default-src {PORTAL}",
    ],
)
def test_a_policy_that_allows_the_portal_is_well(policy: str) -> None:
    assert ill({"content-security-policy": policy}) == []


@pytest.mark.parametrize(
    ("policy", "stops"),
    [
        ("default-src 'self'", ["default-src", "default-src"]),
        ("frame-src 'none'", ["frame-src"]),
        ("child-src https://other.example", ["child-src"]),
        ("script-src 'self'", ["script-src"]),
        ("default-src http:", ["default-src", "default-src"]),
        ("frame-src https://example.com", ["frame-src"]),
        ("frame-src https://*.evil.com", ["frame-src"]),
        ("frame-src https://jackfield.example.com:8443", ["frame-src"]),
        (f"frame-src {PORTAL}, frame-src 'none'", ["frame-src"]),
        ("FRAME-SRC 'None'; frame-src *", ["frame-src"]),
    ],
)
def test_a_policy_that_stops_it_is_named(policy: str, stops: list[str]) -> None:
    assert ill({"content-security-policy": policy}) == [f"Content-Security-Policy: {name}" for name in stops]


def test_isolation_is_named_and_a_cut_pop_up_is_no_illness() -> None:
    assert ill({"cross-origin-embedder-policy": "require-corp"}) == ["Cross-Origin-Embedder-Policy"]
    assert ill({"cross-origin-opener-policy": "same-origin"}) == []


@pytest.mark.parametrize(
    ("origin", "portal", "origins", "names"),
    [
        ("https://a.example", PORTAL, ["https://a.example"], []),
        ("https://a.example", PORTAL, ["https://b.example"], ["allowed_origins"]),
        ("https://a.example", PORTAL, [], ["allowed_origins"]),
        ("https://a.example", PORTAL, None, ["allowed_origins"]),
        ("https://a.example", "http://10.0.0.1", ["https://a.example"], ["mixed content"]),
    ],
)
def test_our_own_settings_are_looked_at_first(origin: str, portal: str, origins: Any, names: list[str]) -> None:
    found = doctor.examine_settings(origin=origin, portal=portal, origins=origins)
    assert [each.name for each in found if not each.well] == names


# --------------------------------------------------------------------------- the page


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were fetched; each answers with a policy that stops the frame."""
    urls: list[str] = []

    def answer(request: Any, *, seconds: float) -> Reply:
        urls.append(request.url)
        if "down" in request.url:
            return Failure(Trouble.TIMEOUT, "it did not answer in time.")
        return Answer(status=200, headers={"content-security-policy": "frame-src 'none'"})

    monkeypatch.setattr("connections.http.send", answer)
    return urls


def visit(**query: str) -> str:
    return Client().get("/embed-doctor", query).content.decode()


def session(vendor: Vendor, *origins: str) -> str:
    minted = sessions.mint(workspace=vendor.workspace, wanted=Wanted(origins=origins), actor="test")
    return sessions.wire_id(minted.session.id)


def test_it_reads_the_page_of_an_origin_that_was_named(acme: Vendor, asked: list[str]) -> None:
    text = visit(page=PAGE, s=session(acme, "https://app.acme.example"))
    assert asked == [PAGE]
    assert "frame-src &#x27;none&#x27;" in text
    assert "Stops the embed:" in text


def test_it_says_so_when_the_page_cannot_be_fetched(acme: Vendor, asked: list[str]) -> None:
    text = visit(page="https://app.acme.example/down", s=session(acme, "https://app.acme.example"))
    assert "it did not answer in time" in text


@pytest.mark.parametrize("page", [PAGE, "http://169.254.169.254/latest", "https://app.acme.example:444/"])
def test_a_stranger_cannot_make_it_fetch_anything(acme: Vendor, asked: list[str], page: str) -> None:
    assert "may not frame" in visit(page=page, s=session(acme, "https://other.example"))
    assert "not known here" in visit(page=page, s="sess_0190f5fe-7c00-7a00-8000-00000000dead")
    assert asked == []


@pytest.mark.parametrize(
    "page", ["app.acme.example", "javascript:alert(1)", "https://", "https://*.acme.example", "\0"]
)
def test_an_address_that_is_none_is_told_beside_its_field(db: None, asked: list[str], page: str) -> None:
    text = visit(page=page)
    assert 'aria-invalid="true"' in text
    assert "beginning with https://" in text
