"""Somebody in the portal: a session minted by the vendor, and the requests that the frame's script would send.

Every answer is held against what all pages have in common: no cookie, nothing inline, one heading.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client

from tests.world import ACTOR, Vendor
from workspaces.embed import sessions
from workspaces.embed.sessions import Wanted
from workspaces.models import Role, Workspace

_client = Client(enforce_csrf_checks=True)
# What the content security policy would keep from working: handlers, styles and scripts written into the page.
_INLINE = re.compile(
    r"<[^>]*\s(on[a-z]+|hx-on[^=\s]*|style)=|<script(?![^>]*\bsrc=)(?![^>]*json)|javascript:", re.IGNORECASE
)
_MARKUP = re.compile(r"<(style|script|template)\b.*?</\1>|<[^>]*>", re.DOTALL)
_APART = re.compile(r"</?bdi[^>]*>")  # around a name within a sentence: it parts no words


@dataclass(frozen=True)
class Portal:
    """A person's open frame."""

    token: str = field(repr=False)

    def get(self, path: str, *, target: str = "", **query: Any) -> HttpResponse:
        """A page, or with ``target`` the fragment for the element that has this id."""
        return self._send("GET", path, target=target, query_params=query)

    def post(self, path: str, form: Mapping[str, Any] | None = None, *, target: str = "") -> HttpResponse:
        """A form that was filled in: a list stands for a field that comes several times."""
        return self._send("POST", path, target=target, data=dict(form or {}))

    def _send(self, method: str, path: str, *, target: str, **sent: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}", "HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
        if target:
            headers["HX-Target"] = target
        call = _client.post if method == "POST" else _client.get
        answer = cast("HttpResponse", call(path, headers=headers, **sent))
        expect_proper(answer)
        return answer


def enter(whose: Vendor | Workspace, *, role: str = "owner", **wanted: Any) -> Portal:
    """A session of the vendor's production workspace, or of that very workspace; ``wanted`` as ``Wanted`` has it."""
    workspace = whose.workspace if isinstance(whose, Vendor) else whose
    minted = sessions.mint(workspace=workspace, wanted=Wanted(role=Role(role), **wanted), actor=ACTOR)
    return Portal(minted.access_token)


def visit(
    whose: Vendor | Workspace, path: str, *, role: str = "owner", target: str = "", **wanted: Any
) -> HttpResponse:
    """One look at one page: ``visit(acme, "/workspace/rules", role="viewer")``."""
    return enter(whose, role=role, **wanted).get(path, target=target)


def words(answer: HttpResponse) -> str:
    """What a person reads on the page: its text in one line, without markup."""
    return " ".join(html.unescape(_MARKUP.sub(" ", _APART.sub("", answer.content.decode()))).split())


def expect_proper(answer: HttpResponse) -> None:
    """What every answer of the portal keeps to."""
    text = answer.content.decode()
    assert not answer.cookies
    assert not _INLINE.search(text), _INLINE.search(text)
    if '<main id="main"' in text:
        assert len(re.findall(r"<h1[ >]", text)) == 1
